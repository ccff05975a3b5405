/* SPDX-License-Identifier: MIT */
/*
 * subscribe_test - callbacks: what they are told, and what they may do.
 */
#include "program.h"

#include "base/thread.h"

static const GUID key_a = {0xa, 0, 0, {1, 2, 3, 4, 5, 6, 7, 8}};

/* What a callback has seen, and a way to wait for it. */
static struct seen {
	struct lock lock;
	struct cond changed;
	unsigned n;
	uint32_t type, what;
	uint64_t id;
	GUID key;
	wfp_err err;
	HANDLE engine, handle;
	bool hold;
} seen;

static void seen_init(void)
{
	lock_init(&seen.lock, "seen", 2);
	cond_init(&seen.changed, "seen");
}

/* Says what is new, then stays in the callback as long as the test wants. */
static void seen_add(uint32_t type, const GUID *key, uint64_t id)
{
	lock_take(&seen.lock);
	seen.n++;
	seen.type = type;
	seen.id = id;
	if (key)
		seen.key = *key;
	cond_broadcast(&seen.changed);
	while (seen.hold)
		cond_wait(&seen.changed, &seen.lock);
	lock_drop(&seen.lock);
}

static void wait_for(unsigned n)
{
	lock_take(&seen.lock);
	while (seen.n < n)
		cond_wait(&seen.changed, &seen.lock);
	lock_drop(&seen.lock);
}

static void hold(bool on)
{
	lock_take(&seen.lock);
	seen.hold = on;
	cond_broadcast(&seen.changed);
	lock_drop(&seen.lock);
}

static HANDLE start(void)
{
	seen_init();
	return program_start();
}

static void CALLBACK on_filter(void *context, const FWPM_FILTER_CHANGE0 *change)
{
	CHECK(context == &seen);
	seen_add(change->changeType, &change->filterKey, change->filterId);
}

static HANDLE subscribe_filters(HANDLE engine, FWPM_FILTER_CHANGE_CALLBACK0 callback)
{
	FWPM_FILTER_SUBSCRIPTION0 wish = {.flags = FWPM_SUBSCRIPTION_FLAG_NOTIFY_ON_ADD |
						   FWPM_SUBSCRIPTION_FLAG_NOTIFY_ON_DELETE};
	HANDLE handle = NULL;

	CHECK_OK(FwpmFilterSubscribeChanges0(engine, &wish, callback, &seen, &handle));
	return handle;
}

static UINT64 add_filter(HANDLE engine, const GUID *key)
{
	FWPM_FILTER0 filter = {.filterKey = *key, .displayData = {.name = TEXT_OF("f")}};
	UINT64 id = 0;

	CHECK_OK(FwpmFilterAdd0(engine, &filter, NULL, &id));
	return id;
}

/* ---- changes --------------------------------------------------------------------------------- */

TEST(an_addition_and_a_deletion_are_told)
{
	HANDLE engine = start(), handle = subscribe_filters(engine, on_filter);
	UINT64 id = add_filter(engine, &key_a);

	wait_for(1);
	CHECK_EQ_U(seen.type, FWPM_CHANGE_ADD);
	CHECK_EQ_U(seen.id, id);
	CHECK(memcmp(&seen.key, &key_a, sizeof(key_a)) == 0);
	CHECK_OK(FwpmFilterDeleteById0(engine, id));
	wait_for(2);
	CHECK_EQ_U(seen.type, FWPM_CHANGE_DELETE);
	CHECK_OK(FwpmFilterUnsubscribeChanges0(engine, handle));
	CHECK_ERR(FwpmFilterUnsubscribeChanges0(engine, handle), ERR_INVALID_HANDLE);
	add_filter(engine, &key_a);
	CHECK_EQ_U(seen.n, 2);
	program_end(engine);
}

static void CALLBACK on_provider(void *context, const FWPM_PROVIDER_CHANGE0 *change)
{
	seen_add(change->changeType, &change->providerKey, 0);
}

