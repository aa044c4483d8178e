#ifndef BINDSTORM_SHARED_REGION_H
#define BINDSTORM_SHARED_REGION_H
/* The memory that the harness shares with its workers: orders go out and results come back through it, so
   that a trial needs no message and no file. It is C because Swift guarantees no layout for its own structs,
   and two processes must agree on it, and because C has builtins for atomics on such memory.

   Every participant of a phase writes its results with plain stores and then calls bs_complete(), whose
   atomic decrement publishes them; the harness reads only after `pending` has reached zero. Plain fields
   that are read while they may change are read with bs_load().

   Words that different processes write in a hurry lie on cache lines of their own, by padding: Swift does
   not import a struct that asks for an alignment of 64. */
#include <stdint.h>
#include <string.h>

#include "futex.h"
#include "record_slots.h"

#define BS_CACHE_LINE(name) char padding_##name[64]

/* Everything about an arm that workers need. Written while no worker runs. */
struct bs_order {
  struct bs_choice strategy;
  struct bs_settings_order settings;
  uint32_t confines_sockets; /* whether our own sockets are confined to the pool one by one; if not, the namespace is */
  uint32_t thief_count;
  struct bs_choice thieves[BS_MAX_THIEVES];
  uint32_t fault_count;
  struct bs_startup_order startup;
};

struct bs_region {
  uint64_t build; /* fingerprint of the harness's build, 0 if workers must not compare it with their own */
  /* The harness's side: participants count down, the last one rings. */
  uint32_t phase;
  BS_CACHE_LINE(pending);
  uint32_t pending;
  BS_CACHE_LINE(doorbell);
  uint32_t doorbell;
  /* One word for each role, a futex on which workers sleep; the command is valid once the word has changed. */
  BS_CACHE_LINE(server_word);
  uint32_t server_word;
  uint32_t server_command;
  uint64_t release_deadline_ns;
  uint64_t trial_seed;
  uint32_t serial; /* number of the launch in its row, from 0 */
  BS_CACHE_LINE(launcher_word);
  uint32_t launcher_word;
  uint32_t launcher_command;
  BS_CACHE_LINE(thief_word);
  uint32_t thief_word;
  uint32_t thief_command;
  BS_CACHE_LINE(auditor_word);
  uint32_t auditor_word;
  uint32_t auditor_done;
  uint32_t auditor_is_dead;
  int32_t auditor_pid;
  struct bs_order order;
  /* What every API server touches, close together: a fresh one pays for each 64 KiB of it with a page fault. */
  struct bs_launcher launchers[BS_MAX_LAUNCHES];
  struct bs_server servers[BS_MAX_SERVERS];
  /* The adapter's command, empty if the strategy has none. Part of the order. */
  uint32_t command_size;
  char command[BS_COMMAND_SIZE];
  /* The text that a launch reports, ended by 0. */
  char details[BS_MAX_LAUNCHES][BS_DETAIL_SIZE];
  /* The description of the first window by its forced program's supervisor. */
  char windows[BS_MAX_LAUNCHES][BS_DETAIL_SIZE];
  struct bs_forced_window forced_windows[BS_MAX_LAUNCHES][BS_MAX_FORCED_WINDOWS];
  struct bs_thief thieves[BS_MAX_THIEVES];
  struct bs_fault faults[BS_MAX_FAULTS];
  struct bs_startup startups[BS_MAX_LAUNCHES];
  struct bs_serving servings[BS_MAX_SERVERS];
  struct bs_engine engines[BS_MAX_ENGINES];
  struct bs_headless headless[BS_MAX_LAUNCHES * BS_MAX_NODES];
  /* Which of our processes holds a port, 0 for none; set after a bind, cleared before the close. See bs_claim(). */
  uint32_t claims[BS_PORTS];
  /* Since when; written before the claim, only by thieves and faults: API servers have it in their slots. */
  uint64_t claimed_ns[BS_PORTS];
};

/* A claim: what kind of process, and its slot. */
static inline uint32_t bs_claim(enum bs_claim_kind kind, uint32_t slot) { return ((uint32_t)kind << 24) | slot; }
static inline uint32_t bs_claim_kind_of(uint32_t claim) { return claim >> 24; }
static inline uint32_t bs_claim_slot_of(uint32_t claim) { return claim & 0xffffffu; }

/* The launcher's errno, which may be written while an API server reads it. */
static inline int32_t bs_load_error(const struct bs_launcher *_Nonnull launcher) {
  return __atomic_load_n(&launcher->error, __ATOMIC_ACQUIRE);
}

