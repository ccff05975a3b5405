/* SPDX-License-Identifier: MIT */
/*
 * sd_kit - descriptors and tokens as plain tables, and their bytes.
 *
 * The references of the tests work on the tables and never on bytes; the bytes are laid out here,
 * not by the code under test.
 */
#pragma once

#include "harness.h"

#include "base/mem.h"
#include "base/rng.h"
#include "model/sd.h"
#include "model/sddl.h"
#include "model/token.h"

enum kit_sid {
	KIT_USER,
	KIT_EVERYONE,
	KIT_ADMINS,
	KIT_SYSTEM,
	KIT_GROUP,
	KIT_CREATOR_OWNER,
	KIT_CREATOR_GROUP,
	KIT_OWNER_RIGHTS,
	KIT_LONG,
	KIT_SIDS,
	KIT_NONE = KIT_SIDS,
};

static const char *const kit_sid_text[KIT_SIDS] = {
	"S-1-22-1-1000", "S-1-1-0",    "S-1-5-32-544",
	"S-1-5-18",	 "S-1-22-2-7", "S-1-3-0",
	"S-1-3-1",	 "S-1-3-4",    "S-1-5-80-1-2-3-4-4294967295",
};

#define KIT_ACES 6u

struct kit_ace {
	uint8_t type, flags;
	uint32_t mask;
	enum kit_sid sid;
};

struct kit_sd {
	uint16_t control;
	enum kit_sid owner, group; /* KIT_NONE: absent */
	bool null;
	unsigned n;
	struct kit_ace aces[4 * KIT_ACES]; /* room for what a reference makes of two lists */
};

struct kit_token {
	unsigned n;
	enum kit_sid sids[4];
	uint32_t attributes[4];
};

static inline struct sid kit_sid(enum kit_sid which)
{
	struct sid sid;
	const char *end;

	CHECK(sid_parse(&sid, kit_sid_text[which], &end) && *end == '\0');
	return sid;
}

static inline enum kit_sid kit_sid_find(const uint8_t *sid)
{
	char text[SID_TEXT];

	for (unsigned i = 0; sid && i < KIT_SIDS; i++)
		if (strcmp(sid_format(sid, text), kit_sid_text[i]) == 0)
			return (enum kit_sid)i;
	return KIT_NONE;
}

static inline void kit_put(struct buf *b, uint64_t v, unsigned bytes)
{
	for (; bytes > 0; bytes--, v >>= 8)
		buf_append_byte(b, (uint8_t)v);
}

static inline void kit_put_sid(struct buf *b, enum kit_sid which)
{
	struct sid sid = kit_sid(which);

	buf_append(b, sid.bytes, 8u + 4u * sid.bytes[1]);
}

static inline void kit_put_dacl(struct buf *b, const struct kit_sd *sd)
{
	size_t size = 8;

	for (unsigned i = 0; i < sd->n; i++)
		size += 16u + 4u * kit_sid(sd->aces[i].sid).bytes[1];
	kit_put(b, 2, 2);
	kit_put(b, size, 2);
	kit_put(b, sd->n, 4);
	for (unsigned i = 0; i < sd->n; i++) {
		kit_put(b, sd->aces[i].type, 1);
		kit_put(b, sd->aces[i].flags, 1);
		kit_put(b, 16u + 4u * kit_sid(sd->aces[i].sid).bytes[1], 2);
		kit_put(b, sd->aces[i].mask, 4);
		kit_put_sid(b, sd->aces[i].sid);
	}
}

/* Bytes as a blob; the buffer is freed. */
static inline struct model_blob *kit_blob(struct buf *b)
{
	struct model_blob *blob = mem_zalloc(sizeof(*blob) + b->len);

	CHECK(blob != NULL);
	blob->size = (uint32_t)b->len;
	blob->data = (uint8_t *)(blob + 1);
	memcpy(blob->data, b->data, b->len);
	buf_free(b);
	return blob;
}

static inline struct model_blob *kit_sd_bytes(const struct kit_sd *sd)
{
	struct buf b = {0}, parts = {0};
	size_t owner = 0, group = 0, dacl = 0;

	if (sd->owner != KIT_NONE) {
		owner = 20;
		kit_put_sid(&parts, sd->owner);
	}
	if (sd->group != KIT_NONE) {
		group = 20 + parts.len;
		kit_put_sid(&parts, sd->group);
	}
	if (!sd->null) {
		dacl = 20 + parts.len;
		kit_put_dacl(&parts, sd);
	}
	kit_put(&b, 1, 2);
	kit_put(&b, 0x8000u | sd->control, 2);
	kit_put(&b, owner, 4);
	kit_put(&b, group, 4);
	kit_put(&b, 0, 4);
	kit_put(&b, dacl, 4);
	buf_append(&b, parts.data, parts.len);
	buf_free(&parts);
	return kit_blob(&b);
}

