/* SPDX-License-Identifier: MIT */
/*
 * coverage - the set of steps seen, and the acceptor made from the model's relation.
 *
 * A step is two numbers, so that the many that were seen before cost one look into a table; it
 * becomes a line of text when it is new, and the line is what the relation is asked for. Everything
 * outlives the rewinds.
 */
#include "explore/coverage.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/sim_control.h"
#include "engine/pend_trace.h"
#include "explore/finding.h"

#define STEPS_MAX  (1u << 16) /* different ones; the real number is some hundreds */
#define LINE_MAX   128u
#define MODEL_MAX  (1u << 16)
#define WIDTH_MIN  2u
#define RECORDS_AT 11u /* bits below: phase, cancelled, holds, flags */
#define EVENT_AT   43u

/* 0: none.  A state takes 43 bits; that before the step has the event above them, and the top bit.
 */
struct step {
	uint64_t before, after;
	bool foreign; /* not in the relation */
};

struct line {
	const char *text; /* in the relation */
	uint32_t len;
	bool seen;
};

struct explore_coverage {
	struct step steps[STEPS_MAX]; /* open addressing */
	uint32_t n_steps, n_foreign, n_beyond, n_covered;
	char *relation; /* NULL: none given */
	struct line lines[MODEL_MAX];
	uint32_t n_lines, width;
};

static const char *const op_events[PEND_EVENTS] = {"begin",	 "pend",   "complete", "revoke",
						   "classified", "cancel", "resume",   "end"};
static const char *const record_events[PEND_RECORD_EVENTS] = {"take", "complete", "revoke",
							      "recall"};

static uint64_t pack(const struct pend_trace_state *s)
{
	uint64_t key = s->phase | (uint64_t)s->cancelled << 2 | (uint64_t)s->flags << 3 |
		       (uint64_t)s->holds << 6;

	for (unsigned i = 0; i < PEND_RECORDS; i++)
		key |= (uint64_t)s->records[i] << (RECORDS_AT + 2 * i);
	return key;
}

static uint64_t pack_event(const struct pend_trace_step *s)
{
	return UINT64_C(1) << 63 | (s->event | s->record << 3 | (uint64_t)s->of_record << 7)
					   << EVENT_AT;
}

/* How many records have a part in it. */
static unsigned width_of(struct step s)
{
	uint64_t records = ((s.before | s.after) & ((UINT64_C(1) << EVENT_AT) - 1)) >> RECORDS_AT;
	unsigned n = WIDTH_MIN;

	while (records >> (2 * n))
		n++;
	return n;
}

/* On the stack: what a run allocates must not depend on what earlier runs have seen. */
struct text {
	char data[LINE_MAX];
	size_t len;
};

static PRINTF_LIKE(2, 3) void add(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->data + t->len, LINE_MAX - t->len, format, args);
	va_end(args);
	BUG_ON(n < 0 || (size_t)n >= LINE_MAX - t->len);
	t->len += (size_t)n;
}

static void add_state(struct text *t, uint64_t key, unsigned width)
{
	static const char letters[] = "EHDX";

	add(t, "P%uC%uH%uF%u ", (unsigned)(key & 3), (unsigned)(key >> 2 & 1),
	    (unsigned)(key >> 6 & 31), (unsigned)(key >> 3 & 7));
	for (unsigned i = 0; i < width; i++)
		add(t, "%s%c", i > 0 ? "," : "", letters[key >> (RECORDS_AT + 2 * i) & 3]);
}

/* As wide as the lines of the relation at least. */
static struct text text_of(const struct explore_coverage *c, struct step s)
{
	unsigned event = (unsigned)(s.before >> EVENT_AT & 7);
	unsigned width = width_of(s) > c->width ? width_of(s) : c->width;
	unsigned record = (unsigned)(s.before >> (EVENT_AT + 3) & 15);
	struct text t = {.len = 0};

	add_state(&t, s.before, width);
	if (s.before >> (EVENT_AT + 7) & 1)
		add(&t, " record %u %s -> ", record, record_events[event]);
	else
		add(&t, " %s -> ", op_events[event]);
	add_state(&t, s.after, width);
	return t;
}

/* ---- the relation ------------------------------------------------------------------------------
 */

static int compare_lines(const void *x, const void *y)
{
	const struct line *a = x, *b = y;
	size_t shorter = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->text, b->text, shorter);

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static struct line *find_line(struct explore_coverage *c, const char *text, size_t len)
{
	struct line wanted = {text, (uint32_t)len, false};

	return bsearch(&wanted, c->lines, c->n_lines, sizeof(*c->lines), compare_lines);
}

static unsigned width_of_line(const struct line *l)
{
	const char *records = memchr(l->text, ' ', l->len);
	unsigned n = 1;

	for (records++; records < l->text + l->len && *records != ' '; records++)
		n += *records == ',';
	return n;
}

