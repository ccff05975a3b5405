/* SPDX-License-Identifier: MIT */
/*
 * token - making and walking the pointer-free form of a token, and asking who is in it.
 *
 * No state; any thread.
 */
#include "model/token.h"

#include "base/mem.h"

#include <string.h>

#define TOKEN_HEADER   4u
#define AUTHORITY_UNIX 22u
#define UNIX_USER      1u
#define UNIX_GROUP     2u

/* S-1-5-32-544 and S-1-5-18. */
static const uint8_t administrators[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0};
static const uint8_t the_system[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
static const uint8_t unix_groups[] = {1, 2, 0, 0, 0, 0, 0, AUTHORITY_UNIX, UNIX_GROUP, 0, 0, 0};

static size_t token_size(const struct model_token_sid *sids, unsigned n)
{
	size_t size = TOKEN_HEADER;

	for (unsigned i = 0; i < n; i++)
		size += 4 + sid_size(sids[i].sid, SID_MAX);
	return size;
}

wfp_err model_token_make(struct model_blob **out, const struct model_token_sid *sids, unsigned n)
{
	size_t size = token_size(sids, n);
	struct model_blob *blob;
	uint8_t *p;

	if (size > UINT32_MAX)
		return ERR_INVALID_PARAMETER;
	blob = mem_alloc(sizeof(*blob) + size);
	if (!blob)
		return ERR_NO_MEMORY;
	blob->size = (uint32_t)size;
	blob->data = (uint8_t *)(blob + 1);
	memcpy(blob->data, &n, 4);
	p = blob->data + TOKEN_HEADER;
	for (unsigned i = 0; i < n; i++) {
		size_t len = sid_size(sids[i].sid, SID_MAX);

		memcpy(p, &sids[i].attributes, 4);
		memcpy(p + 4, sids[i].sid, len);
		p += 4 + len;
	}
	*out = blob;
	return ERR_OK;
}

static void unix_sid(struct sid *out, uint32_t kind, uint32_t id)
{
	sid_make(out, AUTHORITY_UNIX, 2, (const uint32_t[]){kind, id});
}

static wfp_err make_unix(struct model_blob **out, uint32_t uid, const uint32_t *gids,
			 unsigned n_gids, bool administrator)
{
	unsigned n = 3 + (administrator ? 2 : 0), max = n + n_gids;
	struct sid *sids = mem_zalloc_array(max, sizeof(*sids));
	struct model_token_sid *list = mem_zalloc_array(max, sizeof(*list));
	wfp_err err = ERR_NO_MEMORY;

	if (!sids || !list)
		goto undo;
	unix_sid(&sids[0], UNIX_USER, uid);
	sid_make(&sids[1], 1, 1, (const uint32_t[]){0});
	sid_make(&sids[2], 5, 1, (const uint32_t[]){11});
	if (administrator) {
		sid_make(&sids[3], 5, 2, (const uint32_t[]){32, 544});
		sid_make(&sids[4], 5, 1, (const uint32_t[]){18});
	}
	for (unsigned i = 0; i < n_gids; i++)
		unix_sid(&sids[n + i], UNIX_GROUP, gids[i]);
	for (unsigned i = 0; i < max; i++)
		list[i] = (struct model_token_sid){sids[i].bytes, MODEL_GROUP_ENABLED};
	err = model_token_make(out, list, max);
undo:
	mem_free(list);
	mem_free(sids);
	return err;
}

wfp_err model_token_make_unix(struct model_blob **out, uint32_t uid, const uint32_t *gids,
			      unsigned n_gids)
{
	return make_unix(out, uid, gids, n_gids, uid == 0);
}

wfp_err model_token_make_operator(struct model_blob **out, uint32_t uid, const uint32_t *gids,
				  unsigned n_gids)
{
	return make_unix(out, uid, gids, n_gids, true);
}

bool model_token_next(const struct model_blob *token, uint32_t *at, struct model_token_sid *out)
{
	uint32_t offset = *at ? *at : TOKEN_HEADER;
	size_t size;

	if (token->size < TOKEN_HEADER || offset + 4 > token->size || offset + 4 < offset)
		return false;
	size = sid_size(token->data + offset + 4, token->size - offset - 4);
	if (size == 0)
		return false;
	memcpy(&out->attributes, token->data + offset, 4);
	out->sid = token->data + offset + 4;
	*at = offset + 4 + (uint32_t)size;
	return true;
}

static bool counts(uint32_t attributes, bool first, bool deny)
{
	if (attributes & MODEL_GROUP_DENY_ONLY)
		return deny;
	return first || attributes & MODEL_GROUP_ENABLED;
}

bool model_token_holds(const struct model_blob *token, const void *sid, bool deny)
{
	struct model_token_sid entry;
	bool first = true;

	for (uint32_t at = 0; model_token_next(token, &at, &entry); first = false)
		if (counts(entry.attributes, first, deny) && sid_equal(entry.sid, sid))
			return true;
	return false;
}

bool model_token_list_holds(const struct model_token_sid *sids, uint32_t n, const void *sid,
			    bool deny)
{
	for (uint32_t i = 0; i < n; i++)
		if (counts(sids[i].attributes, i == 0, deny) && sid_equal(sids[i].sid, sid))
			return true;
	return false;
}

const void *model_token_owner(const struct model_blob *token)
{
	struct model_token_sid entry;
	uint32_t at = 0;

	return model_token_next(token, &at, &entry) ? entry.sid : NULL;
}

/* The first 8 bytes count the sub-authorities, so that the next ones are there if they agree. */
static bool is_unix_group(const uint8_t *sid)
{
	return memcmp(sid, unix_groups, 8) == 0 && memcmp(sid + 8, unix_groups + 8, 4) == 0;
}

const void *model_token_group(const struct model_blob *token)
{
	struct model_token_sid entry;

	for (uint32_t at = 0; model_token_next(token, &at, &entry);)
		if (is_unix_group(entry.sid))
			return entry.sid;
	return model_token_owner(token);
}

bool model_token_is_administrator(const struct model_blob *token)
{
	return model_token_holds(token, administrators, false);
}

bool model_token_may_take_ownership(const struct model_blob *token)
{
	return model_token_is_administrator(token) || model_token_holds(token, the_system, false);
}

bool model_token_may_make_owner(const struct model_blob *token, const void *sid)
{
	const void *user = model_token_owner(token);

	return (user && sid_equal(user, sid)) || model_token_may_take_ownership(token);
}

bool model_token_equal(const struct model_blob *x, const struct model_blob *y)
{
	return x->size == y->size && memcmp(x->data, y->data, x->size) == 0;
}
