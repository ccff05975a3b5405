/* SPDX-License-Identifier: MIT */
/* What the engine answers to programs, operation by operation. */
#include "service_world.h"

#include "base/clock.h"
#include "base/thread.h"
#include "model/access.h"
#include "model/inherit.h"
#include "model/sddl.h"

#define FILTERS	  OPENWFP__KIND__FILTER
#define PROVIDERS OPENWFP__KIND__PROVIDER

/* An administrator with an open session. */
static void begin(struct service_world *w, struct peer *p)
{
	service_world_open(w, true);
	peer_connect(w, p, 0);
	CHECK_OK(ask_open(p, 0, 1));
}

static void end(struct service_world *w, struct peer *p)
{
	peer_close(p);
	service_world_close(w);
}

/* ---- sessions ----------------------------------------------------------------------------------
 */

SIM_TEST(nothing_is_answered_before_a_session_is_open)
{
	struct service_world w;
	struct peer p;

	service_world_open(&w, true);
	peer_connect(&w, &p, 0);
	CHECK_ERR(ask_begin(&p, 0), ERR_INVALID_HANDLE);
	CHECK_OK(ask_open(&p, 0, 0));
	CHECK_EQ_U(p.reply->session->sessionkey.len, 16);
	CHECK_ERR(ask_open(&p, 0, 0), ERR_ALREADY_EXISTS);
	CHECK_OK(ask_empty(&p, OPENWFP__REQUEST__OP_CLOSE));
	CHECK_ERR(ask_begin(&p, 0), ERR_INVALID_HANDLE);
	CHECK_OK(ask_open(&p, 0, 0));
	end(&w, &p);
}

SIM_TEST(an_operation_that_is_not_known_is_not_supported)
{
	Openwfp__Request m = OPENWFP__REQUEST__INIT;
	struct service_world w;
	struct peer p;

	begin(&w, &p);
	CHECK_ERR(ask(&p, &m), ERR_NOT_SUPPORTED);
	end(&w, &p);
}

SIM_TEST(another_version_of_the_protocol_is_not_supported)
{
	Openwfp__Request m = REQUEST(OPEN);
	Openwfp__Open open = OPENWFP__OPEN__INIT;
	struct service_world w;
	struct peer p;

	service_world_open(&w, true);
	peer_connect(&w, &p, 0);
	open.has_version = true;
	open.version = 2;
	m.open = &open;
	CHECK_ERR(ask(&p, &m), ERR_NOT_SUPPORTED);
	open.version = 1;
	CHECK_OK(ask(&p, &m));
	end(&w, &p);
}

SIM_TEST(a_dynamic_session_takes_its_objects_along_when_the_connection_ends)
{
	struct model_object provider = a_provider(1);
	struct guid key = key_of(1);
	struct service_world w;
	struct peer p, q;

	begin(&w, &p);
	peer_connect(&w, &q, 0);
	CHECK_OK(ask_open(&q, BFE_SESSION_DYNAMIC, 1));
	CHECK_OK(ask_add(&q, &provider));
	CHECK_OK(ask_get(&p, which_key(PROVIDERS, &key)));
	peer_close(&q);
	CHECK_ERR(ask_get(&p, which_key(PROVIDERS, &key)), ERR_PROVIDER_NOT_FOUND);
	end(&w, &p);
}

SIM_TEST(sessions_are_listed_with_who_opened_them)
{
	struct service_world w;
	uint64_t handle;
	struct peer p;

	begin(&w, &p);
	CHECK_OK(ask_enum(&p, OPENWFP__KIND__SESSION, NULL, &handle));
	CHECK_OK(ask_next(&p, handle, 10));
	CHECK_EQ_U(p.reply->objects->n_objects, 1);
	CHECK_EQ_S(p.reply->objects->objects[0]->session->displaydata->name, "a test");
	CHECK_EQ_S(p.reply->objects->objects[0]->session->username, "Unix User\\0");
	CHECK_EQ_U(p.reply->objects->objects[0]->session->processid, 7);
	CHECK(p.reply->objects->objects[0]->session->has_sid);
	end(&w, &p);
}

/* ---- objects -----------------------------------------------------------------------------------
 */

