/* SPDX-License-Identifier: MIT */
/*
 * nfqueue_rules - messages to nf_tables, built by hand over libmnl; see nfqueue_rules.h.
 *
 * libnftnl would build them, but its licence is not ours.  Numbers in nf_tables attributes are big
 * endian; data that rules compare (marks) are in the byte order of the machine.
 */
#include "path/nfqueue_rules.h"

#include "base/mem.h"
#include "base/netlink.h"
#include "path/nfqueue_owner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <string.h>

#define BATCH_SIZE 16384u
#define PRIORITY   10

enum queue_kind { QUEUE_NATIVE, QUEUE_TARGET };

struct batch {
	uint32_t seq;
	size_t len;
	struct nlmsghdr *last;
	uint8_t bytes[BATCH_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
};

/* ---- messages ----------------------------------------------------------------------------- */

static struct nlmsghdr *put_message(struct batch *b, uint16_t type, uint16_t flags, uint8_t family,
				    uint16_t resource)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(b->bytes + b->len);
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(h, sizeof(*g));

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	h->nlmsg_seq = ++b->seq;
	g->nfgen_family = family;
	g->version = NFNETLINK_V0;
	g->res_id = htons(resource);
	b->last = h;
	return h;
}

/* The largest message is a rule of a few hundred bytes; there are at most a dozen. */
static void end_message(struct batch *b)
{
	b->len += NLMSG_ALIGN(b->last->nlmsg_len);
	BUG_ON(b->len > BATCH_SIZE - 1024);
}

