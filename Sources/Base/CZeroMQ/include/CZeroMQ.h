#ifndef BINDSTORM_CZEROMQ_H
#define BINDSTORM_CZEROMQ_H
/* libzmq as the system ships it, loaded when it is first used. It is C because the functions of a library
   that is loaded at run time are pointers of C types.

   Why not linked: libzmq brings 18 libraries along on Debian. Their mappings are copied at every fork and
   taken apart at every exit, which doubled the time of a trial that uses plain TCP sockets only. */
#include <zmq.h>

/* Loads libzmq and binds all its symbols now. Returns 0, or says why not in a static text. Call it before
   forking processes that use libzmq, so that it is done once for all; otherwise `zmq_ctx_new` and
   `zmq_version` do it. The other functions need a context, and so a loaded library. Not thread-safe. */
const char *_Nullable bs_zmq_load(void);

#endif