SIM_TEST(an_object_is_added_shown_and_deleted_by_key)
{
	struct model_object provider = a_provider(1);
	struct guid key = key_of(1);
	struct service_world w;
	struct peer p;

	begin(&w, &p);
	CHECK_OK(ask_add(&p, &provider));
	CHECK(memcmp(p.reply->added->key.data, &key, 16) == 0);
	CHECK_ERR(ask_add(&p, &provider), ERR_ALREADY_EXISTS);
	CHECK_OK(ask_get(&p, which_key(PROVIDERS, &key)));
	CHECK_EQ_S(p.reply->object->provider->displaydata->name, "p");
	CHECK_OK(ask_delete(&p, which_key(PROVIDERS, &key)));
	CHECK_ERR(ask_get(&p, which_key(PROVIDERS, &key)), ERR_PROVIDER_NOT_FOUND);
	end(&w, &p);
}

SIM_TEST(a_filter_is_shown_and_deleted_by_its_id)
{
	struct model_filter filter = a_filter();
	struct service_world w;
	uint64_t id;
	struct peer p;

	begin(&w, &p);
	CHECK_OK(ask_add_filter(&p, &filter));
	id = p.reply->added->id;
	CHECK_OK(ask_get(&p, which_id(FILTERS, id)));
	CHECK_EQ_U(p.reply->object->filter->filterid, id);
	CHECK_EQ_U(p.reply->object->filter->action->type, MODEL_ACTION_BLOCK);
	CHECK(p.reply->object->filter->has_sublayerkey);
	CHECK_OK(ask_delete(&p, which_id(FILTERS, id)));
	CHECK_ERR(ask_get(&p, which_id(FILTERS, id)), ERR_FILTER_NOT_FOUND);
	end(&w, &p);
}

SIM_TEST(what_is_missing_in_a_request_is_a_null_pointer)
{
	Openwfp__Which which = OPENWFP__WHICH__INIT;
	Openwfp__Request m = REQUEST(ADD);
	Openwfp__Add add = OPENWFP__ADD__INIT;
	struct service_world w;
	struct peer p;

	begin(&w, &p);
	m.add = &add;
	CHECK_ERR(ask(&p, &m), ERR_NULL_POINTER);
	CHECK_ERR(ask_get(&p, which), ERR_NULL_POINTER);
	CHECK_ERR(ask_delete(&p, which), ERR_NULL_POINTER);
	which.has_kind = true;
	which.kind = FILTERS;
	CHECK_ERR(ask_delete(&p, which), ERR_NULL_POINTER);
	end(&w, &p);
}

SIM_TEST(a_layer_is_shown_by_key_and_by_id)
{
	const struct model_layer *layer = model_layer_by_id(MODEL_LAYER_ALE_AUTH_CONNECT_V4);
	struct service_world w;
	struct peer p;

	begin(&w, &p);
	CHECK_OK(ask_get(&p, which_key(OPENWFP__KIND__LAYER, &layer->key)));
	CHECK_EQ_U(p.reply->object->layer->layerid, layer->id);
	CHECK_OK(ask_get(&p, which_id(OPENWFP__KIND__LAYER, layer->id)));
	CHECK_ERR(ask_get(&p, which_id(OPENWFP__KIND__LAYER, 70000)), ERR_LAYER_NOT_FOUND);
	end(&w, &p);
}

SIM_TEST(a_user_without_rights_may_open_a_session_and_change_nothing)
{
	struct model_object provider = a_provider(1);
	struct service_world w;
	struct peer p;

	service_world_open(&w, true);
	peer_connect(&w, &p, 1000);
	CHECK_OK(ask_open(&p, 0, 0));
	CHECK_ERR(ask_add(&p, &provider), ERR_ACCESS_DENIED);
	CHECK_ERR(ask_begin(&p, 0), ERR_ACCESS_DENIED);
	CHECK_ERR(ask_empty(&p, OPENWFP__REQUEST__OP_STATS_GET), ERR_ACCESS_DENIED);
	end(&w, &p);
}

/* ---- transactions ------------------------------------------------------------------------------
 */

