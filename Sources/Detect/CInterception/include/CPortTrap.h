#ifndef BINDSTORM_CPORTTRAP_H
#define BINDSTORM_CPORTTRAP_H
/* What Swift cannot say about catching other programs' system calls: a filter made of BPF_* macros and
   ioctls made of _IOWR macros (seccomp_unotify(2)), code between fork and exec (async-signal-safe calls
   only), SCM_RIGHTS and netlink records (macros, structs with flexible tails), signalfd, and system calls
   that glibc 2.36 has no wrapper for. Numbers are written out where Debian 12's kernel headers (6.1) are
   older than the kernels that have them. */
#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "socket_records.h"

/* ---- What this host offers ---- */

struct pt_host {
  int user_notification;   /* SECCOMP_RET_USER_NOTIF (5.0) with CONTINUE (5.5) */
  int killable_wait;       /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (5.19) */
  int take_descriptor;     /* pidfd_getfd (5.6), which container profiles may block */
  int thread_descriptor;   /* PIDFD_THREAD (6.9) */
  int destroy_events;      /* SKNLGRP_INET*_DESTROY multicast of NETLINK_SOCK_DIAG */
  int privileged;          /* CAP_SYS_ADMIN: no need for no_new_privs */
  int read_memory;         /* of other processes: process_vm_readv, or /proc/PID/mem */
  int read_memory_call;    /* process_vm_readv, which container profiles may block */
};

/* Tries each on this process or with arguments that change nothing. */
void pt_examine_host(struct pt_host *_Nonnull host);

/* ---- Starting the tree ---- */

enum pt_trap {
  PT_TRAP_GETSOCKNAME = 1,
  PT_TRAP_SOCKET = 2,
  PT_TRAP_CONNECT = 4,
  PT_TRAP_ACCEPT = 8,
  PT_ALLOW_IO_URING = 16,
  PT_NO_KILLABLE_WAIT = 32 /* of kernels before 5.19 */
};

enum pt_spawn_failure {
  PT_FAILED_NOT = 0,
  PT_FAILED_FORK,
  PT_FAILED_NO_NEW_PRIVS,
  PT_FAILED_FILTER, /* EBUSY: the tree already has a listener */
  PT_FAILED_EXEC,
  PT_FAILED_GUARD,
  PT_FAILED_REPORT /* EMFILE: no descriptor left for the listener; ECHILD: the child ended without a word */
};

struct pt_tree {
  pid_t pid;
  pid_t guard;    /* the guard's process, a child of the caller; 0 once it was waited for */
  int listener;   /* notifications; hangs up when no process of the tree is left */
  void *_Nullable calls; /* shared with the guard: what is received and not answered */
  int failure;    /* enum pt_spawn_failure */
  int error;      /* errno of the failure, never 0 */
};

struct pt_spawn_options {
  unsigned traps;        /* enum pt_trap */
  int ignores_pipe;      /* the caller inherited SIGPIPE ignored */
  int input, output, error; /* descriptors for 0, 1 and 2; -1 keeps the caller's */
  unsigned long descriptor_limit; /* soft RLIMIT_NOFILE of the command; 0 keeps */
};

/* Forks, installs the filter in the child, hands its listener to the caller, and executes the command there
   (by PATH, with the caller's environment, folder, signal mask as `pt_block_signals` found it). Also forks a
   guard: a process with nothing but the listener, which lets all calls continue when the caller dies, so that
   the tree never hangs. The command leads its own process group, in the caller's session: a signal to its group
   (`kill 0`) reaches no other process, and it keeps the terminal. Returns 0, or -1 with `failure` and `error` set. */
int pt_spawn(char *const _Nullable *_Nonnull arguments, const struct pt_spawn_options *_Nonnull options,
             struct pt_tree *_Nonnull tree);
/* Ends the guard, which nobody of the tree needs any more, and waits for it. May be repeated. */
void pt_end_guard(struct pt_tree *_Nonnull tree);
/* Closes the listener and forgets the calls; the guard has its own. May be repeated. */
void pt_close(struct pt_tree *_Nonnull tree);

/* Blocks the signals that a supervisor must handle and returns a signalfd for them, or -errno. pt_spawn gives the
   previous mask to the command. */
int pt_block_signals(void);
/* Reads one signal; `sender` is 0 when the kernel (the terminal) sent it. Returns its number, 0 if none. */
int pt_next_signal(int descriptor, int *_Nonnull sender);
/* Stops the calling process by SIGTSTP or SIGTTIN, as if it had never caught or blocked it; returns 1 when it was
   continued. In an orphaned process group, where no process could continue it, the kernel does not stop it: 0. */
int pt_stop_by_signal(int signal_number);
/* Sends a signal to all of the caller's process group but the caller. */
void pt_signal_others(int signal_number);
/* Blocks the signals by which people end a program, except those that are already ignored or blocked. The previous mask
   goes to *found. Returns a signalfd that is readable as long as one of them is pending, or -errno. */
