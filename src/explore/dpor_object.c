/* SPDX-License-Identifier: MIT */
/*
 * dpor_object - what operations touch, as small numbers that stay the same for a whole search.
 *
 * An object is the word that its address lies in.  A word has four bytes while every object is one
 * as a whole, so that two atomics side by side are two; once plain accesses are among them it has
 * eight, the most that an atomic covers.  Two objects in one word are taken for dependent, which
 * costs runs and loses none.  An open-addressed table; it only grows.  Called by dpor.c on the
 * stack of the thread that runs.
 */
#include "explore/dpor.h"

#include "base/hash.h"

#include <string.h>

#define FIRST_ROOM 1024u
#define NARROW	   2u
#define WIDE	   3u

wfp_err dpor_objects_open(struct search *s, struct dpor_objects *o)
{
	o->shift = NARROW;
	o->places = search_grow(s, NULL, &o->room, FIRST_ROOM, sizeof(*o->places));
	return o->places ? ERR_OK : ERR_NO_MEMORY;
}

void dpor_objects_close(struct search *s, struct dpor_objects *o)
{
	search_free(s, o->places, o->room, sizeof(*o->places));
	search_free(s, o->last, o->last_room, sizeof(*o->last));
}

void dpor_objects_widen(struct dpor_objects *o)
{
	memset(o->places, 0, o->room * sizeof(*o->places));
	o->n = 0;
	o->shift = WIDE;
}

bool dpor_objects_wide(const struct dpor_objects *o)
{
	return o->shift == WIDE;
}

static struct dpor_object *place_of(const struct dpor_objects *o, uintptr_t word)
{
	uint32_t i = (uint32_t)hash_u64(word) & (o->room - 1);

	while (o->places[i].word != 0 && o->places[i].word != word)
		i = (i + 1) & (o->room - 1);
	return &o->places[i];
}

static bool rehash(struct search *s, struct dpor_objects *o)
{
	struct dpor_objects grown = *o;

	grown.room = 0;
	grown.places = search_grow(s, NULL, &grown.room, o->room * 2, sizeof(*grown.places));
	if (!grown.places)
		return false;
	for (uint32_t i = 0; i < o->room; i++)
		if (o->places[i].word != 0)
			*place_of(&grown, o->places[i].word) = o->places[i];
	search_free(s, o->places, o->room, sizeof(*o->places));
	*o = grown;
	return true;
}

static bool add(struct search *s, struct dpor_objects *o, uintptr_t word)
{
	uint32_t *last = search_grow(s, o->last, &o->last_room, o->n + 1, sizeof(*last));

	if (!last)
		return false;
	o->last = last;
	if (o->n * 2 >= o->room && !rehash(s, o))
		return false;
	*place_of(o, word) = (struct dpor_object){.word = word, .number = o->n++};
	return true;
}

static bool touch(struct search *s, struct dpor_objects *o, struct dpor_event *e, uintptr_t word,
		  bool write)
{
	struct dpor_object *place = place_of(o, word);

	if (place->word == 0) {
		if (!add(s, o, word))
			return false;
		place = place_of(o, word);
	}
	e->writes |= (uint8_t)((unsigned)write << e->n_objects);
	e->objects[e->n_objects++] = place->number;
	return true;
}

/* The words of an operation's object, from first to last; word 0 is nobody's. */
static uintptr_t first_word(const struct dpor_objects *o, const struct sim_op *op)
{
	return (uintptr_t)op->object >> o->shift;
}

static uintptr_t last_word(const struct dpor_objects *o, const struct sim_op *op)
{
	return ((uintptr_t)op->object + (op->size > 0 ? op->size - 1 : 0)) >> o->shift;
}

static uintptr_t second_word(const struct dpor_objects *o, const struct sim_op *op)
{
	return (uintptr_t)op->object2 >> o->shift;
}

bool dpor_objects_of(struct search *s, struct dpor_objects *o, struct dpor_event *e)
{
	uintptr_t first = first_word(o, &e->op), last = last_word(o, &e->op);

	bool write = e->op.access == SIM_WRITE || second_word(o, &e->op) == first;

	e->n_objects = e->writes = 0;
	if (!e->op.object)
		return true;
	if (last - first >= DPOR_SLOTS) {
		e->everything = true;
		return true;
	}
	for (uintptr_t word = first; word <= last; word++)
		if (!touch(s, o, e, word, write))
			return false;
	if (e->op.object2 && second_word(o, &e->op) != first && e->n_objects < DPOR_SLOTS)
		return touch(s, o, e, second_word(o, &e->op), true);
	return true;
}

static bool meets(const struct dpor_objects *o, const struct sim_op *op, const void *object)
{
	uintptr_t word = (uintptr_t)object >> o->shift;

	return object && op->object && word >= first_word(o, op) && word <= last_word(o, op);
}

bool dpor_dependent(const struct dpor_objects *o, const struct sim_op *a, const struct sim_op *b)
{
	bool both = a->object && b->object && first_word(o, a) <= last_word(o, b) &&
		    first_word(o, b) <= last_word(o, a);

	if (both && (a->access == SIM_WRITE || b->access == SIM_WRITE))
		return true;
	if (LIKELY(!a->object2 && !b->object2))
		return false;
	return meets(o, a, b->object2) || meets(o, b, a->object2) ||
	       (a->object2 && b->object2 && second_word(o, a) == second_word(o, b));
}
