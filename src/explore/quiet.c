/* SPDX-License-Identifier: MIT */
/*
 * quiet - the table, and its two readers: the searches in each run, and a test.
 *
 * A lock may be here for one of three reasons.  ANNOUNCED: before each section the operation is
 * announced with the object that it concerns (sched_op), so the order of two sections about one
 * object is a choice there, and sections about different objects commute.  COMMUTES: whichever of
 * two sections comes first, both do the same and leave the same.  ALONE: while a run is explored
 * one thread takes it.  When in doubt a lock is not here: that costs schedules, not truth.
 */
#include "explore/quiet.h"

#include <string.h>

static const struct {
	const char *name, *reason;
} rows[] = {
	{"nt dispatcher", "ANNOUNCED: events, waits, timers and DPCs, each with the driver's "
			  "object; waits for several "
			  "objects with all of them"},
	{"nt spin bucket",
	 "ANNOUNCED: a driver's spin lock is a step on its word; under control nobody sleeps here"},
	{"nt work items", "ANNOUNCED: each operation on the queue, with the queue as its object"},
	{"nt handles",
	 "ANNOUNCED: opening with the table, using with the handle, closing with both; "
	 "what else is counted here commutes, and the last to leave frees"},
	{"nt injections",
	 "ANNOUNCED: the end of an injection and closing, with the handle; beginning "
	 "one is decided where the handle is looked up"},
	{"nt net buffer lists",
	 "ANNOUNCED: referencing, freeing and injecting, with the list; entering a new list and "
	 "finding another commute"},
	{"nt pool", "ANNOUNCED: freeing, with the block; entering a new block and finding another "
		    "commute, and a driver's blocks are counted when none of its code runs"},
	{"tallies", "COMMUTES: rows are added in turns only, and one driver's is found whatever "
		    "others there are"},
	{"stack counters", "ALONE: the worker publishes for readers, and a run has none"},
};

bool quiet_lock(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return true;
	return false;
}

bool quiet_row(unsigned i, const char **name, const char **reason)
{
	if (i >= ARRAY_LEN(rows))
		return false;
	*name = rows[i].name;
	*reason = rows[i].reason;
	return true;
}
