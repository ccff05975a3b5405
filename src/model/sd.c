/* SPDX-License-Identifier: MIT */
/*
 * sd - checking a security descriptor once, and walking it after that.
 *
 * Layout (little-endian): revision 1, a zero byte, 16 bits of control flags, four offsets: owner,
 * group, system list, discretionary list.  A list: revision, zero, size, count, two zero bytes,
 * then entries of type, flags, size, mask and SID.
 */
#include "model/sd.h"

#define SD_HEADER	 20u
#define SD_DACL_PRESENT	 0x0004u
#define SD_SELF_RELATIVE 0x8000u
#define ACL_HEADER	 8u
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
	*out = (struct model_ace){.type = p[0], .flags = p[1]};
	if (ace_has_sid(out->type)) {
		if (size < ACE_HEADER + 4 || sid_size(p + 8, size - 8) == 0)
			return false;
		out->mask = get32(p + 4);
		out->sid = p + 8;
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
	sd.dacl_null = !(control & SD_DACL_PRESENT) || dacl == 0;
	if (!sd.dacl_null && !parse_dacl(&sd, b, size, dacl))
		return ERR_INVALID_DATA;
	*out = sd;
	return ERR_OK;
}

bool model_ace_next(const struct model_sd *sd, uint32_t *at, struct model_ace *out)
{
	return *at < sd->aces_size && ace_at(sd, at, out);
}
