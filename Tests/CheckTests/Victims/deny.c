/* deny CALL COMMAND...: runs it where a system call fails with EPERM, as under a container's profile. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 3) return 64;
  unsigned number;
  if (strcmp(argv[1], "process_vm_readv") == 0) number = SYS_process_vm_readv;
  else if (strcmp(argv[1], "unshare") == 0) number = SYS_unshare;
  else if (strcmp(argv[1], "seccomp") == 0) number = SYS_seccomp;
  else if (strcmp(argv[1], "prctl") == 0) number = SYS_prctl;
#ifdef SYS_poll
  else if (strcmp(argv[1], "poll") == 0) number = SYS_poll;
#else
  else if (strcmp(argv[1], "poll") == 0) number = SYS_ppoll;
#endif
  else return 64;
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof code / sizeof *code, code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    perror("deny");
    return 69;
  }
  execv(argv[2], argv + 2);
  perror(argv[2]);
  return 127;
}
