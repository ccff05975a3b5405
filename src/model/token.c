/* SPDX-License-Identifier: MIT */
/*
 * token - making and walking the pointer-free form of a token.
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

wfp_err model_token_make_unix(struct model_blob **out, uint32_t uid, const uint32_t *gids,
			      unsigned n_gids)
{
	unsigned n = 3 + (uid == 0 ? 2 : 0), max = n + n_gids;
	struct sid *sids = mem_zalloc_array(max, sizeof(*sids));
	struct model_token_sid *list = mem_zalloc_array(max, sizeof(*list));
	wfp_err err = ERR_NO_MEMORY;

	if (!sids || !list)
		goto undo;
	unix_sid(&sids[0], UNIX_USER, uid);
	sid_make(&sids[1], 1, 1, (const uint32_t[]){0});
	sid_make(&sids[2], 5, 1, (const uint32_t[]){11});
	if (uid == 0) {
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