SIM_TEST(a_transaction_is_seen_by_others_when_it_is_committed)
{
	struct model_object provider = a_provider(1);
	struct guid key = key_of(1);
	struct service_world w;
	struct peer p, q;

	begin(&w, &p);
	peer_connect(&w, &q, 0);
	CHECK_OK(ask_open(&q, 0, 1));
	CHECK_OK(ask_begin(&p, 0));
	CHECK_ERR(ask_begin(&p, 0), ERR_TXN_IN_PROGRESS);
	CHECK_OK(ask_add(&p, &provider));
	CHECK_ERR(ask_get(&q, which_key(PROVIDERS, &key)), ERR_PROVIDER_NOT_FOUND);
	CHECK_ERR(ask_begin(&q, 0), ERR_TIMEOUT);
	CHECK_OK(ask_empty(&p, OPENWFP__REQUEST__OP_TXN_COMMIT));
	CHECK_ERR(ask_empty(&p, OPENWFP__REQUEST__OP_TXN_COMMIT), ERR_NO_TXN_IN_PROGRESS);
	CHECK_OK(ask_get(&q, which_key(PROVIDERS, &key)));
	peer_close(&q);
	end(&w, &p);
}

SIM_TEST(a_client_that_has_gone_does_not_wait_for_the_lock)
{
	struct service_world w;
	struct peer p, q;

	begin(&w, &p);
	peer_connect(&w, &q, 0);
	CHECK_OK(ask_open(&q, 0, UINT32_MAX));
	CHECK_OK(ask_begin(&p, 0));
	q.gone = true;
	CHECK_ERR(ask_begin(&q, 0), ERR_SESSION_ABORTED);
	peer_close(&q);
	end(&w, &p);
}

SIM_TEST(a_connection_that_ends_in_a_transaction_leaves_nothing_of_it)
{
	struct model_object provider = a_provider(1);
	struct guid key = key_of(1);
	struct service_world w;
	struct peer p, q;

	begin(&w, &p);
	peer_connect(&w, &q, 0);
	CHECK_OK(ask_open(&q, 0, 1));
	CHECK_OK(ask_begin(&q, 0));
	CHECK_OK(ask_add(&q, &provider));
	peer_close(&q);
	CHECK_ERR(ask_get(&p, which_key(PROVIDERS, &key)), ERR_PROVIDER_NOT_FOUND);
	CHECK_OK(ask_begin(&p, 0));
	end(&w, &p);
}

/* Two in transactions on their own threads; one of them dies in the middle, or commits. */
struct pair {
	struct service_world *world;
	uint32_t first; /* key of the first of three providers */
	bool dies;
	wfp_err begun;
};

static void add_three(void *arg)
{
	struct pair *pair = arg;
	struct peer p;

	peer_connect(pair->world, &p, 0);
	CHECK_OK(ask_open(&p, 0, UINT32_MAX));
	pair->begun = ask_begin(&p, 0);
	for (uint32_t i = 0; i < 3 && !pair->begun; i++) {
		struct model_object provider = a_provider(pair->first + i);

		if (pair->dies && i == 2)
			break;
		CHECK_OK(ask_add(&p, &provider));
		thread_yield();
	}
	if (!pair->begun && !pair->dies)
		CHECK_OK(ask_empty(&p, OPENWFP__REQUEST__OP_TXN_COMMIT));
	peer_close(&p);
}

SIM_TEST(of_two_in_transactions_the_other_goes_on_when_one_dies)
{
	struct service_world w;
	struct pair pairs[2] = {{&w, 10, true, 0}, {&w, 20, false, 0}};
	struct thread *threads[2];
	struct peer p;

	begin(&w, &p);
	for (int i = 0; i < 2; i++)
		CHECK_OK(thread_start(&threads[i], "client", add_three, &pairs[i]));
	for (int i = 0; i < 2; i++)
		thread_join(threads[i]);
	CHECK_OK(pairs[0].begun);
	CHECK_OK(pairs[1].begun);
	for (uint32_t i = 0; i < 3; i++) {
		struct guid dead = key_of(10 + i), done = key_of(20 + i);

		CHECK_ERR(ask_get(&p, which_key(PROVIDERS, &dead)), ERR_PROVIDER_NOT_FOUND);
		CHECK_OK(ask_get(&p, which_key(PROVIDERS, &done)));
	}
	end(&w, &p);
}

/* ---- enumerations ------------------------------------------------------------------------------
 */

SIM_TEST(an_enumeration_shows_each_object_once_however_many_are_asked_for)
{
	struct model_filter filter = a_filter();
	struct service_world w;
	struct peer p;

	begin(&w, &p);
	for (int i = 0; i < 57; i++)
		CHECK_OK(ask_add_filter(&p, &filter));
	CHECK_EQ_U(count_all(&p, FILTERS, NULL, 1), 57);
	CHECK_EQ_U(count_all(&p, FILTERS, NULL, 10), 57);
	CHECK_EQ_U(count_all(&p, FILTERS, NULL, 0), 57);
	CHECK_EQ_U(count_all(&p, OPENWFP__KIND__LAYER, NULL, 7), model_layer_count());
	end(&w, &p);
}

