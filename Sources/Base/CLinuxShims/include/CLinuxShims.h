#ifndef BINDSTORM_CLINUXSHIMS_H
#define BINDSTORM_CLINUXSHIMS_H
/* What Swift cannot say; each header gives its reason. */
#include "arguments.h"
#include "failing_calls.h"
#include "futex.h"
#include "node_network.h"
#include "path_steps.h"
#include "process_control.h"
#include "socket_dump.h"
#include "socket_records.h"
#endif
