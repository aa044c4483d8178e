/// zlib's functions for gzip files. In C because zlib is a C library without a Swift module.
#ifndef BINDSTORM_CZLIB_H
#define BINDSTORM_CZLIB_H

#include <zlib.h>

#endif