static void begin_batch(struct batch *b)
{
	b->len = 0;
	put_message(b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	end_message(b);
}

static void end_batch(struct batch *b)
{
	b->last->nlmsg_flags |= NLM_F_ACK;
	put_message(b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	end_message(b);
}

static struct nlmsghdr *put_nft(struct batch *b, uint16_t type, uint16_t flags, uint8_t family)
{
	return put_message(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, family, 0);
}

static void put_table(struct batch *b, uint16_t type, uint8_t family, const char *name)
{
	struct nlmsghdr *h = put_nft(b, type, type == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0, family);

	mnl_attr_put_strz(h, NFTA_TABLE_NAME, name);
	end_message(b);
}

static void put_our_table(struct batch *b, uint8_t family, const struct nfqueue_options *o)
{
	struct nlmsghdr *h = put_nft(b, NFT_MSG_NEWTABLE, NLM_F_CREATE, family);

	mnl_attr_put_strz(h, NFTA_TABLE_NAME, o->table);
	nfqueue_owner_put(h, o);
	end_message(b);
}

/* Afterwards there is no such table, whether or not there was one. */
static void put_no_table(struct batch *b, uint8_t family, const char *name)
{
	put_table(b, NFT_MSG_NEWTABLE, family, name);
	put_table(b, NFT_MSG_DELTABLE, family, name);
}

/* ---- chains and rules --------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint32_t number;
} chains[PACKET_HOOKS] = {
	[PACKET_IN] = {"input", NF_INET_LOCAL_IN},
	[PACKET_OUT] = {"output", NF_INET_LOCAL_OUT},
	[PACKET_FORWARD] = {"forward", NF_INET_FORWARD},
};

static void put_chain(struct batch *b, uint8_t family, const char *table, enum packet_hook hook)
{
	struct nlmsghdr *h = put_nft(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, family);
	struct nlattr *nest;

	mnl_attr_put_strz(h, NFTA_CHAIN_TABLE, table);
	mnl_attr_put_strz(h, NFTA_CHAIN_NAME, chains[hook].name);
	nest = mnl_attr_nest_start(h, NFTA_CHAIN_HOOK);
	mnl_attr_put_u32(h, NFTA_HOOK_HOOKNUM, htonl(chains[hook].number));
	mnl_attr_put_u32(h, NFTA_HOOK_PRIORITY, htonl(PRIORITY));
	mnl_attr_nest_end(h, nest);
	mnl_attr_put_strz(h, NFTA_CHAIN_TYPE, "filter");
	mnl_attr_put_u32(h, NFTA_CHAIN_POLICY, htonl(NF_ACCEPT));
	end_message(b);
}

struct rule {
	struct nlmsghdr *h;
	struct nlattr *expressions, *element, *data;
};

static struct rule begin_rule(struct batch *b, uint8_t family, const char *table,
			      enum packet_hook hook)
{
	struct rule r = {.h = put_nft(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, family)};

	mnl_attr_put_strz(r.h, NFTA_RULE_TABLE, table);
	mnl_attr_put_strz(r.h, NFTA_RULE_CHAIN, chains[hook].name);
	r.expressions = mnl_attr_nest_start(r.h, NFTA_RULE_EXPRESSIONS);
	return r;
}

static void end_rule(struct batch *b, struct rule *r)
{
	mnl_attr_nest_end(r->h, r->expressions);
	end_message(b);
}

static void begin_expression(struct rule *r, const char *name)
{
	r->element = mnl_attr_nest_start(r->h, NFTA_LIST_ELEM);
	mnl_attr_put_strz(r->h, NFTA_EXPR_NAME, name);
	r->data = mnl_attr_nest_start(r->h, NFTA_EXPR_DATA);
}

static void end_expression(struct rule *r)
{
	mnl_attr_nest_end(r->h, r->data);
	mnl_attr_nest_end(r->h, r->element);
}

static void put_value(struct rule *r, uint16_t attr, const void *value, size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(r->h, attr);

	mnl_attr_put(r->h, NFTA_DATA_VALUE, len, value);
	mnl_attr_nest_end(r->h, nest);
}

static void put_mark_matches(struct rule *r, uint32_t mark)
{
	const uint32_t none = 0;

	begin_expression(r, "meta");
	mnl_attr_put_u32(r->h, NFTA_META_KEY, htonl(NFT_META_MARK));
	mnl_attr_put_u32(r->h, NFTA_META_DREG, htonl(NFT_REG_1));
	end_expression(r);
	begin_expression(r, "bitwise");
	mnl_attr_put_u32(r->h, NFTA_BITWISE_SREG, htonl(NFT_REG_1));
	mnl_attr_put_u32(r->h, NFTA_BITWISE_DREG, htonl(NFT_REG_1));
	mnl_attr_put_u32(r->h, NFTA_BITWISE_LEN, htonl(sizeof(mark)));
	put_value(r, NFTA_BITWISE_MASK, &mark, sizeof(mark));
	put_value(r, NFTA_BITWISE_XOR, &none, sizeof(none));
	end_expression(r);
	begin_expression(r, "cmp");
	mnl_attr_put_u32(r->h, NFTA_CMP_SREG, htonl(NFT_REG_1));
	mnl_attr_put_u32(r->h, NFTA_CMP_OP, htonl(NFT_CMP_EQ));
	put_value(r, NFTA_CMP_DATA, &mark, sizeof(mark));
	end_expression(r);
}

static void put_accept(struct rule *r)
{
	struct nlattr *data, *verdict;

	begin_expression(r, "immediate");
	mnl_attr_put_u32(r->h, NFTA_IMMEDIATE_DREG, htonl(NFT_REG_VERDICT));
	data = mnl_attr_nest_start(r->h, NFTA_IMMEDIATE_DATA);
	verdict = mnl_attr_nest_start(r->h, NFTA_DATA_VERDICT);
	mnl_attr_put_u32(r->h, NFTA_VERDICT_CODE, htonl(NF_ACCEPT));
	mnl_attr_nest_end(r->h, verdict);
	mnl_attr_nest_end(r->h, data);
	end_expression(r);
}

static void put_native_queue(struct rule *r, const struct nfqueue_options *o)
{
	begin_expression(r, "queue");
	mnl_attr_put_u16(r->h, NFTA_QUEUE_NUM, htons(o->first_queue));
	mnl_attr_put_u16(r->h, NFTA_QUEUE_TOTAL, htons(o->n_queues));
	mnl_attr_put_u16(r->h, NFTA_QUEUE_FLAGS, htons(o->fail_open ? NFT_QUEUE_FLAG_BYPASS : 0));
	end_expression(r);
}

static void put_target_queue(struct rule *r, const struct nfqueue_options *o)
{
	const struct xt_NFQ_info_v3 info = {
		.queuenum = o->first_queue,
		.queues_total = o->n_queues,
		.flags = o->fail_open ? NFQ_FLAG_BYPASS : 0,
	};

	begin_expression(r, "target");
	mnl_attr_put_strz(r->h, NFTA_TARGET_NAME, "NFQUEUE");
	mnl_attr_put_u32(r->h, NFTA_TARGET_REV, htonl(3));
	mnl_attr_put(r->h, NFTA_TARGET_INFO, sizeof(info), &info);
	end_expression(r);
}

static void put_hook(struct batch *b, const struct nfqueue_options *o, uint8_t family,
		     enum packet_hook hook, enum queue_kind kind)
{
	struct rule r;

	put_chain(b, family, o->table, hook);
	/* What we send passes OUTPUT; what we send to ourselves must still be seen at INPUT. */
	if (hook == PACKET_OUT) {
		r = begin_rule(b, family, o->table, hook);
		put_mark_matches(&r, o->mark);
		put_accept(&r);
		end_rule(b, &r);
	}
	r = begin_rule(b, family, o->table, hook);
	if (kind == QUEUE_NATIVE)
		put_native_queue(&r, o);
	else
		put_target_queue(&r, o);
	end_rule(b, &r);
}

/* ---- transactions ------------------------------------------------------------------------- */

static uint8_t table_family(unsigned families)
{
	return families == NFQUEUE_IPV4	  ? NFPROTO_IPV4
	       : families == NFQUEUE_IPV6 ? NFPROTO_IPV6
					  : NFPROTO_INET;
}

static void put_everything(struct batch *b, const struct nfqueue_options *o, enum queue_kind kind)
{
	const uint8_t family = table_family(o->families);

	begin_batch(b);
	put_no_table(b, family, o->table);
	put_our_table(b, family, o);
	for (unsigned hook = 0; hook < PACKET_HOOKS; hook++)
		if (o->hooks & 1u << hook)
			put_hook(b, o, family, hook, kind);
	end_batch(b);
}

static wfp_err explain(int raw, struct buf *why)
{
	static const struct {
		int raw;
		wfp_err err;
		const char *what;
	} rows[] = {
		{EPERM, ERR_ACCESS_DENIED,
		 "changing nftables rules needs root, or CAP_NET_ADMIN in this network namespace"},
		{ENOENT, ERR_NOT_SUPPORTED,
		 "this kernel can queue packets neither by nft_queue nor by xt_NFQUEUE with "
		 "nft_compat"},
		{EINVAL, ERR_NOT_SUPPORTED, "this kernel has no nf_tables, or refuses our rules"},
		{EOPNOTSUPP, ERR_NOT_SUPPORTED, "this kernel has no nf_tables"},
		{EAFNOSUPPORT, ERR_NOT_SUPPORTED, "nf_tables of this kernel lacks the inet family"},
	};

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].raw != raw)
			continue;
		buf_append_str(why, rows[i].what);
		return rows[i].err;
	}
	buf_printf(why, "nftables rules: %s", strerror(raw));
	return err_from_errno(raw);
}