TEST(an_answer_stays_short_when_objects_are_large)
{
	static uint8_t data[300 << 10];
	struct model_object provider = a_provider(1);
	struct service_world w;
	size_t before;
	struct peer p;

	begin(&w, &p);
	before = count_all(&p, PROVIDERS, NULL, 0);
	provider.data = (struct model_blob){sizeof(data), data};
	for (uint32_t i = 1; i <= 12; i++) {
		provider.key = key_of(i);
		CHECK_OK(ask_add(&p, &provider));
	}
	CHECK_EQ_U(count_all(&p, PROVIDERS, NULL, 0), before + 12);
	end(&w, &p);
}

static void set_sd(struct service_world *w, enum bfe_secured what, const struct guid *key,
		   const char *sddl)
{
	struct model_blob *sd;
	struct bfe_session *s;

	CHECK_OK(bfe_session_open(w->bfe, &(struct bfe_session_config){.kernel = true}, &s));
	CHECK_OK(model_sddl_parse(&sd, sddl, NULL));
	CHECK_OK(bfe_security_set(s, what, key, MODEL_SD_DACL | MODEL_SD_PROTECT, sd));
	mem_free(sd);
	bfe_session_close(s);
}

SIM_TEST(a_layer_is_shown_to_those_who_may_read_it)
{
	const struct model_layer *layer = model_layer_by_id(MODEL_LAYER_ALE_AUTH_CONNECT_V6);
	struct service_world w;
	struct peer p;

	service_world_open(&w, true);
	set_sd(&w, BFE_SECURED_ENGINE, NULL, "D:(A;OICI;GA;;;WD)");
	set_sd(&w, BFE_SECURED_LAYERS, &layer->key, "D:P(A;;GA;;;SY)");
	peer_connect(&w, &p, 1000);
	CHECK_OK(ask_open(&p, 0, 1));
	CHECK_EQ_U(count_all(&p, OPENWFP__KIND__LAYER, NULL, 0), model_layer_count() - 1);
	CHECK_ERR(ask_get(&p, which_key(OPENWFP__KIND__LAYER, &layer->key)), ERR_ACCESS_DENIED);
	set_sd(&w, BFE_SECURED_LAYERS, &layer->key, "D:P(A;;GA;;;WD)");
	CHECK_OK(ask_get(&p, which_key(OPENWFP__KIND__LAYER, &layer->key)));
	CHECK_EQ_U(count_all(&p, OPENWFP__KIND__LAYER, NULL, 0), model_layer_count());
	end(&w, &p);
}

SIM_TEST(a_template_chooses_by_layer)
{
	const struct model_layer *layer = model_layer_by_id(MODEL_LAYER_ALE_AUTH_CONNECT_V6);
	Openwfp__EnumTemplate template = OPENWFP__ENUM_TEMPLATE__INIT;
	struct model_filter filter = a_filter();
	struct service_world w;
	uint64_t handle;
	struct peer p;

	begin(&w, &p);
	CHECK_OK(ask_add_filter(&p, &filter));
	filter.layer = layer->id;
	CHECK_OK(ask_add_filter(&p, &filter));
	rpc_key_encode(&layer->key, &template.has_layerkey, &template.layerkey);
	CHECK_EQ_U(count_all(&p, FILTERS, &template, 0), 1);
	template.layerkey.len = 15;
	CHECK_ERR(ask_enum(&p, FILTERS, &template, &handle), ERR_RPC_X_BAD_STUB_DATA);
	end(&w, &p);
}

SIM_TEST(a_client_may_have_so_many_enumerations_and_no_more)
{
	struct service_world w;
	uint64_t handle, first;
	struct peer p;

	begin(&w, &p);
	CHECK_OK(ask_enum(&p, PROVIDERS, NULL, &first));
	for (int i = 1; i < 64; i++)
		CHECK_OK(ask_enum(&p, PROVIDERS, NULL, &handle));
	CHECK_ERR(ask_enum(&p, PROVIDERS, NULL, &handle), ERR_BUSY);
	CHECK_OK(ask_handle(&p, OPENWFP__REQUEST__OP_ENUM_DESTROY, first));
	CHECK_ERR(ask_handle(&p, OPENWFP__REQUEST__OP_ENUM_DESTROY, first), ERR_INVALID_HANDLE);
	CHECK_ERR(ask_next(&p, first, 1), ERR_INVALID_HANDLE);
	CHECK_ERR(ask_next(&p, 0, 1), ERR_INVALID_HANDLE);
	CHECK_OK(ask_enum(&p, PROVIDERS, NULL, &handle));
	end(&w, &p);
}

