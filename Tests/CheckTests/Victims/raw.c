/* Probe-then-bind by system calls alone, without libc's wrappers: link statically. Modes: (none), child. A number after
   the mode is the length that bind() is given for its addresses; the kernel looks at the first 16 bytes. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static socklen_t length = sizeof(struct sockaddr_in);

static int bind_to(int port, int *chosen) {
  int s = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
  struct {
    struct sockaddr_in a;
    char rest[112];
  } padded = {.a = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(0x7f000001)}};
  struct sockaddr_in a;
  if (syscall(SYS_bind, s, &padded, length) != 0) return -errno;
  socklen_t n = sizeof a;
  syscall(SYS_getsockname, s, &a, &n);
  *chosen = ntohs(a.sin_port);
  return s;
}

static int use(int port) {
  int s = bind_to(port, &port);
  if (s < 0) {
    printf("failed %s\n", -s == EADDRINUSE ? "EADDRINUSE" : strerror(-s));
    return 3;
  }
  if (syscall(SYS_listen, s, 5) != 0) return 4;
  printf("ok\n");
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 2) length = (socklen_t)atoi(argv[2]);
  int port = 0, s = bind_to(0, &port);
  if (s < 0) return 5;
  syscall(SYS_close, s);
  if (argc > 1 && strcmp(argv[1], "child") == 0) {
    fflush(stdout);
    int status;
    pid_t pid = fork();
    if (pid == 0) {
      int code = use(port);
      fflush(stdout);
      _exit(code);
    }
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
  }
  return use(port);
}
