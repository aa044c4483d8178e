#define _GNU_SOURCE
#include "node_network.h"
#include "failing_calls.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

unsigned if_nametoindex(const char *name);

struct message {
  struct nlmsghdr header;
  struct ifinfomsg link;
  char attributes[512];
};

static void begin(struct message *message, int type, int flags) {
  memset(message, 0, sizeof *message);
  message->header.nlmsg_len = NLMSG_LENGTH(sizeof message->link);
  message->header.nlmsg_type = (uint16_t)type;
  message->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
}

static struct rtattr *end_of(struct message *message) {
  return (struct rtattr *)(void *)((char *)message + NLMSG_ALIGN(message->header.nlmsg_len));
}

static struct rtattr *add(struct message *message, int type, const void *data, size_t size) {
  struct rtattr *attribute = end_of(message);
  attribute->rta_type = (uint16_t)type;
  attribute->rta_len = (uint16_t)RTA_LENGTH(size);
  if (size) memcpy(RTA_DATA(attribute), data, size);
  message->header.nlmsg_len = NLMSG_ALIGN(message->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
  return attribute;
}

/* What was added since belongs inside. */
static void close_nest(struct message *message, struct rtattr *nest) {
  nest->rta_len = (uint16_t)((char *)end_of(message) - (char *)nest);
}

/* Sends and takes the answer's first message into `answer`; 0 or errno. */
static int ask(struct nlmsghdr *message, char *answer, size_t capacity) {
  if (BS_FAILS("rtnetlink", BS_PROCESS_ANY)) return errno;
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (netlink < 0) return errno;
  int error = 0;
  ssize_t received = -1;
  if (send(netlink, message, message->nlmsg_len, 0) < 0) error = errno;
  while (!error && (received = recv(netlink, answer, capacity, 0)) < 0)
    if (errno != EINTR) error = errno;
  close(netlink);
  if (error) return error;
  struct nlmsghdr *header = (struct nlmsghdr *)(void *)answer;
  if (!NLMSG_OK(header, (unsigned)received)) return EPROTO;
  if (header->nlmsg_type == NLMSG_ERROR) return -((struct nlmsgerr *)NLMSG_DATA(header))->error;
  return 0;
}

static int tell(struct message *message) {
  char answer[4096] __attribute__((aligned(8)));
  return ask(&message->header, answer, sizeof answer);
}

int bs_make_bridge(const char *name) {
  struct message message;
  begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  add(&message, IFLA_IFNAME, name, strlen(name) + 1);
  struct rtattr *information = add(&message, IFLA_LINKINFO, 0, 0);
  add(&message, IFLA_INFO_KIND, "bridge", 7);
  close_nest(&message, information);
  return tell(&message);
}

static int plug(const char *name, const char *bridge) {
  struct message message;
  begin(&message, RTM_SETLINK, 0);
  message.link.ifi_index = (int)if_nametoindex(name);
  int master = (int)if_nametoindex(bridge);
  add(&message, IFLA_MASTER, &master, sizeof master);
  return tell(&message);
}

int bs_make_link(const char *name, const char *bridge, int peer_network) {
  struct message message;
  begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  add(&message, IFLA_IFNAME, name, strlen(name) + 1);
  struct rtattr *information = add(&message, IFLA_LINKINFO, 0, 0);
  add(&message, IFLA_INFO_KIND, "veth", 5);
  struct rtattr *data = add(&message, IFLA_INFO_DATA, 0, 0);
  struct ifinfomsg peer;
  memset(&peer, 0, sizeof peer);
  struct rtattr *other = add(&message, VETH_INFO_PEER, &peer, sizeof peer);
  add(&message, IFLA_IFNAME, "eth0", 5);
  add(&message, IFLA_NET_NS_FD, &peer_network, sizeof peer_network);
  close_nest(&message, other);
  close_nest(&message, data);
  close_nest(&message, information);
  int error = tell(&message);
  return error ? error : plug(name, bridge);
}

int bs_remove_link(const char *name) {
  struct message message;
  begin(&message, RTM_DELLINK, 0);
  message.link.ifi_index = (int)if_nametoindex(name);
  return message.link.ifi_index == 0 ? ENODEV : tell(&message);
}

static int set(const char *name, unsigned long request, uint32_t address) {
  int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (control < 0) return errno;
  struct ifreq parameters;
  memset(&parameters, 0, sizeof parameters);
  strncpy(parameters.ifr_name, name, sizeof parameters.ifr_name - 1);
  struct sockaddr_in value = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
  memcpy(&parameters.ifr_addr, &value, sizeof value);
  int error = ioctl(control, request, &parameters) < 0 ? errno : 0;
  close(control);
  return error;
}

static int set_flag(const char *name, unsigned flags) {
  struct message message;
  begin(&message, RTM_SETLINK, 0);
  message.link.ifi_index = (int)if_nametoindex(name);
  if (message.link.ifi_index == 0) return ENODEV;
  message.link.ifi_flags = flags;
  message.link.ifi_change = IFF_UP;
  return tell(&message);
}

int bs_set_up(const char *name) { return set_flag(name, IFF_UP); }

int bs_set_down(const char *name) { return set_flag(name, 0); }

int bs_set_address(const char *name, uint32_t address) {
  int error = set(name, SIOCSIFADDR, address);
  if (!error) error = set(name, SIOCSIFNETMASK, 0xffff0000u);
  return error ? error : bs_set_up(name);
}

int bs_add_ipv6_address(const char *name, const unsigned char *address, int bits) {
  struct {
    struct nlmsghdr header;
    struct ifaddrmsg address;
    char attributes[64];
  } message;
  memset(&message, 0, sizeof message);
  message.header.nlmsg_len = NLMSG_LENGTH(sizeof message.address);
  message.header.nlmsg_type = RTM_NEWADDR;
  message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
  message.address.ifa_family = AF_INET6;
  message.address.ifa_prefixlen = (unsigned char)bits;
  /* At once: duplicate address detection would take a second, in which nobody can bind it. */
  message.address.ifa_flags = IFA_F_NODAD;
  message.address.ifa_index = if_nametoindex(name);
  if (message.address.ifa_index == 0) return ENODEV;
  struct rtattr *attribute =
      (struct rtattr *)(void *)((char *)&message + NLMSG_ALIGN(message.header.nlmsg_len));
  attribute->rta_type = IFA_LOCAL;
  attribute->rta_len = (uint16_t)RTA_LENGTH(16);
  memcpy(RTA_DATA(attribute), address, 16);
  message.header.nlmsg_len = NLMSG_ALIGN(message.header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
  char answer[4096] __attribute__((aligned(8)));
  return ask(&message.header, answer, sizeof answer);
}

int bs_is_operational(const char *name) {
  struct message message;
  char answer[8192] __attribute__((aligned(8)));
  begin(&message, RTM_GETLINK, 0);
  message.header.nlmsg_flags = NLM_F_REQUEST;
  message.link.ifi_index = (int)if_nametoindex(name);
  int error = ask(&message.header, answer, sizeof answer);
  if (error) return -error;
  struct nlmsghdr *header = (struct nlmsghdr *)(void *)answer;
  int left = (int)header->nlmsg_len - (int)NLMSG_LENGTH(sizeof(struct ifinfomsg));
  struct rtattr *attribute = IFLA_RTA((struct ifinfomsg *)NLMSG_DATA(header));
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
    if (attribute->rta_type == IFLA_OPERSTATE) return *(unsigned char *)RTA_DATA(attribute) == IF_OPER_UP;
  return 0;
}
