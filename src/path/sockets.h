/* SPDX-License-Identifier: MIT */
/*
 * sockets - what the kernel knows about the sockets of this network namespace, through sock_diag.
 *
 * Three services: does an endpoint exist for a packet, whose is it, and which endpoints have just
 * been closed.  Each user opens one of its own; one thread owns it.  Host only.
 */
#pragma once

#include "stack/flow.h"
#include "stack/port.h"

struct sockets;

MUST_CHECK wfp_err sockets_open(struct sockets **out);
void sockets_close(struct sockets *s); /* NULL is fine */

/* UNKNOWN for other protocols than TCP and UDP, for groups, and when the kernel does not answer. */
enum port_endpoint sockets_endpoint(struct sockets *s, const struct packet *p);

/* The same for the socket that sent a packet. */
enum port_endpoint sockets_sender(struct sockets *s, const struct packet *p);

/*
 * The local socket that sent a packet, or that it arrives for.  False: none, no process has it any
 * more, or not known, as above.
 */
struct sockets_owner {
	uint32_t inode, uid;
};
bool sockets_owner(struct sockets *s, const struct packet *p, struct sockets_owner *out);

/* From now on the fd is readable when endpoints were closed.  Needs CAP_NET_ADMIN. */
MUST_CHECK wfp_err sockets_watch(struct sockets *s);
int sockets_fd(const struct sockets *s);
/*
 * Reports connected TCP and UDP endpoints that are gone; never waits.  An endpoint that the kernel
 * still answers for (TIME_WAIT) is not gone.
 */
void sockets_closed(struct sockets *s, void (*each)(void *ctx, const struct flow_key *key),
		    void *ctx);
