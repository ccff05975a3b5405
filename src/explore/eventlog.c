/* SPDX-License-Identifier: MIT */
/*
 * eventlog - printing a record, line by line.
 *
 *	1 pick 2 worker: lock heap.1:80+0x40
 *	. 2 worker: lock heap.1:80+0x40 changes acquires
 *	- 2 worker: FwpsCompleteOperation0 #1 reads
 *	2 memory = 1/2
 *	* UseAfterFree firewall: firewall used what was freed
 *	end stopped
 */
#include "explore/eventlog.h"

#include <inttypes.h>

static const char *const ends[] = {
	[SIM_END_DONE] = "done",	   [SIM_END_DEADLOCK] = "deadlock",
	[SIM_END_LEFTOVERS] = "leftovers", [SIM_END_STOPPED] = "stopped",
	[SIM_END_CRASHED] = "crashed",	   [SIM_END_BUG] = "bug",
	[SIM_END_MEMORY] = "memory",
};

static const char *const syncs[] = {
	[SIM_SYNC_NONE] = "",
	[SIM_SYNC_ACQUIRE] = " acquires",
	[SIM_SYNC_RELEASE] = " releases",
	[SIM_SYNC_BOTH] = " acquires and releases",
};

struct log {
	const struct explore_record *record;
	uint32_t choices;
	struct buf *out;
};

static void print_object(struct log *l, uint32_t object)
{
	if (object)
		buf_printf(l->out, " %s", l->record->objects[object].name);
}

static void print_thread(struct log *l, const struct record_event *e)
{
	char room[32];

	buf_printf(l->out, "%" PRIu32 " %s:", e->thread,
		   explore_record_thread(l->record, e->thread, room));
}

static void print_pick(struct log *l, const struct record_event *e)
{
	buf_printf(l->out, "%" PRIu32 " %s ", ++l->choices, e->preempts ? "preempt" : "pick");
	print_thread(l, e);
	buf_printf(l->out, " %s", e->what);
	print_object(l, e->object);
}

static void print_step(struct log *l, const struct record_event *e)
{
	const char *mark = e->note ? "- " : "  ";

	buf_append_str(l->out, e->chosen ? ". " : mark);
	print_thread(l, e);
	buf_printf(l->out, " %s", e->what);
	print_object(l, e->object);
	print_object(l, e->object2);
	buf_printf(l->out, "%s%s", e->access == SIM_WRITE ? " changes" : " reads",
		   syncs[e->sync % ARRAY_LEN(syncs)]);
}

static void print_value(struct log *l, const struct record_event *e)
{
	buf_printf(l->out, "%" PRIu32 " %s = %" PRIu32 "/%u", ++l->choices,
		   e->what[0] ? e->what : "value", e->value, e->of);
}

static void print_found(struct log *l, const struct record_event *e)
{
	const struct explore_finding *f;

	if (e->value >= RECORD_FINDINGS) {
		buf_append_str(l->out, "* one more finding");
		return;
	}
	f = &l->record->findings[e->value];
	buf_printf(l->out, "* %s%s%s %s: %s", explore_rule_name(f->rule),
		   f->platform_rule[0] ? " " : "", f->platform_rule,
		   f->driver[0] ? f->driver : "nobody", f->sentence);
}

void explore_log_print(const struct explore_record *r, struct buf *out)
{
	static void (*const print[])(struct log * l, const struct record_event *e) = {
		[RECORD_PICK] = print_pick,
		[RECORD_STEP] = print_step,
		[RECORD_VALUE] = print_value,
		[RECORD_FOUND] = print_found,
	};
	struct log l = {.record = r, .out = out};

	for (uint32_t i = 0; i < r->n_events; i++) {
		print[r->events[i].kind](&l, &r->events[i]);
		buf_append_byte(out, '\n');
	}
	buf_printf(out, "end %s\n", ends[r->end]);
}
