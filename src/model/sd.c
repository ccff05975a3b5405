/* SPDX-License-Identifier: MIT */
/*
 * sd - checking a security descriptor once, walking it after that, and laying one out.
 *
 * Layout (little-endian): revision 1, a zero byte, 16 bits of control flags, four offsets: owner,
 * group, system list, discretionary list.  A list: revision, zero, size, count, two zero bytes,
 * then entries of type, flags, size, mask and SID.  No state; any thread.
 */
#include "model/sd.h"

#include "base/mem.h"

#include <string.h>

#define SD_HEADER	 20u
#define SD_SELF_RELATIVE 0x8000u
#define ACL_HEADER	 8u
#define ACL_REVISION	 2u
#define ACL_REVISION_DS	 4u /* for types that are not looked into */
#define ACE_HEADER	 4u

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

/* Offset 0 means absent. */
static bool parse_sid(const uint8_t **out, const uint8_t *data, uint32_t size, uint32_t offset)
{
	*out = NULL;
	if (offset == 0)
		return true;
	if (offset < SD_HEADER || offset > size || sid_size(data + offset, size - offset) == 0)
		return false;
	*out = data + offset;
	return true;
}

static bool ace_has_sid(uint8_t type)
{
	return type == MODEL_ACE_ALLOWED || type == MODEL_ACE_DENIED ||
	       type == MODEL_ACE_ALLOWED_CALLBACK || type == MODEL_ACE_DENIED_CALLBACK;
}

/* The entry at *at, or false: it does not fit. */
static bool ace_at(const struct model_sd *sd, uint32_t *at, struct model_ace *out)
{
	const uint8_t *p = sd->aces + *at;
	uint32_t room = sd->aces_size - *at, size;

	if (room < ACE_HEADER)
		return false;
	size = get16(p + 2);
	if (size < ACE_HEADER || size > room)
		return false;
	*out = (struct model_ace){.type = p[0], .flags = p[1], .bytes = p, .size = (uint16_t)size};
	if (ace_has_sid(out->type)) {
		if (size < ACE_HEADER + 4 || sid_size(p + 8, size - 8) == 0)
			return false;
		out->mask = get32(p + 4);
		out->sid = p + 8;
		out->condition = out->sid + sid_size(out->sid, SID_MAX);
		out->condition_size = (uint32_t)(p + size - out->condition);
	}
	*at += size;
	return true;
}

static bool parse_dacl(struct model_sd *sd, const uint8_t *data, uint32_t size, uint32_t offset)
{
	const uint8_t *acl = data + offset;
	struct model_ace ace;
	uint32_t at = 0;

	if (offset < SD_HEADER || offset > size || size - offset < ACL_HEADER)
		return false;
	if (acl[0] < 1 || acl[0] > 4 || get16(acl + 2) < ACL_HEADER ||
	    get16(acl + 2) > size - offset)
		return false;
	sd->aces = acl + ACL_HEADER;
	sd->aces_size = get16(acl + 2) - ACL_HEADER;
	sd->n_aces = get16(acl + 4);
	for (unsigned i = 0; i < sd->n_aces; i++)
		if (!ace_at(sd, &at, &ace))
			return false;
	sd->aces_size = at;
	return true;
}

wfp_err model_sd_parse(struct model_sd *out, const void *data, uint32_t size)
{
	const uint8_t *b = data;
	struct model_sd sd = {0};
	uint16_t control;
	uint32_t dacl;

	if (size < SD_HEADER || b[0] != 1)
		return ERR_INVALID_DATA;
	control = get16(b + 2);
	if (!(control & SD_SELF_RELATIVE))
		return ERR_INVALID_DATA;
	if (!parse_sid(&sd.owner, b, size, get32(b + 4)) ||
	    !parse_sid(&sd.group, b, size, get32(b + 8)))
		return ERR_INVALID_DATA;
	dacl = get32(b + 16);
	sd.control = control & MODEL_SD_CONTROL_KEPT;
	if (get32(b + 12) != 0)
		sd.control &= (uint16_t)~MODEL_SD_SACL_PRESENT;
	sd.dacl_null = !(control & MODEL_SD_DACL_PRESENT) || dacl == 0;
	if (!sd.dacl_null && !parse_dacl(&sd, b, size, dacl))
		return ERR_INVALID_DATA;
	*out = sd;
	return ERR_OK;
}

