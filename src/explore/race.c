/* SPDX-License-Identifier: MIT */
/*
 * race - vector clocks and the table of accesses.
 *
 * Both tables are open addressed and never shrink during a run; a row belongs to the run whose
 * generation it carries.  Called for every step of a run and for every access of instrumented code:
 * no allocation, no scheduling point.
 */
#include "explore/race.h"

#include "base/hash.h"

#include <string.h>

#define OBJECTS	      4096u
#define CELLS	      65536u
#define CELL_ACCESSES 8u
#define GRANULE	      8u
#define FULL_PERCENT  75u
#define RANGE_MAX     4096u /* bytes of one access that are looked at */

struct clock_vector {
	uint32_t at[RACE_THREADS];
};

/* Something that orders: what the threads that released it had seen. */
struct object {
	uint32_t generation;
	const void *address;
	struct clock_vector clock;
};

struct entry {
	uint32_t clock; /* of its thread, when it happened */
	uint32_t stack;
	const void *pc;
	const char *by;
	uint8_t thread;
	uint8_t bytes; /* one bit for each of the eight */
	bool write, atomic;
};

struct cell {
	uint32_t generation;
	uint32_t n;
	uintptr_t granule;
	struct entry entries[CELL_ACCESSES]; /* oldest first */
};

struct race {
	uint32_t generation;
	uint32_t threads; /* the highest id seen */
	uint32_t n_objects, n_cells;
	bool blind; /* an order was lost: whatever it would say could be wrong */
	uint64_t lost;
	struct clock_vector clocks[RACE_THREADS];
	struct object objects[OBJECTS];
	struct cell cells[CELLS];
};

wfp_err race_create(struct race **out)
{
	struct race *r = sim_control_alloc(sizeof(*r));

	if (!r)
		return ERR_NO_MEMORY;
	race_begin(r);
	*out = r;
	return ERR_OK;
}

void race_destroy(struct race *r)
{
	sim_control_free(r);
}

void race_begin(struct race *r)
{
	r->generation++;
	r->threads = 0;
	r->n_objects = 0;
	r->n_cells = 0;
	r->blind = false;
	r->lost = 0;
}

uint64_t race_lost(const struct race *r)
{
	return r->lost;
}

static void lose_order(struct race *r)
{
	r->blind = true;
	r->lost++;
}

/* False: a thread with such an id cannot be followed. */
static bool know_thread(struct race *r, uint32_t thread)
{
	if (thread == 0 || thread >= RACE_THREADS) {
		lose_order(r);
		return false;
	}
	while (r->threads < thread) {
		struct clock_vector *c = &r->clocks[++r->threads];

		memset(c, 0, sizeof(*c));
		c->at[r->threads] = 1;
	}
	return true;
}

static void join(const struct race *r, struct clock_vector *to, const struct clock_vector *from)
{
	for (uint32_t i = 1; i <= r->threads; i++)
		if (from->at[i] > to->at[i])
			to->at[i] = from->at[i];
}

/* The row of `address`, made when there is none; NULL: no room. */
static struct object *object_at(struct race *r, const void *address)
{
	size_t i = hash_u64((uintptr_t)address) % OBJECTS;

	while (r->objects[i].generation == r->generation) {
		if (r->objects[i].address == address)
			return &r->objects[i];
		i = (i + 1) % OBJECTS;
	}
	if (r->n_objects >= OBJECTS * FULL_PERCENT / 100)
		return NULL;
	r->n_objects++;
	r->objects[i].generation = r->generation;
	r->objects[i].address = address;
	memset(&r->objects[i].clock, 0, sizeof(r->objects[i].clock));
	return &r->objects[i];
}

void race_sync(struct race *r, uint32_t thread, const void *object, enum sim_sync sync)
{
	struct object *o;

	if (sync == SIM_SYNC_NONE || !know_thread(r, thread))
		return;
	o = object_at(r, object);
	if (!o) {
		lose_order(r);
		return;
	}
	if (sync & SIM_SYNC_ACQUIRE)
		join(r, &r->clocks[thread], &o->clock);
	if (sync & SIM_SYNC_RELEASE) {
		join(r, &o->clock, &r->clocks[thread]);
		r->clocks[thread].at[thread]++;
	}
}

