#ifndef BINDSTORM_CZEROMQ_SHIM_H
#define BINDSTORM_CZEROMQ_SHIM_H
/* libzmq as the system ships it; nothing is added here. pkg-config is not used: Debian 12's libzmq.pc
   carries an -isystem flag that SwiftPM refuses on every build. */
#include <zmq.h>
#endif
