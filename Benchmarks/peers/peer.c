#define _GNU_SOURCE
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct shared *shared;

void fail(const char *what) {
  perror(what);
  _exit(1);
}

struct options parse_options(int argc, char **argv) {
  struct options options = {.trials = 100};
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!strcmp(argv[i], "--trials")) {
      options.trials = strtol(argv[i + 1], 0, 10);
    } else if (!strcmp(argv[i], "--check")) {
      options.check = !strcmp(argv[i + 1], "on");
    } else if (!strcmp(argv[i], "--used-before")) {
      options.used_before = !strcmp(argv[i + 1], "on");
    }
  }
  if (argc % 2 == 0 || options.trials < 1) {
    fprintf(stderr, "usage: %s [--trials N] [--check off|on] [--used-before off|on]\n", argv[0]);
    exit(64);
  }
  return options;
}

void make_shared_memory(void) {
  shared = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) fail("mmap");
}

double now_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void die_with_parent(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
}

static void futex_wait(uint32_t *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT, expected, 0, 0, 0);
}

static void futex_wake_all(uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, 0, 0, 0); }

void expect(uint32_t *pending, uint32_t count) { __atomic_store_n(pending, count, __ATOMIC_RELEASE); }

void finish_phase(uint32_t *pending) {
  if (__atomic_sub_fetch(pending, 1, __ATOMIC_ACQ_REL) == 0) futex_wake_all(pending);
}

void await_phase(uint32_t *pending) {
  uint32_t left;
  while ((left = __atomic_load_n(pending, __ATOMIC_ACQUIRE)) != 0) futex_wait(pending, left);
}

void give_command(uint32_t *command) {
  __atomic_add_fetch(command, 1, __ATOMIC_RELEASE);
  futex_wake_all(command);
}

void await_command(uint32_t *command, uint32_t *seen) {
  while (__atomic_load_n(command, __ATOMIC_ACQUIRE) == *seen) futex_wait(command, *seen);
  ++*seen;
}

/* As vLLM's _get_open_port: IPv4, wildcard address, no SO_REUSEADDR, closed at once. */
static uint16_t probe_port(void) {
  int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  if (probe < 0 || bind(probe, (struct sockaddr *)&address, sizeof address) < 0 ||
      getsockname(probe, (struct sockaddr *)&address, &size) < 0)
    fail("probe");
  close(probe);
  return ntohs(address.sin_port);
}

void probe_ports(void) {
  shared->trial++;
  memset(shared->servers, 0, sizeof shared->servers);
  for (int endpoint = 0; endpoint < ENDPOINTS; endpoint++)
    for (int server = 0; server < SERVERS; server++)
      shared->servers[server].endpoints[endpoint].port = probe_port();
}

/* The mixing of splitmix64. */
static uint64_t mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

struct nonce question(int server, int endpoint) {
  uint64_t number = shared->trial * SERVERS * ENDPOINTS + (uint64_t)(server * ENDPOINTS + endpoint);
  return (struct nonce){.value = mix(number) | 1};
}

bool is_bound(const struct server *server) {
  return server->endpoints[INPUT].bound && server->endpoints[OUTPUT].bound;
}

int bound_servers(void) {
  int count = 0;
  for (int server = 0; server < SERVERS; server++) count += is_bound(&shared->servers[server]);
  return count;
}

bool all_identified(void) {
  for (int server = 0; server < SERVERS; server++) {
    if (!is_bound(&shared->servers[server])) continue;
    for (int endpoint = 0; endpoint < ENDPOINTS; endpoint++) {
      const struct endpoint *seen = &shared->servers[server].endpoints[endpoint];
      if (seen->answered_by != (uint64_t)server + 1) return false;
    }
  }
  return true;
}

void await_no_sockets(void) {
  static int file = -1;
  if (file < 0) file = open("/proc/self/net/sockstat", O_RDONLY | O_CLOEXEC);
  for (;;) {
    char text[512];
    ssize_t length = pread(file, text, sizeof text - 1, 0);
    if (length < 0) fail("sockstat");
    text[length] = 0;
    const char *number = strstr(text, "TCP: inuse ");
    if (!number || atoi(number + strlen("TCP: inuse ")) == 0) return;
    struct timespec pause = {.tv_nsec = 20000};
    nanosleep(&pause, 0);
  }
}

void print_result(struct options options, double seconds, long failed) {
  printf("{\"trials\": %ld, \"seconds\": %.6f, \"failed\": %ld}\n", options.trials, seconds, failed);
}
