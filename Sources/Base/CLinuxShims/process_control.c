#define _GNU_SOURCE
#include "process_control.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/single_threaded.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "futex.h"

pid_t bs_fork(enum bs_process process) {
  (void)process;
  if (BS_FAILS("fork", process)) return -1;
  return __libc_single_threaded ? (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, 0ul, 0ul, 0ul, 0ul) : fork();
}

/* One line of /proc/self/maps, as far as it is of use here. */
struct mapping {
  uintptr_t start, end;
  off_t offset;
  struct bs_mapped_file file;
  char permissions[5];
};

enum { MAX_MAPPINGS = 32, SHORTEST_STRETCH = 16 };

/* Reads the next mapping of a file; returns whether there is one. */
static bool next_mapping(FILE *list, struct mapping *item) {
  char line[512];
  while (fgets(line, sizeof line, list)) {
    unsigned long start, end, offset;
    struct bs_mapped_file *file = &item->file;
    int count = sscanf(line, "%lx-%lx %4s %lx %x:%x %lu", &start, &end, item->permissions, &offset, &file->major,
                       &file->minor, &file->inode);
    if (count != 7 || file->inode == 0) continue;
    item->start = start;
    item->end = end;
    item->offset = (off_t)offset;
    return true;
  }
  return false;
}

int bs_find_mapped_file(const char *maps, uintptr_t address, struct bs_mapped_file *file) {
  FILE *list = fopen(maps, "re");
  if (!list) return errno;
  struct mapping item;
  int result = ENOENT;
  while (result && next_mapping(list, &item)) {
    if (address < item.start || address >= item.end) continue;
    *file = item.file;
    result = 0;
  }
  fclose(list);
  return result;
}

bool bs_is_same_mapped_file(const struct bs_mapped_file *a, const struct bs_mapped_file *b) {
  return a->inode == b->inode && a->major == b->major && a->minor == b->minor;
}

/* Private mappings of that file that hold no code; returns how many, or -errno. */
static int private_mappings(const struct bs_mapped_file *file, struct mapping *found) {
  int count = 0;
  FILE *list = fopen("/proc/self/maps", "re");
  if (!list) return -errno;
  while (count < MAX_MAPPINGS && next_mapping(list, &found[count])) {
    const struct mapping *item = &found[count];
    if (item->permissions[3] != 'p' || item->permissions[2] == 'x') continue;
    if (bs_is_same_mapped_file(&item->file, file)) count++;
  }
  fclose(list);
  return count;
}

/* Remaps the stretches of one mapping. `file` is a new open file: the kernel joins no mappings of two. */
static int remap_mapping(const struct mapping *item, int file, int pages) {
  const uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);
  const size_t count = (item->end - item->start) / size;
  int protection = PROT_READ | (item->permissions[1] == 'w' ? PROT_WRITE : 0), stretches = 0, error = 0;
  uint64_t *entries = malloc((count + 1) * sizeof *entries);
  if (!entries) return -ENOMEM;
  ssize_t length = pread(pages, entries, count * sizeof *entries, (off_t)(item->start / size * sizeof *entries));
  if (length != (ssize_t)(count * sizeof *entries)) error = length < 0 ? errno : EIO;
  /* Bit 63: in memory; 62: swapped; 61: a file's page (Documentation/admin-guide/mm/pagemap.rst). */
  bool is_any_written = false;
  for (size_t i = 0; i < count && !error; i++) {
    bool is_written = (entries[i] >> 62 & 1) || ((entries[i] >> 63 & 1) && !(entries[i] >> 61 & 1));
    entries[i] = is_written;
    is_any_written |= is_written;
  }
  entries[count] = 1;
  for (size_t first = 0, i = 0; i <= count && is_any_written && !error; i++) {
    if (!entries[i]) continue;
    if (i - first >= SHORTEST_STRETCH) {
      void *address = (void *)(item->start + first * size);
      void *result = mmap(address, (i - first) * size, protection, MAP_PRIVATE | MAP_FIXED, file,
                          item->offset + (off_t)(first * size));
      if (result == MAP_FAILED) error = errno;
      stretches++;
    }
    first = i + 1;
  }
  free(entries);
  return error ? -error : stretches;
}

int bs_remap_unwritten_pages(void) {
  struct mapping mappings[MAX_MAPPINGS];
  struct bs_mapped_file executable;
  int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  int pages = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  int result = file < 0 || pages < 0 ? -errno : 0;
  /* The kernel reports the address of the executable's program headers. stat() of /proc/self/exe may disagree with the
     mappings: on overlayfs and btrfs the devices differ. */
  if (!result) result = -bs_find_mapped_file("/proc/self/maps", getauxval(AT_PHDR), &executable);
  int count = result ? 0 : private_mappings(&executable, mappings);
  if (count < 0) result = count;
  for (int i = 0; i < count && result >= 0; i++) {
    int stretches = remap_mapping(&mappings[i], file, pages);
    result = stretches < 0 ? stretches : result + stretches;
  }
  if (file >= 0) close(file);
  if (pages >= 0) close(pages);
  return result;
}

