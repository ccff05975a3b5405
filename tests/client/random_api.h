/* SPDX-License-Identifier: MIT */
/*
 * random_api - random structs of the API, made and compared by their descriptors.
 *
 * Stupid on purpose: it walks the rows as convert does, but knows nothing of messages.
 */
#pragma once

#include "base/arena.h"
#include "base/rng.h"
#include "client/convert.h"

#include "harness.h"

struct random_api {
	struct rng rng;
	struct arena arena;
};

struct random_blob {
	uint32_t size;
	uint8_t *data;
};

static void random_fill(struct random_api *r, const struct convert_desc *desc, void *api);

static void *random_bytes(struct random_api *r, size_t n)
{
	uint8_t *p = arena_zalloc(&r->arena, n + 1, 1);

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)rng_u32(&r->rng);
	return p;
}

static void random_put(void *at, const void *p)
{
	memcpy(at, &p, sizeof(p));
}

static struct random_blob random_blob(struct random_api *r)
{
	struct random_blob b = {.size = rng_below(&r->rng, 20)};

	b.data = b.size ? random_bytes(r, b.size) : NULL;
	return b;
}

static void *random_sid(struct random_api *r)
{
	uint8_t count = (uint8_t)rng_below(&r->rng, 16);
	uint8_t *sid = random_bytes(r, 8 + 4u * count);

	sid[0] = 1;
	sid[1] = count;
	return sid;
}

static uint16_t *random_text(struct random_api *r)
{
	size_t n = rng_below(&r->rng, 12), at = 0;
	uint16_t *text = arena_zalloc(&r->arena, 2 * n + 1, sizeof(*text));

	for (size_t i = 0; i < n; i++)
		if (rng_below(&r->rng, 4) == 0) {
			text[at++] = (uint16_t)(0xd800 + rng_below(&r->rng, 0x400));
			text[at++] = (uint16_t)(0xdc00 + rng_below(&r->rng, 0x400));
		} else {
			text[at++] = (uint16_t)(1 + rng_below(&r->rng, 0xd7fe));
		}
	return text;
}

static size_t random_number_size(uint8_t kind)
{
	switch (kind) {
	case CONVERT_U8:
	case CONVERT_I8:
		return 1;
	case CONVERT_U16:
	case CONVERT_I16:
	case CONVERT_U16S:
		return 2;
	case CONVERT_U64:
	case CONVERT_FILETIME:
	case CONVERT_U64_PTR:
	case CONVERT_I64_PTR:
	case CONVERT_DOUBLE_PTR:
	case CONVERT_U64S:
		return 8;
	default:
		return 4;
	}
}

static void random_number(struct random_api *r, const struct convert_row *row, uint8_t *at)
{
	uint64_t v = rng_u64(&r->rng);

	if (row->kind == CONVERT_ENUM)
		v %= row->limit;
	if (row->kind == CONVERT_BOOL)
		v %= 2;
	if (row->kind == CONVERT_DATA_TYPE)
		v = v % 22 < 19 ? v % 22 : 256 + v % 22 - 19;
	memcpy(at, &v, random_number_size(row->kind));
}

/* One element of a list, or what a pointer points at. */
static void *random_elements(struct random_api *r, const struct convert_row *row, uint32_t n)
{
	size_t size = row->kind == CONVERT_GUIDS ? 16 : random_number_size(row->kind);
	uint8_t *p;

	if (row->kind != CONVERT_STRUCTS && row->kind != CONVERT_STRINGS)
		return random_bytes(r, n * size);
	size = row->kind == CONVERT_STRUCTS ? row->sub->size : sizeof(char *);
	p = arena_zalloc(&r->arena, n, size);
	for (uint32_t i = 0; i < n; i++)
		if (row->kind == CONVERT_STRUCTS)
			random_fill(r, row->sub, p + i * size);
		else
			random_put(p + i * size, "1.3.6.1.5.5.7.3.2");
	return p;
}

static void *random_target(struct random_api *r, const struct convert_row *row)
{
	struct random_blob *blob;
	void *p;

	switch (row->kind) {
	case CONVERT_GUID_PTR:
		return random_bytes(r, 16);
	case CONVERT_BYTES_PTR:
		return random_bytes(r, row->limit);
	case CONVERT_SID:
		return random_sid(r);
	case CONVERT_TEXT:
		return random_text(r);
	case CONVERT_BLOB_PTR:
		blob = arena_zalloc(&r->arena, 1, sizeof(*blob));
		*blob = random_blob(r);
		return blob;
	case CONVERT_STRUCT_PTR:
	case CONVERT_STRUCT_ONE:
		p = arena_zalloc(&r->arena, 1, row->sub->size);
		random_fill(r, row->sub, p);
		return p;
	default:
		return random_bytes(r, 8); /* a number */
	}
}