static inline struct kit_sd kit_sd_read(const struct model_blob *blob)
{
	struct kit_sd out = {0};
	struct model_sd sd;
	struct model_ace ace;

	CHECK_OK(model_sd_parse(&sd, blob->data, blob->size));
	out.control = sd.control;
	out.owner = kit_sid_find(sd.owner);
	out.group = kit_sid_find(sd.group);
	out.null = sd.dacl_null;
	for (uint32_t at = 0; model_ace_next(&sd, &at, &ace);) {
		CHECK(out.n < ARRAY_LEN(out.aces));
		out.aces[out.n++] =
			(struct kit_ace){ace.type, ace.flags, ace.mask, kit_sid_find(ace.sid)};
	}
	return out;
}

static inline void kit_sd_check_equal(const struct kit_sd *is, const struct kit_sd *should)
{
	CHECK_EQ_U(is->control, should->control);
	CHECK_EQ_U(is->owner, should->owner);
	CHECK_EQ_U(is->group, should->group);
	CHECK_EQ_U(is->null, should->null);
	CHECK_EQ_U(is->n, should->n);
	for (unsigned i = 0; i < is->n; i++) {
		CHECK_EQ_U(is->aces[i].type, should->aces[i].type);
		CHECK_EQ_U(is->aces[i].flags, should->aces[i].flags);
		CHECK_EQ_U(is->aces[i].mask, should->aces[i].mask);
		CHECK_EQ_U(is->aces[i].sid, should->aces[i].sid);
	}
}

static inline uint32_t kit_random_mask(struct rng *rng)
{
	static const uint32_t masks[] = {0x1,	     0x50,	0x10000,     0x20000,	 0x40000,
					 0x80000,    0x7ff,	0x10000000,  0x20000000, 0x40000000,
					 0x80000000, 0x2000000, 0xffffffffu, 0};
	uint32_t mask = masks[rng_below(rng, ARRAY_LEN(masks))];

	return rng_below(rng, 2) ? mask : mask | (rng_u32(rng) & rng_u32(rng) & 0x1f07ff);
}

static inline struct kit_sd kit_random_sd(struct rng *rng)
{
	static const uint8_t types[] = {0, 0, 0, 1, 1, 9, 10};
	struct kit_sd sd = {.owner = (enum kit_sid)rng_below(rng, KIT_SIDS + 1),
			    .group = (enum kit_sid)rng_below(rng, KIT_SIDS + 1),
			    .null = rng_below(rng, 8) == 0,
			    .control = 4};

	if (sd.null && rng_below(rng, 2))
		sd.control = 0;
	if (rng_below(rng, 4) == 0)
		sd.control |= MODEL_SD_DACL_PROTECTED;
	if (rng_below(rng, 4) == 0)
		sd.control |= MODEL_SD_DACL_AUTO_INHERITED;
	sd.n = sd.null ? 0 : rng_below(rng, KIT_ACES + 1);
	for (unsigned i = 0; i < sd.n; i++)
		sd.aces[i] = (struct kit_ace){
			.type = types[rng_below(rng, ARRAY_LEN(types))],
			.flags = (uint8_t)(rng_below(rng, 2) ? rng_below(rng, 32) : 0),
			.mask = kit_random_mask(rng),
			.sid = (enum kit_sid)rng_below(rng, KIT_SIDS),
		};
	return sd;
}

static inline struct kit_token kit_random_token(struct rng *rng)
{
	static const uint32_t attributes[] = {MODEL_GROUP_ENABLED, MODEL_GROUP_ENABLED, 0,
					      MODEL_GROUP_DENY_ONLY,
					      MODEL_GROUP_ENABLED | MODEL_GROUP_DENY_ONLY};
	struct kit_token token = {.n = rng_below(rng, 5)};

	for (unsigned i = 0; i < token.n; i++) {
		token.sids[i] = (enum kit_sid)rng_below(rng, KIT_SIDS);
		token.attributes[i] = attributes[rng_below(rng, ARRAY_LEN(attributes))];
	}
	return token;
}

static inline struct model_blob *kit_token_bytes(const struct kit_token *token)
{
	struct buf b = {0};

	buf_append(&b, &token->n, 4);
	for (unsigned i = 0; i < token->n; i++) {
		buf_append(&b, &token->attributes[i], 4);
		kit_put_sid(&b, token->sids[i]);
	}
	return kit_blob(&b);
}

static inline struct model_blob *kit_sddl(const char *text)
{
	struct model_blob *blob = NULL;
	size_t at = 0;
	wfp_err err = model_sddl_parse(&blob, text, &at);

	if (err)
		CHECK_SAY("%s: %s at %zu", text, err_name(err), at);
	return blob;
}

/* Frees the blob. */
static inline void kit_check_sddl(struct model_blob *blob, const char *text)
{
	struct buf out = {0};

	CHECK_OK(model_sddl_format(blob, &out));
	CHECK_EQ_S(buf_str(&out), text);
	buf_free(&out);
	mem_free(blob);
}
