/* libzmq: ROUTER and PULL, with the options that vLLM's make_zmq_socket sets on a host without large buffers. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <zmq.h>

#include "peer.h"

const bool dialling_has_threads = true;

static void *context;
static void *sockets[ENDPOINTS];

static void *open_socket(int kind) {
  void *socket = zmq_socket(context, kind);
  if (!socket) fail("zmq_socket");
  int unlimited = 0, system_default = -1, no_linger = 0;
  if (kind != ZMQ_PUSH) {
    zmq_setsockopt(socket, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
    zmq_setsockopt(socket, ZMQ_RCVBUF, &system_default, sizeof system_default);
  }
  if (kind != ZMQ_PULL) {
    zmq_setsockopt(socket, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
    zmq_setsockopt(socket, ZMQ_SNDBUF, &system_default, sizeof system_default);
  }
  zmq_setsockopt(socket, ZMQ_LINGER, &no_linger, sizeof no_linger);
  return socket;
}

void use_library_once(void) {
  void *first = zmq_ctx_new();
  if (!first || zmq_ctx_term(first) < 0) fail("zmq_ctx_new");
}

/* vLLM's client context has two I/O threads; it is older than the binds, so its threads run by then. */
void prepare_sockets(void) {
  context = zmq_ctx_new();
  if (!context) fail("zmq_ctx_new");
  zmq_ctx_set(context, ZMQ_IO_THREADS, 2);
  sockets[INPUT] = open_socket(ZMQ_ROUTER);
  sockets[OUTPUT] = open_socket(ZMQ_PULL);
}

void bind_endpoints(int server) {
  for (int i = 0; i < ENDPOINTS; i++) {
    struct endpoint *endpoint = &shared->servers[server].endpoints[i];
    if (!sockets[i]) sockets[i] = open_socket(i == INPUT ? ZMQ_ROUTER : ZMQ_PULL);
    char address[32];
    snprintf(address, sizeof address, "tcp://127.0.0.1:%u", endpoint->port);
    if (zmq_bind(sockets[i], address) < 0) {
      endpoint->error = zmq_errno();
      return;
    }
    endpoint->bound = true;
  }
}

/* libzmq closes the listeners later, in its own thread; await_no_sockets() sees when. */
void close_endpoints(void) {
  for (int i = 0; i < ENDPOINTS; i++) {
    if (sockets[i]) zmq_close(sockets[i]);
    sockets[i] = 0;
  }
}

/* [identity][nonce] in, the same with this server's number out. */
static void answer_router(int server) {
  char identity[256];
  struct nonce nonce;
  int size = zmq_recv(sockets[INPUT], identity, sizeof identity, ZMQ_DONTWAIT);
  if (size < 0) return;
  if (zmq_recv(sockets[INPUT], &nonce, sizeof nonce, ZMQ_DONTWAIT) != sizeof nonce) return;
  nonce.answered_by = (uint64_t)server + 1;
  zmq_send(sockets[INPUT], identity, (size_t)size, ZMQ_SNDMORE | ZMQ_DONTWAIT);
  zmq_send(sockets[INPUT], &nonce, sizeof nonce, ZMQ_DONTWAIT);
  shared->servers[server].endpoints[INPUT].nonce_received = nonce.value;
}

/* A PULL cannot answer: who got the nonce notes it. */
static void note_pull(int server) {
  struct nonce nonce;
  if (zmq_recv(sockets[OUTPUT], &nonce, sizeof nonce, ZMQ_DONTWAIT) != sizeof nonce) return;
  __atomic_store_n(&shared->servers[server].endpoints[OUTPUT].nonce_received, nonce.value, __ATOMIC_RELEASE);
}

void answer_nonces(int server) {
  const struct endpoint *endpoints = shared->servers[server].endpoints;
  zmq_pollitem_t items[ENDPOINTS] = {{.socket = sockets[INPUT], .events = ZMQ_POLLIN},
                                     {.socket = sockets[OUTPUT], .events = ZMQ_POLLIN}};
  while (!endpoints[INPUT].nonce_received || !endpoints[OUTPUT].nonce_received) {
    if (zmq_poll(items, ENDPOINTS, -1) <= 0) continue;
    if (items[INPUT].revents) answer_router(server);
    if (items[OUTPUT].revents) note_pull(server);
  }
}

static void *dial(int kind, int server, int i) {
  char address[32];
  void *socket = open_socket(kind);
  snprintf(address, sizeof address, "tcp://127.0.0.1:%u", shared->servers[server].endpoints[i].port);
  if (zmq_connect(socket, address) < 0) fail("zmq_connect");
  struct nonce nonce = question(server, i);
  zmq_send(socket, &nonce, sizeof nonce, ZMQ_DONTWAIT);
  return socket;
}

void dial_all(void) {
  if (!context && !(context = zmq_ctx_new())) fail("zmq_ctx_new");
  zmq_pollitem_t items[SERVERS];
  void *pushers[SERVERS];
  int numbers[SERVERS], count = 0;
  for (int server = 0; server < SERVERS; server++) {
    if (!is_bound(&shared->servers[server])) continue;
    items[count] = (zmq_pollitem_t){.socket = dial(ZMQ_DEALER, server, INPUT), .events = ZMQ_POLLIN};
    pushers[count] = dial(ZMQ_PUSH, server, OUTPUT);
    numbers[count++] = server;
  }
  for (int left = count; left > 0;) {
    if (zmq_poll(items, count, -1) <= 0) continue;
    for (int i = 0; i < count; i++) {
      struct nonce nonce;
      if (!items[i].revents) continue;
      if (zmq_recv(items[i].socket, &nonce, sizeof nonce, ZMQ_DONTWAIT) != sizeof nonce) continue;
      if (nonce.value == question(numbers[i], INPUT).value)
        shared->servers[numbers[i]].endpoints[INPUT].answered_by = nonce.answered_by;
      left--;
    }
  }
  for (int i = 0; i < count; i++) {
    struct endpoint *output = &shared->servers[numbers[i]].endpoints[OUTPUT];
    /* Closed now, the PUSH would take an unsent nonce along. */
    while (!__atomic_load_n(&output->nonce_received, __ATOMIC_ACQUIRE)) sched_yield();
    if (output->nonce_received == question(numbers[i], OUTPUT).value)
      output->answered_by = (uint64_t)numbers[i] + 1;
    zmq_close(items[i].socket);
    zmq_close(pushers[i]);
  }
}
