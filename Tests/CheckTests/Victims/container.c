/* container [OPTION...] COMMAND...: runs it under the restrictions of a container's runtime, without one; needs root.

   It has namespaces of its own (mount, process ids, network, IPC, host name), a fresh /proc whose paths are masked and
   read-only as Docker's and Podman's are (moby/moby, daemon/pkg/oci/defaults.go), the runtime's default capabilities, and a
   seccomp filter. The files are the host's. The filter refuses what the default profile does not allow: Docker's and
   containerd's (moby/profiles, seccomp/default.json, which answers EPERM, and ENOSYS to clone3), or Podman's
   (containers/common, pkg/seccomp/seccomp.json, which answers ENOSYS to calls that it does not know). Docker's of version
   20.10 also refuses process_vm_readv. A profile lists what is allowed; the lists below are the rest.

     --runtime NAME            capabilities and profile: docker (if absent), docker-20.10, podman
     --cap-drop-all            no capabilities, as Kubernetes' policy "restricted" demands
     --cap-add NAME            sys_admin, net_admin or sys_ptrace; the profile allows what it allows with it
     --user NUMBER             as that user and group
     --no-new-privileges       no_new_privs, as that policy demands
     --seccomp unconfined      no filter
     --systempaths unconfined  nothing of /proc is masked or read-only
     --limit NAME              user.NAME is 0, in a user namespace around all of it: max_user_namespaces, max_net_namespaces

   69 where it cannot be made, with the reason. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what) {
  fprintf(stderr, "container: %s: %s\n", what, strerror(errno));
  _exit(69);
}

static void check(int result, const char *what) {
  if (result != 0) fail(what);
}

static void write_to(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text)) fail(path);
  close(file);
}

/* ---- Options ---- */

static struct {
  int is_podman, is_old, drops_all, has_no_new_privileges, is_unfiltered, is_unmasked;
  unsigned long long added;
  const char *limits[4];
  int limit_count;
  unsigned user;
} wanted;

static int number_of(const char *capability) {
  if (strcmp(capability, "sys_admin") == 0) return CAP_SYS_ADMIN;
  if (strcmp(capability, "net_admin") == 0) return CAP_NET_ADMIN;
  if (strcmp(capability, "sys_ptrace") == 0) return CAP_SYS_PTRACE;
  fprintf(stderr, "container: unknown capability %s\n", capability);
  exit(64);
}

static void read_runtime(const char *name) {
  wanted.is_podman = strcmp(name, "podman") == 0;
  wanted.is_old = strcmp(name, "docker-20.10") == 0;
  if (!wanted.is_podman && !wanted.is_old && strcmp(name, "docker") != 0) exit(64);
}

static char **read_options(char **words) {
  for (words++; *words && strncmp(*words, "--", 2) == 0; words++) {
    if (strcmp(*words, "--cap-drop-all") == 0) wanted.drops_all = 1;
    else if (strcmp(*words, "--no-new-privileges") == 0) wanted.has_no_new_privileges = 1;
    else if (!words[1]) exit(64);
    else if (strcmp(*words, "--runtime") == 0) read_runtime(*++words);
    else if (strcmp(*words, "--cap-add") == 0) wanted.added |= 1ull << number_of(*++words);
    else if (strcmp(*words, "--user") == 0) wanted.user = (unsigned)atoi(*++words);
    else if (strcmp(*words, "--seccomp") == 0) wanted.is_unfiltered = strcmp(*++words, "unconfined") == 0;
    else if (strcmp(*words, "--systempaths") == 0) wanted.is_unmasked = strcmp(*++words, "unconfined") == 0;
    else if (strcmp(*words, "--limit") == 0 && wanted.limit_count < 4) wanted.limits[wanted.limit_count++] = *++words;
    else exit(64);
  }
  if (!*words) exit(64);
  return words;
}

static int has(int capability) { return (wanted.added >> capability & 1) != 0; }

/* ---- Namespaces and /proc ---- */

/* A user namespace in which every user is who he is outside: limits of /proc/sys/user can be set in it. */
static void enter_user_namespace(void) {
  int asked[2], answered[2];
  char byte = 0;
  check(pipe2(asked, O_CLOEXEC) || pipe2(answered, O_CLOEXEC), "pipe");
  pid_t parent = getpid(), child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    char path[64];
    close(asked[1]);
    if (read(asked[0], &byte, 1) != 1) _exit(1);
    const char *maps[] = {"uid_map", "gid_map"};
    for (int i = 0; i < 2; i++) {
      snprintf(path, sizeof path, "/proc/%d/%s", parent, maps[i]);
      write_to(path, "0 0 4294967295");
    }
    if (write(answered[1], &byte, 1) != 1) _exit(1);
    _exit(0);
  }
  close(answered[1]);
  check(unshare(CLONE_NEWUSER), "unshare(CLONE_NEWUSER)");
  if (write(asked[1], &byte, 1) != 1 || read(answered[0], &byte, 1) != 1) fail("mapping users");
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
}

