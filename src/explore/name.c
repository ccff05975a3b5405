/* SPDX-License-Identifier: MIT */
/*
 * name - the simulator knows its heap and its stacks, the loader knows its objects, and the symbol
 * tables know variables.
 */
#include "explore/name.h"

#include "base/dl.h"
#include "base/sim_control.h"
#include "explore/stack.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* What stack_find is asked for is a return address: it looks one byte before. */
static bool find_symbol(const void *address, const char *module, struct stack_place *out)
{
	return stack_find((const void *)((uintptr_t)address + 1), out) && out->function[0] &&
	       strcmp(out->module, module) == 0;
}

static void name_variable(const void *address, const char *file, uint64_t offset, char *out,
			  size_t room)
{
	const char *slash = strrchr(file, '/'), *module = slash ? slash + 1 : file;
	struct stack_place symbol;

	if (!find_symbol(address, module, &symbol))
		snprintf(out, room, "%.40s+0x%" PRIx64, module, offset);
	else if (symbol.into)
		snprintf(out, room, "%.40s+0x%" PRIx64 " (%.30s)", symbol.function, symbol.into,
			 module);
	else
		snprintf(out, room, "%.40s (%.30s)", symbol.function, module);
}

bool explore_name_object(const void *address, char *out, size_t room)
{
	struct sim_place place;
	const char *file;
	uint64_t offset;

	if (sim_place_find(address, &place)) {
		name_place(&place, out, room);
		return true;
	}
	file = dl_file_at(address, &offset);
	if (file)
		name_variable(address, file, offset, out, room);
	return file != NULL;
}
