/* SPDX-License-Identifier: MIT */
/*
 * blocks - ranges of addresses, one pair for each thread: plain blocks, and guarded ones.
 *
 *	plain     header, data, header, data, ...
 *	guarded   |pages with the data at their end|page that cannot be touched|pages ...
 *
 * The header of a guarded block is a plain block of its own, so that it can be read when the pages
 * cannot.  What is freed is filled with a pattern (plain) or cannot be touched any more (guarded).
 * Pages beyond what was allocated when the world was ready are not remembered: whatever a run
 * leaves there is overwritten when the next one allocates it.
 */
#include "base/sim/blocks.h"

#include "base/sim/control.h"
#include "base/sim/fingerprint.h"
#include "base/sim/world.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BASE_ADDRESS UINT64_C(0x200000000000)
#define RANGE_SIZE   (UINT64_C(1) << 28)
#define ARENA_SIZE   (2 * SIM_THREADS_MAX * RANGE_SIZE)
#define ALIGN	     16u
#define FRAMES	     24u
#define TRACES	     ((size_t)1 << 17) /* frames of all blocks of a run */

/* Guarded blocks at most; each takes two mappings. */
#define APART_MAX 24000u

/* What a page of a guarded range is like; at first neither. */
#define FORBIDDEN 1u /* cannot be touched */
#define APART	  2u /* the kernel never joins it with its neighbours */

struct header {
	void *data;
	size_t size;
	struct header *before; /* in its range: the block allocated before */
	void **allocated_at, **freed_at;
	uint32_t allocated_by, freed_by; /* freed_by 0: it lives */
	uint64_t guarded;
};

/* Put back by rewinds, as everything in the program is. */
static struct {
	char *at[2][SIM_THREADS_MAX];		 /* where the next block goes: plain, guarded */
	struct header *last[2][SIM_THREADS_MAX]; /* newest block */
	enum sim_failures failures;
	bool trace;
	size_t traced;
} heap;

/* Outside of the snapshot: what pages of the guarded ranges are like, and recorded stacks. */
static struct outside {
	size_t n_apart; /* blocks with pages apart, in all runs so far */
	uint8_t *pages; /* of the guarded ranges: FORBIDDEN, APART */
	void **traces;
	struct frozen {
		char *start;
		size_t size;
	} * frozen; /* blocks from before the world was ready that this run has freed */
	size_t n_frozen, frozen_room;
	const struct header **freed; /* plain ones that this run has freed, in that order */
	size_t n_freed, freed_room;
	char *ready[2][SIM_THREADS_MAX]; /* where the blocks of runs begin */
} * outside;

static char *range_start(unsigned kind, uint32_t thread)
{
	return (char *)(uintptr_t)(BASE_ADDRESS + (2 * (uint64_t)thread + kind) * RANGE_SIZE);
}

static uint32_t range_of(const void *p)
{
	return (uint32_t)(((uintptr_t)p - BASE_ADDRESS) / RANGE_SIZE);
}

bool blocks_own(const void *p)
{
	return outside && (uintptr_t)p - BASE_ADDRESS < ARENA_SIZE;
}

bool blocks_serve(void)
{
	return control_on;
}

static void free_outside(void)
{
	free(outside->pages);
	free(outside->traces);
	free(outside->frozen);
	free(outside->freed);
	free(outside);
	outside = NULL;
}

