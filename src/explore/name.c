/* SPDX-License-Identifier: MIT */
/*
 * name - the simulator knows its heap and its stacks, the symbol tables know variables.
 */
#include "explore/name.h"

#include "base/sim_control.h"
#include "explore/stack.h"

#include <inttypes.h>
#include <stdio.h>

static void name_place(const struct sim_place *p, char *out, size_t room)
{
	if (!p->heap)
		snprintf(out, room, "stack.%" PRIu32 ":%" PRIx64, p->thread, p->offset);
	else if (p->offset)
		snprintf(out, room, "heap.%" PRIu32 ":%" PRIx64 "+0x%" PRIx64, p->thread, p->block,
			 p->offset);
	else
		snprintf(out, room, "heap.%" PRIu32 ":%" PRIx64, p->thread, p->block);
}

bool explore_name_object(const void *address, char *out, size_t room)
{
	struct stack_place variable;
	struct sim_place place;

	if (sim_place_find(address, &place)) {
		name_place(&place, out, room);
		return true;
	}
	/* What stack_find is asked for is a return address: it looks one byte before. */
	if (!stack_find((const void *)((uintptr_t)address + 1), &variable))
		return false;
	if (variable.function[0])
		snprintf(out, room, "%.30s (%.30s+0x%" PRIx64 ")", variable.function,
			 variable.module, variable.offset);
	else
		snprintf(out, room, "%.40s+0x%" PRIx64, variable.module, variable.offset);
	return true;
}
