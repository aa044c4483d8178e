#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "CPortTrap.h"
#include "failing_calls.h"
#include "socket_dump.h"

enum { SYS_PIDFD_GETFD = 438, PIDFD_THREAD_FLAG = O_EXCL, SO_NETNS_COOKIE_OPTION = 71, SO_COOKIE_OPTION = 57 };

/* ---- Host ---- */

/* With a null program the kernel answers EFAULT once it knows all flags, else EINVAL. */
static int knows_filter_flags(unsigned long flags) {
  syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, 0);
  return errno == EFAULT;
}

static long call_for_memory(pid_t tid, uint64_t address, void *bytes, unsigned long count);

void pt_examine_host(struct pt_host *host) {
  memset(host, 0, sizeof *host);
  uint32_t action = SECCOMP_RET_USER_NOTIF;
  host->user_notification = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 &&
                            knows_filter_flags(SECCOMP_FILTER_FLAG_NEW_LISTENER);
  host->killable_wait = knows_filter_flags(SECCOMP_FILTER_FLAG_NEW_LISTENER | 1UL << 5);
  int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
  int source = pidfd >= 0 ? open("/proc/self/status", O_RDONLY | O_CLOEXEC) : -1;
  if (source >= 0) {
    int copy = pt_take_descriptor(pidfd, source);
    host->take_descriptor = copy >= 0;
    if (copy >= 0) close(copy);
    close(source);
  }
  if (pidfd >= 0) close(pidfd);
  pidfd = (int)syscall(SYS_pidfd_open, syscall(SYS_gettid), PIDFD_THREAD_FLAG);
  host->thread_descriptor = pidfd >= 0;
  if (pidfd >= 0) close(pidfd);
  int events = pt_open_destroy_events();
  host->destroy_events = events >= 0;
  if (events >= 0) close(events);
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) == 0) host->privileged = data[0].effective >> CAP_SYS_ADMIN & 1;
  int from = 1, to = 0;
  uint64_t address = (uint64_t)(uintptr_t)&from;
  host->read_memory = pt_read_memory(getpid(), address, &to, sizeof to) == (long)sizeof to;
  host->read_memory_call = call_for_memory(getpid(), address, &to, sizeof to) == (long)sizeof to;
}

/* ---- Threads ---- */

static pid_t process_of(pid_t tid) {
  char path[64], text[4096];
  snprintf(path, sizeof path, "/proc/%d/status", tid);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return tid;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return tid;
  text[length] = 0;
  const char *line = strstr(text, "\nTgid:");
  return line ? (pid_t)atoi(line + 6) : tid;
}

int pt_open_thread(pid_t tid) {
  if (BS_FAILS("pidfd_open", BS_PROCESS_ANY)) return -errno;
  int pidfd = (int)syscall(SYS_pidfd_open, tid, PIDFD_THREAD_FLAG);
  if (pidfd < 0 && errno == EINVAL) pidfd = (int)syscall(SYS_pidfd_open, process_of(tid), 0);
  return pidfd >= 0 ? pidfd : -errno;
}

int pt_take_descriptor(int pidfd, int descriptor) {
  int copy = (int)syscall(SYS_PIDFD_GETFD, pidfd, descriptor, 0);
  return copy >= 0 ? copy : -errno;
}

static long call_for_memory(pid_t tid, uint64_t address, void *bytes, unsigned long count) {
  struct iovec local = {bytes, count}, remote = {(void *)(uintptr_t)address, count};
  ssize_t length = process_vm_readv(tid, &local, 1, &remote, 1, 0);
  return length >= 0 ? length : -errno;
}

/* The same bytes through a file, after the same checks of the kernel's. */
static long open_memory(pid_t tid, uint64_t address, void *bytes, unsigned long count) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/mem", tid);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -errno;
  ssize_t length = pread(file, bytes, count, (off_t)address);
  int error = errno == EIO ? EFAULT : errno;
  close(file);
  return length >= 0 ? length : -error;
}

/* Docker's default profile up to version 20.10 refuses the call to processes without CAP_SYS_PTRACE, and allows the file. */
long pt_read_memory(pid_t tid, uint64_t address, void *bytes, unsigned long count) {
  long length = call_for_memory(tid, address, bytes, count);
  return length == -EPERM || length == -ENOSYS ? open_memory(tid, address, bytes, count) : length;
}

static uint64_t cookie_option(int descriptor, int option) {
  uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  return getsockopt(descriptor, SOL_SOCKET, option, &cookie, &size) == 0 ? cookie : 0;
}

uint64_t pt_socket_cookie(int descriptor) { return cookie_option(descriptor, SO_COOKIE_OPTION); }
uint64_t pt_namespace_cookie(int descriptor) { return cookie_option(descriptor, SO_NETNS_COOKIE_OPTION); }

/* ---- Sockets ---- */

/* Groups of linux/sock_diag.h: TCP and UDP over IPv4, then over IPv6. */
enum { DESTROY_GROUPS = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 };

int pt_open_destroy_events(void) {
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
  if (netlink < 0) return -errno;
  int size = 16 << 20;
  if (setsockopt(netlink, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
    setsockopt(netlink, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = DESTROY_GROUPS};
  if (bind(netlink, (struct sockaddr *)&address, sizeof address) != 0) {
    int error = errno;
    close(netlink);
    return -error;
  }
  return netlink;
}

/* Destroy messages carry the protocol as an attribute. */
static int protocol_of(const struct nlmsghdr *message) {
  const unsigned char *protocol = bs_diag_attribute(message, INET_DIAG_PROTOCOL);
  return protocol ? *protocol : IPPROTO_TCP;
}

int pt_read_destroy_events(int netlink, struct bs_socket_record *records, int capacity, int *lost) {
  char buffer[8192] __attribute__((aligned(8)));
  int found = 0;
  while (found < capacity) {
    ssize_t received = recv(netlink, buffer, sizeof buffer, MSG_DONTWAIT);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0 && errno == ENOBUFS) {
      ++*lost; /* the next call goes on with what came after */
      continue;
    }
    if (received < 0) return errno == EAGAIN || found > 0 ? found : -errno;
    unsigned left = (unsigned)received;
    for (struct nlmsghdr *header = (struct nlmsghdr *)buffer; NLMSG_OK(header, left) && found < capacity;
         header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type < NLMSG_MIN_TYPE || header->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg))) continue;
      bs_read_socket(header, protocol_of(header), &records[found++]);
    }
  }
  return found;
}

int pt_mark_destroy_events(uint64_t *cookies, int capacity) {
  cpu_set_t allowed;
  int count = 0;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) CPU_ZERO(&allowed);
  for (int cpu = 0; cpu < CPU_SETSIZE && count < capacity; cpu++) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    int descriptor = sched_setaffinity(0, sizeof one, &one) == 0 ? socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    if (descriptor < 0) continue;
    cookies[count++] = pt_socket_cookie(descriptor);
    close(descriptor);
  }
  if (count > 0) sched_setaffinity(0, sizeof allowed, &allowed);
  return count;
}

int pt_socket_protocol(pid_t tid, int descriptor) {
  char path[64], name[32];
  snprintf(path, sizeof path, "/proc/%d/fd/%d", tid, descriptor);
  ssize_t length = getxattr(path, "system.sockprotoname", name, sizeof name - 1);
  if (length < 3) return 0;
  return memcmp(name, "TCP", 3) == 0 ? IPPROTO_TCP : memcmp(name, "UDP", 3) == 0 ? IPPROTO_UDP : 0;
}
