/* SPDX-License-Identifier: MIT */
/*
 * ex - pool memory: every block belongs to a driver and carries a tag.
 *
 * What a driver gets is a block of the allocator itself, so that AddressSanitizer guards both its
 * ends; what we know of it is in a table beside.  Freeing what is not in the table (a second time,
 * or what never was pool) is reported and has no effect.  What is left at unload is listed by tag
 * and freed.  Called by drivers, any thread, up to DISPATCH_LEVEL for nonpaged pool.
 */
#include "ntshim/shim.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/sched.h"

#define PAGE_BYTES 4096u

/* [L] pool.lock */
struct block {
	struct hnode node; /* [L] by address */
	void *memory;
	size_t size;
	uint32_t tag;
	const struct nt_driver *driver;
};

static struct {
	struct spin lock;
	struct htable blocks; /* [L] */
} pool;

wfp_err nt_pool_start(void)
{
	wfp_err err = htable_init(&pool.blocks, 0);

	if (!err)
		spin_init(&pool.lock, "nt pool", NT_RANK_POOL);
	return err;
}

void nt_pool_stop(void)
{
	htable_destroy(&pool.blocks);
	spin_destroy(&pool.lock);
}

static struct block *block_find(const void *memory)
{
	struct hnode *n;

	for (n = htable_first(&pool.blocks, hash_u64((uintptr_t)memory)); n; n = htable_next(n)) {
		struct block *b = CONTAINER_OF(n, struct block, node);

		if (b->memory == memory)
			return b;
	}
	return NULL;
}

static void block_enlist(struct block *b)
{
	spin_take(&pool.lock);
	htable_insert(&pool.blocks, &b->node, hash_u64((uintptr_t)b->memory));
	spin_drop(&pool.lock);
}

/* NULL: no such block. */
static struct block *block_delist(const void *memory)
{
	struct block *b;

	spin_take(&pool.lock);
	b = block_find(memory);
	if (b)
		htable_remove(&pool.blocks, &b->node);
	spin_drop(&pool.lock);
	return b;
}

/* A guarded block ends where a page does, so one of whole pages also begins there. */
static void *memory_guarded(size_t size)
{
	if (size < PAGE_BYTES)
		return mem_zalloc_guarded(size);
	if (size > SIZE_MAX - PAGE_BYTES)
		return NULL;
	return mem_zalloc_guarded((size + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1));
}

/*
 * Pages begin at page boundaries, everything else at 16 bytes.  What is not to be zeroed is so all
 * the same where it is guarded: a run must not depend on what an earlier one left.
 */
static void *memory_alloc(size_t size, bool zero)
{
	if (sim_controlled())
		return memory_guarded(size);
	if (size >= PAGE_BYTES)
		return mem_zalloc_aligned(PAGE_BYTES, size);
	return zero ? mem_zalloc(size) : mem_alloc(size);
}

static void *pool_alloc(size_t size, uint32_t tag, bool zero)
{
	struct block *b = mem_zalloc(sizeof(*b));

	if (!b)
		return NULL;
	b->memory = memory_alloc(size, zero);
	if (!b->memory) {
		mem_free(b);
		return NULL;
	}
	b->size = size;
	b->tag = tag;
	b->driver = nt_driver_current();
	block_enlist(b);
	sched_note("ExAllocatePool", b->memory, SIM_SYNC_NONE);
	return b->memory;
}

/* 0: no such block. */
static size_t block_size(const void *memory)
{
	const struct block *b;
	size_t size;

	spin_take(&pool.lock);
	b = block_find(memory);
	size = b ? b->size : 0;
	spin_drop(&pool.lock);
	return size;
}

static void pool_free(void *memory, uint32_t tag, const char *function)
{
	struct block *b;

	sched_free(function, memory, sim_controlled() ? block_size(memory) : 0);
	b = block_delist(memory);
	if (!b) {
		nt_report(nt_driver_current(), ENGINE_RULE_BadPointer, function);
		return;
	}
	if (tag && b->tag != tag)
		nt_report(nt_driver_current(), ENGINE_RULE_BadPointer, function);
	sched_touch(function, memory, b->size, SIM_WRITE);
	mem_free(b->memory);
	mem_free(b);
}

static void tag_text(uint32_t tag, char text[5])
{
	for (unsigned i = 0; i < 4; i++) {
		char c = (char)(tag >> (8 * i));

		text[i] = c >= ' ' && c <= '~' ? c : '.';
	}
	text[4] = '\0';
}

/* The next block that the driver left, out of the table; NULL: none. */
static struct block *block_left(const struct nt_driver *d)
{
	struct block *left = NULL;
	struct hnode *n = NULL;

	spin_take(&pool.lock);
	while (!left && (n = htable_walk(&pool.blocks, n))) {
		struct block *b = CONTAINER_OF(n, struct block, node);

		if (b->driver == d)
			left = b;
	}
	if (left)
		htable_remove(&pool.blocks, &left->node);
	spin_drop(&pool.lock);
	return left;
}

size_t nt_pool_reclaim(const struct nt_driver *d, struct buf *why)
{
	struct block *b;
	size_t sum = 0;
	char tag[5];

	while ((b = block_left(d))) {
		tag_text(b->tag, tag);
		sched_note("left at unload", b->memory, SIM_SYNC_NONE);
		buf_printf(why, "pool leak: %zu bytes, tag '%s'\n", b->size, tag);
		sum += b->size;
		mem_free(b->memory);
		mem_free(b);
	}
	return sum;
}

/* ---- what drivers call ---------------------------------------------------------------------- */

static KIRQL irql_of_flags(POOL_FLAGS flags)
{
	return (flags & POOL_FLAG_PAGED) ? APC_LEVEL : DISPATCH_LEVEL;
}

PVOID ExAllocatePool2(POOL_FLAGS flags, SIZE_T size, ULONG tag)
{
	POOL_FLAGS kinds =
		flags & (POOL_FLAG_PAGED | POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE);

	if (!nt_irql_ok(irql_of_flags(flags), "ExAllocatePool2"))
		return NULL;
	if (!tag || !size || !kinds || (kinds & (kinds - 1)))
		return NULL;
	return pool_alloc(size, tag, !(flags & POOL_FLAG_UNINITIALIZED));
}

PVOID ExAllocatePoolWithTag(POOL_TYPE type, SIZE_T size, ULONG tag)
{
	KIRQL max = (type & PagedPool) ? APC_LEVEL : DISPATCH_LEVEL;

	if (!nt_irql_ok(max, "ExAllocatePoolWithTag"))
		return NULL;
	return pool_alloc(size, tag, (type & POOL_ZERO_ALLOCATION) != 0);
}

VOID ExFreePoolWithTag(PVOID memory, ULONG tag)
{
	if (nt_irql_ok(DISPATCH_LEVEL, "ExFreePoolWithTag"))
		pool_free(memory, tag, "ExFreePoolWithTag");
}

VOID ExFreePool(PVOID memory)
{
	if (nt_irql_ok(DISPATCH_LEVEL, "ExFreePool"))
		pool_free(memory, 0, "ExFreePool");
}
