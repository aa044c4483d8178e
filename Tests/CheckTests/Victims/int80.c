/* Probe-then-bind with the 32-bit calls that a 64-bit program can make: int80 direct|socketcall. Static. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static long call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
  return result;
}

int main(int argc, char **argv) {
  int direct = argc > 1 && strcmp(argv[1], "direct") == 0;
  char *low = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  struct sockaddr_in *address = (struct sockaddr_in *)low;
  uint32_t *words = (uint32_t *)(low + 256);
  memset(address, 0, sizeof *address);
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl(0x7f000001);
  long result = 0;
  for (int round = 0; round < 2; round++) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    words[0] = (uint32_t)s;
    words[1] = (uint32_t)(uintptr_t)low;
    words[2] = sizeof *address;
    result = direct ? call(361, s, (long)low, sizeof *address) : call(102, 2, (long)words, 0);
    socklen_t n = sizeof *address;
    getsockname(s, (struct sockaddr *)address, &n);
    if (round == 0) close(s);
  }
  printf("%s\n", result == 0 ? "ok" : result == -EADDRINUSE ? "failed EADDRINUSE" : "failed");
  return result == 0 ? 0 : 3;
}