static void CALLBACK on_context(void *context, const FWPM_PROVIDER_CONTEXT_CHANGE0 *change)
{
	seen_add(change->changeType, &change->providerContextKey, change->providerContextId);
}

static void CALLBACK on_sublayer(void *context, const FWPM_SUBLAYER_CHANGE0 *change)
{
	seen_add(change->changeType, &change->subLayerKey, 0);
}

static void CALLBACK on_callout(void *context, const FWPM_CALLOUT_CHANGE0 *change)
{
	seen_add(change->changeType, &change->calloutKey, change->calloutId);
}

TEST(every_kind_of_object_tells_its_changes)
{
	FWPM_PROVIDER0 provider = {.providerKey = key_a};
	FWPM_PROVIDER_CONTEXT0 context = {.providerContextKey = key_a,
					  .type = FWPM_GENERAL_CONTEXT};
	FWPM_SUBLAYER0 sublayer = {.subLayerKey = key_a};
	FWPM_CALLOUT0 callout = {.calloutKey = key_a};
	FWPM_PROVIDER_SUBSCRIPTION0 providers = {.flags = 3};
	FWPM_PROVIDER_CONTEXT_SUBSCRIPTION0 contexts = {.flags = 3};
	FWPM_SUBLAYER_SUBSCRIPTION0 sublayers = {.flags = 3};
	FWPM_CALLOUT_SUBSCRIPTION0 callouts = {.flags = 3};
	HANDLE engine = start(), h[4];

	CHECK_OK(FwpmProviderSubscribeChanges0(engine, &providers, on_provider, NULL, &h[0]));
	CHECK_OK(FwpmProviderContextSubscribeChanges0(engine, &contexts, on_context, NULL, &h[1]));
	CHECK_OK(FwpmSubLayerSubscribeChanges0(engine, &sublayers, on_sublayer, NULL, &h[2]));
	CHECK_OK(FwpmCalloutSubscribeChanges0(engine, &callouts, on_callout, NULL, &h[3]));
	CHECK_OK(FwpmProviderAdd0(engine, &provider, NULL));
	CHECK_OK(FwpmProviderContextAdd0(engine, &context, NULL, NULL));
	CHECK_OK(FwpmSubLayerAdd0(engine, &sublayer, NULL));
	CHECK_OK(FwpmCalloutAdd0(engine, &callout, NULL, NULL));
	wait_for(4);
	CHECK(memcmp(&seen.key, &key_a, sizeof(key_a)) == 0);
	CHECK_EQ_U(seen.id, 4);
	CHECK_ERR(FwpmProviderUnsubscribeChanges0(engine, h[1]), ERR_INVALID_HANDLE);
	CHECK_OK(FwpmProviderUnsubscribeChanges0(engine, h[0]));
	CHECK_OK(FwpmProviderContextUnsubscribeChanges0(engine, h[1]));
	CHECK_OK(FwpmSubLayerUnsubscribeChanges0(engine, h[2]));
	CHECK_OK(FwpmCalloutUnsubscribeChanges0(engine, h[3]));
	program_end(engine);
}

TEST(the_subscriptions_of_all_are_listed)
{
	FWPM_FILTER_SUBSCRIPTION0 **entries = NULL;
	HANDLE engine = start();
	UINT32 n = 0;

	CHECK_OK(FwpmFilterSubscriptionsGet0(engine, &entries, &n));
	CHECK_EQ_U(n, 2);
	CHECK_EQ_U(entries[1]->flags, 3);
	FwpmFreeMemory0((void **)&entries);
	program_end(engine);
}

/* ---- what a callback may do ------------------------------------------------------------------ */

static void CALLBACK calls_the_api(void *context, const FWPM_FILTER_CHANGE0 *change)
{
	FWPM_FILTER0 *got = NULL;

	seen.err = FwpmFilterGetById0(seen.engine, change->filterId, &got);
	FwpmFreeMemory0((void **)&got);
	seen_add(change->changeType, NULL, change->filterId);
}

