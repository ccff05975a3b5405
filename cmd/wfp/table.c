/* SPDX-License-Identifier: MIT */
/*
 * table - cells as one string, and the widths they need.
 */
#include "wfp/table.h"

#include "base/utf.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP	 2u  /* between columns */
#define CELL_MAX 40u /* on a terminal, unless it is the last in its row */
#define C1_FIRST 0x80u
#define C1_LAST	 0x9fu
#define DELETE	 0x7fu

void table_clean(const char *text, struct buf *out)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text), *start;

	while (at < end) {
		uint32_t c;

		start = at;
		c = utf8_next(&at, end);
		if (c < ' ' || c == UTF_BAD || c == DELETE || (c >= C1_FIRST && c <= C1_LAST))
			buf_append_byte(out, '?');
		else
			buf_append(out, start, (size_t)(at - start));
	}
}

/* In characters. */
static size_t length(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

void table_init(struct table *t, const char *const *titles, unsigned n)
{
	memset(t, 0, sizeof(*t));
	t->n_columns = n;
	for (unsigned i = 0; i < n; i++)
		table_cell(t, titles[i]);
}

void table_free(struct table *t)
{
	buf_free(&t->cells);
}

void table_cell(struct table *t, const char *text)
{
	size_t start = t->cells.len, width;

	table_clean(text, &t->cells);
	width = t->cells.failed ? 0 : length((const char *)t->cells.data + start);
	buf_append_byte(&t->cells, '\0');
	if (width > t->widths[t->at])
		t->widths[t->at] = width;
	t->at = (t->at + 1) % t->n_columns;
}

/* At most `room` characters of the text; the number of them. */
static size_t put_cut(const char *text, size_t room, struct buf *out)
{
	size_t n = 0;

	for (; *text; text++) {
		bool first = (*text & 0xc0) != 0x80;

		if (first && n == room)
			return n;
		n += first;
		buf_append_byte(out, (uint8_t)*text);
	}
	return n;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The next row's cells start at the result. */
static const char *write_row(const struct table *t, const char *cell, size_t width, struct buf *out)
{
	size_t left = width ? width : SIZE_MAX;

	for (unsigned i = 0; i < t->n_columns; i++, cell += strlen(cell) + 1) {
		bool last = i + 1 == t->n_columns;
		size_t most = width && !last ? CELL_MAX : SIZE_MAX;
		size_t n = put_cut(cell, least(left, most), out);
		size_t end = last ? n : least(left, least(t->widths[i], most) + GAP);

		left -= n;
		for (; n < end; n++, left--)
			buf_append_byte(out, ' ');
	}
	while (out->len && out->data[out->len - 1] == ' ')
		out->len--;
	buf_append_byte(out, '\n');
	return cell;
}

wfp_err table_write(const struct table *t, size_t width, struct buf *out)
{
	const char *cell = buf_str(&t->cells), *end = cell + t->cells.len;
	wfp_err err = buf_err(&t->cells);

	while (!err && cell < end)
		cell = write_row(t, cell, width, out);
	return err ? err : buf_err(out);
}

size_t table_terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}