/* ---- subscriptions -----------------------------------------------------------------------------
 */

SIM_TEST(a_subscriber_hears_of_what_others_add_and_delete)
{
	struct model_filter filter = a_filter();
	struct service_world w;
	uint64_t handle, id;
	struct peer p, q;

	begin(&w, &p);
	peer_connect(&w, &q, 0);
	CHECK_OK(ask_open(&q, 0, 1));
	CHECK_OK(ask_subscribe(&q, FILTERS, &handle));
	CHECK_OK(ask_add_filter(&p, &filter));
	id = p.reply->added->id;
	CHECK_EQ_U(q.told, 1);
	CHECK_EQ_U(q.told_id, id);
	CHECK_EQ_U(q.told_type, BFE_CHANGE_ADD);
	CHECK_OK(ask_delete(&p, which_id(FILTERS, id)));
	CHECK_EQ_U(q.told_type, BFE_CHANGE_DELETE);
	CHECK_OK(ask_handle(&q, OPENWFP__REQUEST__OP_UNSUBSCRIBE, handle));
	CHECK_OK(ask_add_filter(&p, &filter));
	CHECK_EQ_U(q.told, 2);
	peer_close(&q);
	end(&w, &p);
}

SIM_TEST(a_slow_subscriber_is_told_once_and_not_called_any_more)
{
	struct model_filter filter = a_filter();
	struct service_world w;
	uint64_t handle, other;
	struct peer p, q, r;

	begin(&w, &p);
	peer_connect(&w, &q, 0);
	peer_connect(&w, &r, 0);
	CHECK_OK(ask_open(&q, 0, 1));
	CHECK_OK(ask_open(&r, 0, 1));
	CHECK_OK(ask_subscribe(&q, FILTERS, &handle));
	CHECK_OK(ask_subscribe(&r, FILTERS, &other));
	q.room = 1;
	for (int i = 0; i < 5; i++)
		CHECK_OK(ask_add_filter(&p, &filter));
	CHECK_EQ_U(q.told, 1);
	CHECK_EQ_U(q.last, 1);
	CHECK_EQ_U(r.told, 5);
	q.room = 100;
	CHECK_OK(ask_empty(&q, OPENWFP__REQUEST__OP_SYSTEM_PORTS_GET));
	CHECK_OK(ask_add_filter(&p, &filter));
	CHECK_EQ_U(q.told, 1);
	CHECK_OK(ask_handle(&q, OPENWFP__REQUEST__OP_UNSUBSCRIBE, handle));
	CHECK_ERR(ask_handle(&q, OPENWFP__REQUEST__OP_UNSUBSCRIBE, handle), ERR_INVALID_HANDLE);
	peer_close(&r);
	peer_close(&q);
	end(&w, &p);
}

static size_t subscriptions(struct peer *p, Openwfp__Kind kind)
{
	Openwfp__Request m = REQUEST(SUBSCRIPTIONS_GET);
	Openwfp__Which which = OPENWFP__WHICH__INIT;

	which.has_kind = true;
	which.kind = kind;
	m.subscriptionsget = &which;
	CHECK_OK(ask(p, &m));
	return p->reply->objects->n_objects;
}

SIM_TEST(subscriptions_are_listed_by_kind)
{
	struct service_world w;
	uint64_t handle;
	struct peer p;

	begin(&w, &p);
	CHECK_OK(ask_subscribe(&p, FILTERS, &handle));
	CHECK_OK(ask_subscribe(&p, OPENWFP__KIND__NET_EVENT, &handle));
	CHECK_OK(ask_subscribe(&p, OPENWFP__KIND__SYSTEM_PORTS, &handle));
	CHECK_EQ_U(subscriptions(&p, FILTERS), 1);
	CHECK_EQ_U(subscriptions(&p, PROVIDERS), 0);
	CHECK_EQ_U(subscriptions(&p, OPENWFP__KIND__NET_EVENT), 1);
	CHECK_EQ_U(subscriptions(&p, OPENWFP__KIND__CONNECTION), 0);
	CHECK_EQ_U(subscriptions(&p, OPENWFP__KIND__SYSTEM_PORTS), 1);
	CHECK_ERR(ask_subscribe(&p, OPENWFP__KIND__VSWITCH_EVENT, &handle), ERR_NOT_SUPPORTED);
	end(&w, &p);
}

