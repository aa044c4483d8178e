#ifndef BINDSTORM_FAILING_CALLS_H
#define BINDSTORM_FAILING_CALLS_H
/* Kernel calls that fail on demand, for tests of what happens when the host refuses something. Debug builds only: a
   release build contains none of this and ignores the variable.

   The environment variable BINDSTORM_FAIL names the calls that fail. Every process inherits it: the worker host, and
   all processes that it starts. It is a list of rules, separated by commas:

     CALL[/PROCESS][#ORDINAL]:ERROR

     CALL     as in the manual: fork, socket, bind, setns, pidfd_open, ... Only calls that check the rules can fail:
              search the sources for BS_FAILS and `failing(`.
     PROCESS  who makes the call; for fork, the process to create. One of the words in failing_calls.c. Default: any.
     ORDINAL  only the n-th such call fails, from 1. Each process has its own count; the child of a fork continues its
              parent's count, a process that was started by exec begins at 0. Default: every call fails.
     ERROR    the name of an errno, as EAGAIN; or HANG: the call never returns; or STOP: the process stops (SIGSTOP)
              and makes the call once it is continued.

   The harness's own steps have names like calls: `phase-bind` and the like before each phase of a trial, `host-start`
   before each request to the worker host; `launcher-reap` before an idle launcher looks for API servers that have ended; `check-start` before the command is started, `check-call` before each call of
   its tree is answered, `check-end` when it has ended. With STOP a test can act exactly at this boundary.

   Examples: `fork/engine-core:EAGAIN`, `fork/api-server#3:ENOMEM`, `setns/host#2:EPERM`, `bind/fault-helper:HANG`.
   A rule that cannot be read ends the process (abort(3)): a test with a typing error must not pass.

   C because bs_fork() and the children of multi-threaded processes also use it: nothing here allocates. */

/* The process that makes the call. */
enum bs_process {
  BS_PROCESS_ANY = 0, /* the calling process, whatever it is */
  BS_PROCESS_HOST,
  BS_PROCESS_LAUNCHER,
  BS_PROCESS_API_SERVER,
  BS_PROCESS_ENGINE_CORE,
  BS_PROCESS_COORDINATOR,
  BS_PROCESS_HEADLESS,
  BS_PROCESS_FRONT_END,
  BS_PROCESS_THIEF,
  BS_PROCESS_AUDITOR,
  BS_PROCESS_FAULT_HELPER,
  BS_PROCESS_ORPHAN,
  BS_PROCESS_NODE_SERVICE,
  BS_PROCESS_BYSTANDER,
  BS_PROCESS_ADAPTER,
  BS_PROCESS_TRIAL /* a child that only finds out what is possible */
};

/* Whether the call is to fail now: 1 with errno set, or 0.
   For fork `process` is what is to be made, for all other calls BS_PROCESS_ANY. Defined in debug builds alone. */
int bs_fails(const char *_Nonnull call, enum bs_process process);

#ifdef DEBUG
#define BS_FAILS(call, process) bs_fails(call, process)
#else
#define BS_FAILS(call, process) 0
#endif

#endif
