#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CPortTrap.h"
#include "calls.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#define IOCTL_SET_FLAGS SECCOMP_IOW(4, __u64) /* 6.6 */
enum { SYNC_WAKE_UP = 1 };

/* ---- Filter ---- */

struct program {
  struct sock_filter code[128];
  unsigned short length;
};

static void add(struct program *program, unsigned short code, uint32_t k, unsigned char yes, unsigned char no) {
  program->code[program->length++] = (struct sock_filter){code, yes, no, k};
}
static void load(struct program *program, uint32_t offset) { add(program, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0); }
static void give(struct program *program, uint32_t action) { add(program, BPF_RET | BPF_K, action, 0, 0); }
/* If the loaded word equals `value`, the program ends with `action`. */
static void on(struct program *program, uint32_t value, uint32_t action) {
  add(program, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
  give(program, action);
}

/* The low half of an argument; the two architectures here are little-endian. */
static uint32_t argument(int index) { return (uint32_t)(offsetof(struct seccomp_data, args) + 8u * (unsigned)index); }

static void build(struct program *program, unsigned traps) {
  const uint32_t notify = SECCOMP_RET_USER_NOTIF;
  /* Programs fall back to plain calls; io_uring's own bind (6.11) would pass unseen. */
  const uint32_t uring = traps & PT_ALLOW_IO_URING ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | ENOSYS;
  program->length = 0;
#ifdef __x86_64__
  load(program, offsetof(struct seccomp_data, arch));
  add(program, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 0, 13);
  load(program, offsetof(struct seccomp_data, nr));
  on(program, I386_BIND, notify);
  on(program, I386_LISTEN, notify);
  on(program, NUMBER_IO_URING_SETUP, uring);
  add(program, BPF_JMP | BPF_JEQ | BPF_K, I386_SOCKETCALL, 0, 4);
  load(program, argument(0));
  add(program, BPF_JMP | BPF_JEQ | BPF_K, SOCKETCALL_BIND, 1, 0);
  add(program, BPF_JMP | BPF_JEQ | BPF_K, SOCKETCALL_LISTEN, 0, 1);
  give(program, notify);
  give(program, SECCOMP_RET_ALLOW);
#endif
  load(program, offsetof(struct seccomp_data, arch));
  add(program, BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0);
  give(program, SECCOMP_RET_ALLOW);
  load(program, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
  /* The x32 numbers are the 64-bit ones with a bit set. */
  add(program, BPF_ALU | BPF_AND | BPF_K, ~X32_BIT, 0, 0);
#endif
  on(program, __NR_listen, notify);
  on(program, NUMBER_IO_URING_SETUP, uring);
  if (traps & PT_TRAP_GETSOCKNAME) on(program, __NR_getsockname, notify);
  if (traps & PT_TRAP_SOCKET) on(program, __NR_socket, notify);
  if (traps & PT_TRAP_CONNECT) on(program, __NR_connect, notify);
  if (traps & PT_TRAP_ACCEPT) {
    on(program, __NR_accept, notify);
    on(program, __NR_accept4, notify);
  }
  add(program, BPF_JMP | BPF_JEQ | BPF_K, __NR_bind, 1, 0);
  give(program, SECCOMP_RET_ALLOW);
  /* Netlink sockets (each getaddrinfo binds one) pass by the size of their addresses: 12 bytes, with which the kernel
     refuses to bind an internet socket. It takes 16 and more, whatever follows the address: no other size tells. */
  load(program, argument(2));
  on(program, sizeof(struct sockaddr_nl), SECCOMP_RET_ALLOW);
  give(program, notify);
}

/* ---- Shared with the guard ---- */

enum { INCOMING_SIZE = 2048, MAX_KEPT = 4096 };

struct calls {
  union {
    struct seccomp_notif notification;
    char space[INCOMING_SIZE]; /* a newer kernel's is longer */
  } incoming;
  uint64_t kept[MAX_KEPT];
};

static int reply(int listener, uint64_t id, int64_t value, int error, uint32_t flags) {
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

/* Once the supervisor is gone, every call continues: those it had taken and those that come. */
static void keep_answering(int listener, struct calls *calls) {
  if (calls->incoming.notification.id)
    reply(listener, calls->incoming.notification.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
  for (int i = 0; i < MAX_KEPT; i++)
    if (calls->kept[i]) reply(listener, calls->kept[i], 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
  for (;;) {
    struct pollfd item = {.fd = listener, .events = POLLIN};
    if (poll(&item, 1, -1) < 0) continue;
    if (item.revents & POLLIN) {
      memset(&calls->incoming, 0, sizeof calls->incoming);
      if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &calls->incoming) == 0)
        reply(listener, calls->incoming.notification.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
    } else if (item.revents) {
      _exit(0);
    }
  }
}

static void guard(int listener, int supervisor, struct calls *calls) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, 0);
  setsid();
  prctl(PR_SET_NAME, "bindstorm-guard", 0, 0, 0);
  /* It must hold nobody's pipe or terminal open, nor keep a folder busy. */
  if (chdir("/") != 0) _exit(1);
  int low = listener < supervisor ? listener : supervisor, high = listener < supervisor ? supervisor : listener;
  if (low > 0) close_range(0, (unsigned)low - 1, 0);
  if (high > low + 1) close_range((unsigned)low + 1, (unsigned)high - 1, 0);
  close_range((unsigned)high + 1, ~0u, 0);
  for (;;) {
    struct pollfd items[2] = {{.fd = supervisor, .events = POLLIN}, {.fd = listener, .events = 0}};
    if (poll(items, 2, -1) < 0) continue;
    if (items[1].revents & POLLHUP) _exit(0);
    if (items[0].revents) keep_answering(listener, calls);
  }
}

/* ---- Spawn ---- */

static sigset_t inherited_mask;
static int has_inherited_mask;
typedef void (*handler)(int);
static handler inherited_child_handler, inherited_output_handler;

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

static int install_filter(unsigned traps) {
  struct program program;
  build(&program, traps);
  struct sock_fprog filter = {program.length, program.code};
  unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  if (!(traps & PT_NO_KILLABLE_WAIT)) flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
}

static void redirect(int from, int to, int channel) {
  if (from >= 0 && from != to && dup2(from, to) < 0) fail(channel, PT_FAILED_EXEC);
}

static void run_child(char *const *arguments, const struct pt_spawn_options *options, int channel, int privileged) {
  if (options->own_group) setpgid(0, 0);
  signal(SIGPIPE, options->ignores_pipe ? SIG_IGN : SIG_DFL);
  if (has_inherited_mask) {
    signal(SIGCHLD, inherited_child_handler);
    signal(SIGTTOU, inherited_output_handler);
  }
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
  int listener = install_filter(options->traps);
  if (listener < 0) fail(channel, PT_FAILED_FILTER);
  if (send_listener(channel, listener) != 0) fail(channel, PT_FAILED_FILTER);
  close(listener);
  if (has_inherited_mask) sigprocmask(SIG_SETMASK, &inherited_mask, 0);
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

static int give_up(struct pt_tree *tree, int failure, int error) {
  tree->failure = failure;
  tree->error = error;
  pt_close(tree);
  if (tree->pid > 0) {
    kill(tree->pid, SIGKILL);
    while (waitpid(tree->pid, 0, 0) < 0 && errno == EINTR) {
    }
  }
  /* Without a user of the filter the guard ends. */
  if (tree->guard > 0)
    while (waitpid(tree->guard, 0, 0) < 0 && errno == EINTR) {
    }
  return -1;
}

static int start_guard(struct pt_tree *tree) {
  int supervisor = (int)syscall(SYS_pidfd_open, getpid(), 0);
  if (supervisor < 0) return -1;
  tree->guard = fork();
  if (tree->guard == 0) guard(tree->listener, supervisor, tree->calls);
  int error = errno;
  close(supervisor);
  errno = error;
  return tree->guard < 0 ? -1 : 0;
}

/* Takes the listener, starts the guard and waits until the command is executed. What went wrong, PT_FAILED_NOT for
   nothing. */
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

/* ---- Calls ---- */

static void normalise(const struct seccomp_data *data, struct pt_call *call) {
  memcpy(call->arguments, data->args, sizeof call->arguments);
  call->instruction = data->instruction_pointer;
  call->kind = PT_CALL_OTHER;
#ifdef __x86_64__
  if (data->arch == AUDIT_ARCH_I386) {
    if (data->nr == I386_BIND) call->kind = PT_CALL_BIND;
    if (data->nr == I386_LISTEN) call->kind = PT_CALL_LISTEN;
    if (data->nr == I386_SOCKETCALL) {
      uint32_t words[3] = {0};
      if (pt_read_memory((pid_t)call->tid, (uint32_t)data->args[1], words, sizeof words) != (long)sizeof words) return;
      call->kind = data->args[0] == SOCKETCALL_BIND ? PT_CALL_BIND : PT_CALL_LISTEN;
      for (int i = 0; i < 3; i++) call->arguments[i] = words[i];
    }
    return;
  }
#endif
  switch (data->nr & (int)~X32_BIT) {
    case __NR_bind: call->kind = PT_CALL_BIND; break;
    case __NR_listen: call->kind = PT_CALL_LISTEN; break;
    case __NR_getsockname: call->kind = PT_CALL_GETSOCKNAME; break;
    case __NR_socket: call->kind = PT_CALL_SOCKET; break;
    case __NR_connect: call->kind = PT_CALL_CONNECT; break;
    case __NR_accept:
    case __NR_accept4: call->kind = PT_CALL_ACCEPT; break;
  }
}

int pt_receive(struct pt_tree *tree, struct pt_call *call) {
  struct calls *calls = tree->calls;
  memset(&calls->incoming, 0, sizeof calls->incoming.notification + 64);
  if (ioctl(tree->listener, SECCOMP_IOCTL_NOTIF_RECV, &calls->incoming) != 0)
    return errno == ENOENT || errno == EINTR ? 0 : -errno;
  call->id = calls->incoming.notification.id;
  call->tid = calls->incoming.notification.pid;
  normalise(&calls->incoming.notification.data, call);
  return 1;
}

int pt_keep(struct pt_tree *tree, uint64_t id) {
  struct calls *calls = tree->calls;
  for (int i = 0; i < MAX_KEPT; i++)
    if (!calls->kept[i]) {
      calls->kept[i] = id;
      return 0;
    }
  return -1;
}

static void forget(struct calls *calls, uint64_t id) {
  if (calls->incoming.notification.id == id) calls->incoming.notification.id = 0;
  else
    for (int i = 0; i < MAX_KEPT; i++)
      if (calls->kept[i] == id) calls->kept[i] = 0;
}

int pt_continue(struct pt_tree *tree, uint64_t id) {
  int error = reply(tree->listener, id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
  forget(tree->calls, id);
  return error;
}

int pt_answer(struct pt_tree *tree, uint64_t id, int error, int64_t value) {
  int failure = reply(tree->listener, id, value, error, 0);
  forget(tree->calls, id);
  return failure;
}

int pt_is_valid(struct pt_tree *tree, uint64_t id) {
  return ioctl(tree->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* ---- Signals ---- */

static const int noted[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD, SIGALRM, SIGWINCH};

int pt_block_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  for (unsigned i = 0; i < sizeof noted / sizeof *noted; i++) sigaddset(&set, noted[i]);
  if (sigprocmask(SIG_BLOCK, &set, has_inherited_mask ? 0 : &inherited_mask) != 0) return -errno;
  if (!has_inherited_mask) {
    /* Children must be waited for even where the caller's caller ignored them, and to write its report it need
       not be in the terminal's foreground. */
    inherited_child_handler = signal(SIGCHLD, SIG_DFL);
    inherited_output_handler = signal(SIGTTOU, SIG_IGN);
  }
  has_inherited_mask = 1;
  int descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  return descriptor >= 0 ? descriptor : -errno;
}

int pt_next_signal(int descriptor, int *sender) {
  struct signalfd_siginfo info;
  if (read(descriptor, &info, sizeof info) != sizeof info) return 0;
  *sender = info.ssi_code == SI_KERNEL ? 0 : (int)info.ssi_pid;
  return (int)info.ssi_signo;
}

int pt_hold_endings(sigset_t *found) {
  static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  if (sigprocmask(SIG_BLOCK, 0, found) != 0) return -errno;
  sigset_t set;
  sigemptyset(&set);
  for (unsigned i = 0; i < sizeof endings / sizeof *endings; i++) {
    struct sigaction action;
    if (sigaction(endings[i], 0, &action) != 0) return -errno;
    if (action.sa_handler != SIG_IGN && !sigismember(found, endings[i])) sigaddset(&set, endings[i]);
  }
  int descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor >= 0) sigprocmask(SIG_BLOCK, &set, 0);
  return descriptor >= 0 ? descriptor : -errno;
}

void pt_die_by_signal(int signal_number) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  signal(signal_number, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal_number);
  kill(getpid(), signal_number);
  sigprocmask(SIG_UNBLOCK, &set, 0);
}