/* ---- net events, connections -------------------------------------------------------------------
 */

static void happen(struct service_world *w, uint16_t port)
{
	const struct model_netevent e = {.time = 1000000000,
					 .type = MODEL_NETEVENT_CLASSIFY_DROP,
					 .flags = MODEL_NETEVENT_HAS_LOCAL_PORT,
					 .local_port = port,
					 .layer = MODEL_LAYER_ALE_AUTH_CONNECT_V4};

	bfe_netevents_add(bfe_monitor_netevents(w->monitor), &e, 1);
}

SIM_TEST(net_events_are_enumerated_and_told)
{
	struct service_world w;
	uint64_t handle;
	struct peer p;

	begin(&w, &p);
	CHECK_OK(ask_subscribe(&p, OPENWFP__KIND__NET_EVENT, &handle));
	happen(&w, 80);
	happen(&w, 81);
	CHECK_EQ_U(p.told, 2);
	CHECK(p.told_event);
	CHECK_OK(ask_enum(&p, OPENWFP__KIND__NET_EVENT, NULL, &handle));
	CHECK_OK(ask_next(&p, handle, 1));
	CHECK_EQ_U(p.reply->objects->objects[0]->netevent->header->localport, 80);
	CHECK_EQ_U(p.reply->objects->objects[0]->netevent->header->timestamp,
		   UINT64_C(116444736010000000));
	CHECK_OK(ask_next(&p, handle, 5));
	CHECK_EQ_U(p.reply->objects->n_objects, 1);
	CHECK_EQ_U(p.reply->objects->objects[0]->netevent->header->localport, 81);
	CHECK(p.reply->objects->objects[0]->netevent->classifydrop);
	end(&w, &p);
}

SIM_TEST(net_events_are_neither_enumerated_nor_subscribed_to_in_a_transaction)
{
	struct service_world w;
	uint64_t handle;
	struct peer p;

	begin(&w, &p);
	CHECK_OK(ask_begin(&p, 0));
	CHECK_ERR(ask_enum(&p, OPENWFP__KIND__NET_EVENT, NULL, &handle), ERR_TXN_IN_PROGRESS);
	CHECK_ERR(ask_subscribe(&p, OPENWFP__KIND__NET_EVENT, &handle), ERR_TXN_IN_PROGRESS);
	CHECK_ERR(ask_subscribe(&p, OPENWFP__KIND__SYSTEM_PORTS, &handle), ERR_TXN_IN_PROGRESS);
	CHECK_OK(ask_empty(&p, OPENWFP__REQUEST__OP_TXN_ABORT));
	CHECK_OK(ask_enum(&p, OPENWFP__KIND__NET_EVENT, NULL, &handle));
	CHECK_OK(ask_subscribe(&p, OPENWFP__KIND__SYSTEM_PORTS, &handle));
	end(&w, &p);
}

#ifdef BASE_SIM
SIM_TEST(who_lost_a_transaction_to_the_watchdog_learns_it_from_any_call_and_goes_on)
{
	struct service_world w;
	uint64_t handle;
	struct peer p;

	begin(&w, &p);
	CHECK_OK(ask_begin(&p, 0));
	clock_sleep_until(clock_now() + 3601 * CLOCK_S);
	bfe_tick(w.bfe);
	CHECK_ERR(ask_enum(&p, OPENWFP__KIND__NET_EVENT, NULL, &handle), ERR_TXN_ABORTED);
	CHECK_OK(ask_enum(&p, OPENWFP__KIND__NET_EVENT, NULL, &handle));
	end(&w, &p);
}
#endif

SIM_TEST(without_a_monitor_there_are_no_events)
{
	struct service_world w;
	uint64_t handle;
	struct peer p;

	service_world_open(&w, false);
	peer_connect(&w, &p, 0);
	CHECK_OK(ask_open(&p, 0, 0));
	CHECK_ERR(ask_enum(&p, OPENWFP__KIND__NET_EVENT, NULL, &handle), ERR_NOT_SUPPORTED);
	CHECK_ERR(ask_subscribe(&p, OPENWFP__KIND__CONNECTION, &handle), ERR_NOT_SUPPORTED);
	end(&w, &p);
}

