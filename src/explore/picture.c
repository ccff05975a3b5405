/* SPDX-License-Identifier: MIT */
/*
 * picture - a run as text, for a terminal.
 *
 *	          packet 1                worker
 *	    12    lock heap.1:1040
 *	    13 !                          store heap.1:2a80
 *	    13 *                          UseAfterFree
 */
#include "explore/picture_rows.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CELL_MAX 40u /* characters; what is longer is cut, and '~' says so */
#define CELL_MIN 10u
#define GAP	 2u

struct table {
	const struct explore_record *record;
	struct picture_rows rows;
	uint32_t widths[SIM_THREADS_MAX + 1];
	struct buf cell; /* of the row in hand */
	struct buf *out;
};

static uint32_t clamp(size_t len)
{
	if (len < CELL_MIN)
		return CELL_MIN;
	return len > CELL_MAX ? CELL_MAX : (uint32_t)len;
}

static void make_cell(struct table *t, const struct picture_row *row)
{
	const char *object = picture_row_object(t->record, row);

	buf_reset(&t->cell);
	picture_row_say(t->record, row, &t->cell);
	if (object[0])
		buf_printf(&t->cell, " %s", object);
}

static void widen(uint32_t *width, size_t len)
{
	if (clamp(len) > *width)
		*width = clamp(len);
}

static void measure(struct table *t)
{
	char room[32];

	for (uint32_t i = 0; i < t->rows.n_columns; i++)
		widen(&t->widths[i],
		      strlen(explore_record_thread(t->record, t->rows.columns[i], room)));
	for (uint32_t i = 0; i < t->rows.n; i++) {
		make_cell(t, &t->rows.rows[i]);
		widen(&t->widths[t->rows.rows[i].column], t->cell.len);
	}
}

/* Nothing but what a terminal prints as it is. */
static void put_plain(struct buf *out, const char *text, uint32_t width, bool pad)
{
	size_t len = strlen(text);

	for (uint32_t i = 0; i < width && (pad || i < len); i++) {
		uint8_t c = i < len ? (uint8_t)text[i] : ' ';

		if (i == width - 1 && len > width)
			c = '~';
		buf_append_byte(out, c < ' ' || c > '~' ? '?' : c);
	}
}

static void put_spaces(struct buf *out, uint32_t n)
{
	while (n-- > 0)
		buf_append_byte(out, ' ');
}

static void put_head(struct table *t)
{
	char room[32];

	put_spaces(t->out, 8);
	for (uint32_t i = 0; i < t->rows.n_columns; i++) {
		const char *name = explore_record_thread(t->record, t->rows.columns[i], room);
		bool last = i + 1 == t->rows.n_columns;

		put_plain(t->out, name, t->widths[i], !last);
		if (!last)
			put_spaces(t->out, GAP);
	}
	buf_append_byte(t->out, '\n');
}

static void put_row(struct table *t, const struct picture_row *row)
{
	char mark = row->found ? '*' : ' ';

	if (row->preempts)
		mark = '!';
	buf_printf(t->out, "%5" PRIu32 " %c ", row->number, mark);
	for (uint32_t i = 0; i < row->column; i++)
		put_spaces(t->out, t->widths[i] + GAP);
	make_cell(t, row);
	put_plain(t->out, buf_str(&t->cell), t->widths[row->column], false);
	buf_append_byte(t->out, '\n');
}

static void put_finding(const struct explore_finding *f, struct buf *out)
{
	buf_printf(out, "\n%s: ", explore_rule_name(f->rule));
	put_plain(out, f->sentence[0] ? f->sentence : explore_rule_text(f->rule), EXPLORE_SENTENCE,
		  false);
	buf_append_byte(out, '\n');
}

static void put_findings(const struct table *t)
{
	for (uint32_t i = 0; i < t->rows.n; i++) {
		const struct explore_finding *f = picture_row_finding(t->record, &t->rows.rows[i]);

		if (f)
			put_finding(f, t->out);
	}
}

wfp_err picture_text(const struct explore_record *r, const struct picture_options *o,
		     struct buf *out)
{
	struct table t = {.record = r, .out = out};
	wfp_err err = picture_rows_make(&t.rows, r, o);

	if (err)
		return err;
	measure(&t);
	if (o->title) {
		put_plain(out, o->title, UINT32_MAX, false);
		buf_append_str(out, "\n\n");
	}
	put_head(&t);
	for (uint32_t i = 0; i < t.rows.n; i++)
		put_row(&t, &t.rows.rows[i]);
	put_findings(&t);
	picture_rows_free(&t.rows);
	err = buf_err(&t.cell);
	buf_free(&t.cell);
	return err ? err : buf_err(out);
}
