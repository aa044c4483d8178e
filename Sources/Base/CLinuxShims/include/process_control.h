#ifndef BINDSTORM_PROCESS_CONTROL_H
#define BINDSTORM_PROCESS_CONTROL_H
/* Process calls that Swift cannot name: fork() is marked unavailable, prctl() is variadic, and
   unshare(), memfd_create() and setns() are hidden behind _GNU_SOURCE. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "failing_calls.h"

/* fork(2) of a process of that kind; -1 with errno. Only single-threaded workers may call it: the child goes on running Swift code.
   It skips the C library's part of fork(), which repairs locks that other threads may have held: that part writes to
   four pages, each of which the kernel then copies. If there are other threads after all, it is not skipped. */
pid_t bs_fork(enum bs_process process);
/* Maps the executable's unwritten private pages again, in stretches of 16 and more, if a page of their mapping has been
   written: fork() copies such a mapping's page table, and with it hundreds of entries for pages that a child could read
   from the file. The contents and protection of the memory do not change.
   Only single-threaded workers may call it. Returns how many stretches, or -errno. */
int bs_remap_unwritten_pages(void);
/* A file as /proc/PID/maps names it: an inode number alone is not unique across file systems. */
struct bs_mapped_file {
  unsigned major, minor;
  unsigned long inode;
};
/* The file that a list of mappings, in the form of /proc/PID/maps, has at an address. 0 or errno; ENOENT: none. */
int bs_find_mapped_file(const char *_Nonnull maps, uintptr_t address, struct bs_mapped_file *_Nonnull file);
bool bs_is_same_mapped_file(const struct bs_mapped_file *_Nonnull a, const struct bs_mapped_file *_Nonnull b);
/* PR_SET_PDEATHSIG: the signal this process gets when the thread that made it ends. 0 or errno. */
int bs_set_parent_death_signal(int signal_number);
/* PR_SET_CHILD_SUBREAPER: orphans below this process become its children. 0 or errno. */
int bs_become_subreaper(void);
/* PR_SET_NAME: what ps shows as the command's name, made of `prefix` and the numbers that are not negative,
   cut at 15 bytes. Formatted here because Swift's string code would cost a fresh process a dozen page faults. */
void bs_set_name(const char *_Nonnull prefix, int first, int second);
/* PR_SET_TIMERSLACK, in nanoseconds. */
void bs_set_timer_slack(unsigned long nanoseconds);
/* unshare(2) of the network namespace, with a user namespace around it and a mount namespace of the same
   owner if `with_user`. 0 or errno. */
int bs_unshare_network(int with_user);
/* Whether /proc/sys is mounted read-only, as in containers. */
int bs_sysctls_are_read_only(void);
/* If /proc/sys is read-only: moves the process into a mount namespace of its own where it is not. Needs CAP_SYS_ADMIN in
   the user namespace of that mount. 0 or errno. */
int bs_make_sysctls_writable(void);
/* A tmpfs that is mounted nowhere (fsmount(2), Linux 5.2) as a directory descriptor: its files are reached
   by /proc/self/fd/N/..., and vanish when the last process that has it open is gone. -errno on failure. */
int bs_detached_folder(void);
/* Replaces this process by `path` (searched in PATH unless it has a slash), with exactly these descriptors
   (from[i] becomes to[i], all others but 0...2 are closed); returns errno. Only between fork() and exec. */
int bs_exec_with_descriptors(const char *_Nonnull path, char *_Nullable const *_Nonnull arguments,
                             const int *_Nonnull from, const int *_Nonnull to, int count);
/* Starts `path` as a child that dies with the calling thread, with exactly these descriptors as above. Safe in a
   process with several threads: nothing but system calls lies between fork() and exec. A pid or -errno; a child
   that cannot exec ends with code 70. */
pid_t bs_spawn_with_descriptors(enum bs_process process, const char *_Nonnull path,
                                char *_Nullable const *_Nonnull arguments, const int *_Nonnull from,
                                const int *_Nonnull to, int count);
/* pidfd_open(2): becomes readable when the process has ended. -errno on failure. */
int bs_open_process(pid_t process);
/* A connected pair of stream sockets, close-on-exec. 0 or errno. */
int bs_stream_pair(int *_Nonnull ends);
/* Keeps these descriptors (from[i] becomes to[i]) and closes all others from 3 on. 0 or errno. */
int bs_keep_descriptors(const int *_Nonnull from, const int *_Nonnull to, int count);
/* Blocks SIGTERM and SIGCHLD and makes them readable from a descriptor (signalfd(2)), close-on-exec and
   non-blocking, which bs_take_signal() reads. -errno on failure. */
int bs_signal_descriptor(void);
/* The next signal of such a descriptor; 0 if none is due. */
int bs_take_signal(int descriptor);
/* For a child between fork() and exec: no signal is blocked, SIGPIPE, SIGXFSZ, SIGTERM and SIGCHLD act as usual. */
void bs_reset_signals(void);
/* SIGPIPE is ignored from now on: writing to a pipe without a reader fails with EPIPE. */
void bs_ignore_broken_pipes(void);
/* pipe2(2), close-on-exec: ends[0] for reading. 0 or errno. */
int bs_pipe(int *_Nonnull ends);
/* flock(2), exclusive, waiting. 0 or errno. */
int bs_lock_file(int descriptor);
/* memfd_create(2), close-on-exec. A descriptor or -errno. */
int bs_memory_file(const char *_Nonnull name);
/* The most words that a termination signal rings: one for each lane of a run. */
enum { BS_MAX_TERMINATION_WORDS = 256 };
/* Installs handlers for SIGINT, SIGTERM and, unless it is ignored, SIGHUP. They store the signal's number in *flag and
   ring each word; all must be in memory that lives as long as the process. 0 or errno; EINVAL for too many words. */
int bs_note_termination(uint32_t *_Nonnull flag, uint32_t *_Nonnull const *_Nonnull words, size_t count);
/* Whether an errno says that a limit of the host was reached: LinuxErrno.hostLimits. */
bool bs_is_host_limit(int error);
/* Installs a handler for SIGABRT, which children inherit: it records why this process aborts, as bs_note_aborts() says.
   libzmq aborts a process if it cannot create a thread or an eventfd, or allocate memory; errno is that of its last
   call. In C, because a handler compiled by Swift may allocate. 0 or errno. */
int bs_handle_aborts(void);
/* If this process aborts while errno is a limit of the host, writes errno to *error, unless that is already set, and
   `value` to *stage. Both must live as long as the process. */
void bs_note_aborts(int32_t *_Nonnull error, uint32_t *_Nonnull stage, uint32_t value);
/* Installs an empty SIGCHLD handler, so that a child's death interrupts a sleep. 0 or errno. */
int bs_interrupt_on_child_exit(void);
/* Removes that handler: a child's death interrupts nothing. 0 or errno. */
int bs_disregard_child_exits(void);
/* A descriptor that becomes readable when a child ends or SIGCHLD is sent (signalfd(2)). SIGCHLD is blocked from now
   on. -errno on failure. */
int bs_child_descriptor(void);
/* Takes what is pending on such a descriptor. */
void bs_drain_children(int descriptor);
/* Lets SIGCHLD be delivered again: in a child, which inherits the block. */
void bs_unblock_child_signal(void);
/* setns(2) into a network namespace, by descriptor. 0 or errno. */
int bs_enter_network(int descriptor);
/* close_range(2) of this descriptor and all above it. */
void bs_close_from(unsigned first);
/* poll(2) on one descriptor for reading; >0 ready, 0 timed out, -errno. */
int bs_wait_readable(int descriptor, int timeout_ms);

#endif
