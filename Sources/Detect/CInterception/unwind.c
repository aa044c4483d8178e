#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "CPortTrap.h"

/* The part of libunwind's remote interface that is used (libunwind.h, libunwind-ptrace.h of 1.x, a stable
   ABI). Declared here because the library is optional: it is loaded at run time, and building needs no header. */
#if defined(__x86_64__)
#define NAME(function) "_Ux86_64_" function
enum { REGISTER_IP = 16, REGISTER_SP = 7, REGISTER_FP = 6 };
#else
#define NAME(function) "_Uaarch64_" function
enum { REGISTER_IP = 32, REGISTER_SP = 31, REGISTER_FP = 29 };
#endif

typedef uint64_t word;
typedef void *space;

struct accessors {
  int (*find_proc_info)(space, word, void *, int, void *);
  void (*put_unwind_info)(space, void *, void *);
  int (*get_dyn_info_list_addr)(space, word *, void *);
  int (*access_mem)(space, word, word *, int, void *);
  int (*access_reg)(space, int, word *, int, void *);
  int (*access_fpreg)(space, int, void *, int, void *);
  int (*resume)(space, void *, void *);
  int (*get_proc_name)(space, word, char *, size_t, word *, void *);
  void *later[16]; /* room for what newer versions append */
};

static struct {
  int is_tried, is_there;
  space (*create_addr_space)(struct accessors *, int);
  void (*destroy_addr_space)(space);
  int (*init_remote)(void *, space, void *);
  int (*step)(void *);
  int (*get_reg)(void *, int, word *);
  void *(*upt_create)(pid_t);
  void (*upt_destroy)(void *);
  int (*upt_find_proc_info)(space, word, void *, int, void *);
  void (*upt_put_unwind_info)(space, void *, void *);
  int (*upt_get_dyn_info_list_addr)(space, word *, void *);
  int (*upt_get_proc_name)(space, word, char *, size_t, word *, void *);
} library;

/* The thread being walked. Not passed as an argument: libunwind-ptrace calls back with its own. */
static struct {
  void *upt;
  pid_t tid;
  word instruction, stack, frame;
} current;

static int access_mem(space s, word address, word *value, int write, void *argument) {
  (void)s, (void)argument;
  if (write) return -1;
  return pt_read_memory(current.tid, address, value, sizeof *value) == (long)sizeof *value ? 0 : -1;
}
/* For a thread inside a call only these registers are known; code that needs others ends the walk. */
static int access_reg(space s, int number, word *value, int write, void *argument) {
  (void)s, (void)argument;
  if (write) return -1;
  *value = number == REGISTER_IP   ? current.instruction
           : number == REGISTER_SP ? current.stack
           : number == REGISTER_FP ? current.frame
                                   : 0;
  return 0;
}
static int access_fpreg(space s, int number, void *value, int write, void *argument) {
  (void)s, (void)number, (void)value, (void)write, (void)argument;
  return -1;
}
static int resume(space s, void *cursor, void *argument) {
  (void)s, (void)cursor, (void)argument;
  return -1;
}

static void *symbol(void *handle, const char *name) {
  void *address = handle ? dlsym(handle, name) : 0;
  if (!address) library.is_there = 0;
  return address;
}

int pt_can_unwind(void) {
  if (library.is_tried) return library.is_there;
  library.is_tried = library.is_there = 1;
#if defined(__x86_64__)
  void *core = dlopen("libunwind-x86_64.so.8", RTLD_NOW | RTLD_GLOBAL);
#else
  void *core = dlopen("libunwind-aarch64.so.8", RTLD_NOW | RTLD_GLOBAL);
#endif
  void *trace = dlopen("libunwind-ptrace.so.0", RTLD_NOW | RTLD_GLOBAL);
  library.create_addr_space = symbol(core, NAME("create_addr_space"));
  library.destroy_addr_space = symbol(core, NAME("destroy_addr_space"));
  library.init_remote = symbol(core, NAME("init_remote"));
  library.step = symbol(core, NAME("step"));
  library.get_reg = symbol(core, NAME("get_reg"));
  library.upt_create = symbol(trace, "_UPT_create");
  library.upt_destroy = symbol(trace, "_UPT_destroy");
  library.upt_find_proc_info = symbol(trace, "_UPT_find_proc_info");
  library.upt_put_unwind_info = symbol(trace, "_UPT_put_unwind_info");
  library.upt_get_dyn_info_list_addr = symbol(trace, "_UPT_get_dyn_info_list_addr");
  library.upt_get_proc_name = symbol(trace, "_UPT_get_proc_name");
  return library.is_there;
}

static space begin(pid_t tid, uint64_t instruction, uint64_t stack, uint64_t frame) {
  struct accessors accessors = {.find_proc_info = library.upt_find_proc_info,
                                .put_unwind_info = library.upt_put_unwind_info,
                                .get_dyn_info_list_addr = library.upt_get_dyn_info_list_addr,
                                .access_mem = access_mem,
                                .access_reg = access_reg,
                                .access_fpreg = access_fpreg,
                                .resume = resume,
                                .get_proc_name = library.upt_get_proc_name};
  current.upt = library.upt_create(tid);
  current.tid = tid;
  current.instruction = instruction;
  current.stack = stack;
  current.frame = frame;
  return current.upt ? library.create_addr_space(&accessors, 0) : 0;
}

static void end(space s) {
  if (s) library.destroy_addr_space(s);
  if (current.upt) library.upt_destroy(current.upt);
  current.upt = 0;
}

int pt_unwind(pid_t tid, uint64_t instruction, uint64_t stack, uint64_t frame, uint64_t *addresses, int capacity) {
  if (!pt_can_unwind()) return 0;
  space s = begin(tid, instruction, stack, frame);
  word cursor[512]; /* unw_cursor_t is 127 words on x86_64, at most 250 elsewhere */
  int count = 0;
  if (s && library.init_remote(cursor, s, current.upt) == 0) {
    do {
      word ip = 0;
      if (library.get_reg(cursor, REGISTER_IP, &ip) != 0 || ip == 0) break;
      addresses[count++] = ip;
    } while (count < capacity && library.step(cursor) > 0);
  }
  end(s);
  return count;
}
