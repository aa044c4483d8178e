/* Plain TCP: two listeners an API server, with SO_REUSEADDR as libzmq sets it. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

const bool dialling_has_threads = false;

static int listeners[ENDPOINTS] = {-1, -1};

static struct sockaddr_in loopback(uint16_t port) {
  return (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

void use_library_once(void) {}

void prepare_sockets(void) {}

void bind_endpoints(int server) {
  for (int i = 0; i < ENDPOINTS; i++) {
    struct endpoint *endpoint = &shared->servers[server].endpoints[i];
    struct sockaddr_in address = loopback(endpoint->port);
    int one = 1;
    listeners[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listeners[i] < 0) fail("socket");
    setsockopt(listeners[i], SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listeners[i], (struct sockaddr *)&address, sizeof address) < 0 || listen(listeners[i], 100) < 0) {
      endpoint->error = errno;
      close(listeners[i]);
      listeners[i] = -1;
      return;
    }
    endpoint->bound = true;
  }
}

void close_endpoints(void) {
  for (int i = 0; i < ENDPOINTS; i++) {
    if (listeners[i] >= 0) close(listeners[i]);
    listeners[i] = -1;
  }
}

/* So that no TIME_WAIT is left over for later trials to stumble on. */
static void reset_on_close(int connection) {
  struct linger option = {.l_onoff = 1, .l_linger = 0};
  setsockopt(connection, SOL_SOCKET, SO_LINGER, &option, sizeof option);
}

static void answer_connection(int server, int i) {
  struct nonce nonce;
  int connection = accept(listeners[i], 0, 0);
  if (connection < 0) return;
  reset_on_close(connection);
  if (recv(connection, &nonce, sizeof nonce, MSG_WAITALL) == sizeof nonce) {
    nonce.answered_by = (uint64_t)server + 1;
    send(connection, &nonce, sizeof nonce, MSG_NOSIGNAL);
    shared->servers[server].endpoints[i].nonce_received = nonce.value;
    char end; /* the dialler closes first, once it has the answer */
    (void)!recv(connection, &end, 1, 0);
  }
  close(connection);
}

void answer_nonces(int server) {
  const struct endpoint *endpoints = shared->servers[server].endpoints;
  struct pollfd items[ENDPOINTS] = {{.fd = listeners[INPUT], .events = POLLIN},
                                    {.fd = listeners[OUTPUT], .events = POLLIN}};
  while (!endpoints[INPUT].nonce_received || !endpoints[OUTPUT].nonce_received) {
    if (poll(items, ENDPOINTS, -1) <= 0) continue;
    for (int i = 0; i < ENDPOINTS; i++)
      if (items[i].revents) answer_connection(server, i);
  }
}

/* Loopback takes a connection and 16 bytes at once, whoever is slow: connect and send cannot block. */
void dial_all(void) {
  struct pollfd items[SERVERS * ENDPOINTS];
  struct { int server, endpoint; } targets[SERVERS * ENDPOINTS];
  int count = 0;
  for (int server = 0; server < SERVERS; server++) {
    if (!is_bound(&shared->servers[server])) continue;
    for (int i = 0; i < ENDPOINTS; i++) {
      struct sockaddr_in address = loopback(shared->servers[server].endpoints[i].port);
      struct nonce nonce = question(server, i);
      int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (connection < 0) fail("socket");
      reset_on_close(connection);
      if (connect(connection, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
      if (send(connection, &nonce, sizeof nonce, MSG_NOSIGNAL) != sizeof nonce) fail("send");
      items[count] = (struct pollfd){.fd = connection, .events = POLLIN};
      targets[count].server = server;
      targets[count++].endpoint = i;
    }
  }
  for (int left = count; left > 0;) {
    if (poll(items, (nfds_t)count, -1) <= 0) continue;
    for (int n = 0; n < count; n++) {
      struct nonce nonce;
      if (items[n].fd < 0 || !items[n].revents) continue;
      int server = targets[n].server, i = targets[n].endpoint;
      if (recv(items[n].fd, &nonce, sizeof nonce, 0) == sizeof nonce && nonce.value == question(server, i).value)
        shared->servers[server].endpoints[i].answered_by = nonce.answered_by;
      close(items[n].fd);
      items[n].fd = -1;
      left--;
    }
  }
}