wfp_err blocks_begin(void)
{
	void *want = (void *)(uintptr_t)BASE_ADDRESS, *arena;

	outside = calloc(1, sizeof(*outside));
	if (!outside)
		return ERR_NO_MEMORY;
	outside->pages = calloc(SIM_THREADS_MAX, RANGE_SIZE / snapshot_page_size());
	outside->traces = calloc(TRACES, sizeof(*outside->traces));
	arena = mmap(want, ARENA_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	if (arena != want) {
		free_outside(); /* somebody else's memory is there, and stays */
		return ERR_NO_MEMORY;
	}
	if (!outside->pages || !outside->traces) {
		blocks_end();
		return ERR_NO_MEMORY;
	}
	memset(&heap, 0, sizeof(heap));
	for (uint32_t i = 0; i < SIM_THREADS_MAX; i++)
		for (unsigned kind = 0; kind < 2; kind++)
			heap.at[kind][i] = range_start(kind, i);
	return ERR_OK;
}

void blocks_end(void)
{
	munmap((void *)(uintptr_t)BASE_ADDRESS, ARENA_SIZE);
	free_outside();
}

/* ---- stacks --------------------------------------------------------------------------------- */

static void **trace_here(void)
{
	void **trace = outside->traces + heap.traced;
	uint32_t n;

	if (!heap.trace || heap.traced + FRAMES + 1 > TRACES)
		return NULL;
	n = sim_control_stack(world.self->id, trace, FRAMES);
	trace[n] = NULL;
	heap.traced += n + 1;
	return trace;
}

void sim_block_stacks(bool on)
{
	heap.trace = on;
}

/* ---- allocating ----------------------------------------------------------------------------- */

static void *range_take(unsigned kind, size_t align, size_t size)
{
	uint32_t thread = world.self->id - 1;
	uintptr_t at = ((uintptr_t)heap.at[kind][thread] + align - 1) & ~(uintptr_t)(align - 1);
	uintptr_t end = (uintptr_t)range_start(kind, thread) + RANGE_SIZE;

	if (size > end - at) {
		if (control->exploring)
			control_leave(SIM_END_MEMORY);
		return NULL;
	}
	heap.at[kind][thread] = (char *)at + size;
	return (void *)at;
}

static void *enlist(struct header *h, unsigned kind, void *data, size_t size)
{
	uint32_t thread = world.self->id - 1;

	*h = (struct header){.data = data,
			     .size = size,
			     .before = heap.last[kind][thread],
			     .allocated_by = world.self->id,
			     .allocated_at = trace_here(),
			     .guarded = kind};
	heap.last[kind][thread] = h;
	return data;
}

void *blocks_alloc(size_t align, size_t size)
{
	char *p;

	if (align < ALIGN)
		align = ALIGN;
	if (size > RANGE_SIZE)
		return NULL;
	p = range_take(0, ALIGN, sizeof(struct header) + align + size);
	if (!p)
		return NULL;
	p += sizeof(struct header);
	p = (char *)(((uintptr_t)p + align - 1) & ~(uintptr_t)(align - 1));
	heap.at[0][world.self->id - 1] = p + size;
	memset(p, 0, size);
	return enlist((struct header *)(void *)p - 1, 0, p, size);
}

static uint8_t *page_state(const char *p)
{
	size_t page = snapshot_page_size();
	uint32_t thread = range_of(p) / 2;

	return outside->pages + thread * (RANGE_SIZE / page) +
	       (size_t)(p - range_start(1, thread)) / page;
}

bool blocks_forbid(const void *address)
{
	return blocks_own(address) && range_of(address) % 2 == 1 &&
	       (*page_state(address) & FORBIDDEN);
}

/* A system has room for so many (65530 on Linux): no verdict about the program. */
static NORETURN void out_of_mappings(void)
{
	BUG_ON(!control_on || !control->exploring);
	control_leave(SIM_END_MEMORY);
}

/*
 * The pages of one block, which share their state, or one behind it.  Protecting pages is by far
 * cheaper where it neither splits nor joins a mapping, so those of blocks have a flag (that of core
 * dumps) that those between do not have.
 */
static void set_apart(char *pages, size_t size)
{
	uint8_t *state = page_state(pages);
	size_t n = size / snapshot_page_size();

	if (state[0] & state[n - 1] & APART)
		return;
	if (outside->n_apart == APART_MAX)
		out_of_mappings();
	outside->n_apart++;
	(void)!madvise(pages, size, MADV_DONTDUMP);
	for (size_t i = 0; i < n; i++)
		state[i] |= APART;
}

/* False: they were so already. */
static bool note_forbidden(char *pages, size_t size, bool yes)
{
	uint8_t *state = page_state(pages);
	size_t n = size / snapshot_page_size(), same = 0;

	for (size_t i = 0; i < n; i++) {
		same += (state[i] & FORBIDDEN) == (yes ? FORBIDDEN : 0);
		state[i] = (uint8_t)((state[i] & ~FORBIDDEN) | (yes ? FORBIDDEN : 0));
	}
	return same < n;
}

static void forbid(char *pages, size_t size, bool yes)
{
	if (!note_forbidden(pages, size, yes) ||
	    mprotect(pages, size, yes ? PROT_NONE : PROT_READ | PROT_WRITE) == 0)
		return;
	out_of_mappings();
}

/* The header's address stands where the pages begin. */
void *blocks_alloc_guarded(size_t size)
{
	size_t page = snapshot_page_size(), aligned = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	size_t data = (aligned + ALIGN + page - 1) & ~(page - 1);
	struct header *h;
	char *pages;

	if (size > RANGE_SIZE)
		return NULL;
	h = blocks_alloc(ALIGN, sizeof(*h));
	pages = h ? range_take(1, page, data + page) : NULL;
	if (!pages)
		return NULL;
	set_apart(pages, data);
	forbid(pages, data, false);
	forbid(pages + data, page, true);
	*(struct header **)(void *)pages = h;
	memset(pages + data - aligned, 0, aligned);
	return enlist(h, 1, pages + data - aligned, size);
}

static char *guarded_pages(const void *data)
{
	return (char *)(((uintptr_t)data - ALIGN) & ~(uintptr_t)(snapshot_page_size() - 1));
}

static struct header *header_of(const void *data)
{
	if (range_of(data) % 2 == 0)
		return (struct header *)(uintptr_t)data - 1;
	return *(struct header **)(void *)guarded_pages(data);
}

size_t blocks_size(const void *p)
{
	return header_of(p)->size;
}

bool blocks_fail(void)
{
	bool fails;

	if (heap.failures == SIM_FAIL_NONE || !control_on)
		return false;
	if (heap.failures != SIM_FAIL_ALL && !world.self->slots[THREAD_SLOT_DRIVER])
		return false;
	fails = control_choose(2, "memory") == 1;
	if (fails && heap.failures == SIM_FAIL_IN_DRIVERS)
		heap.failures = SIM_FAIL_NONE;
	return fails;
}

void sim_choose_failures(enum sim_failures which)
{
	heap.failures = which;
}

/* ---- freeing -------------------------------------------------------------------------------- */

/* Room for one more. */
static void *grown(void *items, size_t n, size_t *room, size_t size)
{
	void *more;

	if (n < *room)
		return items;
	*room = *room ? 2 * *room : 64;
	more = realloc(items, *room * size);
	BUG_ON(!more);
	return more;
}

/* The rewind makes it touchable again, as the snapshot has it. */
static void note_frozen(char *start, size_t size)
{
	struct outside *o = outside;

	if (start >= o->ready[1][range_of(start) / 2])
		return;
	o->frozen = grown(o->frozen, o->n_frozen, &o->frozen_room, sizeof(*o->frozen));
	o->frozen[o->n_frozen++] = (struct frozen){start, size};
}

static void note_freed(const struct header *h)
{
	struct outside *o = outside;

	if (!control->exploring)
		return;
	o->freed = grown(o->freed, o->n_freed, &o->freed_room, sizeof(*o->freed));
	o->freed[o->n_freed++] = h;
}

static void freeze(const struct header *h)
{
	char *start = guarded_pages(h->data);
	size_t page = snapshot_page_size();
	size_t size = ((size_t)((char *)h->data - start) + h->size + page - 1) & ~(page - 1);

	note_frozen(start, size);
	forbid(start, size, true);
}

void blocks_free(void *p)
{
	struct header *h = header_of(p);

	if (h->freed_by)
		control_bug("a block of memory was freed twice");
	h->freed_by = control_on ? world.self->id : UINT32_MAX;
	h->freed_at = control_on ? trace_here() : NULL;
	if (h->guarded) {
		freeze(h);
		return;
	}
	memset(p, SIM_FREED, h->size);
	note_freed(h);
}

/* ---- the snapshot --------------------------------------------------------------------------- */

static char *page_up(const char *p)
{
	size_t page = snapshot_page_size();

	return (char *)(((uintptr_t)p + page - 1) & ~(uintptr_t)(page - 1));
}

/* Guarded blocks one by one: the pages between them stay as they are. */
static wfp_err add_guarded(struct snapshot *s, uint32_t thread)
{
	wfp_err err = ERR_OK;

	for (struct header *h = heap.last[1][thread]; h && !err; h = h->before) {
		char *start = guarded_pages(h->data);

		if (!h->freed_by)
			err = snapshot_add(s, start, (size_t)((char *)h->data - start) + h->size);
	}
	return err;
}

wfp_err blocks_ready(struct snapshot *s)
{
	wfp_err err = ERR_OK;

	for (uint32_t i = 0; i < SIM_THREADS_MAX && !err; i++) {
		char *start = range_start(0, i);

		heap.at[0][i] = page_up(heap.at[0][i]);
		outside->ready[0][i] = heap.at[0][i];
		outside->ready[1][i] = heap.at[1][i];
		err = snapshot_add(s, start, (size_t)(heap.at[0][i] - start));
		if (!err)
			err = add_guarded(s, i);
	}
	return err;
}

void blocks_rewound(struct snapshot *s)
{
	for (size_t i = 0; i < outside->n_frozen; i++) {
		note_forbidden(outside->frozen[i].start, outside->frozen[i].size, false);
		snapshot_restore_protection(s, outside->frozen[i].start, outside->frozen[i].size);
	}
	outside->n_frozen = 0;
	outside->n_freed = 0;
}

/* Of the blocks that this run has allocated in a range, those that live. */
static uint64_t print_range(unsigned kind, uint32_t thread)
{
	const char *ready = outside->ready[0][thread];
	uint64_t sum = 0;

	for (const struct header *h = heap.last[kind][thread]; h && (const char *)h >= ready;
	     h = h->before)
		if (!h->freed_by)
			sum += fingerprint_bytes((uintptr_t)h->data, h->data, h->size);
	return sum;
}

uint64_t blocks_fingerprint(void)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < SIM_THREADS_MAX; i++)
		sum += print_range(0, i) + print_range(1, i);
	return sum;
}