TEST(a_callback_may_call_the_api)
{
	HANDLE engine = start();

	seen.engine = engine;
	seen.err = ERR_BUSY;
	subscribe_filters(engine, calls_the_api);
	add_filter(engine, &key_a);
	wait_for(1);
	CHECK_OK(seen.err);
	program_end(engine);
}

static void CALLBACK unsubscribes(void *context, const FWPM_FILTER_CHANGE0 *change)
{
	seen.err = FwpmFilterUnsubscribeChanges0(seen.engine, seen.handle);
	seen_add(change->changeType, NULL, change->filterId);
}

TEST(a_callback_may_end_its_own_subscription)
{
	HANDLE engine = start();

	seen.engine = engine;
	seen.err = ERR_BUSY;
	seen.handle = subscribe_filters(engine, unsubscribes);
	add_filter(engine, &key_a);
	wait_for(1);
	CHECK_OK(seen.err);
	program_end(engine);
}

static void CALLBACK closes(void *context, const FWPM_FILTER_CHANGE0 *change)
{
	seen.err = FwpmEngineClose0(seen.engine);
	seen_add(change->changeType, NULL, change->filterId);
}

TEST(a_callback_cannot_close_its_session)
{
	HANDLE engine = start();

	seen.engine = engine;
	subscribe_filters(engine, closes);
	add_filter(engine, &key_a);
	wait_for(1);
	CHECK_ERR(seen.err, ERR_BUSY);
	program_end(engine);
}

static struct atom32 unsubscribed;

static void unsubscribe_elsewhere(void *arg)
{
	CHECK_OK(FwpmFilterUnsubscribeChanges0(seen.engine, arg));
	atom32_store(&unsubscribed, 1);
}

TEST(unsubscribing_waits_for_a_callback_that_runs)
{
	struct thread *t;
	HANDLE engine = start(), handle = subscribe_filters(engine, on_filter);

	seen.engine = engine;
	hold(true);
	add_filter(engine, &key_a);
	wait_for(1);
	CHECK_OK(thread_start(&t, "other", unsubscribe_elsewhere, handle));
	for (unsigned i = 0; i < 100; i++)
		thread_yield();
	CHECK_EQ_U(atom32_load(&unsubscribed), 0);
	hold(false);
	thread_join(t);
	CHECK_EQ_U(atom32_load(&unsubscribed), 1);
	program_end(engine);
}

TEST(closing_a_session_ends_its_subscriptions)
{
	HANDLE engine = start(), handle = subscribe_filters(engine, on_filter);

	CHECK_OK(FwpmEngineClose0(engine));
	CHECK_ERR(FwpmFilterUnsubscribeChanges0(engine, handle), ERR_INVALID_HANDLE);
	program_end(NULL);
}

TEST(a_subscriber_that_was_too_slow_learns_it_when_it_ends_it)
{
	Openwfp__Notification n = OPENWFP__NOTIFICATION__INIT;
	HANDLE engine = start(), handle = subscribe_filters(engine, on_filter);
	FWPM_FILTER0 *got;

	n.has_error = 1;
	n.error = ERR_NOTIFICATION_DROPPED;
	lock_take(&fake.lock);
	fake_tell(OPENWFP__KIND__FILTER, &n, true);
	lock_drop(&fake.lock);
	/* A second subscription is told after the first: when it is, the loss has been seen. */
	subscribe_filters(engine, on_filter);
	add_filter(engine, &key_a);
	wait_for(1);
	CHECK_ERR(FwpmFilterGetById0(engine, 99, &got), ERR_NOT_FOUND);
	CHECK_ERR(FwpmFilterUnsubscribeChanges0(engine, handle), ERR_NOTIFICATION_DROPPED);
	/* The engine keeps its place until it is told. */
	lock_take(&fake.lock);
	CHECK_EQ_U(fake.handles[0].kind, 0);
	lock_drop(&fake.lock);
	program_end(engine);
}