int pt_hold_endings(sigset_t *_Nonnull found);
/* Ends the calling process by that signal, without a core file. Returns if the signal did not end it. */
void pt_die_by_signal(int signal_number);

/* ---- Calls ---- */

enum pt_call_kind {
  PT_CALL_OTHER = 0,
  PT_CALL_BIND,
  PT_CALL_LISTEN,
  PT_CALL_GETSOCKNAME,
  PT_CALL_SOCKET,
  PT_CALL_CONNECT,
  PT_CALL_ACCEPT
};

struct pt_call {
  uint64_t id;
  uint32_t tid;
  uint32_t kind;
  uint64_t arguments[6];
  uint64_t instruction;
};

/* Receives one call. 1 received, 0 none any more, or -errno. */
int pt_receive(struct pt_tree *_Nonnull tree, struct pt_call *_Nonnull call);
/* Keeps a received call for a later answer, so that the guard knows of it. 0, or -1 when too many are kept. */
int pt_keep(struct pt_tree *_Nonnull tree, uint64_t id);
/* Lets the kernel execute the call. 0 or errno (ENOENT: the caller is gone). */
int pt_continue(struct pt_tree *_Nonnull tree, uint64_t id);
/* Answers with a value, or with an errno if `error` is not 0. 0 or errno. */
int pt_answer(struct pt_tree *_Nonnull tree, uint64_t id, int error, int64_t value);
/* Whether the caller still waits: what was read from /proc before belongs to it. */
int pt_is_valid(struct pt_tree *_Nonnull tree, uint64_t id);

/* A pidfd of a thread (PIDFD_THREAD), or of its process where the kernel is older. Or -errno. */
int pt_open_thread(pid_t tid);
/* pidfd_getfd: the thread's descriptor as one of ours, close-on-exec. Or -errno. */
int pt_take_descriptor(int pidfd, int descriptor);
/* process_vm_readv, or /proc/PID/mem where that is refused. Bytes read, or -errno. */
long pt_read_memory(pid_t tid, uint64_t address, void *_Nonnull bytes, unsigned long count);
/* The cookie of a socket, by which the kernel's events name it; 0 if it has none. */
uint64_t pt_socket_cookie(int descriptor);
/* The cookie of the network namespace a socket lives in (5.14); 0 if unknown. */
uint64_t pt_namespace_cookie(int descriptor);

/* ---- Sockets as the kernel knows them ---- */

/* A netlink socket that gets a record of each TCP and UDP socket of the calling thread's namespace whose last
   reference goes. Or -errno. */
int pt_open_destroy_events(void);
/* Reads waiting records without blocking. Returns their number, or -errno. Adds to `lost` how often the kernel reports
   that it dropped some. */
int pt_read_destroy_events(int netlink, struct bs_socket_record *_Nonnull records, int capacity, int *_Nonnull lost);
/* Opens and closes a socket on each CPU that this thread may run on, or on the first `capacity`. The kernel sends
   the records from a queue for each CPU, so that those of sockets that were gone before come before these. Puts
   their cookies; returns how many. */
int pt_mark_destroy_events(uint64_t *_Nonnull cookies, int capacity);
/* The protocol of a thread's descriptor, 6 or 17, by the attribute that sockets carry in /proc; 0 for others. */
int pt_socket_protocol(pid_t tid, int descriptor);

/* ---- Stacks ---- */

/* Return addresses of a thread that waits in a system call, innermost first, by libunwind with memory read by
   process_vm_readv: the thread is not stopped and no tracer is needed. libunwind is loaded at first use. How
   many; 0 where libunwind is missing or the code has no unwind tables. `frame` is the frame-pointer register, 0 if
   it is not known. */
int pt_unwind(pid_t tid, uint64_t instruction, uint64_t stack, uint64_t frame, uint64_t *_Nonnull addresses,
              int capacity);
/* The function of an ELF file whose code has that byte of the file, by the sizes of its symbols. Length, or 0 if no
   symbol covers it: the nearest symbol of a stripped file is that of another function. */
int pt_function(const char *_Nonnull path, uint64_t offset, char *_Nonnull name, int capacity);
/* Where an ELF file's variable lies in memory, counted from the file's beginning there. 0, or -1 if there is none. */
int pt_place_of(const char *_Nonnull path, const char *_Nonnull name, uint64_t *_Nonnull place);
/* A name of C++, of Rust's older mangling or of Swift in readable form, by libstdc++ and Swift's runtime. Length, or 0 if
   the name is no such name. */
int pt_demangle(const char *_Nonnull name, char *_Nonnull readable, int capacity);
/* Whether libunwind is there. */
int pt_can_unwind(void);

#endif