SIM_TEST(connections_can_be_asked_for)
{
	struct service_world w;
	uint64_t handle;
	struct peer p;

	begin(&w, &p);
	CHECK_OK(ask_subscribe(&p, OPENWFP__KIND__CONNECTION, &handle));
	CHECK_EQ_U(count_all(&p, OPENWFP__KIND__CONNECTION, NULL, 0), 0);
	CHECK_ERR(ask_get(&p, which_id(OPENWFP__KIND__CONNECTION, 5)), ERR_NOT_FOUND);
	end(&w, &p);
}

/* ---- security, options, the rest ---------------------------------------------------------------
 */

SIM_TEST(a_descriptor_is_read_and_set)
{
	Openwfp__Request get = REQUEST(SECURITY_GET), set = REQUEST(SECURITY_SET);
	Openwfp__SecurityGet g = OPENWFP__SECURITY_GET__INIT;
	Openwfp__SecuritySet s = OPENWFP__SECURITY_SET__INIT;
	struct service_world w;
	struct peer p;
	uint8_t sd[1024];

	begin(&w, &p);
	g.has_kind = g.has_securityinfo = true;
	g.kind = OPENWFP__KIND__ENGINE;
	g.securityinfo = 4;
	get.securityget = &g;
	CHECK_OK(ask(&p, &get));
	CHECK(p.reply->sd.len > 0 && p.reply->sd.len <= sizeof(sd));
	memcpy(sd, p.reply->sd.data, p.reply->sd.len);
	s.has_kind = s.has_securityinfo = true;
	s.kind = OPENWFP__KIND__ENGINE;
	s.securityinfo = 4;
	set.securityset = &s;
	CHECK_ERR(ask(&p, &set), ERR_NULL_POINTER);
	s.has_sd = true;
	CHECK_OK(ask(&p, &get));
	s.sd = (ProtobufCBinaryData){p.reply->sd.len, sd};
	CHECK_OK(ask(&p, &set));
	g.kind = OPENWFP__KIND__SYSTEM_PORTS;
	CHECK_ERR(ask(&p, &get), ERR_NOT_SUPPORTED);
	end(&w, &p);
}

static wfp_err set_option(struct peer *p, uint32_t option, Openwfp__Value *value)
{
	Openwfp__Request m = REQUEST(OPTION_SET);
	Openwfp__Option o = OPENWFP__OPTION__INIT;

	o.has_option = true;
	o.option = option;
	o.value = value;
	m.optionset = &o;
	return ask(p, &m);
}

SIM_TEST(an_option_reaches_the_collector_of_events)
{
	Openwfp__Request get = REQUEST(OPTION_GET);
	Openwfp__Option o = OPENWFP__OPTION__INIT;
	Openwfp__Value value = OPENWFP__VALUE__INIT;
	struct service_world w;
	uint64_t handle;
	struct peer p;

	begin(&w, &p);
	CHECK_ERR(set_option(&p, BFE_OPTION_COLLECT_NET_EVENTS, NULL), ERR_NULL_POINTER);
	value.has_type = true;
	value.type = MODEL_UINT8;
	value.value_case = OPENWFP__VALUE__VALUE_UINT8;
	CHECK_ERR(set_option(&p, BFE_OPTION_COLLECT_NET_EVENTS, &value), ERR_TYPE_MISMATCH);
	value.type = MODEL_UINT32;
	value.value_case = OPENWFP__VALUE__VALUE_UINT32;
	CHECK_OK(set_option(&p, BFE_OPTION_COLLECT_NET_EVENTS, &value));
	CHECK_ERR(ask_enum(&p, OPENWFP__KIND__NET_EVENT, NULL, &handle), ERR_NET_EVENTS_DISABLED);
	o.has_option = true;
	o.option = BFE_OPTION_COLLECT_NET_EVENTS;
	get.optionget = &o;
	CHECK_OK(ask(&p, &get));
	CHECK_EQ_U(p.reply->value->uint32, 0);
	end(&w, &p);
}

struct switcher {
	struct service_world *world;
	uint32_t value;
};

