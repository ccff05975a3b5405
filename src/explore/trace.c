/* SPDX-License-Identifier: MIT */
/*
 * trace - making a trace, and printing it.
 *
 * Strings and notes live in the trace's arena.  Nothing is printed that trace_parse would not read
 * back as the same: what could not stand on a line is refused or replaced when it is added.
 */
#include "explore/trace.h"

#include "base/mem.h"
#include "explore/trace_words.h"

#include <inttypes.h>
#include <string.h>

#define FIRST_ROOM 256u

wfp_err trace_create(struct explore_trace **out)
{
	struct explore_trace *t = mem_zalloc(sizeof(*t));

	if (!t)
		return ERR_NO_MEMORY;
	t->rule = EXPLORE_RULES;
	arena_init(&t->texts, 2 * (size_t)TRACE_TEXT_MAX);
	*out = t;
	return ERR_OK;
}

void trace_free(struct explore_trace *t)
{
	if (!t)
		return;
	scenario_free(t->scenario);
	mem_free(t->schedule.choices);
	mem_free(t->notes);
	arena_free(&t->texts);
	mem_free(t);
}

bool trace_is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return true;
}

void trace_make_plain(char *text)
{
	for (; *text; text++)
		if (!trace_is_plain(text, 1))
			*text = '?';
}

/* At most max bytes of text, as a string that can stand on a line. */
static const char *keep(struct explore_trace *t, const char *text, size_t len, size_t max)
{
	char *kept;

	if (len == 0)
		return "";
	if (len > max)
		len = max;
	kept = arena_alloc(&t->texts, len + 1);
	if (!kept)
		return NULL;
	memcpy(kept, text, len);
	kept[len] = '\0';
	trace_make_plain(kept);
	return kept;
}

/* Room for one more choice and its note. */
static wfp_err reserve_step(struct explore_trace *t)
{
	uint32_t room = t->schedule.room ? t->schedule.room * 2 : FIRST_ROOM;
	struct explore_choice *choices;
	const char **notes;

	if (t->schedule.n < t->schedule.room)
		return ERR_OK;
	notes = mem_realloc_array(t->notes, room, sizeof(*notes));
	if (!notes)
		return ERR_NO_MEMORY;
	t->notes = notes;
	choices = mem_realloc_array(t->schedule.choices, room, sizeof(*choices));
	if (!choices)
		return ERR_NO_MEMORY;
	t->schedule.choices = choices;
	t->schedule.room = room;
	return ERR_OK;
}

wfp_err trace_add_step(struct explore_trace *t, struct explore_choice c, const char *note)
{
	const char *kept;
	wfp_err err;

	if (t->schedule.n == TRACE_STEPS_MAX)
		return ERR_INVALID_DATA;
	err = reserve_step(t);
	if (err)
		return err;
	kept = keep(t, note, strlen(note), TRACE_NOTE_MAX);
	if (!kept)
		return ERR_NO_MEMORY;
	t->notes[t->schedule.n] = kept;
	t->schedule.choices[t->schedule.n++] = c;
	return ERR_OK;
}

wfp_err trace_add_driver(struct explore_trace *t, const char *file,
			 const uint8_t sha256[DIGEST_SIZE])
{
	struct trace_driver *d = &t->drivers[t->n_drivers];
	size_t len = strlen(file);
	const char *kept;

	if (t->n_drivers == SCENARIO_DRIVERS || len == 0 || len > TRACE_FILE_MAX ||
	    file[0] == ' ' || !trace_is_plain(file, len))
		return ERR_INVALID_DATA;
	kept = keep(t, file, len, len);
	if (!kept)
		return ERR_NO_MEMORY;
	d->file = kept;
	memcpy(d->sha256, sha256, DIGEST_SIZE);
	t->n_drivers++;
	return ERR_OK;
}

/* ---- printing ---------------------------------------------------------------------------------
 */

static void print_drivers(const struct explore_trace *t, struct buf *out)
{
	char digest[DIGEST_TEXT];

	for (uint32_t i = 0; i < t->n_drivers; i++) {
		digest_print(t->drivers[i].sha256, digest);
		buf_printf(out, "driver %s sha256 %s\n", t->drivers[i].file, digest);
	}
	if (t->has_engine) {
		digest_print(t->engine, digest);
		buf_printf(out, "engine sha256 %s\n", digest);
	}
}

static void print_finding(const struct explore_trace *t, struct buf *out)
{
	if ((unsigned)t->rule >= EXPLORE_RULES)
		return;
	buf_printf(out, "rule %s\n", explore_rule_name(t->rule));
	if (t->culprit[0])
		buf_printf(out, "culprit %s\n", t->culprit);
	if (t->sentence[0])
		buf_printf(out, "says %s\n", t->sentence);
	buf_printf(out, "place %016" PRIx64 "\n", t->place);
}

static void print_settings(const struct explore_trace *t, struct buf *out)
{
	if (t->seed)
		buf_printf(out, "seed %" PRIu64 "\n", t->seed);
	if (t->time_jumps)
		buf_printf(out, "time-jumps %" PRIu32 "\n", t->time_jumps);
	if (t->processors)
		buf_printf(out, "processors %" PRIu32 "\n", t->processors);
	if (t->plain)
		buf_append_str(out, "plain\n");
}

/* Each line behind a tab, so that no scenario can end its own block. */
static wfp_err print_scenario(const struct explore_trace *t, struct buf *out)
{
	struct buf text = {0};
	const char *at, *end;
	wfp_err err;

	if (!t->scenario)
		return ERR_OK;
	err = scenario_print(t->scenario, &text);
	if (!err)
		err = buf_err(&text);
	if (!err)
		buf_append_str(out, "scenario\n");
	for (at = buf_str(&text); !err && *at; at = end) {
		end = at + strcspn(at, "\n");
		buf_append_byte(out, '\t');
		buf_append(out, at, (size_t)(end - at));
		buf_append_byte(out, '\n');
		end += *end == '\n';
	}
	buf_free(&text);
	return err;
}

static void print_choice(const struct explore_choice *c, const char *note, struct buf *out)
{
	if (c->kind == EXPLORE_VALUE)
		buf_printf(out, "= %" PRIu32 "/%u", c->what, c->of);
	else
		buf_printf(out, "%c %" PRIu32, c->preempts ? '!' : '-', c->what);
	buf_printf(out, "%s%s\n", note[0] ? " " : "", note);
}

wfp_err trace_print(const struct explore_trace *t, struct buf *out)
{
	wfp_err err;

	buf_append_str(out, TRACE_FIRST_LINE "\n");
	print_finding(t, out);
	print_drivers(t, out);
	print_settings(t, out);
	err = print_scenario(t, out);
	buf_append_str(out, "schedule\n");
	for (uint32_t i = 0; i < t->schedule.n; i++)
		print_choice(&t->schedule.choices[i], t->notes[i], out);
	buf_append_str(out, "end\n");
	return err ? err : buf_err(out);
}
