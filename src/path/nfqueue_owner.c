/* SPDX-License-Identifier: MIT */
/*
 * nfqueue_owner - see nfqueue_owner.h.
 */
#include "path/nfqueue_owner.h"

#include "base/file.h"
#include "base/netlink.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOUND_QUEUES  "/proc/thread-self/net/netfilter/nfnetlink_queue"
#define UDATA_COMMENT 0u /* NFTNL_UDATA_TABLE_COMMENT: type, length, text with its NUL */

struct owner {
	bool known;
	unsigned first, last; /* queues */
};

void nfqueue_owner_put(struct nlmsghdr *h, const struct nfqueue_options *o)
{
	uint8_t udata[64] = {UDATA_COMMENT};
	int len = snprintf((char *)udata + 2, sizeof(udata) - 2, "queues %u-%u", o->first_queue,
			   o->first_queue + o->n_queues - 1u);

	udata[1] = (uint8_t)(len + 1);
	mnl_attr_put(h, NFTA_TABLE_USERDATA, (size_t)len + 3, udata);
}

static void read_comment(struct owner *owner, const uint8_t *udata, size_t len)
{
	char text[64];

	if (len < 3 || udata[0] != UDATA_COMMENT || udata[1] > len - 2 || udata[1] >= sizeof(text))
		return;
	memcpy(text, udata + 2, udata[1]);
	text[udata[1]] = 0;
	owner->known = sscanf(text, "queues %u-%u", &owner->first, &owner->last) == 2;
}

static int take_attr(const struct nlattr *attr, void *ctx)
{
	if (mnl_attr_get_type(attr) == NFTA_TABLE_USERDATA)
		read_comment(ctx, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
	return MNL_CB_OK;
}

static void take_table(void *ctx, const struct nlmsghdr *h)
{
	struct owner *owner = ctx;

	if (mnl_nlmsg_get_payload_len(h) >= sizeof(struct nfgenmsg) &&
	    mnl_attr_parse(h, sizeof(struct nfgenmsg), take_attr, owner) < 0)
		owner->known = false;
}

/* Unknown as well when there is no such table. */
static struct owner find_owner(struct netlink *nl, uint8_t family, const char *table)
{
	uint8_t memory[256] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *h = mnl_nlmsg_put_header(memory);
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	struct owner owner = {0};
	wfp_err err;

	h->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	g->nfgen_family = family;
	g->version = NFNETLINK_V0;
	mnl_attr_put_strz(h, NFTA_TABLE_NAME, table);
	err = netlink_request(nl, h, h->nlmsg_len, NULL, take_table, &owner);
	owner.known &= !err;
	return owner;
}

/* Each line begins with the number of a bound queue. */
static bool is_bound_by_others(const char *bound, const struct owner *owner,
			       const struct nfqueue_options *o)
{
	const char *line = bound;

	while (line && *line) {
		char *end;
		unsigned long number = strtoul(line, &end, 10);
		const bool ours = number >= o->first_queue &&
				  number < (unsigned long)o->first_queue + o->n_queues;

		if (end != line && !ours && number >= owner->first && number <= owner->last)
			return true;
		line = strchr(end, '\n');
		line = line ? line + 1 : NULL;
	}
	return false;
}

wfp_err nfqueue_owner_check(struct netlink *nl, const struct nfqueue_options *o, struct buf *why)
{
	static const uint8_t families[] = {NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6};
	struct buf bound = {0};
	wfp_err err = file_read_all(BOUND_QUEUES, 1 << 20, &bound);

	if (err) /* no procfs: nobody can be accused */
		err = ERR_OK;
	for (unsigned i = 0; i < ARRAY_LEN(families) && !err; i++) {
		const struct owner owner = find_owner(nl, families[i], o->table);

		if (!owner.known || !is_bound_by_others(buf_str(&bound), &owner, o))
			continue;
		buf_printf(why,
			   "the table %s belongs to another platform that runs in this network "
			   "namespace, on queues %u to %u; stop it first",
			   o->table, owner.first, owner.last);
		err = ERR_BUSY;
	}
	buf_free(&bound);
	return err;
}