/* Wakes the harness, which then checks all states. */
static inline void bs_ring(struct bs_region *_Nonnull region) {
  bs_add(&region->doorbell, 1);
  bs_futex_wake_all(&region->doorbell);
}

/* Marks a participant as done with `phase`, counts it down once only, and rings the harness when it was the
   last. The harness calls it for participants that have died; parents only mark them as dead and ring. */
static inline void bs_complete(struct bs_region *_Nonnull region, uint32_t *_Nonnull done, uint32_t phase) {
  if (__atomic_exchange_n(done, phase, __ATOMIC_ACQ_REL) == phase) return;
  if (__atomic_sub_fetch(&region->pending, 1, __ATOMIC_ACQ_REL) == 0) bs_ring(region);
}

/* A launcher has allocated: records what the thieves have drawn by now. The count only grows in a trial, so the last
   launch decides; each thief sets it to 0 when the trial begins, before any launch allocates. */
static inline void bs_note_allocation(struct bs_region *_Nonnull region) {
  for (uint32_t i = 0; i < region->order.thief_count; i++) {
    struct bs_thief *thief = &region->thieves[i];
    uint32_t drawn = bs_load(&thief->drawn), before = bs_load(&thief->drawn_before);
    while (before < drawn && !__atomic_compare_exchange_n(&thief->drawn_before, &before, drawn, 0, __ATOMIC_ACQ_REL,
                                                          __ATOMIC_ACQUIRE)) {
    }
  }
}

/* Changes a role's word and wakes the workers that sleep on it. The command must be written before. */
static inline void bs_announce(uint32_t *_Nonnull word) {
  bs_add(word, 1);
  bs_futex_wake_all(word);
}

/* Slots and words as pointers: Swift sees arrays as tuples, and has no address of a field. */
static inline struct bs_server *_Nonnull bs_server_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->servers[i]; }
static inline struct bs_launcher *_Nonnull bs_launcher_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->launchers[i]; }
static inline struct bs_thief *_Nonnull bs_thief_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->thieves[i]; }
static inline struct bs_fault *_Nonnull bs_fault_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->faults[i]; }
static inline struct bs_startup *_Nonnull bs_startup_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->startups[i]; }
static inline struct bs_serving *_Nonnull bs_serving_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->servings[i]; }
static inline struct bs_engine *_Nonnull bs_engine_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->engines[i]; }
static inline struct bs_headless *_Nonnull bs_headless_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->headless[i]; }
static inline struct bs_choice *_Nonnull bs_thief_choice_at(struct bs_region *_Nonnull r, uint32_t i) { return &r->order.thieves[i]; }
static inline int64_t *_Nonnull bs_options_of(struct bs_choice *_Nonnull choice) { return choice->options; }
static inline char *_Nonnull bs_command_of(struct bs_region *_Nonnull r) { return r->command; }
static inline char *_Nonnull bs_window_of(struct bs_region *_Nonnull r, uint32_t i) { return r->windows[i]; }
static inline struct bs_forced_window *_Nonnull bs_forced_windows_of(struct bs_region *_Nonnull r, uint32_t i) { return r->forced_windows[i]; }
static inline char *_Nonnull bs_detail_of(struct bs_region *_Nonnull r, uint32_t i) { return r->details[i]; }
static inline uint32_t *_Nonnull bs_auditor_done(struct bs_region *_Nonnull r) { return &r->auditor_done; }
static inline uint32_t *_Nonnull bs_phase_word(struct bs_region *_Nonnull r) { return &r->phase; }
static inline uint32_t *_Nonnull bs_pending_word(struct bs_region *_Nonnull r) { return &r->pending; }
static inline uint32_t *_Nonnull bs_doorbell(struct bs_region *_Nonnull r) { return &r->doorbell; }
static inline uint32_t *_Nonnull bs_server_word(struct bs_region *_Nonnull r) { return &r->server_word; }
static inline uint32_t *_Nonnull bs_launcher_word(struct bs_region *_Nonnull r) { return &r->launcher_word; }
static inline uint32_t *_Nonnull bs_thief_word(struct bs_region *_Nonnull r) { return &r->thief_word; }
static inline uint32_t *_Nonnull bs_auditor_word(struct bs_region *_Nonnull r) { return &r->auditor_word; }
static inline uint64_t *_Nonnull bs_claimed_at(struct bs_region *_Nonnull r, uint16_t port) { return &r->claimed_ns[port]; }
static inline uint32_t *_Nonnull bs_claim_at(struct bs_region *_Nonnull r, uint16_t port) { return &r->claims[port]; }

/* Clears all claims. Only call it while no worker runs. */
static inline void bs_clear_claims(struct bs_region *_Nonnull r) { memset(r->claims, 0, sizeof r->claims); }

#endif