static void switch_collecting(void *arg)
{
	const struct switcher *me = arg;
	Openwfp__Value value = OPENWFP__VALUE__INIT;
	struct peer p;

	value.has_type = true;
	value.type = MODEL_UINT32;
	value.value_case = OPENWFP__VALUE__VALUE_UINT32;
	value.uint32 = me->value;
	peer_connect(me->world, &p, 0);
	CHECK_OK(ask_open(&p, 0, 0));
	CHECK_OK(set_option(&p, BFE_OPTION_COLLECT_NET_EVENTS, &value));
	peer_close(&p);
}

SIM_TEST(what_two_clients_set_at_once_is_what_the_monitor_does)
{
	struct service_world w;
	struct switcher switchers[2] = {{&w, 0}, {&w, 1}};
	struct thread *threads[2];
	struct peer p;

	begin(&w, &p);
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 2; i++)
			CHECK_OK(thread_start(&threads[i], "client", switch_collecting,
					      &switchers[i]));
		for (int i = 0; i < 2; i++)
			thread_join(threads[i]);
		CHECK_EQ_U(bfe_netevents_collect(bfe_monitor_netevents(w.monitor)),
			   bfe_option_value(w.bfe, BFE_OPTION_COLLECT_NET_EVENTS));
	}
	end(&w, &p);
}

SIM_TEST(every_type_of_system_port_is_listed_and_statistics_are_told)
{
	struct service_world w;
	struct peer p;

	begin(&w, &p);
	CHECK_OK(ask_empty(&p, OPENWFP__REQUEST__OP_SYSTEM_PORTS_GET));
	CHECK_EQ_U(p.reply->systemports->n_types, 4);
	CHECK_EQ_U(p.reply->systemports->types[3]->type, 3);
	CHECK_OK(ask_empty(&p, OPENWFP__REQUEST__OP_STATS_GET));
	CHECK_EQ_U(p.reply->stats->n_stats, 100);
	CHECK_EQ_U(p.reply->stats->stats[99]->value, 99);
	end(&w, &p);
}

/* ---- memory ------------------------------------------------------------------------------------
 */

/* Asks until it does not lack memory. */
#define SWEEP(call)                                                                                \
	do {                                                                                       \
		wfp_err swept_ = ERR_NO_MEMORY;                                                    \
		for (uint64_t nth = 1; swept_ == ERR_NO_MEMORY; nth++) {                           \
			mem_fail_at(nth);                                                          \
			swept_ = (call);                                                           \
		}                                                                                  \
		mem_fail_at(0);                                                                    \
		CHECK_OK(swept_);                                                                  \
	} while (0)

TEST(every_lack_of_memory_is_an_error_and_changes_nothing)
{
	struct model_object provider = a_provider(1);
	struct model_filter filter = a_filter();
	struct guid key = key_of(1);
	struct service_world w;
	uint64_t handle;
	struct peer p;

	service_world_open(&w, true);
	peer_connect(&w, &p, 0);
	SWEEP(ask_open(&p, 0, 1));
	SWEEP(ask_add(&p, &provider));
	SWEEP(ask_begin(&p, 0));
	SWEEP(ask_add_filter(&p, &filter));
	SWEEP(ask_empty(&p, OPENWFP__REQUEST__OP_TXN_ABORT));
	SWEEP(ask_add_filter(&p, &filter));
	SWEEP(ask_subscribe(&p, FILTERS, &handle));
	SWEEP(ask_subscribe(&p, OPENWFP__KIND__NET_EVENT, &handle));
	SWEEP(ask_enum(&p, FILTERS, NULL, &handle));
	SWEEP(ask_next(&p, handle, 10));
	CHECK_EQ_U(p.reply->objects->n_objects, 1);
	SWEEP(ask_enum(&p, OPENWFP__KIND__SESSION, NULL, &handle));
	SWEEP(ask_next(&p, handle, 10));
	SWEEP(ask_enum(&p, OPENWFP__KIND__LAYER, NULL, &handle));
	SWEEP(ask_next(&p, handle, 10));
	SWEEP(ask_get(&p, which_key(PROVIDERS, &key)));
	SWEEP(ask_empty(&p, OPENWFP__REQUEST__OP_STATS_GET));
	SWEEP(ask_empty(&p, OPENWFP__REQUEST__OP_SYSTEM_PORTS_GET));
	SWEEP(ask_delete(&p, which_key(PROVIDERS, &key)));
	end(&w, &p);
}
