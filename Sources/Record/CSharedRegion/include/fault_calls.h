#ifndef BINDSTORM_FAULT_CALLS_H
#define BINDSTORM_FAULT_CALLS_H
/* What faults do to a process. The child sides are C because the API server that forks may have libzmq's threads:
   there, between fork() and the end, only async-signal-safe calls are allowed, and Swift's runtime allocates. The
   seccomp filter is C because Swift imports neither the BPF macros nor prctl(). */
#include <stdint.h>

#include "shared_region.h"

/* Forks a child that binds `port` of the wildcard address at once, listens if `listens`, says so in the fault's slot,
   and holds the port until it is killed or the calling thread ends. Returns when the child has tried; its pid, or
   -errno: of fork(), which the slot's `refused` has, too, or ETIMEDOUT for one that did not answer and was ended. The
   slot's `error` is what bind() or listen() said. */
int bs_fault_steal(struct bs_region *_Nonnull region, uint32_t fault, uint16_t port, int reuse_address, int listens);
/* The same by a process whose own parent is gone: the caller's subreaper has it, and it ends with that. */
int bs_fault_orphan(struct bs_region *_Nonnull region, uint32_t fault, uint16_t port);
/* Forks a child that keeps every descriptor of the caller and does nothing until it is killed or the caller ends.
   Its pid or -errno. */
int bs_fault_bystander(void);
/* Calls that bs_fault_fail_calls() can make fail. */
enum bs_failing_call { BS_CALL_BIND = 0, BS_CALL_LISTEN, BS_CALL_SOCKET };
/* From now on the call fails with that errno in this thread and in what it starts, by a seccomp filter
   (seccomp(2), SECCOMP_RET_ERRNO): the kernel itself refuses. bind() and socket() fail for IPv4 and IPv6 only. It
   cannot be taken back. 0 or errno. */
int bs_fault_fail_calls(enum bs_failing_call call, int error);

#endif
