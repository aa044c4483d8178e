#define _GNU_SOURCE
#include "failing_calls.h"

/* A translation unit must not be empty. */
typedef int bs_failing_calls_are_for_debug_builds;

#ifdef DEBUG
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { MAX_RULES = 16, MAX_NAMES = 3, HIGHEST_ERROR = 133 };

/* The words of rules, and what such processes are called in ps, without their numbers. */
static const struct {
  const char *word;
  const char *names[MAX_NAMES];
} processes[] = {
    [BS_PROCESS_ANY] = {"", {0}},
    [BS_PROCESS_HOST] = {"host", {"bs-host"}},
    [BS_PROCESS_LAUNCHER] = {"launcher", {"bs-launcher"}},
    [BS_PROCESS_API_SERVER] = {"api-server", {"bs-api"}},
    [BS_PROCESS_ENGINE_CORE] = {"engine-core", {"bs-engine"}},
    [BS_PROCESS_COORDINATOR] = {"coordinator", {"bs-coordinator"}},
    [BS_PROCESS_HEADLESS] = {"headless-launcher", {"bs-headless"}},
    [BS_PROCESS_FRONT_END] = {"front-end", {"bindstorm-front"}},
    [BS_PROCESS_THIEF] = {"thief", {"bs-thief"}},
    [BS_PROCESS_AUDITOR] = {"auditor", {"bs-auditor"}},
    [BS_PROCESS_FAULT_HELPER] = {"fault-helper", {"bs-steal", "bs-orphan", "bs-bystander"}},
    [BS_PROCESS_ORPHAN] = {"orphan", {"bs-orphan"}},
    [BS_PROCESS_NODE_SERVICE] = {"node-service", {"bs-node-service"}},
    [BS_PROCESS_BYSTANDER] = {"bystander", {"bs-bystander"}},
    [BS_PROCESS_ADAPTER] = {"adapter", {"bs-keeper"}},
    [BS_PROCESS_TRIAL] = {"namespace-trial", {0}},
};
enum { PROCESSES = sizeof processes / sizeof processes[0] };

/* Calls of each rule that this process and its parents up to the last exec have made. */
static unsigned made[MAX_RULES];

static _Noreturn void refuse(const char *rule) {
  fprintf(stderr, "bindstorm: BINDSTORM_FAIL: cannot read the rule '%s'; see failing_calls.h\n", rule);
  abort();
}

/* Whether this process has one of the names. */
static int is_called(const char *const *names) {
  char own[16] = "";
  prctl(PR_GET_NAME, own, 0, 0, 0);
  for (int i = 0; i < MAX_NAMES && names[i]; i++) {
    size_t length = strlen(names[i]);
    if (strncmp(own, names[i], length) == 0 && (own[length] == 0 || own[length] == '-')) return 1;
  }
  return 0;
}

/* Whether the rule's word names the calling process or, for fork, the process to create. */
static int is_meant(const char *word, enum bs_process process, const char *rule) {
  for (int i = 1; i < PROCESSES; i++) {
    if (strcmp(word, processes[i].word) != 0) continue;
    return process == BS_PROCESS_ANY ? is_called(processes[i].names) : process == (enum bs_process)i;
  }
  refuse(rule);
}

/* What is no error's number. */
enum { HANG = -1, STOP = -2 };

/* An error's number, HANG or STOP. */
static int number_of(const char *word, const char *rule) {
  if (strcmp(word, "HANG") == 0) return HANG;
  if (strcmp(word, "STOP") == 0) return STOP;
  for (int error = 1; error <= HIGHEST_ERROR; error++) {
    const char *name = strerrorname_np(error);
    if (name && strcmp(word, name) == 0) return error;
  }
  refuse(rule);
}

/* What a rule does to a call: an errno, HANG, STOP, or 0 for nothing. */
static int verdict(const char *rule, int number, const char *call, enum bs_process process) {
  char word[96];
  strcpy(word, rule);
  char *colon = strchr(word, ':');
  if (!colon) refuse(rule);
  *colon = 0;
  int error = number_of(colon + 1, rule);
  unsigned long ordinal = 0;
  char *hash = strchr(word, '#'), *end = 0;
  if (hash) {
    *hash = 0;
    ordinal = strtoul(hash + 1, &end, 10);
    if (ordinal == 0 || *end != 0) refuse(rule);
  }
  char *slash = strchr(word, '/');
  if (slash) *slash = 0;
  int is_due = !slash || is_meant(slash + 1, process, rule);
  if (strcmp(word, call) != 0 || !is_due) return 0;
  unsigned count = __atomic_add_fetch(&made[number], 1, __ATOMIC_RELAXED);
  return ordinal == 0 || count == ordinal ? error : 0;
}

int bs_fails(const char *call, enum bs_process process) {
  const char *rest = getenv("BINDSTORM_FAIL");
  for (int number = 0; rest && *rest; number++) {
    const char *end = strchrnul(rest, ',');
    char rule[96];
    if (number >= MAX_RULES || (size_t)(end - rest) >= sizeof rule) refuse(rest);
    memcpy(rule, rest, (size_t)(end - rest));
    rule[end - rest] = 0;
    int error = verdict(rule, number, call, process);
    while (error == HANG) pause();
    if (error == STOP) raise(SIGSTOP);
    if (error > 0) {
      errno = error;
      return 1;
    }
    rest = *end ? end + 1 : end;
  }
  return 0;
}
#endif
