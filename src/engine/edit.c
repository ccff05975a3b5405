/* SPDX-License-Identifier: MIT */
/*
 * edit - parts are made, copied, noted and freed.
 *
 * Both lists run through the parts themselves, so noting needs no memory: a part is on the list of
 * what was made from its allocation until its edit is kept, and on the list of what was replaced
 * from then on at most once.  Called by tree.c, cells.c and index.c, by the holder of the turn.
 */
#include "engine/edit.h"

#include "engine/slab.h"

#include <string.h>

void edit_begin(struct edit *e, uint64_t number)
{
	BUG_ON(number == 0);
	*e = (struct edit){.number = number};
}

void *edit_alloc(struct edit *e, size_t size)
{
	struct edit_part *part;

	BUG_ON(size < sizeof(*part) || size > UINT32_MAX);
	part = slab_zalloc(CACHELINE, size);
	if (!part)
		return NULL;
	*part = (struct edit_part){e->number, e->made, (uint32_t)size};
	e->made = part;
	e->made_bytes += size;
	return part;
}

void *edit_own(struct edit *e, void *part)
{
	struct edit_part *old = part, *copy;

	BUG_ON(old->made_by == 0);
	if (old->made_by == e->number)
		return old;
	copy = edit_alloc(e, old->size);
	if (!copy)
		return NULL;
	memcpy(copy + 1, old + 1, old->size - sizeof(*old));
	edit_drop(e, old);
	return copy;
}

void edit_drop(struct edit *e, void *part)
{
	struct edit_part *p = part;

	if (p->made_by == e->number) {
		p->made_by = 0;
		e->made_bytes -= p->size;
		return;
	}
	p->next = e->replaced;
	e->replaced = p;
	e->replaced_bytes += p->size;
}

static void free_list(struct edit_part *p)
{
	while (p) {
		struct edit_part *next = p->next;

		edit_free_part(p);
		p = next;
	}
}

void edit_undo(struct edit *e)
{
	free_list(e->made);
	*e = (struct edit){.number = e->number};
}

void edit_keep(struct edit *e)
{
	struct edit_part *p = e->made;

	while (p) {
		struct edit_part *next = p->next;

		if (p->made_by == 0) {
			p->next = e->replaced;
			e->replaced = p;
			e->replaced_bytes += p->size;
		}
		p = next;
	}
	e->made = NULL;
}

void edit_settle(struct edit *e)
{
	BUG_ON(e->made);
	free_list(e->replaced);
	e->replaced = NULL;
	e->replaced_bytes = 0;
}

void edit_free_part(void *part)
{
	struct edit_part *p = part;

	if (p)
		slab_free(p, CACHELINE, p->size);
}
