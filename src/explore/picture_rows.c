/* SPDX-License-Identifier: MIT */
/*
 * picture_rows - which events of a run are shown, and in which column.
 */
#include "explore/picture_rows.h"

#include "base/mem.h"

#include <inttypes.h>

struct selection {
	const struct explore_record *record;
	struct picture_rows *out;
	uint32_t last_here, last_there; /* the finding's threads' last steps, as events + 1 */
	bool all;
	uint32_t number; /* choices so far */
	bool preempts;	 /* the last pick did, and no step has followed yet */
};

static bool is_used_by_many(const struct explore_record *r, uint32_t object)
{
	const struct record_object *o = &r->objects[object];

	return object != 0 && (o->threads & (o->threads - 1)) != 0;
}

static bool is_shared(const struct explore_record *r, uint32_t object)
{
	return is_used_by_many(r, object) && r->objects[object].writers != 0;
}

static bool step_matters(const struct selection *s, uint32_t at)
{
	const struct record_event *e = &s->record->events[at];

	if (s->all || s->preempts || at + 1 == s->last_here || at + 1 == s->last_there)
		return true;
	if (e->note)
		return is_used_by_many(s->record, e->object);
	return e->chosen && (is_shared(s->record, e->object) || is_shared(s->record, e->object2));
}

static bool matters(const struct selection *s, uint32_t at)
{
	const struct record_event *e = &s->record->events[at];

	switch ((enum record_kind)e->kind) {
	case RECORD_STEP:
		return step_matters(s, at);
	case RECORD_VALUE:
		return s->all || e->value != 0;
	case RECORD_FOUND:
		return true;
	case RECORD_PICK:
		return e->thread == SIM_TIME;
	}
	return false;
}

/* A thread beyond the last column shares that one. */
static uint32_t column_of(struct picture_rows *p, uint32_t thread)
{
	uint32_t i = 0;

	while (i < p->n_columns && p->columns[i] != thread)
		i++;
	if (i == p->n_columns && i < ARRAY_LEN(p->columns))
		p->columns[p->n_columns++] = thread;
	return i < ARRAY_LEN(p->columns) ? i : i - 1;
}

static void take(struct selection *s, uint32_t at)
{
	const struct record_event *e = &s->record->events[at];
	struct picture_row *row = &s->out->rows[s->out->n++];

	*row = (struct picture_row){
		.event = at,
		.number = s->number,
		.column = column_of(s->out, e->thread),
		.preempts = s->preempts && e->kind == RECORD_STEP,
		.found = e->kind == RECORD_FOUND,
	};
}

static void look_at(struct selection *s, uint32_t at)
{
	const struct record_event *e = &s->record->events[at];
	bool choice = e->kind == RECORD_PICK || e->kind == RECORD_VALUE;

	s->number += choice;
	if (e->kind == RECORD_PICK)
		s->preempts = e->preempts;
	if (matters(s, at))
		take(s, at);
	if (e->kind == RECORD_STEP)
		s->preempts = false;
}

/* The last thing that a thread did before the finding; 0: nothing. */
static uint32_t last_step_of(const struct explore_record *r, uint32_t thread)
{
	for (uint32_t i = r->n_events; thread && i > 0; i--)
		if (r->events[i - 1].kind == RECORD_STEP && r->events[i - 1].thread == thread)
			return i;
	return 0;
}

static void find_last_steps(struct selection *s)
{
	const struct explore_record *r = s->record;
	uint32_t kept = r->n_findings < RECORD_FINDINGS ? r->n_findings : RECORD_FINDINGS;

	if (kept == 0)
		return;
	s->last_here = last_step_of(r, r->findings[kept - 1].here.thread);
	s->last_there = last_step_of(r, r->findings[kept - 1].there.thread);
}

/* Columns in the order of the threads' ids: the order of creation, whoever ran first. */
static void sort_columns(struct picture_rows *p)
{
	uint32_t place[ARRAY_LEN(p->columns)], sorted[ARRAY_LEN(p->columns)];

	for (uint32_t i = 0; i < p->n_columns; i++) {
		place[i] = 0;
		for (uint32_t j = 0; j < p->n_columns; j++)
			place[i] += p->columns[j] < p->columns[i];
		sorted[place[i]] = p->columns[i];
	}
	for (uint32_t i = 0; i < p->n_columns; i++)
		p->columns[i] = sorted[i];
	for (uint32_t i = 0; i < p->n; i++)
		p->rows[i].column = place[p->rows[i].column];
}

wfp_err picture_rows_make(struct picture_rows *out, const struct explore_record *r, bool all)
{
	struct selection s = {.record = r, .out = out, .all = all};

	*out = (struct picture_rows){.rows = mem_zalloc_array(r->n_events + 1, sizeof(*out->rows))};
	if (!out->rows)
		return ERR_NO_MEMORY;
	find_last_steps(&s);
	for (uint32_t i = 0; i < r->n_events; i++)
		look_at(&s, i);
	sort_columns(out);
	return ERR_OK;
}

void picture_rows_free(struct picture_rows *p)
{
	mem_free(p->rows);
}

static const char *finding_name(const struct explore_record *r, uint32_t finding)
{
	return finding < RECORD_FINDINGS ? explore_rule_name(r->findings[finding].rule)
					 : "one more finding";
}

void picture_row_say(const struct explore_record *r, const struct picture_row *row, struct buf *out)
{
	const struct record_event *e = &r->events[row->event];

	switch ((enum record_kind)e->kind) {
	case RECORD_STEP:
		buf_append_str(out, e->what);
		return;
	case RECORD_VALUE:
		buf_printf(out, "%s = %" PRIu32 "/%u", e->what[0] ? e->what : "value", e->value,
			   e->of);
		return;
	case RECORD_FOUND:
		buf_append_str(out, finding_name(r, e->value));
		return;
	case RECORD_PICK:
		buf_append_str(out, "time passes");
		return;
	}
}

const char *picture_row_object(const struct explore_record *r, const struct picture_row *row)
{
	const struct record_event *e = &r->events[row->event];

	return e->kind == RECORD_STEP && e->object ? r->objects[e->object].name : "";
}
