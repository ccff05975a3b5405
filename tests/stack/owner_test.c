/* SPDX-License-Identifier: MIT */
/*
 * Whose the local end of a flow is: when the port is asked, what is shown, what a flow keeps.
 */
#include "world.h"

#include "model/app.h"
#include "model/sddl.h"
#include "stack/sink.h"

#define CONNECT	    MODEL_LAYER_ALE_AUTH_CONNECT_V4
#define ACCEPT	    MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V4
#define ESTABLISHED MODEL_LAYER_ALE_FLOW_ESTABLISHED_V4
#define BLOCK	    MODEL_ACTION_BLOCK

static const struct craft out = {
	.src = "10.0.0.1", .dst = "10.0.0.2", .src_port = 1111, .dst_port = 80, .hook = PACKET_OUT};
static const struct craft in = {
	.src = "10.0.0.2", .dst = "10.0.0.1", .src_port = 80, .dst_port = 1111, .hook = PACKET_IN};

static uint8_t editor[] = {'/', 0, 'e', 0, 0, 0}, browser[] = {'/', 0, 'b', 0, 0, 0};

/* A port that says: process 77 of user 1000 runs the editor. */
static struct world *begin(void)
{
	struct world *w = world_create();

	stack_worker_set_port(w->worker, &w->port);
	CHECK_OK(model_app_create(&w->owner.app, editor, sizeof(editor)));
	w->owner.uid = 1000;
	w->owner.pid = 77;
	return w;
}

/* Every reference has come back. */
static void end(struct world *w)
{
	struct model_app *app = w->owner.app;

	world_destroy(w);
	CHECK_EQ_U(atom32_load(&app->refs), 1);
	model_app_put(app);
}

/* Blocks where the field has that value. */
static void block_if(struct world *w, uint16_t layer, const char *field, uint32_t type,
		     struct model_blob *blob)
{
	struct model_condition condition = {
		.field_key = *model_condition_key(field),
		.match = MODEL_MATCH_EQUAL,
		.value = {.type = type, .blob = blob},
	};
	struct model_filter *f, draft = {
					.key = {.a = 0xf1170000u + (uint32_t)w->next_filter},
					.id = w->next_filter,
					.layer = layer,
					.sublayer = world_sublayers[0].key,
					.weight = 1,
					.action = BLOCK,
					.name = (char *)(uintptr_t) "test",
					.n_conditions = 1,
					.conditions = &condition,
				};
	struct engine_delta delta = {.add_filters = &f, .n_add_filters = 1};

	w->next_filter++;
	CHECK_OK(model_filter_create(&f, &draft));
	CHECK_OK(engine_commit(w->engine, &delta));
	model_filter_put(f);
}

static void block_program(struct world *w, uint16_t layer, uint8_t *id)
{
	block_if(w, layer, "ALE_APP_ID", MODEL_BYTE_BLOB_TYPE,
		 &(struct model_blob){.size = sizeof(editor), .data = id});
}

static bool passes(struct world *w, struct packet *p)
{
	return world_accepted(w, world_give_and_turn(w, p));
}

SIM_TEST(nobody_is_looked_for_when_nobody_looks)
{
	struct world *w = begin();

	world_filter(w, CONNECT, MODEL_ACTION_PERMIT, NULL, 1);
	world_filter(w, ACCEPT, BLOCK, NULL, 1);
	CHECK(passes(w, craft_udp(&out, "a", 1)));
	CHECK_EQ_U(w->n_sought, 0);
	end(w);
}

SIM_TEST(a_filter_on_the_application_blocks_that_one_and_no_other)
{
	struct world *w = begin();
	struct craft other = out;

	block_program(w, CONNECT, browser);
	CHECK(passes(w, craft_udp(&out, "a", 1)));
	CHECK(passes(w, craft_udp(&out, "b", 1)));
	CHECK_EQ_U(w->n_sought, 1);
	block_program(w, CONNECT, editor);
	other.src_port++;
	CHECK(!passes(w, craft_udp(&other, "a", 1)));
	CHECK_EQ_U(w->n_sought, 2);
	end(w);
}

SIM_TEST(an_accepted_flow_is_that_of_the_program_that_listens)
{
	struct world *w = begin();

	block_program(w, ACCEPT, editor);
	CHECK(!passes(w, craft_udp(&in, "a", 1)));
	CHECK_EQ_U(w->n_sought, 1);
	end(w);
}

SIM_TEST(a_flow_keeps_its_application_when_it_is_asked_again)
{
	struct world *w = begin();

	block_program(w, CONNECT, browser);
	CHECK(passes(w, craft_udp(&out, "a", 1)));
	model_app_put(w->owner.app); /* from here on it would be another program */
	CHECK_OK(model_app_create(&w->owner.app, browser, sizeof(browser)));
	block_program(w, CONNECT, browser);
	CHECK(passes(w, craft_udp(&out, "b", 1)));
	block_program(w, CONNECT, editor);
	CHECK(!passes(w, craft_udp(&in, "c", 1)));
	CHECK_EQ_U(w->n_sought, 1);
	end(w);
}

SIM_TEST(a_flow_that_nobody_looked_at_is_looked_for_when_it_is_asked_again)
{
	struct world *w = begin();

	CHECK(passes(w, craft_udp(&out, "a", 1)));
	CHECK_EQ_U(w->n_sought, 0);
	block_program(w, CONNECT, editor);
	CHECK(!passes(w, craft_udp(&out, "b", 1)));
	CHECK_EQ_U(w->n_sought, 1);
	end(w);
}

