#include "arguments.h"

static char *const none[] = {0};
static int argument_count;
static char *const *argument_vector = none;

__attribute__((constructor)) static void keep_arguments(int count, char **vector) {
  argument_count = count;
  argument_vector = vector;
}

char *const *bs_arguments(int *count) {
  *count = argument_count;
  return argument_vector;
}
