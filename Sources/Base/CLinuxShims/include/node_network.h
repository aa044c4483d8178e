#ifndef BINDSTORM_NODE_NETWORK_H
#define BINDSTORM_NODE_NETWORK_H
/* Links between network namespaces (rtnetlink(7), netdevice(7)). C because the messages are made of macros and
   nested attributes that Swift does not import. All act in the calling thread's namespace; 0 or errno. */
#include <stdint.h>

/* Makes a bridge. */
int bs_make_bridge(const char *_Nonnull name);
/* Makes a veth pair: `name` here, as a port of `bridge`, and eth0 in the namespace behind the descriptor. */
int bs_make_link(const char *_Nonnull name, const char *_Nonnull bridge, int peer_network);
/* Removes an interface, of a veth pair both ends. ENODEV where there is none. */
int bs_remove_link(const char *_Nonnull name);
/* Gives an interface an IPv4 address (host order) of a /16 network, and sets it up. */
int bs_set_address(const char *_Nonnull name, uint32_t address);
/* Gives an interface an IPv6 address of 16 bytes with a prefix of `bits`, usable at once. EEXIST where it has it. */
int bs_add_ipv6_address(const char *_Nonnull name, const unsigned char *_Nonnull address, int bits);
/* Sets an interface up. */
int bs_set_up(const char *_Nonnull name);
/* Brings a link down: what is on the other side is not reachable. 0 or errno, ENODEV where there is none. */
int bs_set_down(const char *_Nonnull name);
/* Whether IFLA_OPERSTATE says UP: 1, 0, or -errno. Until then the bridge may drop what is sent. */
int bs_is_operational(const char *_Nonnull name);

#endif