TEST(a_subscription_needs_a_callback_and_a_wish)
{
	FWPM_FILTER_SUBSCRIPTION0 wish = {.flags = 3};
	HANDLE engine = start(), handle = NULL;

	CHECK_ERR(FwpmFilterSubscribeChanges0(engine, &wish, NULL, NULL, &handle),
		  ERR_NULL_POINTER);
	CHECK_ERR(FwpmFilterSubscribeChanges0(engine, NULL, on_filter, NULL, &handle),
		  ERR_NULL_POINTER);
	CHECK_ERR(FwpmFilterSubscribeChanges0(engine, &wish, on_filter, NULL, NULL),
		  ERR_NULL_POINTER);
	fake.fail = ERR_TXN_IN_PROGRESS;
	CHECK_ERR(FwpmFilterSubscribeChanges0(engine, &wish, on_filter, NULL, &handle),
		  ERR_TXN_IN_PROGRESS);
	CHECK(!handle);
	program_end(engine);
}

/* ---- net events, connections, ports ---------------------------------------------------------- */

#define ON_EVENT(generation, type_)                                                                \
	static void CALLBACK on_event##generation(void *context, const type_ *event)               \
	{                                                                                          \
		lock_take(&seen.lock);                                                             \
		seen.what |= 1u << generation;                                                     \
		lock_drop(&seen.lock);                                                             \
		seen_add(event->type, NULL, event->header.localPort);                              \
	}
ON_EVENT(0, FWPM_NET_EVENT1)
ON_EVENT(1, FWPM_NET_EVENT2)
ON_EVENT(2, FWPM_NET_EVENT3)
ON_EVENT(3, FWPM_NET_EVENT4)
ON_EVENT(4, FWPM_NET_EVENT5)

static void tell_event(uint32_t type)
{
	Openwfp__NetEventHeader header = OPENWFP__NET_EVENT_HEADER__INIT;
	Openwfp__NetEvent event = OPENWFP__NET_EVENT__INIT;
	Openwfp__Notification n = OPENWFP__NOTIFICATION__INIT;

	header.has_localport = 1;
	header.localport = 443;
	event.header = &header;
	event.has_type = 1;
	event.type = type;
	n.netevent = &event;
	lock_take(&fake.lock);
	fake_tell(OPENWFP__KIND__NET_EVENT, &n, false);
	lock_drop(&fake.lock);
}

TEST(a_net_event_is_told_in_the_words_of_each_generation)
{
	FWPM_NET_EVENT_SUBSCRIPTION0 wish = {0};
	HANDLE engine = start(), h[5];

	CHECK_OK(FwpmNetEventSubscribe0(engine, &wish, on_event0, NULL, &h[0]));
	CHECK_OK(FwpmNetEventSubscribe1(engine, &wish, on_event1, NULL, &h[1]));
	CHECK_OK(FwpmNetEventSubscribe2(engine, &wish, on_event2, NULL, &h[2]));
	CHECK_OK(FwpmNetEventSubscribe3(engine, &wish, on_event3, NULL, &h[3]));
	CHECK_OK(FwpmNetEventSubscribe4(engine, &wish, on_event4, NULL, &h[4]));
	tell_event(FWPM_NET_EVENT_TYPE_CLASSIFY_ALLOW);
	wait_for(4);
	CHECK_EQ_U(seen.what, 0x1e); /* the first does not know this type */
	tell_event(FWPM_NET_EVENT_TYPE_CLASSIFY_DROP);
	wait_for(9);
	CHECK_EQ_U(seen.what, 0x1f);
	CHECK_EQ_U(seen.id, 443);
	for (size_t i = 0; i < ARRAY_LEN(h); i++)
		CHECK_OK(FwpmNetEventUnsubscribe0(engine, h[i]));
	program_end(engine);
}

