/* SPDX-License-Identifier: MIT */
/*
 * nfqueue_options - what is meant when nothing is said, and what makes no sense.
 */
#include "path/nfqueue.h"

#include <string.h>

struct nfqueue_options nfqueue_options_default(void)
{
	return (struct nfqueue_options){
		.n_queues = 1,
		.hooks = 1u << PACKET_IN | 1u << PACKET_OUT | 1u << PACKET_FORWARD,
		.families = NFQUEUE_IPV4 | NFQUEUE_IPV6,
		.mark = 0x10000000u,
		.max_len = 8192,
		.table = "openwfp",
	};
}

wfp_err nfqueue_options_check(const struct nfqueue_options *o, const char *arg, struct buf *why)
{
	const unsigned hooks = (1u << PACKET_HOOKS) - 1;

	if (arg[0])
		buf_printf(why, "the path nfqueue takes no argument, not '%s'", arg);
	else if (o->n_queues == 0 || o->n_queues > NFQUEUE_QUEUES_MAX)
		buf_printf(why, "%u queues: there must be 1 to %u", o->n_queues,
			   NFQUEUE_QUEUES_MAX);
	else if (o->first_queue + o->n_queues > UINT16_MAX + 1)
		buf_printf(why, "queues from %u on: the last number is 65535", o->first_queue);
	else if (!(o->hooks & hooks) || o->hooks & ~hooks)
		buf_append_str(why, "no hook, or one that does not exist");
	else if (!o->families || o->families & ~(unsigned)(NFQUEUE_IPV4 | NFQUEUE_IPV6))
		buf_append_str(why, "no family, or one that does not exist");
	else if (!o->mark || o->mark & (o->mark - 1))
		buf_printf(why, "mark 0x%x: it must be one bit", o->mark);
	else if (!o->table || !o->table[0] || strlen(o->table) > 31)
		buf_append_str(why, "the table's name must have 1 to 31 characters");
	else
		return ERR_OK;
	return ERR_INVALID_PARAMETER;
}
