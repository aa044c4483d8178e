/* bind(0) under a storm of timer signals, with several threads: storm THREADS CYCLES MICROSECONDS RESTART.
   Prints how many binds failed by errno; with REBIND=1 each port is bound again. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int cycles, rebinds;
static int einval, eintr, other, done, in_use;
#define COUNT(x) __atomic_add_fetch(&(x), 1, __ATOMIC_RELAXED)

static void tick(int signal_number) { (void)signal_number; }

static void count(int error) {
  if (error == EINVAL) COUNT(einval);
  else if (error == EINTR) COUNT(eintr);
  else if (error == EADDRINUSE) COUNT(in_use);
  else COUNT(other);
}

static void *work(void *unused) {
  (void)unused;
  for (int i = 0; i < cycles; i++) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    if (bind(s, (struct sockaddr *)&a, sizeof a) != 0) count(errno);
    else COUNT(done);
    socklen_t n = sizeof a;
    getsockname(s, (struct sockaddr *)&a, &n);
    close(s);
    if (rebinds && a.sin_port) {
      s = socket(AF_INET, SOCK_STREAM, 0);
      if (bind(s, (struct sockaddr *)&a, sizeof a) != 0) count(errno);
      close(s);
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 5) return 64;
  int threads = atoi(argv[1]), microseconds = atoi(argv[3]);
  cycles = atoi(argv[2]);
  rebinds = getenv("REBIND") != 0;
  struct sigaction action = {.sa_handler = tick, .sa_flags = atoi(argv[4]) ? SA_RESTART : 0};
  sigaction(SIGALRM, &action, 0);
  if (microseconds) {
    struct itimerval timer = {{0, microseconds}, {0, microseconds}};
    setitimer(ITIMER_REAL, &timer, 0);
  }
  pthread_t ids[64];
  for (int i = 0; i < threads && i < 64; i++) pthread_create(&ids[i], 0, work, 0);
  for (int i = 0; i < threads && i < 64; i++) pthread_join(ids[i], 0);
  printf("done=%d einval=%d eintr=%d in_use=%d other=%d\n", done, einval, eintr, in_use, other);
  return 0;
}