/* 0, or the errno of the first message that failed; then nothing was changed. */
static int commit(struct netlink *nl, const struct batch *b)
{
	int raw = 0;
	wfp_err err = netlink_request(nl, b->bytes, b->len, &raw, NULL, NULL);

	return err && !raw ? EIO : raw;
}

static wfp_err open_batch(struct netlink **nl, struct batch **b, struct buf *why)
{
	wfp_err err;

	*b = mem_zalloc(sizeof(**b));
	if (!*b)
		return ERR_NO_MEMORY;
	err = netlink_open(nl, 1, BATCH_SIZE);
	if (err) {
		buf_printf(why, "netlink socket to netfilter: %s", err_text(err));
		mem_free(*b);
	}
	return err;
}

wfp_err nfqueue_rules_install(const struct nfqueue_options *options, struct buf *why)
{
	struct netlink *nl;
	struct batch *b;
	wfp_err err = open_batch(&nl, &b, why);
	int raw;

	if (err)
		return err;
	err = nfqueue_owner_check(nl, options, why);
	if (err)
		goto done;
	put_everything(b, options, QUEUE_NATIVE);
	raw = commit(nl, b);
	if (raw == ENOENT) {
		put_everything(b, options, QUEUE_TARGET);
		raw = commit(nl, b);
	}
	err = raw ? explain(raw, why) : ERR_OK;
done:
	netlink_close(nl);
	mem_free(b);
	return err;
}

wfp_err nfqueue_rules_clean(const char *table, struct buf *why)
{
	static const uint8_t families[] = {NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6};
	struct netlink *nl;
	struct batch *b;
	wfp_err err = open_batch(&nl, &b, why);
	int raw = 0;

	if (err)
		return err;
	for (unsigned i = 0; i < ARRAY_LEN(families) && !raw; i++) {
		begin_batch(b);
		put_no_table(b, families[i], table);
		end_batch(b);
		raw = commit(nl, b);
		if (raw == EAFNOSUPPORT)
			raw = 0;
	}
	netlink_close(nl);
	mem_free(b);
	return raw ? explain(raw, why) : ERR_OK;
}