bool model_ace_next(const struct model_sd *sd, uint32_t *at, struct model_ace *out)
{
	return *at < sd->aces_size && ace_at(sd, at, out);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v);
	put16(p + 2, v >> 16);
}

/* A size of more than 16 bits is cut; such a list is refused when the descriptor is made. */
static void append_with_sid(struct buf *b, const struct model_ace *ace)
{
	uint32_t len = (uint32_t)sid_size(ace->sid, SID_MAX);
	uint8_t head[8] = {ace->type, ace->flags};

	put16(head + 2, 8 + len + ace->condition_size);
	put32(head + 4, ace->mask);
	buf_append(b, head, sizeof(head));
	buf_append(b, ace->sid, len);
	if (ace->condition_size)
		buf_append(b, ace->condition, ace->condition_size);
}

void model_aces_append(struct model_aces *list, const struct model_ace *ace)
{
	size_t at = list->bytes.len;

	if (ace->sid) {
		append_with_sid(&list->bytes, ace);
	} else {
		buf_append(&list->bytes, ace->bytes, ace->size);
		if (list->bytes.len > at)
			list->bytes.data[at + 1] = ace->flags;
	}
	list->n++;
}

/* Writes its offset at field; returns where the next part goes. */
static uint32_t put_sid(uint8_t *data, unsigned field, uint32_t at, const uint8_t *sid)
{
	uint32_t size = sid ? (uint32_t)sid_size(sid, SID_MAX) : 0;

	put32(data + field, sid ? at : 0);
	if (sid)
		memcpy(data + at, sid, size);
	return at + size;
}

static uint8_t acl_revision(const struct model_sd *sd)
{
	struct model_ace ace;

	for (uint32_t at = 0; model_ace_next(sd, &at, &ace);)
		if (!ace.sid)
			return ACL_REVISION_DS;
	return ACL_REVISION;
}

static void put_dacl(uint8_t *data, uint32_t at, const struct model_sd *parts)
{
	uint8_t *acl = data + at;

	put32(data + 16, at);
	put16(acl, acl_revision(parts));
	put16(acl + 2, ACL_HEADER + parts->aces_size);
	put32(acl + 4, parts->n_aces);
	if (parts->aces_size)
		memcpy(acl + ACL_HEADER, parts->aces, parts->aces_size);
}

static uint32_t sd_size(const struct model_sd *parts)
{
	size_t size = SD_HEADER;

	if (parts->owner)
		size += sid_size(parts->owner, SID_MAX);
	if (parts->group)
		size += sid_size(parts->group, SID_MAX);
	if (!parts->dacl_null)
		size += ACL_HEADER + parts->aces_size;
	return (uint32_t)size;
}

wfp_err model_sd_make(struct model_blob **out, const struct model_sd *parts)
{
	uint32_t size = sd_size(parts), at = SD_HEADER;
	struct model_blob *blob;

	blob = mem_zalloc(sizeof(*blob) + size);
	if (!blob)
		return ERR_NO_MEMORY;
	blob->size = size;
	blob->data = (uint8_t *)(blob + 1);
	blob->data[0] = 1;
	put16(blob->data + 2, parts->control | SD_SELF_RELATIVE);
	at = put_sid(blob->data, 4, at, parts->owner);
	at = put_sid(blob->data, 8, at, parts->group);
	if (!parts->dacl_null)
		put_dacl(blob->data, at, parts);
	*out = blob;
	return ERR_OK;
}

wfp_err model_sd_make_with(struct model_blob **out, const struct model_sd *parts,
			   const struct model_aces *list)
{
	struct model_sd sd = *parts;
	wfp_err err = buf_err(&list->bytes);

	if (err)
		return err;
	if (list->bytes.len > UINT16_MAX - ACL_HEADER)
		return ERR_INVALID_DATA;
	sd.control |= MODEL_SD_DACL_PRESENT;
	sd.dacl_null = false;
	sd.aces = list->bytes.data;
	sd.aces_size = (uint32_t)list->bytes.len;
	sd.n_aces = (uint16_t)list->n;
	return model_sd_make(out, &sd);
}