static void mask(void) {
  /* What is not there on this kernel cannot be masked, and need not be. */
  const char *masked[] = {"/proc/asound",       "/proc/acpi",  "/proc/interrupts", "/proc/kcore",
                          "/proc/keys",         "/proc/scsi",  "/proc/timer_list", "/proc/timer_stats",
                          "/proc/latency_stats", "/proc/sched_debug", "/sys/firmware",  "/sys/devices/virtual/powercap"};
  const char *read_only[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  struct stat found;
  for (unsigned i = 0; i < sizeof masked / sizeof *masked; i++) {
    if (stat(masked[i], &found) != 0) continue;
    if (S_ISDIR(found.st_mode)) check(mount("tmpfs", masked[i], "tmpfs", MS_RDONLY, ""), masked[i]);
    else check(mount("/dev/null", masked[i], NULL, MS_BIND, NULL), masked[i]);
  }
  for (unsigned i = 0; i < sizeof read_only / sizeof *read_only; i++) {
    if (stat(read_only[i], &found) != 0) continue;
    check(mount(read_only[i], read_only[i], NULL, MS_BIND | MS_REC, NULL), read_only[i]);
    unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
    check(mount(NULL, read_only[i], NULL, flags, NULL), read_only[i]);
  }
}

static void bring_loopback_up(void) {
  int socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  check(socket_ < 0 || ioctl(socket_, SIOCSIFFLAGS, &request) != 0, "bringing loopback up");
  close(socket_);
}

static void prepare(void) {
  check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
  check(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "mount of /proc");
  bring_loopback_up();
  for (int i = 0; i < wanted.limit_count; i++) {
    char path[96];
    snprintf(path, sizeof path, "/proc/sys/user/%s", wanted.limits[i]);
    write_to(path, "0");
  }
  if (!wanted.is_unmasked) mask();
}

/* ---- Capabilities ---- */

static unsigned long long capabilities(void) {
  /* daemon/pkg/oci/caps/defaults.go of moby; pkg/config/default.go of containers/common has three less. */
  const int both[] = {CAP_CHOWN,  CAP_DAC_OVERRIDE,     CAP_FOWNER,  CAP_FSETID, CAP_KILL,      CAP_NET_BIND_SERVICE,
                      CAP_SETFCAP, CAP_SETGID, CAP_SETPCAP, CAP_SETUID, CAP_SYS_CHROOT};
  const int docker[] = {CAP_NET_RAW, CAP_MKNOD, CAP_AUDIT_WRITE};
  unsigned long long set = wanted.added;
  if (wanted.drops_all) return set;
  for (unsigned i = 0; i < sizeof both / sizeof *both; i++) set |= 1ull << both[i];
  for (unsigned i = 0; i < sizeof docker / sizeof *docker && !wanted.is_podman; i++) set |= 1ull << docker[i];
  return set;
}

static void drop_bounding_set(unsigned long long kept) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
    if (!(kept >> capability & 1)) check(prctl(PR_CAPBSET_DROP, capability), "dropping a capability");
}

static void become(unsigned long long kept) {
  if (wanted.user != 0) {
    check(setgroups(0, NULL), "setgroups");
    check(setresgid(wanted.user, wanted.user, wanted.user), "setresgid");
    check(setresuid(wanted.user, wanted.user, wanted.user), "setresuid");
    return;
  }
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {0};
  for (int i = 0; i < 2; i++) data[i].effective = data[i].permitted = (unsigned)(kept >> (32 * i));
  check((int)syscall(SYS_capset, &header, data), "capset");
}

/* ---- Filter ---- */

/* Numbers that headers may lack; the same on all architectures. */
enum {
  NR_OPEN_TREE = 428, NR_MOVE_MOUNT, NR_FSOPEN, NR_FSCONFIG, NR_FSMOUNT, NR_FSPICK, NR_CLONE3 = 435,
  NR_IO_URING_SETUP = 425, NR_IO_URING_ENTER, NR_IO_URING_REGISTER, NR_PIDFD_GETFD = 438, NR_PROCESS_MADVISE = 440,
  NR_MOUNT_SETATTR = 442, NR_QUOTACTL_FD = 443,
};
static const unsigned long new_namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                            CLONE_NEWPID | CLONE_NEWNET;

