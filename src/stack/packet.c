/* SPDX-License-Identifier: MIT */
/*
 * packet - one block per packet: the struct, head room for an injector's headers, the bytes.
 *
 * Only the struct is cleared.  The allocator's own per-thread caches serve the common sizes, so a
 * free list here would only hide lifetimes from the sanitizers.
 */
#include "stack/packet.h"

#include "base/mem.h"

#include <string.h>

#define TAIL_ROOM 32u

wfp_err packet_create_blank(struct packet **out, uint32_t len)
{
	struct packet *p;

	if (len > HEADERS_MAX_LEN)
		return ERR_INVALID_PARAMETER;
	p = mem_alloc(sizeof(*p) + PACKET_HEAD_ROOM + (size_t)len + TAIL_ROOM);
	if (!p)
		return ERR_NO_MEMORY;
	memset(p, 0, sizeof(*p));
	atom32_init(&p->refs, 1);
	list_init(&p->queued);
	p->uid = PACKET_UID_UNKNOWN;
	p->data = p->store + PACKET_HEAD_ROOM;
	p->len = len;
	p->room = TAIL_ROOM;
	*out = p;
	return ERR_OK;
}

wfp_err packet_create(struct packet **out, const void *bytes, uint32_t len)
{
	wfp_err err = packet_create_blank(out, len);

	if (!err && len > 0)
		memcpy((*out)->data, bytes, len);
	return err;
}

struct packet *packet_get(struct packet *p)
{
	atom32_add_relaxed(&p->refs, 1);
	return p;
}

void packet_put(struct packet *p)
{
	while (p && atom32_sub(&p->refs, 1) == 0) {
		struct packet *origin = p->origin;

		BUG_ON(p->port);
		BUG_ON(!list_empty(&p->queued));
		mem_free(p);
		p = origin;
	}
}

void packet_move_token(struct packet *to, struct packet *from)
{
	BUG_ON(to->port);
	to->port = from->port;
	to->token = from->token;
	from->port = NULL;
	from->token = 0;
}

void packet_copy_facts(struct packet *to, const struct packet *from)
{
	to->hook = from->hook;
	to->in_ifindex = from->in_ifindex;
	to->out_ifindex = from->out_ifindex;
	to->uid = from->uid;
	to->time = from->time;
	to->loopback = from->loopback;
	to->checksum_pending = from->checksum_pending;
}
