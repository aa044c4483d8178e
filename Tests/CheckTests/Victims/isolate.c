/* isolate COMMAND...: runs it in a network namespace of its own with loopback up, so that tests that run at the
   same time cannot meet on a port. Without privileges inside a user namespace. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void put(const char *path, const char *text) {
  int file = open(path, O_WRONLY);
  if (file < 0 || write(file, text, strlen(text)) < 0) perror(path);
  close(file);
}

int main(int argc, char **argv) {
  if (argc < 2) return 64;
  if (unshare(CLONE_NEWNET) != 0) {
    char map[64];
    unsigned user = geteuid(), group = getegid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
      perror("isolate: unshare");
      return 69;
    }
    put("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "%u %u 1", user, user);
    put("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "%u %u 1", group, group);
    put("/proc/self/gid_map", map);
  }
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  if (ioctl(s, SIOCSIFFLAGS, &request) != 0) perror("isolate: loopback");
  close(s);
  execvp(argv[1], argv + 1);
  perror(argv[1]);
  return 127;
}
