#ifndef BINDSTORM_CSHAREDREGION_H
#define BINDSTORM_CSHAREDREGION_H
/* The memory that the processes of a run share, and what faults do to it; each header gives its reason. */
#include "fault_calls.h"
#include "shared_region.h"
#endif
