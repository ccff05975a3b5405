/* SPDX-License-Identifier: MIT */
/*
 * sockets - requests and events of inet_diag, see sockets.h.
 *
 * Events and requests use sockets of their own, so that an answer is never mistaken for an event.
 */
#include "path/sockets.h"

#include "base/mem.h"
#include "base/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <string.h>

#define EVENTS_MAX   32u
#define MESSAGE_SIZE 4096u

struct sockets {
	struct netlink *questions, *events;
};

wfp_err sockets_open(struct sockets **out)
{
	struct sockets *s = mem_zalloc(sizeof(*s));
	wfp_err err = ERR_NO_MEMORY;

	if (!s)
		return err;
	err = netlink_open_diag(&s->questions, 1, MESSAGE_SIZE);
	if (!err)
		err = netlink_open_diag(&s->events, EVENTS_MAX, MESSAGE_SIZE);
	if (err) {
		sockets_close(s);
		return err;
	}
	*out = s;
	return ERR_OK;
}

void sockets_close(struct sockets *s)
{
	if (!s)
		return;
	netlink_close(s->events);
	netlink_close(s->questions);
	mem_free(s);
}

/* ---- questions ---------------------------------------------------------------------------- */

struct end {
	const union headers_addr *addr;
	uint16_t port;
};

struct answer {
	bool found;
	bool connected; /* has a peer */
	uint32_t inode; /* 0: no process has it */
	uint32_t uid;
};

static void take_answer(void *ctx, const struct nlmsghdr *h)
{
	struct answer *a = ctx;
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m))
		return;
	a->found = true;
	a->connected = m->id.idiag_dport != 0;
	a->inode = m->idiag_inode;
	a->uid = m->idiag_uid;
}

static void put_end(uint8_t version, const struct end *e, __be32 addr[4], __be16 *port)
{
	headers_addr_write(version, e->addr, (uint8_t *)addr);
	*port = htons(e->port);
}

/* ERR_OK and found false: the kernel says that there is none. */
static wfp_err ask(struct sockets *s, uint8_t version, uint8_t protocol, struct end local,
		   struct end remote, uint32_t ifindex, struct answer *a)
{
	uint8_t memory[256] __attribute__((aligned(NLMSG_ALIGNTO))) = {0};
	struct nlmsghdr *h = mnl_nlmsg_put_header(memory);
	struct inet_diag_req_v2 *r = mnl_nlmsg_put_extra_header(h, sizeof(*r));
	/* udp_diag has taken the ends the other way round since it was written. */
	const bool swapped = protocol == HEADERS_UDP;
	wfp_err err;
	int raw = 0;

	h->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	r->sdiag_family = version == 4 ? AF_INET : AF_INET6;
	r->sdiag_protocol = protocol;
	r->idiag_states = UINT32_MAX;
	r->id.idiag_if = ifindex;
	r->id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	r->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	put_end(version, swapped ? &remote : &local, r->id.idiag_src, &r->id.idiag_sport);
	put_end(version, swapped ? &local : &remote, r->id.idiag_dst, &r->id.idiag_dport);
	*a = (struct answer){0};
	err = netlink_request(s->questions, h, h->nlmsg_len, &raw, take_answer, a);
	return raw == ENOENT ? ERR_OK : err;
}

/* The protocols that sock_diag finds a socket of by its ends. */
static bool has_ends(const struct headers *h)
{
	return h->has_transport && (h->protocol == HEADERS_TCP || h->protocol == HEADERS_UDP);
}

static bool is_to_many(const struct headers *h)
{
	return headers_addr_is_multicast(h->version, &h->dst) ||
	       headers_addr_is_broadcast(h->version, &h->dst);
}

static wfp_err ask_receiver(struct sockets *s, const struct packet *p, struct answer *a)
{
	const struct headers *h = &p->h;

	return ask(s, h->version, h->protocol, (struct end){&h->dst, h->dst_port},
		   (struct end){&h->src, h->src_port}, p->in_ifindex, a);
}

static wfp_err ask_sender(struct sockets *s, const struct packet *p, uint32_t ifindex,
			  struct answer *a)
{
	const struct headers *h = &p->h;

	return ask(s, h->version, h->protocol, (struct end){&h->src, h->src_port},
		   (struct end){&h->dst, h->dst_port}, ifindex, a);
}

enum port_endpoint sockets_endpoint(struct sockets *s, const struct packet *p)
{
	struct answer a;

	if (!has_ends(&p->h) || is_to_many(&p->h) || ask_receiver(s, p, &a) != ERR_OK)
		return PORT_ENDPOINT_UNKNOWN;
	return a.found ? PORT_ENDPOINT_EXISTS : PORT_ENDPOINT_NONE;
}

