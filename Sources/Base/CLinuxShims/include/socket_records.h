#ifndef BINDSTORM_SOCKET_RECORDS_H
#define BINDSTORM_SOCKET_RECORDS_H
/* The kernel's own record of TCP sockets (NETLINK_SOCK_DIAG, linux/inet_diag.h) and the passing of
   descriptors (cmsg(3)). C because both are made of macros and of structs with flexible tails that Swift
   does not import. */
#include <stdint.h>

/* A socket of a network namespace that owns a local port. */
struct bs_socket_record {
  uint64_t cookie;
  uint64_t inode; /* 0: a connection that was not accepted yet, or a socket that no process has open any more */
  uint32_t uid;
  uint32_t device; /* index of the one interface it is bound to (SO_BINDTODEVICE), 0: any */
  uint16_t port;
  uint16_t peer_port; /* 0: never connected */
  uint8_t family;
  uint8_t protocol;
  uint8_t is_listening; /* 0: bound only, or connected */
  uint8_t is_connected;
  uint8_t is_ipv6_only; /* IPV6_V6ONLY; known of those that listen or are bound only */
  uint8_t address[16]; /* network order; 4 bytes of IPv4, or 16 of IPv6 */
  uint8_t peer_address[16]; /* likewise */
};

/* Which sockets to list. */
enum bs_socket_states {
  BS_SOCKETS_LISTENING = 1,
  BS_SOCKETS_BOUND = 2, /* bound, not listening: since Linux 6.8, older kernels show none */
  BS_SOCKETS_CONNECTED = 4
};

/* Lists the TCP sockets in the given states on `port` (0: on any port) into `records`. Returns how many
   there are (which may be more than `capacity`), or -errno. */
int bs_list_sockets(unsigned states, uint16_t port, struct bs_socket_record *_Nonnull records, int capacity);

/* Lists sockets in whatever state: TCP (6) or UDP (17), on `port` (0: any), with that inode (0: any). Returns as
   bs_list_sockets(). */
int bs_list_all_sockets(int protocol, uint16_t port, uint64_t inode, struct bs_socket_record *_Nonnull records,
                        int capacity);

/* Destroys every TCP socket in TIME_WAIT of this network namespace (SOCK_DESTROY, needs CAP_NET_ADMIN and
   CONFIG_INET_DIAG_DESTROY), so that a trial does not inherit the last one's. How many, or -errno. */
int bs_destroy_time_wait(void);

/* Finds the socket that listens on 127.0.0.1:port or the wildcard address by one lookup in the kernel's hash,
   not by a walk. 1 found, 0 none, or -errno. */
int bs_find_listening_socket(uint16_t port, struct bs_socket_record *_Nonnull record);

/* Sends `count` descriptors (at most 8) with one byte of payload over a Unix socket. 0 or errno. */
int bs_send_descriptors(int channel, const int *_Nonnull descriptors, int count);
/* Receives up to `capacity` (at most 8) descriptors, close-on-exec. Returns how many, or -errno; 0 at the
   end of the stream. */
int bs_receive_descriptors(int channel, int *_Nonnull descriptors, int capacity);

/* The most descriptors that one message of bs_receive_any_descriptors() may carry. */
enum { BS_MAX_PASSED_AT_ONCE = 64 };
/* Receives, without waiting, one message of a peer that is not ours: as many descriptors as it has, up to
   BS_MAX_PASSED_AT_ONCE, close-on-exec. Returns how many (0: a message without any), -EAGAIN if there is no
   message, -EPIPE at the end of the stream, -EMSGSIZE if it had more (all are closed), or -errno. */
int bs_receive_any_descriptors(int channel, int *_Nonnull descriptors);

/* Sets the loopback interface of the calling thread's network namespace up. 0 or errno. */
int bs_bring_loopback_up(void);

/* The listening socket with this port, of whichever family, among descriptors first...last of this process, or -1. */
int bs_find_listener(int first, int last, uint16_t port);

#endif
