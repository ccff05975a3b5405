/* SPDX-License-Identifier: MIT */
/*
 * nfqueue_socket - the protocol of nfnetlink_queue over libmnl, see nfqueue_socket.h.
 *
 * libnetfilter_queue speaks it too, but its licence is not ours.  Each flag is set in a message of
 * its own: the kernel that refuses one flag of several leaves the whole queue without a copy mode.
 */
#include "path/nfqueue_socket.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/netlink.h"
#include "base/proc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <string.h>

#define COPY_MAX     0xffffu
#define MESSAGE_SIZE (COPY_MAX + 4096u)
#define RCVBUF	     (16u << 20)
#define ACCEPTS_MAX  256u
#define SEND_SIZE    (256u << 10)
#define SEND_FULL    (128u << 10) /* from here on a flush is due; a verdict with bytes still fits */

struct nfqueue_socket {
	struct netlink *nl;
	uint16_t number;
	uint64_t outstanding;
	uint32_t accepts[ACCEPTS_MAX]; /* plain accepts not yet put into `send`, oldest first */
	unsigned n_accepts;
	bool unsure; /* a send failed: the kernel may hold packets that were answered */
	size_t send_len;
	uint8_t send[SEND_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
};

/* ---- opening ------------------------------------------------------------------------------ */

static struct nlmsghdr *put_header(void *at, uint16_t type, uint16_t flags, uint16_t number)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(at);
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(h, sizeof(*g));

	h->nlmsg_type = (uint16_t)(NFNL_SUBSYS_QUEUE << 8 | type);
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	g->nfgen_family = AF_UNSPEC;
	g->version = NFNETLINK_V0;
	g->res_id = htons(number);
	return h;
}

static struct nlmsghdr *put_config(struct nfqueue_socket *s)
{
	return put_header(s->send, NFQNL_MSG_CONFIG, NLM_F_ACK, s->number);
}

/* 0 or an errno. */
static int request(struct nfqueue_socket *s, const struct nlmsghdr *h)
{
	int raw = 0;
	wfp_err err = netlink_request(s->nl, h, h->nlmsg_len, &raw, NULL, NULL);

	return err && !raw ? EIO : raw;
}

static int bind_queue(struct nfqueue_socket *s)
{
	const struct nfqnl_msg_config_cmd cmd = {.command = NFQNL_CFG_CMD_BIND};
	struct nlmsghdr *h = put_config(s);

	mnl_attr_put(h, NFQA_CFG_CMD, sizeof(cmd), &cmd);
	return request(s, h);
}

static int set_copy_and_length(struct nfqueue_socket *s, uint32_t max_len)
{
	const struct nfqnl_msg_config_params params = {
		.copy_range = htonl(COPY_MAX),
		.copy_mode = NFQNL_COPY_PACKET,
	};
	struct nlmsghdr *h = put_config(s);

	mnl_attr_put(h, NFQA_CFG_PARAMS, sizeof(params), &params);
	mnl_attr_put_u32(h, NFQA_CFG_QUEUE_MAXLEN, htonl(max_len));
	return request(s, h);
}

static int set_flag(struct nfqueue_socket *s, uint32_t flag)
{
	struct nlmsghdr *h = put_config(s);

	mnl_attr_put_u32(h, NFQA_CFG_FLAGS, htonl(flag));
	mnl_attr_put_u32(h, NFQA_CFG_MASK, htonl(flag));
	return request(s, h);
}

/* The platform works without these; packets are then smaller, or lack the user. */
static void set_flags(struct nfqueue_socket *s, bool fail_open)
{
	const struct {
		uint32_t flag;
		bool wanted;
		const char *name;
	} flags[] = {
		{NFQA_CFG_F_GSO, true, "segmentation offload"},
		{NFQA_CFG_F_UID_GID, true, "user ids"},
		{NFQA_CFG_F_FAIL_OPEN, fail_open, "fail-open"},
	};

	for (unsigned i = 0; i < ARRAY_LEN(flags); i++)
		if (flags[i].wanted && set_flag(s, flags[i].flag) != 0)
			log_warn("queue %u: this kernel refuses %s", s->number, flags[i].name);
}

