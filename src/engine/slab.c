/* SPDX-License-Identifier: MIT */
/*
 * slab - blocks of one size side by side in slabs of 64 KiB, slabs in pieces of 2 MiB.
 *
 * All engines of the process share the pieces, so one with few filters takes a part of one.  The
 * first piece has small pages, of which the system gives those that are touched.  When a second is
 * needed, all pieces ask for huge pages.  A slab without a block in use serves any size; a piece
 * without one is given back unless too few slabs would be left, and always with the last block of
 * all.  What describes a slab is at the piece's beginning, found from a block's address.
 *
 * Other sizes are blocks of mem.h; so is everything where somebody watches each block: in sim and
 * under sanitizers and DRD.  In builds with assertions free blocks are filled with SLAB_POISON, and
 * looked at before they are used again.
 */
#include "engine/slab.h"

#include "base/mem.h"

#include <string.h>

#if defined(BASE_SIM) || defined(BASE_ASAN) || defined(BASE_TSAN) || defined(BASE_DRD)

void *slab_zalloc(size_t align, size_t size)
{
	return mem_zalloc_aligned(align, size);
}

void slab_free(void *p, size_t align, size_t size)
{
	(void)align;
	(void)size;
	mem_free(p);
}

size_t slab_bytes(void)
{
	return 0;
}

#else

#include "base/list.h"
#include "base/lock.h"
#include "base/pages.h"
#include "engine/cells.h"
#include "engine/snapshot.h"
#include "engine/tree.h"

#define SLAB_RANK   910u /* whoever wants memory may hold any other lock */
#define SLAB_BYTES  ((size_t)64 << 10)
#define SLAB_COUNT  (PAGES_BYTES / SLAB_BYTES) /* of a piece */
#define SLAB_SPARE  8u /* so many free slabs stay, so that pieces do not come and go */
#define SLAB_POISON 0xdb

/* The sizes that are many.  Each size is a multiple of its alignment. */
static const struct slab_size {
	uint32_t align, size;
} sizes[] = {
	{_Alignof(struct policy_filter), sizeof(struct policy_filter)},
	{RULE_ALIGN, RULE_BYTES(8)},
	{RULE_ALIGN, RULE_BYTES(16)},
	{CACHELINE, TREE_LEAF_BYTES(8)},
	{CACHELINE, TREE_LEAF_BYTES(16)},
	{CACHELINE, TREE_INNER_BYTES(8)},
	{CACHELINE, TREE_INNER_BYTES(16)},
	{CACHELINE, CELLS_PAGE_BYTES(CELLS_PAGE_LINES)},
};
#define SIZES	    ((unsigned)ARRAY_LEN(sizes))

struct slab_block {
	struct slab_block *next;
};

struct slab {
	struct list link; /* among those of its size that have room */
	struct slab_block *free;
	uint32_t fresh;	     /* bytes from the slab's beginning that were never a block */
	uint16_t used, room; /* blocks */
	uint8_t size;	     /* in sizes */
};

struct slab_piece {
	struct list link;
	uint32_t free; /* bit i: slab i is for any size */
	struct slab slabs[SLAB_COUNT];
};

#define PIECE_EMPTY UINT32_MAX
STATIC_ASSERT(SLAB_COUNT == 32, "a bit for each slab");

/* [L] lock */
static struct {
	struct lock lock;
	struct list pieces;	   /* [L] oldest first */
	struct list room[SIZES];   /* [L] slabs with room */
	uint32_t n_free, n_in_use; /* [L] slabs of all pieces */
} slabs;

