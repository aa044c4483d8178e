#define _GNU_SOURCE
#include "fault_calls.h"
#include "failing_calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* fork(2) of a process that acts for a fault. */
static pid_t fork_helper(void) { return BS_FAILS("fork", BS_PROCESS_FAULT_HELPER) ? -1 : fork(); }

static int take(uint16_t port, int reuse_address, int listens) {
  int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (handle < 0) return errno;
  const int one = 1;
  if (reuse_address && setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0) return errno;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (BS_FAILS("bind", BS_PROCESS_ANY)) return errno;
  if (bind(handle, (struct sockaddr *)&address, sizeof address) != 0) return errno;
  if (listens && listen(handle, 128) != 0) return errno;
  return 0;
}

/* The helper's part: takes the port, says so, and holds it. */
static _Noreturn void hold(struct bs_region *region, uint32_t number, uint16_t port, int reuse_address, int listens) {
  struct bs_fault *fault = &region->faults[number];
  syscall(SYS_close_range, 3u, ~0u, 0u);
  int error = take(port, reuse_address, listens);
  fault->error = error;
  fault->port = port;
  /* What was refused has a holder, whose claim and time stand. */
  if (error == 0) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    region->claimed_ns[port] = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
    bs_store(&region->claims[port], bs_claim(BS_CLAIM_FAULT, number));
  }
  bs_store(&fault->word, 1);
  bs_futex_wake_all(&fault->word);
  if (error != 0) _exit(0);
  for (;;) pause();
}

/* Waits until the helper has tried; returns its pid. A helper that does not answer in time is ended: -ETIMEDOUT. */
static int await_helper(struct bs_fault *fault, pid_t helper) {
  fault->helper_pid = helper;
  while (bs_load(&fault->word) == 0) {
    if (bs_futex_wait(&fault->word, 0, 2000000000) != ETIMEDOUT) continue;
    kill(helper, SIGKILL);
    fault->helper_pid = 0;
    return -ETIMEDOUT;
  }
  return helper;
}

/* Takes the exit of a child; its status. */
static int take_exit(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  return status;
}

int bs_fault_steal(struct bs_region *region, uint32_t number, uint16_t port, int reuse_address, int listens) {
  struct bs_fault *fault = &region->faults[number];
  pid_t parent = getpid();
  pid_t pid = fork_helper();
  if (pid < 0) return -(fault->refused = errno);
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent) _exit(0);
    prctl(PR_SET_NAME, "bs-steal", 0, 0, 0);
    hold(region, number, port, reuse_address, listens);
  }
  int result = await_helper(fault, pid);
  if (result < 0) take_exit(pid);
  return result;
}

int bs_fault_orphan(struct bs_region *region, uint32_t number, uint16_t port) {
  struct bs_fault *fault = &region->faults[number];
  pid_t middle = fork_helper();
  if (middle < 0) return -(fault->refused = errno);
  if (middle == 0) {
    pid_t parent = getpid();
    pid_t helper = fork_helper();
    if (helper < 0) fault->refused = errno;
    if (helper > 0) fault->helper_pid = helper;
    if (helper != 0) _exit(0);
    while (getppid() == parent) sched_yield();
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    prctl(PR_SET_NAME, "bs-orphan", 0, 0, 0);
    hold(region, number, port, 1, 1);
  }
  take_exit(middle);
  return fault->refused ? -fault->refused : await_helper(fault, fault->helper_pid);
}

int bs_fault_bystander(void) {
  pid_t parent = getpid();
  pid_t pid = fork_helper();
  if (pid < 0) return -errno;
  if (pid > 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (getppid() != parent) _exit(0);
  prctl(PR_SET_NAME, "bs-bystander", 0, 0, 0);
  for (;;) pause();
}

int bs_fault_fail_calls(enum bs_failing_call call, int error) {
#if defined(__x86_64__)
  const uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
  const uint32_t architecture = AUDIT_ARCH_AARCH64;
#else
#error "the seccomp filter knows x86_64 and aarch64"
#endif
  const uint32_t numbers[] = {SYS_bind, SYS_listen, SYS_socket};
  /* For socket() the family distinguishes TCP from sockets that libc itself makes. For bind() the address size does,
     because a filter cannot follow pointers: getifaddrs(), which libzmq calls first, binds a netlink socket. Every
     listen() matches. */
  const uint32_t argument = call == BS_CALL_BIND ? offsetof(struct seccomp_data, args[2])
                                                 : offsetof(struct seccomp_data, args[0]);
  const uint32_t first = call == BS_CALL_BIND ? sizeof(struct sockaddr_in) : AF_INET;
  const uint32_t second = call == BS_CALL_BIND ? sizeof(struct sockaddr_in6) : AF_INET6;
  const uint8_t otherwise = call == BS_CALL_LISTEN ? 1 : 0;
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers[call], 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      /* The argument's low half; both architectures are little-endian. */
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, second, 1, otherwise),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((uint32_t)error & SECCOMP_RET_DATA)),
  };
  struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : errno;
}
