/* SPDX-License-Identifier: MIT */
/*
 * replay_rows - see replay_rows.h.
 */
#include "path/replay_rows.h"

#include "base/mem.h"

#include <string.h>

void replay_rows_init(struct replay_rows *r, const struct replay_options *options)
{
	*r = (struct replay_rows){.options = options};
	list_init(&r->waiting);
	list_init(&r->abandoned);
}

static void row_free(struct row *row)
{
	mem_free(row->changed);
	mem_free(row);
}

static void free_all(struct list *rows)
{
	struct list *link;

	while ((link = list_pop_head(rows)) != NULL)
		row_free(LIST_ENTRY(link, struct row, link));
}

void replay_rows_destroy(struct replay_rows *r)
{
	free_all(&r->waiting);
	free_all(&r->abandoned);
	buf_free(&r->comment);
}

wfp_err replay_rows_add(struct replay_rows *r, const struct capture_frame *frame, uint32_t len,
			struct row **out)
{
	struct row *row;

	if (frame)
		len = frame->len;
	row = mem_alloc(sizeof(*row) + len);
	if (!row)
		return ERR_NO_MEMORY;
	*row = (struct row){.len = len, .packet_len = len, .wire_len = len};
	list_init(&row->second);
	if (frame) {
		memcpy(row->bytes, frame->bytes, len);
		row->frame = frame->number;
		row->time = frame->time;
		row->wire_len = frame->wire_len;
		row->truncated = frame->truncated;
		row->head_len = frame->ip ? (uint32_t)(frame->ip - frame->bytes) : 0;
		row->packet_len = frame->ip_len;
	}
	list_add_tail(&r->waiting, &row->link);
	r->count++;
	r->unanswered++;
	*out = row;
	return ERR_OK;
}

static wfp_err ensure_raw_interface(struct replay_rows *r)
{
	wfp_err err;

	if (!r->out || r->has_raw_interface)
		return ERR_OK;
	err = pcapng_interface(r->out, PCAPNG_LINKTYPE_RAW, "injected", &r->raw_interface);
	r->has_raw_interface = !err;
	return err;
}

wfp_err replay_rows_add_injected(struct replay_rows *r, const struct packet *p, uint64_t time)
{
	struct row *row;
	wfp_err err = ensure_raw_interface(r);

	if (!err)
		err = replay_rows_add(r, NULL, p->len, &row);
	if (err)
		return err;
	memcpy(row->bytes, p->data, p->len);
	row->h = p->h;
	row->hook = p->hook;
	row->loopback = p->loopback;
	row->time = time;
	row->interface = r->raw_interface;
	row->fate = REPLAY_INJECTED;
	row->answered = true;
	r->unanswered--;
	return ERR_OK;
}

void replay_rows_answer(struct replay_rows *r, struct row *row, enum port_verdict v,
			const struct port_reason *why)
{
	row->fate = v == PORT_ACCEPT ? REPLAY_PERMIT : REPLAY_BLOCK;
	row->reason = *why;
	row->answered = true;
	r->unanswered--;
}

const uint8_t *replay_row_packet(const struct row *row, uint32_t *len)
{
	*len = row->changed ? row->changed_len : row->packet_len;
	return row->changed ? row->changed : row->bytes + row->head_len;
}

static const char *hook_name(enum packet_hook hook)
{
	static const char *const names[PACKET_HOOKS] = {"inbound", "outbound", "forwarded"};

	return hook < PACKET_HOOKS ? names[hook] : "";
}

static void comment_on(struct replay_rows *r, const struct row *row)
{
	buf_reset(&r->comment);
	switch (row->fate) {
	case REPLAY_NOT_IP:
		buf_append_str(&r->comment, "not IP");
		return;
	case REPLAY_INJECTED:
		buf_printf(&r->comment, "INJECTED by a driver, %s", hook_name(row->hook));
		return;
	case REPLAY_PERMIT:
	case REPLAY_BLOCK:
		break;
	}
	reason_print(&r->comment, row->fate == REPLAY_PERMIT ? PORT_ACCEPT : PORT_DROP,
		     row->modified, &row->reason, r->options->names);
	buf_printf(&r->comment, "; %s%s", row->loopback ? "loopback, " : "", hook_name(row->hook));
	if (row->truncated)
		buf_append_str(&r->comment, "; cut by the capture");
}

static void write_row(struct replay_rows *r, const struct row *row)
{
	struct pcapng_packet out = {
		.interface = row->interface,
		.time = row->time,
		.head = row->bytes,
		.head_len = row->head_len,
		.wire_len = row->wire_len,
		.comment = buf_str(&r->comment),
	};

	if (!r->out || r->err)
		return;
	if (row->changed) {
		out.bytes = replay_row_packet(row, &out.len);
		out.wire_len = out.head_len + out.len;
	} else {
		out.bytes = row->bytes + row->head_len;
		out.len = row->len - row->head_len;
	}
	r->err = pcapng_write(r->out, &out);
}

static void show_row(struct replay_rows *r, const struct row *row)
{
	const bool is_ip = row->fate != REPLAY_NOT_IP;
	struct replay_row shown = {
		.number = ++r->numbers,
		.fate = row->fate,
		.capture = row->capture,
		.frame = row->frame,
		.time = row->time,
		.headers = is_ip ? &row->h : NULL,
		.hook = row->hook,
		.loopback = row->loopback,
		.truncated = row->truncated,
		.modified = row->modified,
		.reason = is_ip && row->fate != REPLAY_INJECTED ? &row->reason : NULL,
		.comment = buf_str(&r->comment),
	};

	if (is_ip)
		shown.packet = replay_row_packet(row, &shown.packet_len);
	if (r->options->row)
		r->options->row(r->options->ctx, &shown);
}

static void count_row(struct replay_totals *t, const struct row *row)
{
	t->frames += row->fate != REPLAY_INJECTED;
	t->not_ip += row->fate == REPLAY_NOT_IP;
	t->injected += row->fate == REPLAY_INJECTED;
	t->permitted += row->fate == REPLAY_PERMIT;
	t->blocked += row->fate == REPLAY_BLOCK;
	t->truncated += row->truncated;
	t->modified += row->modified;
}

static void put_out(struct replay_rows *r, struct row *row)
{
	list_del(&row->link);
	r->count--;
	comment_on(r, row);
	if (!r->err)
		r->err = buf_err(&r->comment);
	write_row(r, row);
	show_row(r, row);
	count_row(&r->totals, row);
	if (row->abandoned)
		list_add_tail(&r->abandoned, &row->link);
	else
		row_free(row);
}

void replay_rows_flush(struct replay_rows *r)
{
	struct list *link;

	while ((link = list_first(&r->waiting)) != NULL) {
		struct row *row = LIST_ENTRY(link, struct row, link);

		if (!row->answered)
			return;
		put_out(r, row);
	}
}

void replay_rows_give_up(struct replay_rows *r)
{
	const struct port_reason why = {.what = "still held at the end"};
	struct list *link;

	LIST_FOR_EACH (link, &r->waiting) {
		struct row *row = LIST_ENTRY(link, struct row, link);

		if (row->answered)
			continue;
		row->abandoned = true;
		r->totals.unanswered++;
		replay_rows_answer(r, row, PORT_DROP, &why);
	}
	replay_rows_flush(r);
}