static void CALLBACK on_connection(void *context, FWPM_CONNECTION_EVENT_TYPE type,
				   const FWPM_CONNECTION0 *connection)
{
	seen_add(type, NULL, connection->connectionId);
}

TEST(a_connection_is_told_with_its_data)
{
	FWPM_CONNECTION_SUBSCRIPTION0 wish = {0};
	Openwfp__Connection connection = OPENWFP__CONNECTION__INIT;
	Openwfp__Notification n = OPENWFP__NOTIFICATION__INIT;
	HANDLE engine = start(), handle;

	CHECK_OK(FwpmConnectionSubscribe0(engine, &wish, on_connection, NULL, &handle));
	connection.has_connectionid = 1;
	connection.connectionid = 12;
	n.has_changetype = 1;
	n.changetype = FWPM_CONNECTION_EVENT_DELETE;
	n.connection = &connection;
	lock_take(&fake.lock);
	fake_tell(OPENWFP__KIND__CONNECTION, &n, false);
	lock_drop(&fake.lock);
	wait_for(1);
	CHECK_EQ_U(seen.type, FWPM_CONNECTION_EVENT_DELETE);
	CHECK_EQ_U(seen.id, 12);
	CHECK_OK(FwpmConnectionUnsubscribe0(engine, handle));
	program_end(engine);
}

static void CALLBACK on_ports(void *context, const FWPM_SYSTEM_PORTS0 *ports)
{
	seen_add(ports->numTypes, NULL, ports->types[0].ports[1]);
}

static void CALLBACK ends_its_ports(void *context, const FWPM_SYSTEM_PORTS0 *ports)
{
	seen.err = FwpmSystemPortsUnsubscribe0(NULL, seen.handle);
	seen_add(ports->numTypes, NULL, 0);
}

static void tell_ports(void)
{
	Openwfp__SystemPortsByType by_type, *list;
	Openwfp__SystemPorts ports;
	Openwfp__Notification n = OPENWFP__NOTIFICATION__INIT;

	fake_ports_make(&ports, &by_type, &list);
	n.systemports = &ports;
	lock_take(&fake.lock);
	fake_tell(OPENWFP__KIND__SYSTEM_PORTS, &n, false);
	lock_drop(&fake.lock);
}

TEST(system_ports_need_no_session)
{
	FWPM_SYSTEM_PORTS0 *ports = NULL;
	HANDLE engine = start(), handle;

	CHECK_OK(FwpmSystemPortsGet0(NULL, &ports));
	CHECK_EQ_U(ports->types[0].numPorts, 2);
	CHECK_EQ_U(ports->types[0].ports[0], 135);
	FwpmFreeMemory0((void **)&ports);
	CHECK_OK(FwpmSystemPortsSubscribe0(NULL, NULL, on_ports, NULL, &handle));
	tell_ports();
	wait_for(1);
	CHECK_EQ_U(seen.id, 5000);
	CHECK_OK(FwpmSystemPortsUnsubscribe0(NULL, handle));
	CHECK_ERR(FwpmSystemPortsUnsubscribe0(NULL, handle), ERR_INVALID_HANDLE);
	CHECK_OK(FwpmSystemPortsSubscribe0(engine, NULL, on_ports, NULL, &handle));
	CHECK_OK(FwpmSystemPortsUnsubscribe0(engine, handle));
	program_end(engine);
}

TEST(a_callback_cannot_end_the_session_of_its_own_ports)
{
	HANDLE engine = start();

	CHECK_OK(FwpmSystemPortsSubscribe0(NULL, NULL, ends_its_ports, NULL, &seen.handle));
	tell_ports();
	wait_for(1);
	CHECK_ERR(seen.err, ERR_BUSY);
	CHECK_OK(FwpmSystemPortsUnsubscribe0(NULL, seen.handle));
	program_end(engine);
}
