/* Numbers of calls and architectures, private to this target. */
#include <linux/audit.h>
#include <sys/syscall.h>

enum { NUMBER_IO_URING_SETUP = 425 };
#define X32_BIT 0x40000000u

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
enum { I386_SOCKETCALL = 102, I386_BIND = 361, I386_LISTEN = 363, SOCKETCALL_BIND = 2, SOCKETCALL_LISTEN = 4 };
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "the port trap knows x86_64 and aarch64"
#endif
