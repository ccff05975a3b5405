/* SPDX-License-Identifier: MIT */
/*
 * trace_parse - reading a trace, line by line.
 *
 * The head's lines are rows of a table and may come in any order; the schedule is last.  Called by
 * the explorer before the world is opened, with bytes of a file that anybody may have written.
 */
#include "explore/trace.h"

#include "explore/trace_words.h"

#include <inttypes.h>
#include <string.h>

struct line {
	const char *text; /* not ended by a zero */
	size_t len;
};

struct reader {
	const char *at, *end;
	uint32_t line_number;
	struct buf *why;
	struct explore_trace *trace;
	uint32_t seen; /* 1 << row of the table */
};

static wfp_err wrong(const struct reader *r, const char *what, struct line l)
{
	buf_printf(r->why, "line %" PRIu32 ": %s", r->line_number, what);
	if (l.len > 0)
		buf_append_str(r->why, ": ");
	for (size_t i = 0; i < l.len && i < 80; i++)
		buf_append_byte(r->why, (uint8_t)(trace_is_plain(&l.text[i], 1) ? l.text[i] : '?'));
	return ERR_INVALID_DATA;
}

static const struct line nothing = {"", 0};

/* False: there is none. */
static bool next_line(struct reader *r, struct line *out)
{
	const char *newline;

	if (r->at == r->end)
		return false;
	newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
	out->text = r->at;
	out->len = (size_t)((newline ? newline : r->end) - r->at);
	r->at = newline ? newline + 1 : r->end;
	r->line_number++;
	return true;
}

/* The word that the line begins with is taken off it, and the space behind the word. */
static struct line take_word(struct line *l)
{
	const char *space = memchr(l->text, ' ', l->len);
	struct line word = {l->text, space ? (size_t)(space - l->text) : l->len};
	size_t taken = word.len + (space ? 1 : 0);

	l->text += taken;
	l->len -= taken;
	return word;
}

static bool is_word(struct line l, const char *word)
{
	return l.len == strlen(word) && memcmp(l.text, word, l.len) == 0;
}

static bool digits(struct line l, unsigned base, uint64_t max, uint64_t *out)
{
	static const char all[] = "0123456789abcdef";
	uint64_t value = 0;

	/* As it would be printed: no zero in front. */
	if (l.len == 0 || l.len > 20 || (base == 10 && l.len > 1 && l.text[0] == '0'))
		return false;
	for (size_t i = 0; i < l.len; i++) {
		const char *digit = memchr(all, l.text[i], base);

		if (!digit || value > (max - (uint64_t)(digit - all)) / base)
			return false;
		value = value * base + (uint64_t)(digit - all);
	}
	*out = value;
	return true;
}

static bool number(struct line l, uint64_t max, uint64_t *out)
{
	return digits(l, 10, max, out);
}

static bool number32(struct line l, uint32_t *out)
{
	uint64_t value;
	bool good = number(l, UINT32_MAX, &value) && value > 0;

	if (good)
		*out = (uint32_t)value;
	return good;
}

static bool text_into(struct line l, char *out, size_t room)
{
	if (l.len == 0 || l.len >= room || !trace_is_plain(l.text, l.len))
		return false;
	memcpy(out, l.text, l.len);
	out[l.len] = '\0';
	return true;
}

/* ---- the head: each takes what stands behind the word -----------------------------------------
 */

static bool read_rule(struct explore_trace *t, struct line l)
{
	for (unsigned i = 0; i < EXPLORE_RULES; i++) {
		if (is_word(l, explore_rule_name((enum explore_rule)i))) {
			t->rule = (enum explore_rule)i;
			return true;
		}
	}
	return false;
}

static bool read_culprit(struct explore_trace *t, struct line l)
{
	return text_into(l, t->culprit, sizeof(t->culprit));
}

static bool read_sentence(struct explore_trace *t, struct line l)
{
	return text_into(l, t->sentence, sizeof(t->sentence));
}

static bool read_place(struct explore_trace *t, struct line l)
{
	return l.len == 16 && digits(l, 16, UINT64_MAX, &t->place);
}

/* "sha256 <64 digits>" */
static bool read_digest(struct line l, uint8_t out[DIGEST_SIZE])
{
	struct line word = take_word(&l);

	return is_word(word, "sha256") && digest_parse(l.text, l.len, out);
}

static bool read_driver(struct explore_trace *t, struct line l)
{
	static const size_t tail = sizeof(" sha256 ") - 1 + 2 * DIGEST_SIZE;
	uint8_t digest[DIGEST_SIZE];
	char file[TRACE_FILE_MAX + 1];
	struct line name = {l.text, l.len - tail};

	if (l.len <= tail || l.text[l.len - tail] != ' ')
		return false;
	l.text += l.len - tail + 1;
	l.len = tail - 1;
	return text_into(name, file, sizeof(file)) && read_digest(l, digest) &&
	       trace_add_driver(t, file, digest) == ERR_OK;
}

static bool read_engine(struct explore_trace *t, struct line l)
{
	t->has_engine = read_digest(l, t->engine);
	return t->has_engine;
}

static bool read_seed(struct explore_trace *t, struct line l)
{
	return number(l, UINT64_MAX, &t->seed) && t->seed > 0;
}

static bool read_time_jumps(struct explore_trace *t, struct line l)
{
	return number32(l, &t->time_jumps);
}

static bool read_processors(struct explore_trace *t, struct line l)
{
	return number32(l, &t->processors);
}

static bool read_plain(struct explore_trace *t, struct line l)
{
	t->plain = l.len == 0;
	return t->plain;
}

