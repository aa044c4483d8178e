/* Two windows: the first one's loss is survived with another number, the second one's is not. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int listener(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int s = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(s, (void *)&address, sizeof address) == 0 && listen(s, 5) == 0) return s;
  close(s);
  return -1;
}

static int probe(void) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  int s = listener(0);
  if (s < 0 || getsockname(s, (void *)&address, &size) != 0) exit(5);
  close(s);
  return ntohs(address.sin_port);
}

int main(void) {
  int front = -1;
  for (int tries = 0; front < 0 && tries < 5; tries++) front = listener(probe());
  int back = listener(probe());
  if (front < 0 || back < 0) {
    fprintf(stderr, "a server has no port\n");
    return 1;
  }
  puts("both up");
  return 0;
}
