#ifndef BINDSTORM_ARGUMENTS_H
#define BINDSTORM_ARGUMENTS_H
/* The arguments of this process. In C because only a constructor receives them: the Swift runtime finds them through
   /proc/self/maps, and has no arguments at all if that cannot be read. */

/* The arguments, the program's own name first, ended by a null pointer; *count without it. 0 and an empty list if the C
   library hands constructors none: glibc does. */
char *_Nullable const *_Nonnull bs_arguments(int *_Nonnull count);

#endif
