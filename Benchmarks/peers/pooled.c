/* Pooled processes: 16 processes for all trials, which close and bind again. */
#define _GNU_SOURCE
#include <signal.h>
#include <unistd.h>

#include "peer.h"

static _Noreturn void be_server(int server, pid_t parent, uint32_t seen, bool check) {
  die_with_parent(parent);
  prepare_sockets();
  finish_phase(&shared->pending);
  for (;;) {
    await_command(&shared->command, &seen);
    bind_endpoints(server);
    finish_phase(&shared->pending);
    if (check && is_bound(&shared->servers[server])) {
      answer_nonces(server);
      finish_phase(&shared->pending);
    }
    await_command(&shared->command, &seen);
    close_endpoints();
    finish_phase(&shared->pending);
  }
}

static bool run_trial(struct options options) {
  probe_ports();
  expect(&shared->pending, SERVERS);
  give_command(&shared->command); /* the barrier opens */
  await_phase(&shared->pending);
  if (options.check && bound_servers() > 0) {
    expect(&shared->pending, (uint32_t)bound_servers());
    dial_all();
    await_phase(&shared->pending);
  }
  expect(&shared->pending, SERVERS);
  give_command(&shared->command);
  await_phase(&shared->pending);
  await_no_sockets();
  return bound_servers() == SERVERS && (!options.check || all_identified());
}

int main(int argc, char **argv) {
  struct options options = parse_options(argc, argv);
  make_shared_memory();
  pid_t parent = getpid();
  pid_t children[SERVERS];
  expect(&shared->pending, SERVERS);
  for (int server = 0; server < SERVERS; server++) {
    children[server] = fork();
    if (children[server] < 0) fail("fork");
    if (children[server] == 0) be_server(server, parent, 0, options.check);
  }
  await_phase(&shared->pending);
  long failed = 0;
  double started = now_seconds();
  for (long trial = 0; trial < options.trials; trial++) failed += !run_trial(options);
  double seconds = now_seconds() - started;
  for (int server = 0; server < SERVERS; server++) kill(children[server], SIGKILL);
  print_result(options, seconds, failed);
  return 0;
}
