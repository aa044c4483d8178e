/* What the parts of the supervisor share, private to this target. */
#include <linux/seccomp.h>
#include <stdint.h>

enum { INCOMING_SIZE = 2048, MAX_KEPT = 4096 };

/* What was received and not answered, shared with the guard. */
struct calls {
  union {
    struct seccomp_notif notification;
    char space[INCOMING_SIZE]; /* a newer kernel's is longer */
  } incoming;
  uint64_t kept[MAX_KEPT];
};

/* Installs the filter for `enum pt_trap` bits in the calling thread; its listener, or -1 with errno. */
int pt_install_filter(unsigned traps);
/* Answers a call: with a value, with an errno, or by letting it continue (flags). 0 or errno. Async-signal-safe. */
int pt_reply(int listener, uint64_t id, int64_t value, int error, uint32_t flags);
/* The guard's process: lets every call continue once the supervisor, a pidfd, is gone. Never returns. */
void pt_guard(int listener, int supervisor, struct calls *calls);
/* In the command's process: the signal handlers and the mask as the supervisor found them. */
void pt_restore_handlers(void);
void pt_restore_mask(void);
