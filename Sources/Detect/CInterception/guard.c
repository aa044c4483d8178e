#define _GNU_SOURCE
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tree.h"

int pt_reply(int listener, uint64_t id, int64_t value, int error, uint32_t flags) {
  union {
    struct seccomp_notif_resp response;
    char space[512];
  } answer;
  memset(&answer, 0, sizeof answer);
  answer.response.id = id;
  answer.response.val = value;
  answer.response.error = -error;
  answer.response.flags = flags;
  int result;
  while ((result = ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer)) < 0 && errno == EINTR) {
  }
  return result == 0 ? 0 : errno;
}

/* Once the supervisor is gone, every call continues: those that it had received and later ones. */
static void keep_answering(int listener, struct calls *calls) {
  if (calls->incoming.notification.id)
    pt_reply(listener, calls->incoming.notification.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
  for (int i = 0; i < MAX_KEPT; i++)
    if (calls->kept[i]) pt_reply(listener, calls->kept[i], 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
  for (;;) {
    struct pollfd item = {.fd = listener, .events = POLLIN};
    if (poll(&item, 1, -1) < 0) {
      if (errno == EINTR) continue;
      _exit(1);
    }
    if (item.revents & POLLIN) {
      memset(&calls->incoming, 0, sizeof calls->incoming);
      if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &calls->incoming) == 0)
        pt_reply(listener, calls->incoming.notification.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
    } else if (item.revents) {
      _exit(0);
    }
  }
}

void pt_guard(int listener, int supervisor, struct calls *calls) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, 0);
  setsid();
  prctl(PR_SET_NAME, "bindstorm-guard", 0, 0, 0);
  /* It must not keep any pipe or terminal open, nor keep a folder busy. */
  if (chdir("/") != 0) _exit(1);
  int low = listener < supervisor ? listener : supervisor, high = listener < supervisor ? supervisor : listener;
  if (low > 0) close_range(0, (unsigned)low - 1, 0);
  if (high > low + 1) close_range((unsigned)low + 1, (unsigned)high - 1, 0);
  close_range((unsigned)high + 1, ~0u, 0);
  for (;;) {
    struct pollfd items[2] = {{.fd = supervisor, .events = POLLIN}, {.fd = listener, .events = 0}};
    if (poll(items, 2, -1) < 0) {
      /* A filter that forbids poll(2) fails it for ever. */
      if (errno == EINTR) continue;
      _exit(1);
    }
    if (items[1].revents & POLLHUP) _exit(0);
    if (items[0].revents) keep_answering(listener, calls);
  }
}
