/* SPDX-License-Identifier: MIT */
/*
 * tally - a short list: there are as many rows as drivers.  The lock is for readers of other
 * threads; rows are only ever added, in a turn.
 */
#include "engine/tally.h"

#include <string.h>

#include "base/mem.h"

struct engine_tallies {
	struct lock lock;
	struct list rows; /* [L] */
};

wfp_err engine_tallies_create(struct engine *e)
{
	struct engine_tallies *t = mem_zalloc(sizeof(*t));

	if (!t)
		return ERR_NO_MEMORY;
	lock_init(&t->lock, "tallies", ENGINE_RANK_TALLIES);
	list_init(&t->rows);
	e->tallies = t;
	return ERR_OK;
}

void engine_tallies_destroy(struct engine *e)
{
	struct engine_tallies *t = e->tallies;
	struct list *link;

	while ((link = list_pop_head(&t->rows))) {
		struct engine_tally *row = LIST_ENTRY(link, struct engine_tally, link);

		mem_free(row->driver);
		mem_free(row);
	}
	lock_destroy(&t->lock);
	mem_free(t);
}

static struct engine_tally *find(struct engine_tallies *t, const char *driver)
{
	struct engine_tally *found = NULL;
	struct list *link;

	lock_take(&t->lock);
	LIST_FOR_EACH (link, &t->rows) {
		struct engine_tally *row = LIST_ENTRY(link, struct engine_tally, link);

		if (strcmp(row->driver, driver) == 0)
			found = row;
	}
	lock_drop(&t->lock);
	return found;
}

wfp_err engine_tally_get(struct engine *e, const char *driver, struct engine_tally **out)
{
	struct engine_tallies *t = e->tallies;
	struct engine_tally *row = find(t, driver);

	if (!row) {
		row = mem_zalloc(sizeof(*row));
		if (!row)
			return ERR_NO_MEMORY;
		row->driver = mem_strdup(driver);
		if (!row->driver) {
			mem_free(row);
			return ERR_NO_MEMORY;
		}
		atom64_init(&row->pends, 0);
		lock_take(&t->lock);
		list_add_tail(&t->rows, &row->link);
		lock_drop(&t->lock);
	}
	*out = row;
	return ERR_OK;
}

uint64_t engine_driver_pend_count(struct engine *e, const char *driver)
{
	const struct engine_tally *row = find(e->tallies, driver);

	return row ? atom64_load_relaxed(&row->pends) : 0;
}
