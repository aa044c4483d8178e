/* Every way to let go of a probed port; then bind it again. argv[1] names the way. Ends with 0 when the re-bind
   succeeded, 3 when it failed. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static int kind = SOCK_STREAM;
static int extra = 0;

static int bind_to(int port, int *chosen) {
  int s = socket(AF_INET, kind | extra, 0);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(0x7f000001)};
  if (bind(s, (struct sockaddr *)&a, sizeof a) != 0) return -1;
  socklen_t n = sizeof a;
  getsockname(s, (struct sockaddr *)&a, &n);
  *chosen = ntohs(a.sin_port);
  return s;
}

static void *close_it(void *s) {
  close((int)(long)s);
  return 0;
}

static int pass(int channel, int s) {
  char byte = 'x', control[CMSG_SPACE(sizeof(int))];
  memset(control, 0, sizeof control);
  struct iovec v = {&byte, 1};
  struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *c = CMSG_FIRSTHDR(&m);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(c), &s, sizeof(int));
  return sendmsg(channel, &m, 0) < 0;
}

static void wait_for(pid_t pid) {
  while (waitpid(pid, 0, 0) < 0 && errno == EINTR) {
  }
}

/* The port comes from a child through a pipe; the child then ends in its own way. */
static int from_child(void (*end)(void), void (*after)(pid_t)) {
  int p[2], port = 0;
  if (pipe(p) != 0) exit(9);
  pid_t pid = fork();
  if (pid == 0) {
    int s = bind_to(0, &port);
    if (s < 0 || write(p[1], &port, sizeof port) != sizeof port) _exit(9);
    end();
  }
  if (read(p[0], &port, sizeof port) != sizeof port) exit(9);
  if (after) after(pid);
  wait_for(pid);
  return port;
}

static void end_exit(void) { _exit(0); }
static void end_pause(void) { for (;;) pause(); }
static void kill_it(pid_t pid) { kill(pid, SIGKILL); }
static void end_exec(void) {
  execl("/bin/true", "true", (char *)0);
  _exit(9);
}

int main(int argc, char **argv) {
  const char *way = argc > 1 ? argv[1] : "close";
  int port = 0, s = -1, p[2];
  pid_t keeper = 0;
#define WAY(name) (strcmp(way, name) == 0)
  if (WAY("exec-cloexec") || WAY("spawn-cloexec")) extra = SOCK_CLOEXEC;
  if (WAY("udp")) kind = SOCK_DGRAM;
  if (WAY("exit")) port = from_child(end_exit, 0);
  else if (WAY("kill")) port = from_child(end_pause, kill_it);
  else if (WAY("exec-cloexec")) port = from_child(end_exec, 0);
  else {
    s = bind_to(0, &port);
    if (s < 0) return 9;
  }
  if (WAY("close") || WAY("udp")) close(s);
  else if (WAY("close_range")) close_range((unsigned)s, (unsigned)s, 0);
  else if (WAY("closefrom")) {
    dup2(s, 200);
    close(s);
    closefrom(100);
  } else if (WAY("fclose")) fclose(fdopen(s, "r"));
  else if (WAY("dup2")) dup2(0, s);
  else if (WAY("dup3")) dup3(0, s, O_CLOEXEC);
  else if (WAY("dup-both")) {
    int t = dup(s);
    close(s);
    close(t);
  } else if (WAY("thread")) {
    pthread_t thread;
    pthread_create(&thread, 0, close_it, (void *)(long)s);
    pthread_join(thread, 0);
  } else if (WAY("child-exits")) {
    if (pipe(p) != 0) return 9;
    pid_t pid = fork();
    if (pid == 0) {
      char byte;
      close(p[1]);
      if (read(p[0], &byte, 1) < 0) _exit(1);
      _exit(0);
    }
    close(s);
    close(p[0]);
    close(p[1]);
    wait_for(pid);
  } else if (WAY("spawn-cloexec")) {
    pid_t pid;
    char *words[] = {"true", 0};
    posix_spawn(&pid, "/bin/true", 0, 0, words, environ);
    close(s);
    wait_for(pid);
  } else if (WAY("scm")) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || pass(pair[0], s) != 0) return 9;
    close(s);
    close(pair[0]);
    close(pair[1]);
  } else if (WAY("iouring")) {
    char parameters[256];
    memset(parameters, 0, sizeof parameters);
    int ring = (int)syscall(425, 4, parameters);
    if (ring >= 0) return 8;
    close(s);
  } else if (WAY("child-holds") || WAY("exec-keep")) {
    if (pipe(p) != 0) return 9;
    keeper = fork();
    if (keeper == 0) {
      close(p[0]);
      if (WAY("exec-keep")) execl("/bin/sleep", "sleep", "60", (char *)0);
      for (;;) pause();
    }
    close(s);
  } else if (WAY("dup-keeps")) {
    if (dup(s) < 0) return 9;
    close(s);
  } else if (WAY("vfork-close")) {
    pid_t pid = vfork();
    if (pid == 0) {
      close(s);
      _exit(0);
    }
    wait_for(pid);
  } else if (!WAY("exit") && !WAY("kill") && !WAY("exec-cloexec")) return 64;
  int t = bind_to(port, &port);
  int failed = t < 0 ? errno : 0;
  if (keeper) {
    kill(keeper, SIGKILL);
    wait_for(keeper);
  }
  printf("%s\n", failed ? strerror(failed) : "ok");
  return failed ? 3 : 0;
}