static const struct row {
	const char *word;
	bool (*read)(struct explore_trace *t, struct line l);
	bool many;
} rows[] = {
	{"rule", read_rule, false},
	{"culprit", read_culprit, false},
	{"says", read_sentence, false},
	{"place", read_place, false},
	{"driver", read_driver, true},
	{"engine", read_engine, false},
	{"seed", read_seed, false},
	{"time-jumps", read_time_jumps, false},
	{"processors", read_processors, false},
	{"plain", read_plain, false},
};

static wfp_err read_head_line(struct reader *r, struct line l)
{
	struct line all = l, word = take_word(&l);

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		if (!is_word(word, rows[i].word))
			continue;
		if (r->seen & 1u << i && !rows[i].many)
			return wrong(r, "said twice", word);
		r->seen |= 1u << i;
		if (rows[i].read(r->trace, l))
			return ERR_OK;
		return arena_err(&r->trace->texts) ? ERR_NO_MEMORY
						   : wrong(r, "not understood", all);
	}
	return wrong(r, "not a word of a trace", word);
}

/* ---- the scenario -----------------------------------------------------------------------------
 */

static wfp_err read_scenario(struct reader *r)
{
	struct buf text = {0}, why = {0};
	struct line l;
	wfp_err err;

	if (r->trace->scenario)
		return wrong(r, "said twice", (struct line){"scenario", 8});
	while (r->at < r->end && *r->at == '\t' && next_line(r, &l)) {
		buf_append(&text, l.text + 1, l.len - 1);
		buf_append_byte(&text, '\n');
	}
	err = buf_err(&text);
	if (!err)
		err = scenario_parse(&r->trace->scenario, buf_str(&text), text.len, &why);
	if (err && why.len > 0)
		buf_printf(r->why, "in the scenario that ends at line %" PRIu32 ", %s",
			   r->line_number, buf_str(&why));
	buf_free(&text);
	buf_free(&why);
	return err;
}

/* ---- the schedule -----------------------------------------------------------------------------
 */

/* "3": a thread, or the clock. */
static bool read_thread(struct line word, struct explore_choice *out)
{
	uint64_t id;

	if (!number(word, TRACE_THREADS_MAX, &id))
		return false;
	out->kind = EXPLORE_THREAD;
	out->what = (uint32_t)id;
	return true;
}

/* "1/2": the second of two values. */
static bool read_value(struct line word, struct explore_choice *out)
{
	const char *slash = memchr(word.text, '/', word.len);
	struct line value, of;
	uint64_t v, n;

	if (!slash)
		return false;
	value = (struct line){word.text, (size_t)(slash - word.text)};
	of = (struct line){slash + 1, word.len - value.len - 1};
	if (!number(value, UINT16_MAX, &v) || !number(of, UINT16_MAX, &n) || v >= n)
		return false;
	*out = (struct explore_choice){
		.what = (uint32_t)v, .kind = EXPLORE_VALUE, .of = (uint16_t)n};
	return true;
}

static bool read_choice(struct line mark, struct line word, struct explore_choice *out)
{
	*out = (struct explore_choice){.kind = EXPLORE_THREAD};
	if (is_word(mark, "="))
		return read_value(word, out);
	out->preempts = is_word(mark, "!");
	return (out->preempts || is_word(mark, "-")) && read_thread(word, out);
}

static wfp_err read_step(struct reader *r, struct line l)
{
	char note[TRACE_NOTE_MAX + 1] = "";
	struct line all = l, mark = take_word(&l), word = take_word(&l);
	struct explore_choice c;

	if (r->trace->schedule.n == TRACE_STEPS_MAX)
		return wrong(r, "too many choices", nothing);
	if (!read_choice(mark, word, &c) || (l.len > 0 && !text_into(l, note, sizeof(note))))
		return wrong(r, "not a choice", all);
	return trace_add_step(r->trace, c, note);
}

/* What follows "schedule"; nothing may stand behind its end. */
static wfp_err read_schedule(struct reader *r)
{
	wfp_err err = ERR_OK;
	struct line l;

	while (!err && next_line(r, &l)) {
		if (is_word(l, "end"))
			return r->at == r->end ? ERR_OK : wrong(r, "text behind the end", nothing);
		err = read_step(r, l);
	}
	return err ? err : wrong(r, "the trace has no end: it was cut", nothing);
}

static wfp_err read_first_line(struct reader *r)
{
	static const size_t word = sizeof(TRACE_FIRST_WORD) - 1;
	struct line l = nothing;

	if (next_line(r, &l) && is_word(l, TRACE_FIRST_LINE))
		return ERR_OK;
	if (l.len > word && memcmp(l.text, TRACE_FIRST_WORD, word) == 0)
		return wrong(r, "a trace of a version that is not known here", l);
	(void)wrong(r, "not a trace", nothing);
	return ERR_BAD_FORMAT;
}

static wfp_err read_all(struct reader *r)
{
	wfp_err err = read_first_line(r);
	struct line l;

	while (!err && next_line(r, &l)) {
		if (is_word(l, "schedule"))
			return read_schedule(r);
		if (l.len > TRACE_LINE_MAX)
			err = wrong(r, "too long", nothing);
		else
			err = is_word(l, "scenario") ? read_scenario(r) : read_head_line(r, l);
	}
	return err ? err : wrong(r, "the trace has no schedule", nothing);
}

wfp_err trace_parse(struct explore_trace **out, const char *text, size_t len, struct buf *why)
{
	struct reader r = {.at = text, .end = text + len, .why = why};
	wfp_err err;

	if (len > TRACE_TEXT_MAX)
		return wrong(&r, "too long for a trace", nothing);
	err = trace_create(&r.trace);
	if (!err)
		err = read_all(&r);
	if (err)
		trace_free(r.trace);
	else
		*out = r.trace;
	return err;
}
