#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "CPortTrap.h"

typedef char *(*swift_function)(const char *, size_t, char *, size_t *, uint32_t);
typedef char *(*cxx_function)(const char *, char *, size_t *, int *);

/* Both libraries are in every program with Swift's runtime, unless that is linked statically. */
static void *function(const char *name, const char *library) {
  void *address = dlsym(RTLD_DEFAULT, name);
  if (address) return address;
  void *handle = dlopen(library, RTLD_NOW);
  return handle ? dlsym(handle, name) : 0;
}

int pt_demangle(const char *name, char *readable, int capacity) {
  static int is_tried;
  static swift_function swift;
  static cxx_function cxx;
  if (!is_tried) {
    is_tried = 1;
    swift = (swift_function)function("swift_demangle", "libswiftCore.so");
    cxx = (cxx_function)function("__cxa_demangle", "libstdc++.so.6");
  }
  char *text = 0;
  int status = 0;
  if (strncmp(name, "_Z", 2) == 0 && cxx) text = cxx(name, 0, 0, &status);
  else if ((strncmp(name, "$s", 2) == 0 || strncmp(name, "$S", 2) == 0 || strncmp(name, "_T0", 3) == 0) && swift)
    text = swift(name, strlen(name), 0, 0, 0);
  if (!text) return 0;
  size_t length = strnlen(text, (size_t)capacity - 1);
  memcpy(readable, text, length);
  readable[length] = 0;
  free(text);
  return (int)length;
}
