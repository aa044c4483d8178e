#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "CPortTrap.h"
#include "calls.h"
#include "tree.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

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
  /* Netlink sockets (each getaddrinfo binds one) are recognised by their address size of 12 bytes, with which the
     kernel refuses to bind an internet socket. It accepts 16 bytes and more, whatever follows the address, so no other
     size identifies the family. */
  load(program, argument(2));
  on(program, sizeof(struct sockaddr_nl), SECCOMP_RET_ALLOW);
  give(program, notify);
}

int pt_install_filter(unsigned traps) {
  struct program program;
  build(&program, traps);
  struct sock_fprog filter = {program.length, program.code};
  unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  if (!(traps & PT_NO_KILLABLE_WAIT)) flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
}