/* The row of a granule, made when there is none; NULL: no room. */
static struct cell *cell_at(struct race *r, uintptr_t granule)
{
	size_t i = hash_u64(granule) % CELLS;

	while (r->cells[i].generation == r->generation) {
		if (r->cells[i].granule == granule)
			return &r->cells[i];
		i = (i + 1) % CELLS;
	}
	if (r->n_cells >= CELLS * FULL_PERCENT / 100)
		return NULL;
	r->n_cells++;
	r->cells[i].generation = r->generation;
	r->cells[i].granule = granule;
	r->cells[i].n = 0;
	return &r->cells[i];
}

static bool is_ordered(const struct race *r, const struct entry *before, uint32_t thread)
{
	return before->clock <= r->clocks[thread].at[before->thread];
}

static bool collides(const struct entry *a, const struct entry *b)
{
	return (a->bytes & b->bytes) && (a->write || b->write) && !(a->atomic && b->atomic);
}

/* Whatever races with `old` later will race with `new` as well. */
static bool supersedes(const struct entry *new, const struct entry *old)
{
	return (old->bytes & ~new->bytes) == 0 && (new->write || !old->write) &&
	       (!new->atomic || old->atomic);
}

static void cell_add(struct race *r, struct cell *c, const struct entry *e)
{
	if (c->n == CELL_ACCESSES) {
		memmove(c->entries, c->entries + 1, (CELL_ACCESSES - 1) * sizeof(*e));
		c->n--;
		r->lost++;
	}
	c->entries[c->n++] = *e;
}

/* Enters e; true: it races with *other. */
static bool cell_access(struct race *r, struct cell *c, const struct entry *e, struct entry *other)
{
	uint32_t kept = 0;
	bool found = false;

	for (uint32_t i = 0; i < c->n; i++) {
		const struct entry *old = &c->entries[i];
		bool ordered = is_ordered(r, old, e->thread);

		if (!ordered && !found && collides(old, e)) {
			*other = *old;
			found = true;
		}
		if (!(ordered && supersedes(e, old)))
			c->entries[kept++] = *old;
	}
	c->n = kept;
	cell_add(r, c, e);
	return found;
}

/* The bits of the bytes from `from` to, not including, `to` within the granule at `start`. */
static uint8_t bytes_of(uintptr_t start, uintptr_t from, uintptr_t to)
{
	unsigned first = from > start ? (unsigned)(from - start) : 0;
	unsigned end = to < start + GRANULE ? (unsigned)(to - start) : GRANULE;

	return (uint8_t)((0xffu >> (GRANULE - (end - first))) << first);
}

static struct race_access access_of(const struct entry *e, uintptr_t granule)
{
	unsigned first = (unsigned)__builtin_ctz(e->bytes);

	return (struct race_access){
		.address = (const void *)(granule * GRANULE + first),
		.size = (uint32_t)__builtin_popcount(e->bytes),
		.thread = e->thread,
		.write = e->write,
		.atomic = e->atomic,
		.stack = e->stack,
		.pc = e->pc,
		.by = e->by,
	};
}

static bool granule_access(struct race *r, uintptr_t granule, const struct entry *e,
			   struct entry *other)
{
	struct cell *c = cell_at(r, granule);

	if (c)
		return cell_access(r, c, e, other);
	r->lost++;
	return false;
}

bool race_access(struct race *r, const struct race_access *a, struct race_pair *out)
{
	uintptr_t from = (uintptr_t)a->address;
	uintptr_t to = from + (a->size < RANGE_MAX ? a->size : RANGE_MAX);
	struct entry other = {0}, e = {
					  .stack = a->stack,
					  .pc = a->pc,
					  .by = a->by,
					  .thread = (uint8_t)a->thread,
					  .write = a->write,
					  .atomic = a->atomic,
				  };
	bool found = false;

	if (a->size == 0 || !know_thread(r, a->thread))
		return false;
	e.clock = r->clocks[a->thread].at[a->thread];
	for (uintptr_t g = from / GRANULE; g * GRANULE < to; g++) {
		e.bytes = bytes_of(g * GRANULE, from, to);
		if (!granule_access(r, g, &e, &other) || found || r->blind)
			continue;
		out->now = *a;
		out->before = access_of(&other, g);
		found = true;
	}
	return found;
}
