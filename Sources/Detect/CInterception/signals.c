#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "CPortTrap.h"
#include "tree.h"

/* What the supervisor was started with, for the command. */
static sigset_t inherited_mask;
static int has_inherited_mask;
typedef void (*handler)(int);
static handler inherited_child_handler, inherited_output_handler;

static const int noted[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD, SIGALRM, SIGWINCH, SIGTSTP};

int pt_block_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  for (unsigned i = 0; i < sizeof noted / sizeof *noted; i++) sigaddset(&set, noted[i]);
  if (sigprocmask(SIG_BLOCK, &set, has_inherited_mask ? 0 : &inherited_mask) != 0) return -errno;
  if (!has_inherited_mask) {
    /* Children must be waited for even if SIGCHLD was inherited as ignored, and the supervisor must be able to
       write its report from the terminal's background. */
    inherited_child_handler = signal(SIGCHLD, SIG_DFL);
    inherited_output_handler = signal(SIGTTOU, SIG_IGN);
  }
  has_inherited_mask = 1;
  int descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  return descriptor >= 0 ? descriptor : -errno;
}

void pt_restore_handlers(void) {
  if (!has_inherited_mask) return;
  signal(SIGCHLD, inherited_child_handler);
  signal(SIGTTOU, inherited_output_handler);
}

void pt_restore_mask(void) {
  if (has_inherited_mask) sigprocmask(SIG_SETMASK, &inherited_mask, 0);
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

int pt_stop_by_signal(int signal_number) {
  static const struct timespec at_once;
  struct sigaction plain = {.sa_handler = SIG_DFL}, found;
  sigset_t stop, resume, mask;
  sigemptyset(&stop);
  sigaddset(&stop, signal_number);
  sigemptyset(&resume);
  sigaddset(&resume, SIGCONT);
  sigprocmask(SIG_BLOCK, &resume, &mask); /* it continues the process all the same, and stays to be seen */
  sigtimedwait(&resume, 0, &at_once);
  sigaction(signal_number, &plain, &found);
  raise(signal_number);
  sigprocmask(SIG_UNBLOCK, &stop, 0); /* one that was blocked stops it here */
  int was_stopped = sigtimedwait(&resume, 0, &at_once) == SIGCONT;
  sigprocmask(SIG_SETMASK, &mask, 0);
  sigaction(signal_number, &found, 0);
  return was_stopped;
}

void pt_signal_others(int signal_number) {
  struct sigaction ignored = {.sa_handler = SIG_IGN}, found;
  sigset_t set, mask;
  sigemptyset(&set);
  sigaddset(&set, signal_number);
  sigprocmask(SIG_BLOCK, &set, &mask);
  kill(0, signal_number);
  /* Ignoring it drops the one that is pending here. */
  sigaction(signal_number, &ignored, &found);
  sigaction(signal_number, &found, 0);
  sigprocmask(SIG_SETMASK, &mask, 0);
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
