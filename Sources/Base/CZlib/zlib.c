// A target needs a source file; the declarations are all that is used.
#include "CZlib.h"
