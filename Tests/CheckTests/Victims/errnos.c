/* What bind() and listen() answer in cases that must not change: one line each, for comparison. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void say(const char *what, int result) { printf("%s: %d %s\n", what, result, result < 0 ? strerrorname_np(errno) : ""); }

static struct sockaddr_in v4(const char *host, int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  inet_pton(AF_INET, host, &a.sin_addr);
  return a;
}

int main(void) {
  struct sockaddr_in any = v4("127.0.0.1", 0);
  struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  struct sockaddr *a = (struct sockaddr *)&any, *a6 = (struct sockaddr *)&any6;
  int s = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_UNIX, SOCK_STREAM, 0);
  say("bad descriptor", bind(999, a, sizeof any));
  say("file descriptor", bind(0, a, sizeof any));
  say("negative descriptor", bind(-1, a, sizeof any));
  say("null address", bind(s, 0, sizeof any));
  say("unmapped address", bind(s, (struct sockaddr *)8, sizeof any));
  say("length 0", bind(s, a, 0));
  say("length 2", bind(s, a, 2));
  say("length 15", bind(s, a, 15));
  say("length negative", bind(s, a, (socklen_t)-1));
  char large[4096] = {0};
  memcpy(large, &any, sizeof any);
  say("length 128", bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)large, 128));
  say("length 129", bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)large, 129));
  say("length 4096", bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)large, 4096));
  char *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(page + 4096, 4096, PROT_NONE);
  memcpy(page + 4096 - 16, &any, 16);
  say("address across a hole", bind(s, (struct sockaddr *)(page + 4096 - 16), 28));
  say("IPv6 address on IPv4", bind(s, a6, sizeof any6));
  say("IPv4 address on IPv6", bind(socket(AF_INET6, SOCK_STREAM, 0), a, sizeof any));
  say("IPv6, 24 bytes", bind(socket(AF_INET6, SOCK_STREAM, 0), a6, 24));
  say("IPv6, 23 bytes", bind(socket(AF_INET6, SOCK_STREAM, 0), a6, 23));
  struct sockaddr_in odd = any;
  odd.sin_family = AF_UNSPEC;
  say("unspecified family, address", bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&odd, sizeof odd));
  odd.sin_addr.s_addr = 0;
  say("unspecified family, wildcard", bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&odd, sizeof odd));
  odd.sin_family = 77;
  say("unknown family", bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&odd, sizeof odd));
  struct sockaddr_in foreign = v4("192.0.2.1", 0);
  say("foreign address", bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&foreign, sizeof foreign));
  struct sockaddr_in low = v4("127.0.0.1", 80);
  say("port 80", bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&low, sizeof low));
  struct sockaddr_un path = {.sun_family = AF_UNIX, .sun_path = ""};
  memcpy(path.sun_path, "\0bindstorm-errnos", 17);
  say("unix abstract", bind(u, (struct sockaddr *)&path, offsetof(struct sockaddr_un, sun_path) + 17));
  say("unix again", bind(u, (struct sockaddr *)&path, offsetof(struct sockaddr_un, sun_path) + 17));
  struct sockaddr_nl nl = {.nl_family = AF_NETLINK};
  say("netlink", bind(socket(AF_NETLINK, SOCK_RAW, 0), (struct sockaddr *)&nl, sizeof nl));
  say("bind", bind(s, a, sizeof any));
  say("bind twice", bind(s, a, sizeof any));
  say("listen", listen(s, 5));
  say("listen again", listen(s, 5));
  say("listen on a datagram socket", listen(socket(AF_INET, SOCK_DGRAM, 0), 5));
  say("listen on a file", listen(0, 5));
  say("listen on nothing", listen(999, 5));
  say("listen unix", listen(u, 5));
  say("listen unbound", listen(socket(AF_INET, SOCK_STREAM, 0), 5));
  struct sockaddr_in mine = any;
  socklen_t n = sizeof mine;
  getsockname(s, (struct sockaddr *)&mine, &n);
  say("port in use", bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&mine, sizeof mine));
  say("datagram on the same port", bind(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&mine, sizeof mine));
  return 0;
}