int bs_set_parent_death_signal(int signal_number) {
  if (BS_FAILS("prctl", BS_PROCESS_ANY)) return errno;
  return prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0) == 0 ? 0 : errno;
}

int bs_become_subreaper(void) {
  if (BS_FAILS("prctl", BS_PROCESS_ANY)) return errno;
  return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? 0 : errno;
}

static char *append_number(char *end, const char *limit, int number) {
  char digits[12];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  if (end < limit) *end++ = '-';
  while (count > 0 && end < limit) *end++ = digits[--count];
  return end;
}

void bs_set_name(const char *prefix, int first, int second) {
  char name[16];
  char *end = name;
  const char *limit = name + sizeof name - 1;
  while (*prefix && end < limit) *end++ = *prefix++;
  if (first >= 0) end = append_number(end, limit, first);
  if (second >= 0) end = append_number(end, limit, second);
  *end = 0;
  prctl(PR_SET_NAME, name, 0, 0, 0);
}

void bs_set_timer_slack(unsigned long nanoseconds) { prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0); }

int bs_unshare_network(int with_user) {
  if (BS_FAILS("unshare", BS_PROCESS_ANY)) return errno;
  return unshare(CLONE_NEWNET | (with_user ? CLONE_NEWUSER | CLONE_NEWNS : 0)) == 0 ? 0 : errno;
}

int bs_sysctls_are_read_only(void) {
  struct statvfs mount;
  return statvfs("/proc/sys", &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0;
}

/* As mount(2); sys/mount.h and linux/mount.h define the same names. */
static int change_mount(const char *target, unsigned long flags) {
  return syscall(SYS_mount, NULL, target, NULL, flags, NULL) == 0 ? 0 : errno;
}

int bs_make_sysctls_writable(void) {
  if (!bs_sysctls_are_read_only()) return 0;
  if (unshare(CLONE_NEWNS) != 0) return errno;
  int error = change_mount("/", MS_REC | MS_SLAVE);
  /* The flags that a container's runtime sets, but for MS_RDONLY. */
  return error ? error : change_mount("/proc/sys", MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC);
}

int bs_detached_folder(void) {
  int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
  if (context < 0) return -errno;
  int folder = -1;
  if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0) == 0)
    folder = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
  int error = errno;
  close(context);
  return folder >= 0 ? folder : -error;
}

int bs_keep_descriptors(const int *from, const int *to, int count) {
  /* Copies to numbers above all wanted ones first, so that no dup2 overwrites a descriptor that a later one reads. The
     numbers are as low as possible, because RLIMIT_NOFILE may be low. */
  int high[16], first = 3;
  if (count > 16) return EINVAL;
  for (int i = 0; i < count; i++)
    if (to[i] >= first) first = to[i] + 1;
  for (int i = 0; i < count; i++) {
    high[i] = from[i] < 0 ? -1 : fcntl(from[i], F_DUPFD, first);
    /* EINVAL: `first` is beyond the limit. */
    if (from[i] >= 0 && high[i] < 0) return errno == EINVAL ? EMFILE : errno;
  }
  if (first > 3) close_range(3, (unsigned)first - 1, 0);
  for (int i = 0; i < count; i++)
    if (high[i] >= 0 && dup2(high[i], to[i]) < 0) return errno;
  close_range((unsigned)first, ~0u, 0);
  return 0;
}

int bs_exec_with_descriptors(const char *path, char *const *arguments, const int *from, const int *to, int count) {
  int error = bs_keep_descriptors(from, to, count);
  if (error) return error;
  if (BS_FAILS("execve", BS_PROCESS_ANY)) return errno;
  execvp(path, arguments);
  return errno;
}

pid_t bs_spawn_with_descriptors(enum bs_process process, const char *path, char *const *arguments, const int *from,
                                const int *to, int count) {
  (void)process;
  if (BS_FAILS("fork", process)) return -errno;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child != 0) return child >= 0 ? child : -errno;
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (getppid() != parent) _exit(0);
  bs_reset_signals();
  bs_exec_with_descriptors(path, arguments, from, to, count);
  _exit(70);
}

int bs_open_process(pid_t process) {
  if (BS_FAILS("pidfd_open", BS_PROCESS_ANY)) return -errno;
  int descriptor = (int)syscall(SYS_pidfd_open, process, 0);
  return descriptor >= 0 ? descriptor : -errno;
}

int bs_stream_pair(int *ends) {
  if (BS_FAILS("socketpair", BS_PROCESS_ANY)) return errno;
  return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : errno;
}

