/* SPDX-License-Identifier: MIT */
/*
 * netlink - a netlink socket, over libmnl: NETLINK_NETFILTER, or NETLINK_SOCK_DIAG for questions
 * about the sockets of this host.
 *
 * One thread owns a socket.  Packets of a queue are read in batches into buffers that exist from
 * the start; configuration goes through a socket of its own, because netlink_request takes what
 * arrives before the answer.  Host only.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

struct nlmsghdr;
struct netlink;

struct netlink_msg {
	uint8_t *data; /* valid until the next netlink_recv_batch or netlink_close */
	size_t len;
	bool truncated; /* the message was longer than the buffer */
};

/* batch: how many messages one receive can take; msg_size: room for each. */
MUST_CHECK wfp_err netlink_open(struct netlink **out, unsigned batch, size_t msg_size);
MUST_CHECK wfp_err netlink_open_diag(struct netlink **out, unsigned batch, size_t msg_size);
void netlink_close(struct netlink *nl);
int netlink_fd(const struct netlink *nl);

/* The port id the kernel knows this socket by. */
uint32_t netlink_port(const struct netlink *nl);

/* Above the limit of the system if we may, else as much as it allows. */
MUST_CHECK wfp_err netlink_set_rcvbuf(struct netlink *nl, unsigned bytes);

/* Messages of a multicast group arrive from now on; needs CAP_NET_ADMIN for some groups. */
MUST_CHECK wfp_err netlink_join(struct netlink *nl, unsigned group);

/* Lost messages are not reported as ENOBUFS. */
MUST_CHECK wfp_err netlink_set_no_enobufs(struct netlink *nl);

MUST_CHECK wfp_err netlink_send(struct netlink *nl, const void *buf, size_t len);

/*
 * Sends one or several messages and collects the acknowledgement of each that asks for one
 * (NLM_F_ACK).  Returns the first error; *raw, unless NULL, gets its errno.  fn, unless NULL, gets
 * every other message, so that the answer of a GET or a dump can be read.
 */
MUST_CHECK wfp_err netlink_request(struct netlink *nl, const void *buf, size_t len, int *raw,
				   void (*fn)(void *ctx, const struct nlmsghdr *msg), void *ctx);

/* Never waits.  The number of messages, 0 when there is none, -errno when the socket failed. */
MUST_CHECK int netlink_recv_batch(struct netlink *nl, struct netlink_msg *msgs, unsigned n);
