/* SPDX-License-Identifier: MIT */
/*
 * faults_log - reading, asking and writing the file.
 *
 * A line that is not understood is a place that is never met: nothing in the file can do more harm
 * than to leave out places.  Bounded like every file that anybody may have written.
 */
#include "explore/faults_log.h"

#include "base/file.h"
#include "base/mem.h"
#include "explore/stack.h"

#include <inttypes.h>
#include <string.h>

#define FILE_MAX ((size_t)8 << 20)

struct fault_log {
	struct buf text; /* as it was read; ends in a newline, begins with one */
};

wfp_err fault_log_open(struct fault_log **out, const char *path, struct buf *why)
{
	struct fault_log *l = mem_zalloc(sizeof(*l));
	wfp_err err = ERR_OK;

	if (!l)
		return ERR_NO_MEMORY;
	buf_append_byte(&l->text, '\n');
	if (file_exists(path))
		err = file_read_all(path, FILE_MAX, &l->text);
	if (!err && l->text.len > 1 && l->text.data[l->text.len - 1] != '\n')
		buf_append_byte(&l->text, '\n');
	if (!err)
		err = buf_err(&l->text);
	if (err) {
		buf_printf(why, "%s: %s", path, err_text(err));
		fault_log_close(l);
		return err;
	}
	*out = l;
	return ERR_OK;
}

void fault_log_close(struct fault_log *l)
{
	if (!l)
		return;
	buf_free(&l->text);
	mem_free(l);
}

/* "firewall.so+0x1a2b wfp-explore+0x99f0\n" */
static void print_place(const struct fault_place *p, struct buf *out)
{
	struct stack_place at;

	for (uint32_t i = 0; i < p->n; i++) {
		buf_append_str(out, i > 0 ? " " : "");
		if (stack_find(p->frames[i], &at))
			buf_printf(out, "%s+0x%" PRIx64, at.module, at.offset);
		else
			buf_append_byte(out, '?');
	}
	buf_append_byte(out, '\n');
}

static wfp_err look_up(struct fault_log *l, struct fault_place *p)
{
	struct buf line = {0};
	wfp_err err;

	buf_append_byte(&line, '\n');
	print_place(p, &line);
	err = buf_err(&line);
	if (!err && memmem(l->text.data, l->text.len, line.data, line.len))
		p->done |= FAULT_KNOWN;
	p->done |= FAULT_LOOKED_UP;
	buf_free(&line);
	return err;
}

wfp_err fault_log_mark(struct fault_log *l, struct fault_place *places, uint32_t n)
{
	wfp_err err = ERR_OK;

	for (uint32_t i = 0; i < n && !err; i++)
		if (!(places[i].done & FAULT_LOOKED_UP))
			err = look_up(l, &places[i]);
	return err;
}

wfp_err fault_log_write(const struct fault_log *l, const char *path,
			const struct fault_place *places, uint32_t n)
{
	struct buf text = {0};
	wfp_err err;

	buf_append(&text, l->text.data + 1, l->text.len - 1);
	for (uint32_t i = 0; i < n; i++)
		if (places[i].done & FAULT_ALONE)
			print_place(&places[i], &text);
	err = buf_err(&text);
	if (!err)
		err = file_write_atomic(path, buf_str(&text), text.len);
	buf_free(&text);
	return err;
}
