#ifndef BINDSTORM_ARGUMENTS_H
#define BINDSTORM_ARGUMENTS_H
/* What this process was started with. In C because only a constructor is handed it: the Swift runtime looks for it by
   way of /proc/self/maps, and has no arguments at all where that cannot be read. */

/* The arguments, the program's own name first, ended by a null pointer; *count without it. 0 and an empty list if the C
   library hands constructors none: glibc does. */
char *_Nullable const *_Nonnull bs_arguments(int *_Nonnull count);

#endif
