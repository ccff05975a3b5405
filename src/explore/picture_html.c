/* SPDX-License-Identifier: MIT */
/*
 * picture_html - a run as one page that needs nothing from elsewhere.
 *
 * A table whose head stays in view; each cell opens to its object and stack, and shows them under
 * the pointer too.  Every text goes through put_text, and the page forbids itself scripts and
 * anything that would have to be loaded.
 */
#include "explore/picture_rows.h"

#include "explore/stack.h"

#include <inttypes.h>
#include <string.h>

#define OURS_MAX 8u /* frames of the simulator on top of a step */

static const char page_head[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\">\n"
	"<head>\n"
	"<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" "
	"content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	"<style>\n"
	":root { color-scheme: light dark; --line: #8884; --switch: #d971; --bad: #e331; }\n"
	"body { font: 14px/1.4 system-ui, sans-serif; margin: 1em; }\n"
	"h1 { font-size: 1.2em; }\n"
	".wide { overflow: auto; max-height: 85vh; border: 1px solid var(--line); }\n"
	"table { border-collapse: collapse; font: 13px/1.3 ui-monospace, monospace; }\n"
	"th { position: sticky; top: 0; background: Canvas; text-align: left; z-index: 1; }\n"
	"th, td { padding: .2em .8em .2em .4em; border-left: 1px solid var(--line);\n"
	"	vertical-align: top; min-width: 7em; max-width: 24em; overflow-wrap: anywhere; }\n"
	"td:first-child, th:first-child { position: sticky; left: 0; background: Canvas;\n"
	"	min-width: 3em; text-align: right; color: GrayText; border: 0; }\n"
	"tr.switch td { border-top: 2px dashed #d97; background-color: var(--switch); }\n"
	"tr.bad td { background-color: var(--bad); font-weight: bold; }\n"
	"summary { cursor: pointer; list-style: none; }\n"
	"summary b { font-weight: 600; }\n"
	"pre { margin: .3em 0; white-space: pre-wrap; font-weight: normal; color: GrayText; }\n"
	"</style>\n";

static void put_text(struct buf *out, const char *text)
{
	static const struct {
		char c;
		const char *entity;
	} entities[] = {
		{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
	unsigned i;

	for (; *text; text++) {
		for (i = 0; i < ARRAY_LEN(entities) && entities[i].c != *text; i++)
			;
		if (i < ARRAY_LEN(entities))
			buf_append_str(out, entities[i].entity);
		else if ((unsigned char)*text < ' ' && *text != '\n')
			buf_append_byte(out, '?');
		else
			buf_append_byte(out, (uint8_t)*text);
	}
}

static void put_titled(struct buf *out, const char *title)
{
	buf_append_str(out, "<title>");
	put_text(out, title);
	buf_append_str(out, "</title>\n</head>\n<body>\n<h1>");
	put_text(out, title);
	buf_append_str(out, "</h1>\n");
}

static void put_finding(const struct explore_finding *f, struct buf *out)
{
	buf_printf(out, "<p><strong>%s</strong>: ", explore_rule_name(f->rule));
	put_text(out, f->sentence[0] ? f->sentence : explore_rule_text(f->rule));
	buf_append_str(out, "</p>\n");
}

static void put_findings(const struct explore_record *r, const struct picture_rows *rows,
			 struct buf *out)
{
	for (uint32_t i = 0; i < rows->n; i++) {
		const struct explore_finding *f = picture_row_finding(r, &rows->rows[i]);

		if (f)
			put_finding(f, out);
	}
}

static void put_columns(const struct explore_record *r, const struct picture_rows *rows,
			struct buf *out)
{
	char room[32];

	buf_append_str(out, "<div class=\"wide\"><table>\n<tr><th></th>");
	for (uint32_t i = 0; i < rows->n_columns; i++) {
		buf_append_str(out, "<th>");
		put_text(out, explore_record_thread(r, rows->columns[i], room));
		buf_append_str(out, "</th>");
	}
	buf_append_str(out, "</tr>\n");
}

/* "changes heap.2:80+0x40, and heap.2:100" */
static void say_objects(const struct explore_record *r, const struct record_event *e,
			struct buf *out)
{
	if (e->kind != RECORD_STEP)
		return;
	buf_printf(out, "%s %s", e->access == SIM_WRITE ? "changes" : "reads",
		   e->object ? r->objects[e->object].name : "nothing that others see");
	if (e->object2)
		buf_printf(out, ", and %s", r->objects[e->object2].name);
}

/* How many of the innermost frames are the simulator's, which has noted the step. */
static uint32_t frames_of_ours(void *const *frames, uint32_t n)
{
	struct stack_place place;
	uint32_t ours = 0;

	for (uint32_t i = 0; i < n && i < OURS_MAX; i++)
		if (stack_find(frames[i], &place) && strncmp(place.function, "control_", 8) == 0)
			ours = i + 1;
	return ours;
}

static void say_stack(const struct explore_record *r, const struct record_event *e, struct buf *out)
{
	void *const *frames = &r->frames[e->stack];
	uint32_t ours = e->n_frames ? frames_of_ours(frames, e->n_frames) : 0;
	struct explore_stack stack = {.thread = e->thread, .n = e->n_frames - ours};

	if (stack.n == 0)
		return;
	memcpy(stack.frames, frames + ours, stack.n * sizeof(*stack.frames));
	buf_append_byte(out, '\n');
	stack_print(&stack, out);
}

static void put_cell(const struct explore_record *r, const struct picture_row *row, struct buf *out)
{
	const struct record_event *e = &r->events[row->event];
	struct buf said = {0}, more = {0};

	picture_row_say(r, row, &said);
	say_objects(r, e, &more);
	say_stack(r, e, &more);
	buf_append_str(out, "<td><details title=\"");
	put_text(out, buf_str(&more));
	buf_append_str(out, "\"><summary>");
	put_text(out, buf_str(&said));
	buf_append_str(out, " <b>");
	put_text(out, picture_row_object(r, row));
	buf_append_str(out, "</b></summary><pre>");
	put_text(out, buf_str(&more));
	buf_append_str(out, "</pre></details></td>");
	out->failed |= said.failed || more.failed;
	buf_free(&said);
	buf_free(&more);
}

static void put_row(const struct explore_record *r, const struct picture_rows *rows,
		    const struct picture_row *row, struct buf *out)
{
	const char *class = row->preempts ? " class=\"switch\"" : "";

	if (row->found)
		class = " class=\"bad\"";
	buf_printf(out, "<tr%s><td>%" PRIu32 "</td>", class, row->number);
	for (uint32_t i = 0; i < rows->n_columns; i++) {
		if (i == row->column)
			put_cell(r, row, out);
		else
			buf_append_str(out, "<td></td>");
	}
	buf_append_str(out, "</tr>\n");
}

wfp_err picture_html(const struct explore_record *r, const struct picture_options *o,
		     struct buf *out)
{
	struct picture_rows rows;
	wfp_err err = picture_rows_make(&rows, r, o);

	if (err)
		return err;
	buf_append_str(out, page_head);
	put_titled(out, o->title ? o->title : "A run of openwfp");
	put_findings(r, &rows, out);
	buf_append_str(out,
		       "<p>Time goes down; a dashed line is a preemption. Touch a step for its "
		       "object and its stack.</p>\n");
	put_columns(r, &rows, out);
	for (uint32_t i = 0; i < rows.n; i++)
		put_row(r, &rows, &rows.rows[i], out);
	buf_append_str(out, "</table></div>\n</body>\n</html>\n");
	picture_rows_free(&rows);
	return buf_err(out);
}
