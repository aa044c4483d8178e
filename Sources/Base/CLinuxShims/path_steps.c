#define _GNU_SOURCE
#include "path_steps.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

int bs_open_unfollowed(int folder, const char *name) { return openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC); }

int bs_open_unfollowed_folder(int folder, const char *name) {
  return openat(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int bs_open_folder(int folder, const char *name) { return openat(folder, name, O_PATH | O_DIRECTORY | O_CLOEXEC); }

bool bs_is_of_proc(int descriptor) {
  struct statfs system;
  return fstatfs(descriptor, &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}
