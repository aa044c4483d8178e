#include "futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <limits.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int bs_futex_wait(uint32_t *word, uint32_t expected, int64_t timeout_ns) {
  struct timespec timeout = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
  if (syscall(SYS_futex, word, FUTEX_WAIT, expected, timeout_ns < 0 ? 0 : &timeout, 0, 0) == 0) return 0;
  return errno == EAGAIN ? 0 : errno;
}

void bs_futex_wake_all(uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, 0, 0, 0); }
