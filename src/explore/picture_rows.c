/* SPDX-License-Identifier: MIT */
/*
 * picture_rows - which events of a run are shown, and in which column.
 */
#include "explore/picture_rows.h"

#include "base/mem.h"

#include <inttypes.h>
#include <string.h>

struct selection {
	const struct explore_record *record;
	struct picture_rows *out;
	bool drivers; /* there are some: what the platform does between is left out */
	bool all;
	uint32_t end;			 /* of the events that are shown */
	uint32_t last;			 /* the last step before the finding; an event + 1, or 0 */
	uint32_t focus[RECORD_FINDINGS]; /* objects of the calls before the findings, or 0 */
	uint32_t n_focus;
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

/* Functions of the kernel have names like "KeSetEvent"; base's own operations do not. */
static bool is_call(const struct record_event *e)
{
	return e->kind == RECORD_STEP && (e->note || (e->what[0] >= 'A' && e->what[0] <= 'Z'));
}

static bool is_in_focus(const struct selection *s, uint32_t object)
{
	for (uint32_t i = 0; i < s->n_focus; i++)
		if (object != 0 && s->focus[i] == object)
			return true;
	return false;
}

static bool step_matters(const struct selection *s, uint32_t at)
{
	const struct record_event *e = &s->record->events[at];

	if (s->all || s->preempts || at + 1 == s->last)
		return true;
	if (s->drivers && !is_call(e))
		return false;
	if (is_call(e) && is_in_focus(s, e->object))
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

/* One call may be told twice: as a note, and as what it does to its object. */
static bool is_repeated(const struct selection *s, const struct record_event *e)
{
	const struct picture_row *row = s->out->n > 0 ? &s->out->rows[s->out->n - 1] : NULL;
	const struct record_event *last = row ? &s->record->events[row->event] : NULL;

	return !s->all && !s->preempts && last && row->number == s->number && is_call(e) &&
	       is_call(last) && last->note != e->note && last->thread == e->thread &&
	       last->object == e->object && strcmp(last->what, e->what) == 0;
}

static void take(struct selection *s, uint32_t at)
{
	const struct record_event *e = &s->record->events[at];
	struct picture_row *row = &s->out->rows[s->out->n];

	if (is_repeated(s, e))
		return;
	s->out->n++;
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

/* The thread's last step, or its last call, before event `end`, as an event + 1; 0: none. */
static uint32_t last_before(const struct explore_record *r, uint32_t end, uint32_t thread,
			    bool call)
{
	for (uint32_t i = end; i > 0; i--) {
		const struct record_event *e = &r->events[i - 1];

		if (e->kind == RECORD_STEP && e->thread == thread && (!call || is_call(e)))
			return i;
	}
	return 0;
}

static void look_at_finding(struct selection *s, uint32_t at)
{
	const struct explore_record *r = s->record;
	uint32_t call = last_before(r, at, r->events[at].thread, true);

	s->last = last_before(r, at, r->events[at].thread, false);
	if (call && s->n_focus < RECORD_FINDINGS)
		s->focus[s->n_focus++] = r->events[call - 1].object;
}

/* Where the picture ends, and which findings are in it. */
static void find_end(struct selection *s, uint64_t place)
{
	const struct explore_record *r = s->record;

	s->end = place ? explore_record_found(r, place) : 0;
	if (s->end == 0)
		s->end = r->n_events;
	if (!s->all && r->n_findings > 0)
		while (s->end > 0 && r->events[s->end - 1].kind != RECORD_FOUND)
			s->end--;
	for (uint32_t i = 0; i < s->end; i++) {
		s->drivers |= is_call(&r->events[i]);
		if (r->events[i].kind == RECORD_FOUND)
			look_at_finding(s, i);
	}
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

wfp_err picture_rows_make(struct picture_rows *out, const struct explore_record *r,
			  const struct picture_options *o)
{
	struct selection s = {.record = r, .out = out, .all = o->all};

	*out = (struct picture_rows){.rows = mem_zalloc_array(r->n_events + 1, sizeof(*out->rows))};
	if (!out->rows)
		return ERR_NO_MEMORY;
	find_end(&s, o->place);
	for (uint32_t i = 0; i < s.end; i++)
		look_at(&s, i);
	sort_columns(out);
	return ERR_OK;
}

void picture_rows_free(struct picture_rows *p)
{
	mem_free(p->rows);
}

const struct explore_finding *picture_row_finding(const struct explore_record *r,
						  const struct picture_row *row)
{
	uint32_t finding = r->events[row->event].value;

	return row->found && finding < RECORD_FINDINGS ? &r->findings[finding] : NULL;
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
