/* Fork per trial: 16 new processes for every trial, which exit when all have bound. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"

static _Noreturn void be_server(int server, pid_t parent, uint32_t seen, bool check) {
  die_with_parent(parent);
  prepare_sockets();
  finish_phase(&shared->pending);
  await_command(&shared->command, &seen);
  bind_endpoints(server);
  finish_phase(&shared->pending);
  if (check && is_bound(&shared->servers[server])) {
    answer_nonces(server);
    finish_phase(&shared->pending);
  }
  await_command(&shared->command, &seen);
  _exit(0); /* the kernel closes everything */
}

/* libzmq must not dial from the process that forks: its threads and descriptors would be inherited. */
static pid_t start_dialler(void) {
  uint32_t seen = shared->dial_command;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child > 0) return child;
  die_with_parent(parent);
  for (;;) {
    await_command(&shared->dial_command, &seen);
    dial_all();
    finish_phase(&shared->dial_pending);
  }
}

static void check_ownership(bool in_other_process) {
  int count = bound_servers();
  if (count == 0) return;
  expect(&shared->pending, (uint32_t)count);
  if (in_other_process) {
    expect(&shared->dial_pending, 1);
    give_command(&shared->dial_command);
    await_phase(&shared->dial_pending);
  } else {
    dial_all();
  }
  await_phase(&shared->pending);
}

static bool run_trial(struct options options) {
  probe_ports();
  expect(&shared->pending, SERVERS);
  pid_t parent = getpid();
  uint32_t seen = shared->command;
  for (int server = 0; server < SERVERS; server++) {
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) be_server(server, parent, seen, options.check);
  }
  await_phase(&shared->pending);

  expect(&shared->pending, SERVERS);
  give_command(&shared->command); /* the barrier opens */
  await_phase(&shared->pending);
  if (options.check) check_ownership(dialling_has_threads);

  give_command(&shared->command);
  for (int server = 0; server < SERVERS; server++)
    while (waitpid(-1, 0, 0) < 0)
      if (errno != EINTR) fail("waitpid");
  await_no_sockets();
  return bound_servers() == SERVERS && (!options.check || all_identified());
}

int main(int argc, char **argv) {
  struct options options = parse_options(argc, argv);
  make_shared_memory();
  if (options.used_before) use_library_once();
  pid_t dialler = options.check && dialling_has_threads ? start_dialler() : 0;
  long failed = 0;
  double started = now_seconds();
  for (long trial = 0; trial < options.trials; trial++) failed += !run_trial(options);
  double seconds = now_seconds() - started;
  if (dialler) kill(dialler, SIGKILL);
  print_result(options, seconds, failed);
  return 0;
}
