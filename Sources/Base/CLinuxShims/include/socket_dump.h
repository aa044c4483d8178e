#ifndef BINDSTORM_SOCKET_DUMP_H
#define BINDSTORM_SOCKET_DUMP_H
/* The kernel's list of TCP or UDP sockets (sock_diag(7)), for the C of this package alone: netlink messages are made
   of macros and structs with flexible tails. */

struct bs_socket_record;
struct nlmsghdr;

/* Takes the message about one socket (struct inet_diag_msg and attributes); what is not 0 ends the list early. */
typedef int (*bs_socket_visitor)(const struct nlmsghdr *_Nonnull message, void *_Nullable context);

/* Has a visitor take every socket of a family and protocol in the states of a mask (bit n for state n of
   include/net/tcp_states.h), in the calling thread's network namespace. 0, what the visitor said, or -errno. */
int bs_dump_sockets(int family, int protocol, unsigned states, bs_socket_visitor _Nonnull visit,
                    void *_Nullable context);

/* Fills a record from the message about a socket. */
void bs_read_socket(const struct nlmsghdr *_Nonnull message, int protocol, struct bs_socket_record *_Nonnull record);

/* The payload of such a message's attribute (INET_DIAG_*), or NULL if it is not there. */
const void *_Nullable bs_diag_attribute(const struct nlmsghdr *_Nonnull message, int type);
#endif
