#define _GNU_SOURCE
#include "socket_records.h"
#include "failing_calls.h"
#include "socket_dump.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Numbers of include/net/tcp_states.h; the kernel's header is not for user space. */
enum { STATE_ESTABLISHED = 1, STATE_CLOSE = 7, STATE_LISTEN = 10, STATE_BOUND_INACTIVE = 13 };

static unsigned state_mask(unsigned states) {
  unsigned mask = 0;
  if (states & BS_SOCKETS_LISTENING) mask |= 1u << STATE_LISTEN;
  if (states & BS_SOCKETS_BOUND) mask |= 1u << STATE_BOUND_INACTIVE;
  if (states & BS_SOCKETS_CONNECTED) mask |= 0xfffu & ~(1u << STATE_LISTEN) & ~(1u << STATE_CLOSE);
  return mask;
}

struct request {
  struct nlmsghdr header;
  struct inet_diag_req_v2 body;
};

static struct request request_for(int type, int flags, int family, int protocol, unsigned states) {
  struct request message;
  memset(&message, 0, sizeof message);
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = (unsigned short)type;
  message.header.nlmsg_flags = (unsigned short)(NLM_F_REQUEST | flags);
  message.body.sdiag_family = (unsigned char)family;
  message.body.sdiag_protocol = (unsigned char)protocol;
  message.body.idiag_states = states;
  return message;
}

/* Sends a request and reads the answer, of one or many messages, to its end. */
static int converse(const struct request *message, bs_socket_visitor visit, void *context) {
  if (BS_FAILS("sock_diag", BS_PROCESS_ANY)) return -errno;
  int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (netlink < 0) return -errno;
  int result = send(netlink, message, sizeof *message, 0) < 0 ? -errno : 0, ended = 0;
  char buffer[32768] __attribute__((aligned(8)));
  while (!result && !ended) {
    ssize_t received = recv(netlink, buffer, sizeof buffer, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) result = -errno;
    unsigned left = received > 0 ? (unsigned)received : 0;
    for (struct nlmsghdr *header = (struct nlmsghdr *)buffer; !result && !ended && NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type == NLMSG_DONE) {
        ended = 1;
      } else if (header->nlmsg_type == NLMSG_ERROR) {
        struct nlmsgerr *error = NLMSG_DATA(header);
        result = error->error ? error->error : -EPROTO;
      } else {
        result = visit(header, context);
        if (!(header->nlmsg_flags & NLM_F_MULTI)) ended = 1;
      }
    }
  }
  close(netlink);
  return result;
}

int bs_dump_sockets(int family, int protocol, unsigned states, bs_socket_visitor visit, void *context) {
  struct request message = request_for(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, family, protocol, states);
  return converse(&message, visit, context);
}

const void *bs_diag_attribute(const struct nlmsghdr *message, int type) {
  int left = (int)(message->nlmsg_len - NLMSG_LENGTH(sizeof(struct inet_diag_msg)));
  const char *at = (const char *)NLMSG_DATA(message) + sizeof(struct inet_diag_msg);
  while (left >= (int)sizeof(struct nlattr)) {
    const struct nlattr *attribute = (const struct nlattr *)(const void *)at;
    if (attribute->nla_len < sizeof *attribute || attribute->nla_len > left) break;
    if (attribute->nla_type == type) return attribute + 1;
    int step = NLA_ALIGN(attribute->nla_len);
    at += step;
    left -= step;
  }
  return NULL;
}

void bs_read_socket(const struct nlmsghdr *message, int protocol, struct bs_socket_record *record) {
  const struct inet_diag_msg *item = NLMSG_DATA(message);
  const uint8_t *ipv6_only = bs_diag_attribute(message, INET_DIAG_SKV6ONLY);
  memset(record, 0, sizeof *record);
  record->cookie = (uint64_t)item->id.idiag_cookie[1] << 32 | item->id.idiag_cookie[0];
  record->inode = item->idiag_inode;
  record->uid = item->idiag_uid;
  record->device = item->id.idiag_if;
  record->port = ntohs(item->id.idiag_sport);
  record->peer_port = ntohs(item->id.idiag_dport);
  record->family = item->idiag_family;
  record->protocol = (uint8_t)protocol;
  record->is_listening = item->idiag_state == STATE_LISTEN;
  record->is_connected = item->idiag_state == STATE_ESTABLISHED;
  record->is_ipv6_only = ipv6_only && *ipv6_only;
  memcpy(record->address, item->id.idiag_src, item->idiag_family == AF_INET ? 4 : 16);
  memcpy(record->peer_address, item->id.idiag_dst, item->idiag_family == AF_INET ? 4 : 16);
}