static void random_member(struct random_api *r, const struct convert_row *row, uint8_t *api)
{
	uint8_t *at = api + row->offset;
	struct random_blob blob;
	uint32_t n;

	if (row->kind <= CONVERT_DATA_TYPE) {
		random_number(r, row, at);
	} else if (row->kind == CONVERT_STRUCT) {
		random_fill(r, row->sub, at);
	} else if (row->kind == CONVERT_GUID || row->kind == CONVERT_BYTES) {
		n = row->kind == CONVERT_GUID ? 16 : row->limit;
		if (rng_below(&r->rng, 4))
			memcpy(at, random_bytes(r, n), n);
	} else if (row->kind == CONVERT_BLOB) {
		blob = random_blob(r);
		memcpy(at, &blob, sizeof(blob));
	} else if (row->kind >= CONVERT_STRUCTS) {
		n = rng_below(&r->rng, 4);
		memcpy(api + row->count, &n, sizeof(n));
		random_put(at, n ? random_elements(r, row, n) : NULL);
	} else if (row->required || rng_below(&r->rng, 4)) {
		random_put(at, random_target(r, row));
	}
}

/* The struct is zero but for what rows before have filled. */
static void random_fill(struct random_api *r, const struct convert_desc *desc, void *api)
{
	for (size_t i = 0; i < desc->n_rows; i++)
		if (convert_row_selected(&desc->rows[i], api))
			random_member(r, &desc->rows[i], api);
}

/* ---- comparing ------------------------------------------------------------------------------- */

static bool same_struct(const struct convert_desc *desc, const void *x, const void *y);

static const void *same_pointer(const void *at)
{
	const void *p;

	memcpy(&p, at, sizeof(p));
	return p;
}

static bool same_blob(const void *x, const void *y)
{
	struct random_blob a, b;

	memcpy(&a, x, sizeof(a));
	memcpy(&b, y, sizeof(b));
	return a.size == b.size && (!a.size || memcmp(a.data, b.data, a.size) == 0);
}

static bool same_text(const uint16_t *x, const uint16_t *y)
{
	while (*x && *x == *y)
		x++, y++;
	return *x == *y;
}

static bool same_target(const struct convert_row *row, const void *x, const void *y)
{
	if (!x || !y)
		return x == y;
	switch (row->kind) {
	case CONVERT_GUID_PTR:
		return memcmp(x, y, 16) == 0;
	case CONVERT_BYTES_PTR:
		return memcmp(x, y, row->limit) == 0;
	case CONVERT_SID:
		return memcmp(x, y, 8 + 4u * ((const uint8_t *)x)[1]) == 0;
	case CONVERT_TEXT:
		return same_text(x, y);
	case CONVERT_BLOB_PTR:
		return same_blob(x, y);
	case CONVERT_STRUCT_PTR:
	case CONVERT_STRUCT_ONE:
		return same_struct(row->sub, x, y);
	default:
		return memcmp(x, y, 8) == 0;
	}
}

static bool same_elements(const struct convert_row *row, const uint8_t *x, const uint8_t *y,
			  uint32_t n)
{
	size_t size = row->kind == CONVERT_GUIDS ? 16 : random_number_size(row->kind);

	for (uint32_t i = 0; i < n; i++)
		if (row->kind == CONVERT_STRUCTS) {
			if (!same_struct(row->sub, x + i * row->sub->size, y + i * row->sub->size))
				return false;
		} else if (row->kind == CONVERT_STRINGS) {
			if (strcmp(same_pointer(x + i * 8), same_pointer(y + i * 8)) != 0)
				return false;
		} else if (memcmp(x + i * size, y + i * size, size) != 0) {
			return false;
		}
	return true;
}

static bool same_list(const struct convert_row *row, const uint8_t *x, const uint8_t *y)
{
	uint32_t n, m;

	memcpy(&n, x + row->count, sizeof(n));
	memcpy(&m, y + row->count, sizeof(m));
	return n == m &&
	       same_elements(row, same_pointer(x + row->offset), same_pointer(y + row->offset), n);
}

static bool same_member(const struct convert_row *row, const uint8_t *x, const uint8_t *y)
{
	const uint8_t *a = x + row->offset, *b = y + row->offset;

	if (row->kind <= CONVERT_DATA_TYPE)
		return memcmp(a, b, random_number_size(row->kind)) == 0;
	if (row->kind == CONVERT_STRUCT)
		return same_struct(row->sub, a, b);
	if (row->kind == CONVERT_GUID || row->kind == CONVERT_BYTES)
		return memcmp(a, b, row->kind == CONVERT_GUID ? 16 : row->limit) == 0;
	if (row->kind == CONVERT_BLOB)
		return same_blob(a, b);
	if (row->kind >= CONVERT_STRUCTS)
		return same_list(row, x, y);
	return same_target(row, same_pointer(a), same_pointer(b));
}

static bool same_struct(const struct convert_desc *desc, const void *x, const void *y)
{
	for (size_t i = 0; i < desc->n_rows; i++)
		if (convert_row_selected(&desc->rows[i], x) && !same_member(&desc->rows[i], x, y)) {
			fprintf(stderr, "# %s.%s differs\n", desc->name, desc->rows[i].field);
			return false;
		}
	return true;
}

static inline void random_api_init(struct random_api *r, uint64_t seed)
{
	rng_seed(&r->rng, seed);
	arena_init(&r->arena, SIZE_MAX);
}

static inline void *random_struct(struct random_api *r, const struct convert_desc *desc)
{
	void *api = arena_zalloc(&r->arena, 1, desc->size);

	random_fill(r, desc, api);
	return api;
}
