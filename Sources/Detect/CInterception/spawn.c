#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CPortTrap.h"
#include "tree.h"

#define IOCTL_SET_FLAGS SECCOMP_IOW(4, __u64) /* 6.6 */
enum { SYNC_WAKE_UP = 1 };

struct child_report {
  int failure;
  int error;
};

static void fail(int channel, int failure) {
  struct child_report report = {failure, errno};
  ssize_t sent = write(channel, &report, sizeof report);
  (void)sent;
  _exit(127);
}

static int send_listener(int channel, int listener) {
  struct child_report report = {PT_FAILED_NOT, 0};
  struct iovec payload = {&report, sizeof report};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control;
  memset(&control, 0, sizeof control);
  struct msghdr message = {
      .msg_iov = &payload, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &listener, sizeof(int));
  return sendmsg(channel, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static void redirect(int from, int to, int channel) {
  if (from >= 0 && from != to && dup2(from, to) < 0) fail(channel, PT_FAILED_EXEC);
}

static void run_child(char *const *arguments, const struct pt_spawn_options *options, int channel, int privileged) {
  setpgid(0, 0);
  signal(SIGPIPE, options->ignores_pipe ? SIG_IGN : SIG_DFL);
  pt_restore_handlers();
  redirect(options->input, 0, channel);
  redirect(options->output, 1, channel);
  redirect(options->error, 2, channel);
  if (options->descriptor_limit) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
      limit.rlim_cur = options->descriptor_limit;
      setrlimit(RLIMIT_NOFILE, &limit);
    }
  }
  if (!privileged && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(channel, PT_FAILED_NO_NEW_PRIVS);
  int listener = pt_install_filter(options->traps);
  if (listener < 0) fail(channel, PT_FAILED_FILTER);
  if (send_listener(channel, listener) != 0) fail(channel, PT_FAILED_FILTER);
  close(listener);
  pt_restore_mask();
  execvp(arguments[0], arguments);
  fail(channel, PT_FAILED_EXEC);
}

/* Reads one report with the descriptor that may come with it. 1 read, 0 at the channel's end, or -errno: EMFILE where
   this process has no number left for the descriptor, which the kernel then leaves out. */
static int receive_report(int channel, struct child_report *report, int *listener) {
  struct iovec payload = {report, sizeof *report};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control;
  struct msghdr message = {
      .msg_iov = &payload, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  ssize_t received;
  while ((received = recvmsg(channel, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (received < 0) return -errno;
  struct cmsghdr *header = received > 0 ? CMSG_FIRSTHDR(&message) : 0;
  if (header && header->cmsg_type == SCM_RIGHTS) memcpy(listener, CMSG_DATA(header), sizeof(int));
  if (message.msg_flags & MSG_CTRUNC) return -EMFILE;
  return received == 0 ? 0 : received == sizeof *report ? 1 : -EPROTO;
}

void pt_close(struct pt_tree *tree) {
  if (tree->listener >= 0) close(tree->listener);
  tree->listener = -1;
  if (tree->calls) munmap(tree->calls, sizeof(struct calls));
  tree->calls = 0;
}

/* SIGKILL, because somebody may have stopped it. */
void pt_end_guard(struct pt_tree *tree) {
  if (tree->guard <= 0) return;
  kill(tree->guard, SIGKILL);
  while (waitpid(tree->guard, 0, 0) < 0 && errno == EINTR) {
  }
  tree->guard = 0;
}

static int give_up(struct pt_tree *tree, int failure, int error) {
  tree->failure = failure;
  tree->error = error;
  pt_close(tree);
  if (tree->pid > 0) {
    kill(tree->pid, SIGKILL);
    while (waitpid(tree->pid, 0, 0) < 0 && errno == EINTR) {
    }
  }
  pt_end_guard(tree);
  return -1;
}

static int start_guard(struct pt_tree *tree) {
  int supervisor = (int)syscall(SYS_pidfd_open, getpid(), 0);
  if (supervisor < 0) return -1;
  tree->guard = fork();
  if (tree->guard == 0) pt_guard(tree->listener, supervisor, tree->calls);
  int error = errno;
  close(supervisor);
  errno = error;
  return tree->guard < 0 ? -1 : 0;
}

/* Takes the listener, starts the guard and waits until the command is executed. Returns the failure, PT_FAILED_NOT if
   there is none. */
static struct child_report await_command(struct pt_tree *tree, int channel) {
  struct child_report report;
  int result = receive_report(channel, &report, &tree->listener);
  if (result == 1 && report.failure != PT_FAILED_NOT) return report;
  /* A child that ends without a word was killed. */
  if (result == 0) return (struct child_report){PT_FAILED_REPORT, ECHILD};
  if (result < 0) return (struct child_report){PT_FAILED_REPORT, -result};
  if (tree->listener < 0) return (struct child_report){PT_FAILED_REPORT, EPROTO};
  if (start_guard(tree) != 0) return (struct child_report){PT_FAILED_GUARD, errno};
  /* The other end closes when the command is executed. */
  int nothing = -1;
  result = receive_report(channel, &report, &nothing);
  if (result == 0) return (struct child_report){PT_FAILED_NOT, 0};
  if (result == 1 && report.failure != PT_FAILED_NOT) return report;
  return (struct child_report){PT_FAILED_REPORT, result < 0 ? -result : EPROTO};
}

int pt_spawn(char *const *arguments, const struct pt_spawn_options *options, struct pt_tree *tree) {
  memset(tree, 0, sizeof *tree);
  tree->listener = -1;
  int channel[2];
  void *calls = mmap(0, sizeof(struct calls), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (calls == MAP_FAILED) return give_up(tree, PT_FAILED_FORK, errno);
  tree->calls = calls;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0) return give_up(tree, PT_FAILED_FORK, errno);
  struct pt_host host;
  pt_examine_host(&host);
  tree->pid = fork();
  if (tree->pid == 0) {
    close(channel[0]);
    run_child(arguments, options, channel[1], host.privileged);
  }
  int fork_error = errno;
  close(channel[1]);
  struct child_report failure;
  if (tree->pid < 0) failure = (struct child_report){PT_FAILED_FORK, fork_error};
  else failure = await_command(tree, channel[0]);
  close(channel[0]);
  if (failure.failure != PT_FAILED_NOT) return give_up(tree, failure.failure, failure.error);
  uint64_t flags = SYNC_WAKE_UP; /* a hint; kernels before 6.6 do not know it */
  ioctl(tree->listener, IOCTL_SET_FLAGS, flags);
  return 0;
}
