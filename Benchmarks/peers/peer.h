/* What the C peers share: memory for results, a futex barrier, the nonce of the ownership check.

   A peer is the loop that a competent C programmer would write by hand for one experiment: 16 API servers
   with two endpoints each, 32 ports probed by the parent with bind(0), all servers released together, each
   binding ROUTER then PULL (or two plain listeners) to the numbers it was handed.

   fork.c and pooled.c are the loops, sockets_zmq.c and sockets_tcp.c the sockets; each loop is linked with
   each kind of sockets, which makes four programs. */
#ifndef PEER_H
#define PEER_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { SERVERS = 16, ENDPOINTS = 2, INPUT = 0, OUTPUT = 1 };

/* On the wire: a question carries a number that only this endpoint of this trial is sent; the answer repeats
   it and adds who answers. */
struct nonce {
  uint64_t value;
  uint64_t answered_by; /* number of the API server + 1; 0 in a question */
};

struct endpoint {
  uint16_t port;           /* the number the parent drew */
  bool bound;
  int error;               /* errno of a failed bind */
  uint64_t nonce_received; /* noted by the API server */
  uint64_t answered_by;    /* noted by the dialler */
};

struct server {
  _Alignas(64) struct endpoint endpoints[ENDPOINTS];
};

/* Shared by all processes of the peer. */
struct shared {
  _Alignas(64) uint32_t pending;      /* API servers that have not finished the phase; a futex */
  _Alignas(64) uint32_t command;      /* futex: changes when the API servers are to go on */
  _Alignas(64) uint32_t dial_command; /* futex: changes when the dialling process is to go on */
  uint32_t dial_pending;              /* futex */
  uint64_t trial;
  struct server servers[SERVERS];
};

extern struct shared *shared;

/* Command line: --trials N, --check off|on, --used-before off|on. */
struct options {
  long trials;
  bool check;
  bool used_before; /* fork.c: whether the parent makes and ends a ZeroMQ context before the first fork */
};
struct options parse_options(int argc, char **argv);

void make_shared_memory(void);
_Noreturn void fail(const char *what);
double now_seconds(void);
/* Ends this process when its parent ends. */
void die_with_parent(pid_t parent);

/* The phase: the parent sets how many it waits for, they count down, the last one wakes it. */
void expect(uint32_t *pending, uint32_t count);
void finish_phase(uint32_t *pending);
void await_phase(uint32_t *pending);
/* Commands: the one who waits remembers the value it has seen. */
void give_command(uint32_t *command);
void await_command(uint32_t *command, uint32_t *seen);

/* Draws the ports of all endpoints, all inputs before all outputs, and forgets the last trial's results. */
void probe_ports(void);
struct nonce question(int server, int endpoint);
/* Whether every bound endpoint is answered by its own API server. */
bool all_identified(void);
bool is_bound(const struct server *server);
int bound_servers(void);
/* Waits until no TCP socket of this network namespace listens or is connected: a trial starts from a clean
   state, and libzmq closes in its own time. */
void await_no_sockets(void);
void print_result(struct options options, double seconds, long failed);

/* Of sockets_*.c. Server side: everything that need not wait for the barrier; then the binds, the input
   first, the output only if the input is bound; then answering until both endpoints have had their nonce;
   then closing. */
void prepare_sockets(void);
void bind_endpoints(int server);
void answer_nonces(int server);
void close_endpoints(void);
/* What the library finds out at its first use, found out here: processes that are forked later need not. */
void use_library_once(void);
/* The check: dials all bound endpoints, asks, and notes who answers. */
void dial_all(void);
/* Whether dialling starts threads, so that a parent which forks must leave it to another process. */
extern const bool dialling_has_threads;

#endif
