#ifndef BINDSTORM_FUTEX_H
#define BINDSTORM_FUTEX_H
/* Atomic access to words that several processes share, and sleeping on them (futex(2)). C because Swift's atomics
   need storage of their own, and futex() has no wrapper in the C library. */
#include <stdint.h>

static inline uint32_t bs_load(const uint32_t *_Nonnull word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static inline void bs_store(uint32_t *_Nonnull word, uint32_t value) {
  __atomic_store_n(word, value, __ATOMIC_RELEASE);
}
static inline uint32_t bs_add(uint32_t *_Nonnull word, uint32_t value) {
  return __atomic_add_fetch(word, value, __ATOMIC_ACQ_REL);
}

/* FUTEX_WAIT on a shared word with a relative timeout in nanoseconds (negative: none). Returns 0 when woken
   or when the word differs, else ETIMEDOUT or EINTR. */
int bs_futex_wait(uint32_t *_Nonnull word, uint32_t expected, int64_t timeout_ns);
/* FUTEX_WAKE of all waiting processes. */
void bs_futex_wake_all(uint32_t *_Nonnull word);

#endif