/* ---- what an address belongs to ------------------------------------------------------------- */

static void describe(const struct header *h, struct sim_block *out)
{
	static void *const none[1];

	*out = (struct sim_block){
		.start = h->data,
		.size = h->size,
		.freed = h->freed_by != 0,
		.allocated_by = h->allocated_by,
		.freed_by = h->freed_by,
		.allocated_at = h->allocated_at ? h->allocated_at : none,
		.freed_at = h->freed_at ? h->freed_at : none,
	};
}

/* The block whose data it is, or that lies next before it. */
bool sim_block_find(const void *address, struct sim_block *out)
{
	uint32_t range = blocks_own(address) ? range_of(address) : 0;
	const struct header *h = NULL;

	if (blocks_own(address))
		h = heap.last[range % 2][range / 2];
	while (h && (const char *)h->data > (const char *)address)
		h = h->before;
	if (!h)
		return false;
	describe(h, out);
	return true;
}

bool blocks_place(const void *address, struct sim_place *out)
{
	struct sim_block block;
	uint32_t thread;

	if (!sim_block_find(address, &block))
		return false;
	thread = range_of(address) / 2;
	*out = (struct sim_place){
		.heap = true,
		.thread = thread + 1,
		.block = (uint64_t)((const char *)block.start - range_start(0, thread)),
		.offset = (uint64_t)((const char *)address - (const char *)block.start),
	};
	return true;
}

/* Each byte is as the one before it, and the first is as it should be. */
static bool is_untouched(const struct header *h)
{
	const uint8_t *data = h->data;

	if (h->size == 0)
		return true;
	return data[0] == SIM_FREED && memcmp(data, data + 1, h->size - 1) == 0;
}

bool sim_block_check_freed(struct sim_block *out)
{
	for (size_t i = 0; outside && i < outside->n_freed; i++)
		if (!is_untouched(outside->freed[i])) {
			describe(outside->freed[i], out);
			return true;
		}
	return false;
}