static wfp_err explain(const struct nfqueue_socket *s, int raw, struct buf *why)
{
	if (!proc_can_net_admin()) {
		buf_append_str(why, "queueing packets needs root, or CAP_NET_ADMIN in this network "
				    "namespace");
		return ERR_ACCESS_DENIED;
	}
	switch (raw) {
	case EPERM: /* another socket has bound it */
	case EBUSY:
		buf_printf(why, "queue %u is in use by another program; choose another first queue",
			   s->number);
		return ERR_BUSY;
	case EINVAL:
	case EOPNOTSUPP:
		buf_append_str(why, "this kernel has no nfnetlink_queue "
				    "(CONFIG_NETFILTER_NETLINK_QUEUE, module nfnetlink_queue)");
		return ERR_NOT_SUPPORTED;
	default:
		buf_printf(why, "queue %u: %s", s->number, strerror(raw));
		return err_from_errno(raw);
	}
}

static wfp_err configure(struct nfqueue_socket *s, const struct nfqueue_options *options,
			 struct buf *why)
{
	int raw = bind_queue(s);

	if (!raw)
		raw = set_copy_and_length(s, options->max_len);
	if (raw)
		return explain(s, raw, why);
	set_flags(s, options->fail_open);
	return netlink_set_rcvbuf(s->nl, RCVBUF);
}

wfp_err nfqueue_socket_open(struct nfqueue_socket **out, const struct nfqueue_options *options,
			    uint16_t number, struct buf *why)
{
	struct nfqueue_socket *s = mem_zalloc(sizeof(*s));
	wfp_err err;

	if (!s)
		return ERR_NO_MEMORY;
	s->number = number;
	err = netlink_open(&s->nl, NFQUEUE_READ_MAX, MESSAGE_SIZE);
	if (err) {
		buf_printf(why, "netlink socket to netfilter: %s", err_text(err));
		goto undo_alloc;
	}
	err = configure(s, options, why);
	if (err)
		goto undo_socket;
	*out = s;
	return ERR_OK;
undo_socket:
	netlink_close(s->nl);
undo_alloc:
	mem_free(s);
	return err;
}

void nfqueue_socket_close(struct nfqueue_socket *s)
{
	if (!s)
		return;
	netlink_close(s->nl); /* the kernel unbinds the queue of a closed socket */
	mem_free(s);
}

int nfqueue_socket_fd(const struct nfqueue_socket *s)
{
	return netlink_fd(s->nl);
}

uint64_t nfqueue_socket_outstanding(const struct nfqueue_socket *s)
{
	return s->outstanding;
}

/* ---- reading ------------------------------------------------------------------------------ */

struct attrs {
	const struct nlattr *at[NFQA_MAX + 1];
};