static struct sock_filter code[256];
static unsigned short length;

static void add(struct sock_filter instruction) { code[length++] = instruction; }

static void refuse(unsigned number, unsigned error) {
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
  add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error));
}

/* A call whose argument, counted from 0, has one of these bits (in the lower half), or is this value. */
static void refuse_if(unsigned number, unsigned argument, unsigned short test, unsigned value, unsigned error) {
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4));
  unsigned offset = (unsigned)offsetof(struct seccomp_data, args) + 8 * argument;
  add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
  add((struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, value, 0, 1));
  add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error));
  add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, nr)));
}

static void filter(void) {
  const unsigned always[] = {SYS_acct, SYS_clock_settime, SYS_delete_module, SYS_finit_module, SYS_init_module,
                             SYS_kexec_load, SYS_nfsservctl, SYS_open_by_handle_at, SYS_settimeofday, SYS_swapoff,
                             SYS_swapon, SYS_userfaultfd, SYS_vhangup};
  const unsigned unknown[] = {NR_IO_URING_SETUP, NR_IO_URING_ENTER, NR_IO_URING_REGISTER, NR_QUOTACTL_FD};
  const unsigned administration[] = {SYS_bpf, SYS_fanotify_init, SYS_perf_event_open, SYS_quotactl, SYS_setdomainname,
                                     SYS_sethostname};
  const unsigned namespaces[] = {SYS_mount, SYS_setns, SYS_syslog, SYS_umount2, SYS_unshare, NR_OPEN_TREE, NR_MOVE_MOUNT,
                                 NR_FSOPEN, NR_FSCONFIG, NR_FSMOUNT, NR_FSPICK, NR_MOUNT_SETATTR};
  const unsigned docker_only[] = {SYS_add_key, SYS_keyctl, SYS_request_key, SYS_pivot_root};
  int podman = wanted.is_podman;
  add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, nr)));
#define EACH(list, error) for (unsigned i = 0; i < sizeof list / sizeof *list; i++) refuse(list[i], error)
  EACH(always, EPERM);
  EACH(unknown, podman ? ENOSYS : EPERM);
  if (!podman) EACH(docker_only, EPERM);
  if (!has(CAP_SYS_ADMIN)) EACH(administration, EPERM);
  if (!has(CAP_SYS_ADMIN) && !podman) {
    EACH(namespaces, EPERM);
    refuse_if(SYS_clone, 0, BPF_JSET, (unsigned)new_namespaces, EPERM);
    refuse(NR_CLONE3, ENOSYS);
  }
  if (!has(CAP_SYS_PTRACE)) {
    refuse(SYS_kcmp, EPERM);
    refuse(NR_PROCESS_MADVISE, EPERM);
    if (wanted.is_old) refuse(SYS_process_vm_readv, EPERM), refuse(SYS_process_vm_writev, EPERM);
    if (!podman) refuse(NR_PIDFD_GETFD, EPERM);
  }
  if (!podman) refuse_if(SYS_socket, 0, BPF_JEQ, AF_VSOCK, EPERM);
  add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  struct sock_fprog program = {length, code};
  check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "installing the filter");
}

/* ---- The command ---- */

/* Waits for it as a runtime does, and ends as it ended. */
static void wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* The first process of the new process ids takes the exits of orphans, as docker run --init does. */
static void be_first(char **command) {
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    execv(*command, command);
    fail(*command);
  }
  int status = 0;
  pid_t ended;
  while ((ended = wait(&status)) != child && (ended > 0 || errno == EINTR)) {}
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int main(int argc, char **argv) {
  (void)argc;
  char **command = read_options(argv);
  if (geteuid() != 0) {
    fputs("container: only root can make it\n", stderr);
    return 69;
  }
  if (wanted.limit_count > 0) enter_user_namespace();
  check(unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS), "unshare");
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child > 0) wait_for(child);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prepare();
  unsigned long long kept = capabilities();
  drop_bounding_set(kept);
  /* Runtimes install it while they still may without no_new_privs. */
  if (!wanted.is_unfiltered) filter();
  become(kept);
  /* By which programs know it: Podman sets it. */
  if (wanted.is_podman) setenv("container", "podman", 1);
  if (wanted.has_no_new_privileges) check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
  be_first(command);
}