SIM_TEST(what_was_not_found_stays_unknown_for_that_flow)
{
	struct world *w = begin();
	struct model_app *app = w->owner.app;

	w->owner.app = NULL;
	block_program(w, CONNECT, editor);
	CHECK(passes(w, craft_udp(&out, "a", 1)));
	w->owner.app = app;
	block_program(w, CONNECT, browser);
	CHECK(passes(w, craft_udp(&out, "b", 1)));
	CHECK_EQ_U(w->n_sought, 1);
	end(w);
}

SIM_TEST(a_filter_on_the_user_asks_for_no_program)
{
	struct model_blob *sd;
	struct world *w = begin();

	CHECK_OK(model_sddl_parse(&sd, "D:(A;;CC;;;S-1-22-1-1000)", NULL));
	block_if(w, ACCEPT, "ALE_USER_ID", MODEL_SECURITY_DESCRIPTOR_TYPE, sd);
	mem_free(sd);
	CHECK(!passes(w, craft_udp(&in, "a", 1)));
	CHECK_EQ_U(w->n_sought, 1);
	CHECK_EQ_U(w->sought, ENGINE_LOOKS_AT_USER);
	end(w);
}

SIM_TEST(a_sender_whose_user_the_packet_names_is_not_asked_for)
{
	struct model_blob *sd;
	struct world *w = begin();
	struct packet *p = craft_udp(&out, "a", 1);

	CHECK_OK(model_sddl_parse(&sd, "D:(A;;CC;;;S-1-22-1-5)", NULL));
	block_if(w, CONNECT, "ALE_USER_ID", MODEL_SECURITY_DESCRIPTOR_TYPE, sd);
	mem_free(sd);
	p->uid = 5;
	CHECK(!passes(w, p));
	CHECK_EQ_U(w->n_sought, 0);
	end(w);
}

/* ---- callouts ------------------------------------------------------------------------------- */

static struct {
	unsigned calls;
	uint32_t present;
	uint64_t pid;
	bool same_path;
} seen;

static void look(UNUSED struct world_callout *c, const struct engine_call *call,
		 UNUSED struct engine_classify_out *o)
{
	const struct engine_metadata *m = call->ind->meta;

	seen.calls++;
	seen.present = m->present;
	if (!(m->present & ENGINE_META_PROCESS_PATH))
		return;
	seen.pid = m->process_id;
	seen.same_path = m->process_path->size == sizeof(editor) &&
			 memcmp(m->process_path->data, editor, sizeof(editor)) == 0;
}

static void callout_sees(uint16_t layer, const struct craft *packet)
{
	struct world *w = begin();

	memset(&seen, 0, sizeof(seen));
	world_callout(w, layer, MODEL_ACTION_CALLOUT_INSPECTION, 1, look);
	CHECK(passes(w, craft_udp(packet, "a", 1)));
	CHECK_EQ_U(seen.calls, 1);
	CHECK(seen.present & ENGINE_META_PROCESS_ID);
	CHECK_EQ_U(seen.pid, 77);
	CHECK(seen.same_path);
	CHECK_EQ_U(w->n_sought, 1);
	end(w);
}

SIM_TEST(a_callout_is_told_process_and_path)
{
	callout_sees(CONNECT, &out);
	callout_sees(ACCEPT, &in);
	callout_sees(ESTABLISHED, &out);
	callout_sees(ESTABLISHED, &in);
}

SIM_TEST(a_callout_is_told_nothing_when_nothing_is_known)
{
	struct world *w = begin();
	struct model_app *app = w->owner.app;

	memset(&seen, 0, sizeof(seen));
	w->owner.app = NULL;
	world_callout(w, CONNECT, MODEL_ACTION_CALLOUT_INSPECTION, 1, look);
	CHECK(passes(w, craft_udp(&out, "a", 1)));
	CHECK_EQ_U(seen.calls, 1);
	CHECK(!(seen.present & (ENGINE_META_PROCESS_ID | ENGINE_META_PROCESS_PATH)));
	w->owner.app = app;
	end(w);
}

SIM_TEST(a_callout_below_ale_asks_for_nobody)
{
	struct world *w = begin();

	world_callout(w, MODEL_LAYER_OUTBOUND_TRANSPORT_V4, MODEL_ACTION_CALLOUT_INSPECTION, 1,
		      NULL);
	CHECK(passes(w, craft_udp(&out, "a", 1)));
	CHECK_EQ_U(w->n_sought, 0);
	end(w);
}

/* ---- events --------------------------------------------------------------------------------- */

static struct model_netevent told;
static unsigned n_told;

static void on_event(UNUSED struct stack_sink *sink, const struct model_netevent *e)
{
	told = *e;
	n_told++;
}

static struct stack_sink sink = {.event = on_event};

SIM_TEST(a_drop_that_is_told_names_the_application)
{
	struct world *w;

	n_told = 0;
	atom32_init(&sink.wanted, STACK_WANT_DROPS);
	world_sink = &sink;
	w = begin();
	world_sink = NULL;
	CHECK(passes(w, craft_udp(&out, "a", 1)));
	CHECK_EQ_U(w->n_sought, 0);
	world_filter(w, CONNECT, BLOCK, NULL, 1);
	CHECK(!passes(w, craft_udp(&out, "b", 1)));
	CHECK_EQ_U(n_told, 1);
	CHECK(told.flags & MODEL_NETEVENT_HAS_APP && told.flags & MODEL_NETEVENT_HAS_USER);
	CHECK(told.app == w->owner.app);
	CHECK_EQ_U(w->n_sought, 1);
	end(w);
}