/* The sockets that are asked for, as many as fit, and how many there are. */
struct listing {
  struct bs_socket_record *records;
  int capacity, found, protocol;
  uint16_t port;
  uint64_t inode;
};

static int list(const struct nlmsghdr *message, void *context) {
  struct listing *listing = context;
  const struct inet_diag_msg *item = NLMSG_DATA(message);
  if (listing->port && ntohs(item->id.idiag_sport) != listing->port) return 0;
  if (listing->inode && item->idiag_inode != listing->inode) return 0;
  if (listing->found < listing->capacity)
    bs_read_socket(message, listing->protocol, &listing->records[listing->found]);
  listing->found++;
  return 0;
}

static int list_both_families(unsigned mask, struct listing *listing) {
  const int families[] = {AF_INET, AF_INET6};
  int error = 0;
  for (int i = 0; i < 2 && !error; i++) {
    struct request message = request_for(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, families[i], listing->protocol, mask);
    /* The kernel sends those of this port only. */
    message.body.id.idiag_sport = htons(listing->port);
    error = converse(&message, list, listing);
  }
  return error ? error : listing->found;
}

int bs_list_sockets(unsigned states, uint16_t port, struct bs_socket_record *records, int capacity) {
  struct listing listing = {.records = records, .capacity = capacity, .protocol = IPPROTO_TCP, .port = port};
  return list_both_families(state_mask(states), &listing);
}

int bs_list_all_sockets(int protocol, uint16_t port, uint64_t inode, struct bs_socket_record *records,
                        int capacity) {
  struct listing listing = {
      .records = records, .capacity = capacity, .protocol = protocol, .port = port, .inode = inode};
  /* Bound and not listening is bit 13, since 6.8. */
  return list_both_families(~0u, &listing);
}

/* TIME_WAIT (6) of include/net/tcp_states.h. */
enum { STATE_TIME_WAIT = 6, DESTROY_BATCH = 512 };

static int destroy(int netlink, const struct inet_diag_msg *item) {
  struct request message = request_for(SOCK_DESTROY, NLM_F_ACK, item->idiag_family, IPPROTO_TCP, 0);
  message.body.id = item->id;
  char answer[512] __attribute__((aligned(8)));
  if (send(netlink, &message, sizeof message, 0) < 0 || recv(netlink, answer, sizeof answer, 0) < 0) return -errno;
  const struct nlmsgerr *error = NLMSG_DATA((struct nlmsghdr *)answer);
  /* One that ended by itself meanwhile is as good. */
  return error->error == -ENOENT ? 0 : error->error;
}

struct batch {
  struct inet_diag_msg *items;
  int count;
};

static int gather(const struct nlmsghdr *message, void *context) {
  struct batch *batch = context;
  const struct inet_diag_msg *item = NLMSG_DATA(message);
  /* The rest comes with the next list. */
  if (batch->count < DESTROY_BATCH) batch->items[batch->count++] = *item;
  return 0;
}

int bs_destroy_time_wait(void) {
  static struct inet_diag_msg items[DESTROY_BATCH];
  int total = 0;
  for (;;) {
    struct batch batch = {.items = items};
    int error = bs_dump_sockets(AF_INET, IPPROTO_TCP, 1u << STATE_TIME_WAIT, gather, &batch);
    if (error) return error;
    int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink < 0) return -errno;
    for (int i = 0; i < batch.count && !error; i++) error = destroy(netlink, &items[i]);
    close(netlink);
    if (error) return error;
    total += batch.count;
    if (batch.count < DESTROY_BATCH) return total;
  }
}

