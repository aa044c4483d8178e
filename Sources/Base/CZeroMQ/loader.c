#include "CZeroMQ.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Name, return type, parameters, arguments. */
#define EACH_FUNCTION(F) \
  F(bind, int, (void *s, const char *a), (s, a)) \
  F(close, int, (void *s), (s)) \
  F(connect, int, (void *s, const char *a), (s, a)) \
  F(ctx_set, int, (void *c, int o, int v), (c, o, v)) \
  F(ctx_term, int, (void *c), (c)) \
  F(getsockopt, int, (void *s, int o, void *v, size_t *n), (s, o, v, n)) \
  F(msg_close, int, (zmq_msg_t * m), (m)) \
  F(msg_data, void *, (zmq_msg_t * m), (m)) \
  F(msg_init, int, (zmq_msg_t * m), (m)) \
  F(msg_recv, int, (zmq_msg_t * m, void *s, int f), (m, s, f)) \
  F(msg_size, size_t, (const zmq_msg_t *m), (m)) \
  F(poll, int, (zmq_pollitem_t * i, int n, long t), (i, n, t)) \
  F(recv, int, (void *s, void *b, size_t n, int f), (s, b, n, f)) \
  F(send, int, (void *s, const void *b, size_t n, int f), (s, b, n, f)) \
  F(setsockopt, int, (void *s, int o, const void *v, size_t n), (s, o, v, n)) \
  F(socket, void *, (void *c, int k), (c, k))

#define DECLARE_POINTER(name, type, parameters, arguments) type(*name) parameters;
static struct {
  EACH_FUNCTION(DECLARE_POINTER)
  void *(*ctx_new)(void);
  int (*error_number)(void);
  const char *(*strerror)(int);
  void (*version)(int *, int *, int *);
} library;

static char problem[256];

static void *find(void *handle, const char *name, int *missing) {
  void *symbol = dlsym(handle, name);
  if (!symbol && !*missing) {
    *missing = 1;
    snprintf(problem, sizeof problem, "libzmq.so.5 has no %s", name);
  }
  return symbol;
}

const char *bs_zmq_load(void) {
  if (library.ctx_new) return 0;
  void *handle = dlopen("libzmq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    snprintf(problem, sizeof problem, "%s", dlerror());
    return problem;
  }
  int missing = 0;
#define FIND(name, type, parameters, arguments) library.name = (type(*) parameters)find(handle, "zmq_" #name, &missing);
  EACH_FUNCTION(FIND)
  library.error_number = (int (*)(void))find(handle, "zmq_errno", &missing);
  library.strerror = (const char *(*)(int))find(handle, "zmq_strerror", &missing);
  library.version = (void (*)(int *, int *, int *))find(handle, "zmq_version", &missing);
  void *(*ctx_new)(void) = (void *(*)(void))find(handle, "zmq_ctx_new", &missing);
  if (missing) return problem;
  library.ctx_new = ctx_new;
  return 0;
}

/* A call before the library is loaded (zmq_poll needs no context) loads it; a failure here is a bug of ours. */
static void ensure_loaded(void) {
  if (library.ctx_new || !bs_zmq_load()) return;
  fprintf(stderr, "bindstorm-worker: %s\n", problem);
  abort();
}

#define DEFINE(name, type, parameters, arguments) \
  type zmq_##name parameters { \
    ensure_loaded(); \
    return library.name arguments; \
  }
EACH_FUNCTION(DEFINE)

void *zmq_ctx_new(void) {
  if (!bs_zmq_load()) return library.ctx_new();
  errno = ELIBACC;
  return 0;
}

int zmq_errno(void) { return library.ctx_new ? library.error_number() : errno; }

const char *zmq_strerror(int number) {
  if (library.ctx_new) return library.strerror(number);
  return number == ELIBACC ? problem : strerror(number);
}

void zmq_version(int *major, int *minor, int *patch) {
  *major = *minor = *patch = 0;
  if (!bs_zmq_load()) library.version(major, minor, patch);
}
