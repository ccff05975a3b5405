/* SPDX-License-Identifier: MIT */
/*
 * block - results with a hidden header.
 *
 * Called on the thread of whoever called the API; FwpmFreeMemory0 may be called on another one.
 */
#include "client/block.h"

#include "base/mem.h"

#include <string.h>

#define SEALED 0x4b4c42504657504fu

struct block {
	uint64_t magic;
	struct arena arena;
	_Alignas(max_align_t) uint8_t root[];
};

wfp_err block_seal(struct arena *a, const void *root, size_t size, void **out)
{
	struct block *b = mem_alloc(sizeof(*b) + size);

	if (!b)
		return ERR_NO_MEMORY;
	b->magic = SEALED;
	b->arena = *a;
	arena_init(a, a->limit);
	if (size)
		memcpy(b->root, root, size);
	*out = b->root;
	return ERR_OK;
}

void block_free(void *root)
{
	struct block *b;

	if (!root)
		return;
	b = CONTAINER_OF(root, struct block, root);
	BUG_ON(b->magic != SEALED);
	b->magic = 0;
	arena_free(&b->arena);
	mem_free(b);
}