/* Blocks SIGCHLD and one more signal, 0 for none, and makes them readable. A descriptor or -errno. */
static int blocked_signals(int other) {
  if (BS_FAILS("signalfd", BS_PROCESS_ANY)) return -errno;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  if (other) sigaddset(&signals, other);
  if (sigprocmask(SIG_BLOCK, &signals, 0) < 0) return -errno;
  int descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  return descriptor >= 0 ? descriptor : -errno;
}

int bs_signal_descriptor(void) { return blocked_signals(SIGTERM); }

int bs_take_signal(int descriptor) {
  struct signalfd_siginfo information;
  return read(descriptor, &information, sizeof information) == sizeof information ? (int)information.ssi_signo : 0;
}

void bs_reset_signals(void) {
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  signal(SIGCHLD, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, 0);
}

void bs_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }

int bs_pipe(int *ends) {
  if (BS_FAILS("pipe", BS_PROCESS_ANY)) return errno;
  return pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno;
}

int bs_lock_file(int descriptor) {
  if (BS_FAILS("flock", BS_PROCESS_ANY)) return errno;
  while (flock(descriptor, LOCK_EX) < 0)
    if (errno != EINTR) return errno;
  return 0;
}

int bs_memory_file(const char *name) {
  if (BS_FAILS("memfd_create", BS_PROCESS_ANY)) return -errno;
  int descriptor = memfd_create(name, MFD_CLOEXEC);
  return descriptor >= 0 ? descriptor : -errno;
}

static uint32_t *termination_flag;
static uint32_t *termination_words[BS_MAX_TERMINATION_WORDS];
static size_t termination_word_count;

static void note_termination(int signal_number) {
  int saved = errno;
  bs_store(termination_flag, (uint32_t)signal_number);
  for (size_t i = 0; i < termination_word_count; i++) {
    bs_add(termination_words[i], 1);
    bs_futex_wake_all(termination_words[i]);
  }
  errno = saved;
}

static int handle(int signal_number, void (*handler)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  return sigaction(signal_number, &action, 0) == 0 ? 0 : errno;
}

int bs_note_termination(uint32_t *flag, uint32_t *const *words, size_t count) {
  if (count > BS_MAX_TERMINATION_WORDS) return EINVAL;
  termination_flag = flag;
  memcpy(termination_words, words, count * sizeof *words);
  termination_word_count = count;
  int error = handle(SIGINT, note_termination);
  if (!error) error = handle(SIGTERM, note_termination);
  /* Under nohup(1) a hangup is ignored, and is to stay so. */
  struct sigaction before;
  if (error || sigaction(SIGHUP, 0, &before) < 0 || before.sa_handler == SIG_IGN) return error;
  return handle(SIGHUP, note_termination);
}

bool bs_is_host_limit(int error) {
  return error == EAGAIN || error == ENOMEM || error == ENFILE || error == EMFILE;
}

static int32_t *abort_error;
static uint32_t *abort_stage;
static uint32_t abort_stage_value;

/* abort() raises the signal again, with its default action, when a handler returns. */
static void note_abort(int signal_number) {
  (void)signal_number;
  if (!abort_error || *abort_error != 0 || !bs_is_host_limit(errno)) return;
  *abort_error = errno;
  *abort_stage = abort_stage_value;
}

void bs_note_aborts(int32_t *error, uint32_t *stage, uint32_t value) {
  abort_error = error;
  abort_stage = stage;
  abort_stage_value = value;
}

int bs_handle_aborts(void) { return handle(SIGABRT, note_abort); }

static void do_nothing(int signal_number) { (void)signal_number; }

int bs_interrupt_on_child_exit(void) { return handle(SIGCHLD, do_nothing); }

int bs_disregard_child_exits(void) { return handle(SIGCHLD, SIG_DFL); }

void bs_close_from(unsigned first) { close_range(first, ~0u, 0); }

int bs_wait_readable(int descriptor, int timeout_ms) {
  if (BS_FAILS("poll", BS_PROCESS_ANY)) return -errno;
  struct pollfd item = {.fd = descriptor, .events = POLLIN};
  int ready = poll(&item, 1, timeout_ms);
  return ready >= 0 ? ready : -errno;
}

int bs_child_descriptor(void) { return blocked_signals(0); }

void bs_drain_children(int descriptor) {
  struct signalfd_siginfo information;
  while (read(descriptor, &information, sizeof information) > 0) {}
}

void bs_unblock_child_signal(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_UNBLOCK, &set, 0);
}

int bs_enter_network(int descriptor) {
  if (BS_FAILS("setns", BS_PROCESS_ANY)) return errno;
  return setns(descriptor, CLONE_NEWNET) == 0 ? 0 : errno;
}