__attribute__((constructor)) static void init(void)
{
	lock_init(&slabs.lock, "slabs", SLAB_RANK);
	list_init(&slabs.pieces);
	for (unsigned i = 0; i < SIZES; i++)
		list_init(&slabs.room[i]);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static struct slab_piece *piece_of(const void *p)
{
	return (struct slab_piece *)((uintptr_t)p & ~(uintptr_t)(PAGES_BYTES - 1));
}

static struct slab_piece *piece_at(struct list *link)
{
	return LIST_ENTRY(link, struct slab_piece, link);
}

static struct slab_piece *piece_create(void)
{
	struct slab_piece *p = pages_get();

	if (!p)
		return NULL;
	if (!list_empty(&slabs.pieces)) {
		pages_prefer_huge(piece_at(list_first(&slabs.pieces)));
		pages_prefer_huge(p);
	}
	p->free = PIECE_EMPTY;
	list_add_tail(&slabs.pieces, &p->link);
	slabs.n_free += SLAB_COUNT;
	return p;
}

static struct slab_piece *piece_with_room(void)
{
	struct list *l;

	LIST_FOR_EACH (l, &slabs.pieces)
		if (piece_at(l)->free)
			return piece_at(l);
	return piece_create();
}

/* Gives pieces without a block back, if enough slabs stay or none is in use. */
static void pieces_trim(void)
{
	struct list *l, *next;

	LIST_FOR_EACH_SAFE (l, next, &slabs.pieces) {
		if (piece_at(l)->free != PIECE_EMPTY)
			continue;
		if (slabs.n_in_use > 0 && slabs.n_free < SLAB_COUNT + SLAB_SPARE)
			continue;
		slabs.n_free -= SLAB_COUNT;
		list_del(l);
		pages_put(piece_at(l));
	}
}

/* ---- slabs ----------------------------------------------------------------------------------- */

static char *begin_of(const struct slab *s)
{
	struct slab_piece *p = piece_of(s);

	return (char *)p + (size_t)(s - p->slabs) * SLAB_BYTES;
}

static struct slab *slab_of(const void *block)
{
	struct slab_piece *p = piece_of(block);

	return &p->slabs[((uintptr_t)block - (uintptr_t)p) / SLAB_BYTES];
}

static struct slab *open_slab(unsigned size)
{
	struct slab_piece *p = piece_with_room();
	struct slab *s;
	unsigned i;

	if (!p)
		return NULL;
	i = (unsigned)__builtin_ctz(p->free);
	p->free &= p->free - 1;
	s = &p->slabs[i];
	*s = (struct slab){.size = (uint8_t)size};
	if (i == 0)
		s->fresh = (sizeof(*p) + CACHELINE - 1) / CACHELINE * CACHELINE;
	s->room = (uint16_t)((SLAB_BYTES - s->fresh) / sizes[size].size);
	list_add_head(&slabs.room[size], &s->link);
	slabs.n_free--;
	slabs.n_in_use++;
	return s;
}

static void close_slab(struct slab *s)
{
	struct slab_piece *p = piece_of(s);

	list_del(&s->link);
	p->free |= UINT32_C(1) << (s - p->slabs);
	slabs.n_free++;
	slabs.n_in_use--;
	if (p->free == PIECE_EMPTY)
		pieces_trim();
}

/* ---- blocks ---------------------------------------------------------------------------------- */

#if MEM_TRACKED

static void poison(struct slab_block *b, size_t size)
{
	memset(b + 1, SLAB_POISON, size - sizeof(*b));
}

/* Has somebody written to a block that is free? */
static void check_poison(const struct slab_block *b, size_t size)
{
	const uint8_t *p = (const uint8_t *)(b + 1), *end = (const uint8_t *)b + size;

	while (p < end)
		BUG_ON(*p++ != SLAB_POISON);
}

#else

static inline void poison(struct slab_block *b, size_t size)
{
	(void)b;
	(void)size;
}

static inline void check_poison(const struct slab_block *b, size_t size)
{
	(void)b;
	(void)size;
}

#endif

static void *block_take(unsigned size)
{
	struct list *l = list_first(&slabs.room[size]);
	struct slab *s = l ? LIST_ENTRY(l, struct slab, link) : open_slab(size);
	struct slab_block *b;

	if (!s)
		return NULL;
	b = s->free;
	if (b) {
		check_poison(b, sizes[size].size);
		s->free = b->next;
	} else {
		b = (struct slab_block *)(void *)(begin_of(s) + s->fresh);
		s->fresh += sizes[size].size;
	}
	if (++s->used == s->room)
		list_del(&s->link);
	return b;
}

static void block_give(void *p, unsigned size)
{
	struct slab *s = slab_of(p);
	struct slab_block *b = p;

	BUG_ON(s->size != size || s->used == 0);
	poison(b, sizes[size].size);
	b->next = s->free;
	s->free = b;
	if (s->used-- == s->room)
		list_add_tail(&slabs.room[size], &s->link);
	if (s->used == 0)
		close_slab(s);
}

/* SIZES: it is not among them. */
static unsigned size_find(size_t align, size_t size)
{
	unsigned i = 0;

	while (i < SIZES && (sizes[i].size != size || sizes[i].align < align))
		i++;
	return i;
}

void *slab_zalloc(size_t align, size_t size)
{
	const unsigned i = size_find(align, size);
	void *p;

	if (i == SIZES)
		return mem_zalloc_aligned(align, size);
	if (!mem_take())
		return NULL;
	lock_take(&slabs.lock);
	p = block_take(i);
	lock_drop(&slabs.lock);
	if (!p) {
		mem_untake();
		return NULL;
	}
	return memset(p, 0, size);
}

void slab_free(void *p, size_t align, size_t size)
{
	const unsigned i = size_find(align, size);

	if (i == SIZES) {
		mem_free(p);
		return;
	}
	mem_untake();
	lock_take(&slabs.lock);
	block_give(p, i);
	lock_drop(&slabs.lock);
}

size_t slab_bytes(void)
{
	size_t bytes;

	lock_take(&slabs.lock);
	bytes = list_count(&slabs.pieces) * PAGES_BYTES;
	lock_drop(&slabs.lock);
	return bytes;
}

#endif