enum port_endpoint sockets_sender(struct sockets *s, const struct packet *p)
{
	struct answer a;

	if (!has_ends(&p->h) || ask_sender(s, p, 0, &a) != ERR_OK)
		return PORT_ENDPOINT_UNKNOWN;
	return a.found ? PORT_ENDPOINT_EXISTS : PORT_ENDPOINT_NONE;
}

bool sockets_owner(struct sockets *s, const struct packet *p, struct sockets_owner *out)
{
	const bool inbound = p->hook == PACKET_IN;
	struct answer a;

	if (p->hook == PACKET_FORWARD || !has_ends(&p->h) || (inbound && is_to_many(&p->h)))
		return false;
	/* A socket that is bound to a device is found when the device is named. */
	if ((inbound ? ask_receiver(s, p, &a) : ask_sender(s, p, p->out_ifindex, &a)) != ERR_OK ||
	    !a.found || a.inode == 0)
		return false;
	*out = (struct sockets_owner){.inode = a.inode, .uid = a.uid};
	return true;
}

/* ---- events ------------------------------------------------------------------------------- */

wfp_err sockets_watch(struct sockets *s)
{
	static const unsigned groups[] = {SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET_UDP_DESTROY,
					  SKNLGRP_INET6_TCP_DESTROY, SKNLGRP_INET6_UDP_DESTROY};
	wfp_err err = ERR_OK;

	for (unsigned i = 0; i < ARRAY_LEN(groups) && !err; i++)
		err = netlink_join(s->events, groups[i]);
	return err;
}

int sockets_fd(const struct sockets *s)
{
	return netlink_fd(s->events);
}

static bool is_mapped_v4(const __be32 addr[4])
{
	return addr[0] == 0 && addr[1] == 0 && addr[2] == htonl(0xffff);
}

static union headers_addr read_addr(uint8_t version, const __be32 addr[4])
{
	return headers_addr_read(version, (const uint8_t *)addr);
}

/* The event does not name the protocol: the group does, as an attribute or by the state. */
static bool key_of_event(const struct inet_diag_msg *m, uint8_t protocol, struct flow_key *k)
{
	const bool mapped = m->idiag_family == AF_INET6 && is_mapped_v4(m->id.idiag_src);
	const unsigned skip = mapped ? 3 : 0;

	if (m->id.idiag_dport == 0)
		return false; /* a listener, or never connected: no flow is its alone */
	memset(k, 0, sizeof(*k));
	k->version = m->idiag_family == AF_INET || mapped ? 4 : 6;
	k->protocol = protocol;
	k->kind = FLOW_LOCAL;
	k->local_port = ntohs(m->id.idiag_sport);
	k->remote_port = ntohs(m->id.idiag_dport);
	k->local = read_addr(k->version, m->id.idiag_src + skip);
	k->remote = read_addr(k->version, m->id.idiag_dst + skip);
	return true;
}

static bool is_gone(struct sockets *s, const struct flow_key *k)
{
	struct answer a;
	wfp_err err = ask(s, k->version, k->protocol, (struct end){&k->local, k->local_port},
			  (struct end){&k->remote, k->remote_port}, 0, &a);

	return !err && (!a.found || !a.connected);
}

struct event_attrs {
	uint8_t protocol; /* 0: not said */
};

static int keep_protocol(const struct nlattr *attr, void *arg)
{
	struct event_attrs *e = arg;

	if (mnl_attr_get_type(attr) == INET_DIAG_PROTOCOL && mnl_attr_get_payload_len(attr) >= 1)
		e->protocol = mnl_attr_get_u8(attr);
	return MNL_CB_OK;
}

static void take_event(struct sockets *s, const struct nlmsghdr *h,
		       void (*each)(void *ctx, const struct flow_key *key), void *ctx)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);
	struct event_attrs e = {0};
	struct flow_key key;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) ||
	    mnl_attr_parse(h, sizeof(*m), keep_protocol, &e) < 0)
		return;
	if (e.protocol && key_of_event(m, e.protocol, &key) && is_gone(s, &key))
		each(ctx, &key);
}

void sockets_closed(struct sockets *s, void (*each)(void *ctx, const struct flow_key *key),
		    void *ctx)
{
	struct netlink_msg msgs[EVENTS_MAX];
	int got;

	/* An overflow loses events: those flows end by their idle time. */
	while ((got = netlink_recv_batch(s->events, msgs, EVENTS_MAX)) > 0)
		for (int i = 0; i < got; i++) {
			const struct nlmsghdr *h = (const void *)msgs[i].data;
			int left = (int)msgs[i].len;

			for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
				if (h->nlmsg_type == SOCK_DIAG_BY_FAMILY)
					take_event(s, h, each, ctx);
		}
}
