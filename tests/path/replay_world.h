/* SPDX-License-Identifier: MIT */
/*
 * replay_world - an engine, a stack with one worker and a capture, for tests of the replay path.
 */
#pragma once

#include "harness.h"

#include "base/clock.h"
#include "model/catalogue.h"
#include "path/pcapng.h"
#include "path/replay.h"
#include "pcap_bytes.h"

#define WORLD_ROWS 64u

#define HERE	   0x0a000001u
#define THERE	   0x0a000002u

struct world {
	struct engine *engine;
	struct stack *stack;
	struct buf file, why;
	const char *capture; /* its path, once written */
	struct replay_options options;
	struct replay_totals totals;
	unsigned n_rows;
	struct world_row {
		enum replay_fate fate;
		uint64_t frame, time, clock;
		enum packet_hook hook;
		bool loopback, truncated, modified;
		char comment[256];
	} rows[WORLD_ROWS];
};

static inline UNUSED void world_row(void *ctx, const struct replay_row *row)
{
	struct world *w = ctx;
	struct world_row *r = &w->rows[w->n_rows];

	CHECK(w->n_rows < WORLD_ROWS);
	CHECK_EQ_U(row->number, w->n_rows + 1);
	*r = (struct world_row){
		.fate = row->fate,
		.frame = row->frame,
		.time = row->time,
		.clock = clock_now(),
		.hook = row->hook,
		.loopback = row->loopback,
		.truncated = row->truncated,
		.modified = row->modified,
	};
	snprintf(r->comment, sizeof(r->comment), "%s", row->comment);
	w->n_rows++;
}

static inline UNUSED void world_begin(struct world *w)
{
	const struct engine_config engine = {0};
	struct stack_config stack = {.workers = 1};

	memset(w, 0, sizeof(*w));
	CHECK_OK(engine_create(&w->engine, &engine));
	stack.engine = w->engine;
	CHECK_OK(stack_create(&w->stack, &stack));
	w->options = (struct replay_options){.keep_time = true, .row = world_row, .ctx = w};
	put_pcap_header(&w->file, PCAPNG_LINKTYPE_RAW);
}

static inline UNUSED void world_add(struct world *w, uint64_t time, const struct buf *packet)
{
	put_pcap_frame(&w->file, time, packet->data, (uint32_t)packet->len, (uint32_t)packet->len);
}

static inline UNUSED void world_add_udp(struct world *w, uint64_t time, uint32_t src, uint32_t dst,
					const char *text)
{
	struct buf packet = {0};

	put_udp4(&packet, src, 4000, dst, 53, text);
	world_add(w, time, &packet);
	buf_free(&packet);
}

/* What open or run answers. */
static inline UNUSED wfp_err world_replay(struct world *w)
{
	struct path *p;
	wfp_err err;

	w->capture = temp_path("capture.pcap");
	CHECK_OK(file_write_all(w->capture, w->file.data, w->file.len));
	err = replay_path.open(&p, w->capture, &w->options, w->stack, &w->why);
	if (!err) {
		err = replay_path.run(p, &w->why);
		replay_totals(p, &w->totals);
		replay_path.close(p);
	}
	return err;
}

static inline UNUSED void world_end(struct world *w)
{
	temp_remove(w->capture);
	engine_stop(w->engine);
	stack_destroy(w->stack);
	engine_destroy(w->engine);
	buf_free(&w->file);
	buf_free(&w->why);
}

#define WORLD_CALLOUT                                                                              \
	(struct guid)                                                                              \
	{                                                                                          \
		.a = 2                                                                             \
	}

/* A filter without conditions in the universal sublayer. */
static inline UNUSED void world_filter(struct world *w, struct model_filter *draft,
				       const struct model_callout *callout)
{
	const struct model_builtin *b;
	struct model_sublayer sublayer = {0};
	struct model_filter *filter;
	struct engine_delta delta = {.add_sublayers = &sublayer,
				     .n_add_sublayers = 1,
				     .add_filters = &filter,
				     .n_add_filters = 1,
				     .add_callouts = callout,
				     .n_add_callouts = callout ? 1 : 0};

	for (unsigned i = 0; (b = model_sublayer_builtin(i)) != NULL; i++)
		if (strcmp(b->name, "FWPM_SUBLAYER_UNIVERSAL") == 0)
			sublayer = (struct model_sublayer){.key = b->key, .weight = b->weight};
	draft->id = 65537;
	draft->key.a = 1;
	draft->sublayer = sublayer.key;
	draft->name = (char *)(uintptr_t) "everything";
	CHECK_OK(model_filter_create(&filter, draft));
	CHECK_OK(engine_commit(w->engine, &delta));
	model_filter_put(filter);
}

static inline UNUSED void world_block(struct world *w, uint16_t layer)
{
	struct model_filter draft = {.layer = layer, .action = MODEL_ACTION_BLOCK};

	world_filter(w, &draft, NULL);
}

static inline UNUSED void world_call(struct world *w, uint16_t layer, uint32_t callout_id)
{
	const struct model_callout callout = {
		.key = WORLD_CALLOUT, .id = callout_id, .layer = layer};
	struct model_filter draft = {.layer = layer,
				     .action = MODEL_ACTION_CALLOUT_TERMINATING,
				     .callout = WORLD_CALLOUT};

	world_filter(w, &draft, &callout);
}
