#ifndef BINDSTORM_PATH_STEPS_H
#define BINDSTORM_PATH_STEPS_H
/* Parts of a walk along a path. C because O_PATH is hidden behind _GNU_SOURCE, and statfs() has no Swift name. */
#include <stdbool.h>

/* Opens what `name` is in a folder without looking into it, and without following it if it is a symbolic link
   (O_PATH | O_NOFOLLOW). A descriptor, or -1 with errno. */
int bs_open_unfollowed(int folder, const char *_Nonnull name);

/* The same for a folder, with O_DIRECTORY: what an automounter has for the name is mounted. */
int bs_open_unfollowed_folder(int folder, const char *_Nonnull name);

/* The same, and a symbolic link to a folder is followed. */
int bs_open_folder(int folder, const char *_Nonnull name);

/* Whether a descriptor is of /proc: the links there are the kernel's own, and their text need not be a path. */
bool bs_is_of_proc(int descriptor);

#endif