static bool add_line(struct explore_coverage *c, const char *text, size_t len)
{
	struct line l = {text, (uint32_t)len, false};

	if (len == 0)
		return true;
	if (len >= LINE_MAX || text[0] != 'P' || !memchr(text, ' ', len) || c->n_lines == MODEL_MAX)
		return false;
	c->width = width_of_line(&l) > c->width ? width_of_line(&l) : c->width;
	c->lines[c->n_lines++] = l;
	return true;
}

static wfp_err read_relation(struct explore_coverage *c, const char *text, size_t len,
			     struct buf *why)
{
	uint32_t number = 1;

	c->relation = sim_control_alloc(len + 1);
	if (!c->relation)
		return ERR_NO_MEMORY;
	memcpy(c->relation, text, len);
	for (const char *at = c->relation, *end = at + len; at < end; number++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		stop = stop ? stop : end;
		if (!add_line(c, at, (size_t)(stop - at))) {
			buf_printf(why, "line %" PRIu32 " is no step of a relation", number);
			return ERR_INVALID_PARAMETER;
		}
		at = stop + 1;
	}
	qsort(c->lines, c->n_lines, sizeof(*c->lines), compare_lines);
	return ERR_OK;
}

/* ---- during the runs ---------------------------------------------------------------------------
 */

static void find_foreign(const struct text *t)
{
	static const char intro[] = "not a step of the model: ";
	struct explore_finding f = {.rule = EXPLORE_PlatformBug};

	memcpy(f.sentence, intro, sizeof(intro));
	memcpy(f.sentence + sizeof(intro) - 1, t->data, t->len + 1);
	explore_found(&f, false);
}

/* A step that was never seen before: is it foreign? */
static bool judge(struct explore_coverage *c, struct step s)
{
	struct text text;
	struct line *l;

	if (!c->relation)
		return false;
	if (width_of(s) > c->width) {
		c->n_beyond++;
		return false;
	}
	text = text_of(c, s);
	l = find_line(c, text.data, text.len);
	if (l && !l->seen) {
		l->seen = true;
		c->n_covered++;
	}
	c->n_foreign += !l;
	return !l;
}

/* The entry of a step; NULL: there is no room for it. */
static const struct step *enter(struct explore_coverage *c, struct step s)
{
	uint32_t at = (uint32_t)hash_u64(s.before ^ hash_u64(s.after)) % STEPS_MAX;

	for (; c->steps[at].before; at = (at + 1) % STEPS_MAX)
		if (c->steps[at].before == s.before && c->steps[at].after == s.after)
			return &c->steps[at];
	if (c->n_steps == STEPS_MAX / 2)
		return NULL;
	s.foreign = judge(c, s);
	c->steps[at] = s;
	c->n_steps++;
	return &c->steps[at];
}

/* A foreign step is a finding each time, so that a replay finds it again. */
static void see(void *ctx, const struct pend_trace_step *traced)
{
	const struct step s = {.before = pack(&traced->before) | pack_event(traced),
			       .after = pack(&traced->after)};
	struct explore_coverage *c = ctx;
	const struct step *entered = enter(c, s);
	struct text text;

	if (!entered || !entered->foreign)
		return;
	text = text_of(c, s);
	find_foreign(&text);
}

/* ---- outside -----------------------------------------------------------------------------------
 */

wfp_err explore_coverage_open(struct explore_coverage **out, const char *relation, size_t len,
			      struct buf *why)
{
	struct explore_coverage *c = sim_control_alloc(sizeof(*c));
	wfp_err err;

	if (!c)
		return ERR_NO_MEMORY;
	err = relation ? read_relation(c, relation, len, why) : ERR_OK;
	if (err) {
		explore_coverage_close(c);
		return err;
	}
	pend_trace_set(see, c);
	*out = c;
	return ERR_OK;
}

void explore_coverage_close(struct explore_coverage *c)
{
	pend_trace_set(NULL, NULL);
	sim_control_free(c->relation);
	sim_control_free(c);
}

void explore_coverage_count(const struct explore_coverage *c, struct explore_coverage_count *out)
{
	*out = (struct explore_coverage_count){
		.seen = c->n_steps,
		.foreign = c->n_foreign,
		.beyond = c->n_beyond,
		.model = c->n_lines,
		.covered = c->n_covered,
	};
}

static int compare_texts(const void *x, const void *y)
{
	const struct text *a = x, *b = y;

	return strcmp(a->data, b->data);
}

wfp_err explore_coverage_print(const struct explore_coverage *c, struct buf *out)
{
	struct text *lines = sim_control_alloc((c->n_steps + 1) * sizeof(*lines));
	uint32_t n = 0;

	if (!lines)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < STEPS_MAX; i++)
		if (c->steps[i].before)
			lines[n++] = text_of(c, c->steps[i]);
	qsort(lines, n, sizeof(*lines), compare_texts);
	for (uint32_t i = 0; i < n; i++)
		buf_printf(out, "%s\n", lines[i].data);
	sim_control_free(lines);
	return buf_err(out);
}