static int keep_attr(const struct nlattr *attr, void *arg)
{
	struct attrs *attrs = arg;

	if (mnl_attr_type_valid(attr, NFQA_MAX) > 0)
		attrs->at[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static uint32_t number_of(const struct attrs *a, unsigned type, uint32_t otherwise)
{
	const struct nlattr *attr = a->at[type];

	if (!attr || mnl_attr_get_payload_len(attr) < sizeof(uint32_t))
		return otherwise;
	return ntohl(mnl_attr_get_u32(attr));
}

static bool hook_of(unsigned number, enum packet_hook *out)
{
	switch (number) {
	case NF_INET_LOCAL_IN:
		*out = PACKET_IN;
		return true;
	case NF_INET_LOCAL_OUT:
		*out = PACKET_OUT;
		return true;
	case NF_INET_FORWARD:
		*out = PACKET_FORWARD;
		return true;
	default:
		return false;
	}
}

/* False: no packet, or one without bytes or from a hook that we never asked for. */
static bool parse(const struct nlmsghdr *h, struct nfqueue_packet *out)
{
	const struct nfqnl_msg_packet_hdr *header;
	struct attrs a = {{NULL}};

	if (mnl_nlmsg_get_payload_len(h) < sizeof(struct nfgenmsg) ||
	    mnl_attr_parse(h, sizeof(struct nfgenmsg), keep_attr, &a) < 0)
		return false;
	if (!a.at[NFQA_PACKET_HDR] ||
	    mnl_attr_get_payload_len(a.at[NFQA_PACKET_HDR]) < sizeof(*header) ||
	    !a.at[NFQA_PAYLOAD])
		return false;
	header = mnl_attr_get_payload(a.at[NFQA_PACKET_HDR]);
	*out = (struct nfqueue_packet){
		.id = ntohl(header->packet_id),
		.in_ifindex = number_of(&a, NFQA_IFINDEX_INDEV, 0),
		.out_ifindex = number_of(&a, NFQA_IFINDEX_OUTDEV, 0),
		.uid = number_of(&a, NFQA_UID, PACKET_UID_UNKNOWN),
		.checksum_pending = (number_of(&a, NFQA_SKB_INFO, 0) & NFQA_SKB_CSUMNOTREADY) != 0,
		.bytes = mnl_attr_get_payload(a.at[NFQA_PAYLOAD]),
		.len = mnl_attr_get_payload_len(a.at[NFQA_PAYLOAD]),
	};
	out->whole_len = number_of(&a, NFQA_CAP_LEN, out->len);
	return hook_of(header->hook, &out->hook);
}

static bool is_packet(const struct nlmsghdr *h)
{
	return h->nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET);
}

unsigned nfqueue_socket_read(struct nfqueue_socket *s, struct nfqueue_packet *out, uint64_t *lost)
{
	struct netlink_msg msgs[NFQUEUE_READ_MAX];
	int got = netlink_recv_batch(s->nl, msgs, NFQUEUE_READ_MAX);
	unsigned n = 0;

	if (got == -ENOBUFS)
		++*lost;
	/* The kernel puts one packet into one message. */
	for (int i = 0; i < got; i++) {
		const struct nlmsghdr *h = (const void *)msgs[i].data;

		if (mnl_nlmsg_ok(h, (int)msgs[i].len) && is_packet(h) && parse(h, &out[n]))
			n++;
	}
	s->outstanding += n;
	return n;
}

/* ---- answering ---------------------------------------------------------------------------- */

static void send_all(struct nfqueue_socket *s)
{
	wfp_err err;

	if (s->send_len == 0)
		return;
	err = netlink_send(s->nl, s->send, s->send_len);
	if (err) {
		log_warn("queue %u: verdicts were not taken: %s", s->number, err_text(err));
		s->unsure = true;
	}
	s->send_len = 0;
}

static void put_verdict(struct nfqueue_socket *s, uint16_t type, uint32_t verdict, uint32_t id,
			const uint8_t *bytes, uint32_t len)
{
	const struct nfqnl_msg_verdict_hdr header = {.verdict = htonl(verdict), .id = htonl(id)};
	struct nlmsghdr *h;

	if (s->send_len > SEND_FULL)
		send_all(s);
	h = put_header(s->send + s->send_len, type, 0, s->number);
	mnl_attr_put(h, NFQA_VERDICT_HDR, sizeof(header), &header);
	if (bytes)
		mnl_attr_put(h, NFQA_PAYLOAD, len, bytes);
	s->send_len += NLMSG_ALIGN(h->nlmsg_len);
}

static void put_accepts(struct nfqueue_socket *s)
{
	for (unsigned i = 0; i < s->n_accepts; i++)
		put_verdict(s, NFQNL_MSG_VERDICT, NF_ACCEPT, s->accepts[i], NULL, 0);
	s->n_accepts = 0;
}

void nfqueue_socket_accept(struct nfqueue_socket *s, uint32_t id)
{
	if (s->n_accepts == ACCEPTS_MAX)
		put_accepts(s);
	s->accepts[s->n_accepts++] = id;
	s->outstanding--;
}

void nfqueue_socket_accept_changed(struct nfqueue_socket *s, uint32_t id, const uint8_t *bytes,
				   uint32_t len)
{
	put_accepts(s); /* what was accepted before goes before */
	s->outstanding--;
	if (len > COPY_MAX - NLA_HDRLEN) {
		log_warn("queue %u: a packet of %u bytes cannot be given back", s->number, len);
		put_verdict(s, NFQNL_MSG_VERDICT, NF_DROP, id, NULL, 0);
		return;
	}
	put_verdict(s, NFQNL_MSG_VERDICT, NF_ACCEPT, id, bytes, len);
}

void nfqueue_socket_drop(struct nfqueue_socket *s, uint32_t id)
{
	put_verdict(s, NFQNL_MSG_VERDICT, NF_DROP, id, NULL, 0);
	s->outstanding--;
}

/* In the order of the kernel's ids, which may wrap. */
static bool ids_rise(const struct nfqueue_socket *s)
{
	for (unsigned i = 1; i < s->n_accepts; i++)
		if ((int32_t)(s->accepts[i] - s->accepts[i - 1]) <= 0)
			return false;
	return true;
}

/* A batch verdict also releases older packets, so there must be none whose drop was not taken. */
void nfqueue_socket_flush(struct nfqueue_socket *s)
{
	if (s->n_accepts > 1 && s->outstanding == 0 && !s->unsure && ids_rise(s)) {
		put_verdict(s, NFQNL_MSG_VERDICT_BATCH, NF_ACCEPT, s->accepts[s->n_accepts - 1],
			    NULL, 0);
		s->n_accepts = 0;
	}
	put_accepts(s);
	send_all(s);
}