int bs_find_listening_socket(uint16_t port, struct bs_socket_record *record) {
  struct request message =
      request_for(SOCK_DIAG_BY_FAMILY, 0, AF_INET, IPPROTO_TCP, state_mask(BS_SOCKETS_LISTENING));
  message.body.id.idiag_sport = htons(port);
  message.body.id.idiag_src[0] = htonl(INADDR_LOOPBACK);
  message.body.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  message.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  struct listing listing = {.records = record, .capacity = 1, .protocol = IPPROTO_TCP, .port = port};
  int error = converse(&message, list, &listing);
  return error == -ENOENT ? 0 : error ? error : listing.found;
}

enum { MAX_PASSED = 8 };

int bs_send_descriptors(int channel, const int *descriptors, int count) {
  char byte = 'd';
  struct iovec payload = {.iov_base = &byte, .iov_len = 1};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * MAX_PASSED)];
  } control;
  memset(&control, 0, sizeof control);
  if (count > MAX_PASSED) return EINVAL;
  if (BS_FAILS("sendmsg", BS_PROCESS_ANY)) return errno;
  struct msghdr message = {.msg_iov = &payload,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count)};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
  memcpy(CMSG_DATA(header), descriptors, sizeof(int) * (size_t)count);
  while (sendmsg(channel, &message, MSG_NOSIGNAL) < 0)
    if (errno != EINTR) return errno;
  return 0;
}

int bs_receive_descriptors(int channel, int *descriptors, int capacity) {
  if (BS_FAILS("recvmsg", BS_PROCESS_ANY)) return -errno;
  char byte;
  struct iovec payload = {.iov_base = &byte, .iov_len = 1};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * MAX_PASSED)];
  } control;
  struct msghdr message = {
      .msg_iov = &payload, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  ssize_t received;
  while ((received = recvmsg(channel, &message, MSG_CMSG_CLOEXEC)) < 0)
    if (errno != EINTR) return -errno;
  if (received == 0) return 0;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (!header && message.msg_flags & MSG_CTRUNC) return -EMFILE;
  if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return -EPROTO;
  int count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
  const int *passed = (const int *)(const void *)CMSG_DATA(header);
  /* Our own peers never send more than fits, so a missing descriptor means that no number was free here. */
  if (message.msg_flags & MSG_CTRUNC) {
    for (int i = 0; i < count; i++) close(passed[i]);
    return -EMFILE;
  }
  for (int i = capacity; i < count; i++) close(passed[i]);
  if (count > capacity) count = capacity;
  memcpy(descriptors, passed, sizeof(int) * (size_t)count);
  return count;
}

int bs_receive_any_descriptors(int channel, int *descriptors) {
  if (BS_FAILS("recvmsg", BS_PROCESS_ANY)) return -errno;
  char bytes[64];
  struct iovec payload = {.iov_base = bytes, .iov_len = sizeof bytes};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * BS_MAX_PASSED_AT_ONCE)];
  } control;
  struct msghdr message = {
      .msg_iov = &payload, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  ssize_t received;
  while ((received = recvmsg(channel, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT)) < 0)
    if (errno != EINTR) return -errno;
  int count = 0;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(descriptors, CMSG_DATA(header), sizeof(int) * (size_t)count);
  }
  if (message.msg_flags & MSG_CTRUNC) {
    for (int i = 0; i < count; i++) close(descriptors[i]);
    return -EMSGSIZE;
  }
  return received == 0 && count == 0 ? -EPIPE : count;
}

int bs_bring_loopback_up(void) {
  int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (control < 0) return errno;
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strcpy(request.ifr_name, "lo");
  int error = 0;
  if (ioctl(control, SIOCGIFFLAGS, &request) < 0) error = errno;
  request.ifr_flags |= IFF_UP;
  if (!error && ioctl(control, SIOCSIFFLAGS, &request) < 0) error = errno;
  close(control);
  return error;
}

int bs_find_listener(int first, int last, uint16_t port) {
  for (int descriptor = first; descriptor <= last; descriptor++) {
    int listens = 0;
    socklen_t size = sizeof listens;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || !listens) continue;
    struct sockaddr_in6 address;
    size = sizeof address;
    if (getsockname(descriptor, (struct sockaddr *)&address, &size) < 0) continue;
    if (address.sin6_family != AF_INET && address.sin6_family != AF_INET6) continue;
    /* The port is at the same place in both. */
    if (ntohs(address.sin6_port) == port) return descriptor;
  }
  return -1;
}
