/* SPDX-License-Identifier: MIT */
/*
 * txn - transactions: what they allow, what they restore, who waits for whom, and what callouts may
 * do while one is being committed.
 */
#include "bfe_world.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/thread.h"

TEST(one_transaction_per_session)
{
	struct world w = world_open();

	CHECK_ERR(bfe_txn_commit(w.s), ERR_NO_TXN_IN_PROGRESS);
	CHECK_ERR(bfe_txn_abort(w.s), ERR_NO_TXN_IN_PROGRESS);
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_ERR(bfe_txn_begin(w.s, 0), ERR_TXN_IN_PROGRESS);
	CHECK_OK(bfe_txn_commit(w.s));
	CHECK_ERR(bfe_txn_commit(w.s), ERR_NO_TXN_IN_PROGRESS);
	CHECK_ERR(bfe_txn_begin(w.s, 2), ERR_INVALID_FLAGS);
	world_close(&w);
}

TEST(a_read_only_transaction_writes_nothing)
{
	struct world w = world_open();

	CHECK_OK(bfe_txn_begin(w.s, BFE_TXN_READ_ONLY));
	CHECK_ERR(add_filter(w.s, 0, NULL), ERR_INCOMPATIBLE_TXN);
	CHECK_ERR(filter_delete(w.s, 1), ERR_INCOMPATIBLE_TXN);
	CHECK_OK(bfe_txn_commit(w.s));
	world_close(&w);
}

TEST(nothing_is_in_force_before_the_commit)
{
	struct world w = world_open();
	uint64_t id;

	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(add_filter(w.s, 0, &id));
	CHECK(!in_force(&w));
	CHECK(knows_filter(&w, id));
	CHECK_OK(bfe_txn_commit(w.s));
	CHECK(in_force(&w));
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(filter_delete(w.s, id));
	CHECK(in_force(&w));
	CHECK(knows_filter(&w, id));
	CHECK_OK(bfe_txn_commit(w.s));
	CHECK(!in_force(&w));
	CHECK(!knows_filter(&w, id));
	world_close(&w);
}

TEST(a_failed_operation_does_not_spoil_the_transaction)
{
	struct world w = world_open();
	uint64_t ids[3];

	CHECK_OK(bfe_txn_begin(w.s, 0));
	for (int i = 0; i < 3; i++)
		CHECK_OK(add_filter(w.s, 0, &ids[i]));
	CHECK_ERR(add_filter(w.s, 9, NULL), ERR_SUBLAYER_NOT_FOUND);
	CHECK_OK(bfe_txn_commit(w.s));
	for (int i = 0; i < 3; i++)
		CHECK_OK(filter_delete(w.s, ids[i]));
	world_close(&w);
}

TEST(an_abort_restores_everything)
{
	struct world w = world_open();
	struct guid one = key_of(1), two = key_of(2);
	uint64_t old, id;

	CHECK_OK(add_sublayer(w.s, 1, 100));
	CHECK_OK(add_filter(w.s, 1, &old));
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(add_sublayer(w.s, 2, 200));
	CHECK_OK(add_filter(w.s, 2, &id));
	CHECK_OK(filter_delete(w.s, old));
	CHECK_OK(bfe_object_delete(w.s, MODEL_SUBLAYER, &one));
	CHECK_OK(bfe_txn_abort(w.s));
	CHECK(in_force(&w));
	CHECK(!knows_filter(&w, id));
	CHECK_ERR(bfe_object_delete(w.s, MODEL_SUBLAYER, &two), ERR_SUBLAYER_NOT_FOUND);
	CHECK_ERR(bfe_object_delete(w.s, MODEL_SUBLAYER, &one), ERR_IN_USE);
	CHECK_OK(filter_delete(w.s, old));
	CHECK_OK(bfe_object_delete(w.s, MODEL_SUBLAYER, &one));
	world_close(&w);
}

TEST(closing_a_session_aborts_its_transaction)
{
	struct world w = world_open();
	struct bfe_session *s;

	CHECK_OK(session_open(w.bfe, 0, 0, &s));
	CHECK_OK(bfe_txn_begin(s, 0));
	CHECK_OK(add_filter(s, 0, NULL));
	bfe_session_close(s);
	CHECK(!in_force(&w));
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(bfe_txn_commit(w.s));
	world_close(&w);
}

TEST(closing_no_session_is_accepted)
{
	bfe_session_close(NULL);
}

TEST(a_call_outside_of_a_transaction_is_one_of_its_own)
{
	struct world w = world_open();
	uint64_t before = engine_generation(w.engine, CONNECT), id;

	CHECK_OK(add_filter(w.s, 0, &id));
	CHECK(in_force(&w));
	CHECK_EQ_U(engine_generation(w.engine, CONNECT), before + 1);
	CHECK_ERR(bfe_txn_commit(w.s), ERR_NO_TXN_IN_PROGRESS);
	CHECK_OK(filter_delete(w.s, id));
	CHECK(!in_force(&w));
	world_close(&w);
}

TEST(added_and_deleted_again_cancels_out)
{
	struct world w = world_open();
	uint64_t before = engine_generation(w.engine, CONNECT), id;
	struct guid k = key_of(1);

	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(add_sublayer(w.s, 1, 100));
	CHECK_OK(add_callout(w.s, 1, NULL));
	CHECK_OK(add_filter(w.s, 1, &id));
	CHECK_OK(filter_delete(w.s, id));
	CHECK_OK(bfe_object_delete(w.s, MODEL_CALLOUT, &k));
	CHECK_OK(bfe_object_delete(w.s, MODEL_SUBLAYER, &k));
	CHECK_OK(bfe_txn_commit(w.s));
	CHECK_EQ_U(engine_generation(w.engine, CONNECT), before);
	world_close(&w);
}

TEST(one_transaction_is_one_commit)
{
	struct world w = world_open();
	uint64_t before = engine_generation(w.engine, CONNECT);

	CHECK_OK(bfe_txn_begin(w.s, 0));
	for (int i = 0; i < 5; i++)
		CHECK_OK(add_filter(w.s, 0, NULL));
	CHECK_OK(bfe_txn_commit(w.s));
	CHECK_EQ_U(engine_generation(w.engine, CONNECT), before + 1);
	world_close(&w);
}

TEST(a_key_can_be_deleted_and_added_again_in_one_transaction)
{
	struct world w = world_open();
	struct guid k = key_of(1);
	struct model_filter f = calling(1, 1);
	uint32_t was, is;
	uint64_t old, new;

	f.key = k;
	CHECK_OK(add_sublayer(w.s, 1, 100));
	CHECK_OK(add_callout(w.s, 1, &was));
	CHECK_OK(filter_add(w.s, &f, &old));
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(filter_delete(w.s, old));
	CHECK_OK(bfe_object_delete(w.s, MODEL_CALLOUT, &k));
	CHECK_OK(bfe_object_delete(w.s, MODEL_SUBLAYER, &k));
	CHECK_OK(add_sublayer(w.s, 1, 200));
	CHECK_OK(add_callout(w.s, 1, &is));
	CHECK_OK(filter_add(w.s, &f, &new));
	CHECK_OK(bfe_txn_commit(w.s));
	CHECK_EQ_U(was, is);
	CHECK(new != old);
	CHECK(in_force(&w));
	CHECK_ERR(bfe_object_delete(w.s, MODEL_SUBLAYER, &k), ERR_IN_USE);
	CHECK_OK(bfe_object_delete(w.s, MODEL_FILTER, &k));
	CHECK_OK(bfe_object_delete_by_id(w.s, MODEL_CALLOUT, is));
	CHECK_OK(bfe_object_delete(w.s, MODEL_SUBLAYER, &k));
	world_close(&w);
}

/* ---- waiting ----------------------------------------------------------------------------------
 */

TEST(whoever_waits_too_long_for_the_lock_times_out)
{
	struct world w = world_open();
	struct bfe_session *s;

	CHECK_OK(session_open(w.bfe, 0, 1, &s));
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_ERR(bfe_txn_begin(s, 0), ERR_TIMEOUT);
	CHECK_ERR(add_filter(s, 0, NULL), ERR_TIMEOUT);
	CHECK_OK(bfe_txn_commit(w.s));
	CHECK_OK(add_filter(s, 0, NULL));
	bfe_session_close(s);
	world_close(&w);
}

TEST(readers_wait_for_nobody_and_keep_nobody_out)
{
	struct world w = world_open();
	struct bfe_session *reader, *other;

	CHECK_OK(session_open(w.bfe, 0, 1, &reader));
	CHECK_OK(session_open(w.bfe, 0, 1, &other));
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(bfe_txn_begin(reader, BFE_TXN_READ_ONLY));
	CHECK_OK(bfe_txn_begin(other, BFE_TXN_READ_ONLY));
	CHECK_OK(add_filter(w.s, 0, NULL));
	CHECK_OK(bfe_txn_commit(w.s));
	CHECK_OK(bfe_txn_abort(other));
	CHECK_OK(bfe_txn_begin(other, 0));
	CHECK_OK(bfe_txn_commit(other));
	CHECK_OK(bfe_txn_commit(reader));
	bfe_session_close(other);
	bfe_session_close(reader);
	world_close(&w);
}

#ifdef BASE_SIM
SIM_TEST(zero_means_fifteen_seconds)
{
	struct world w = world_open();
	struct bfe_session *s;
	uint64_t start = clock_now();

	CHECK_OK(session_open(w.bfe, 0, 0, &s));
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_ERR(bfe_txn_begin(s, 0), ERR_TIMEOUT);
	CHECK(clock_now() - start >= 15 * CLOCK_S && clock_now() - start < 16 * CLOCK_S);
	bfe_session_close(s);
	world_close(&w);
}
#endif

#ifdef BASE_SIM
static void begin_and_commit(void *arg)
{
	CHECK_OK(bfe_txn_begin(arg, 0));
	CHECK_OK(bfe_txn_commit(arg));
}

SIM_TEST(an_infinite_wait_outlasts_the_default_one)
{
	struct world w = world_open();
	struct bfe_session *s;
	struct thread *waiter;

	CHECK_OK(session_open(w.bfe, 0, UINT32_MAX, &s));
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(thread_start(&waiter, "waiter", begin_and_commit, s));
	clock_sleep_until(clock_now() + 3600 * CLOCK_S);
	CHECK_OK(bfe_txn_commit(w.s));
	thread_join(waiter);
	bfe_session_close(s);
	world_close(&w);
}
#endif

TEST(a_session_closed_while_this_thread_writes_goes_when_that_ends)
{
	struct world w = world_open();
	struct bfe_session *d = dynamic(&w);
	uint64_t id;

	CHECK_OK(add_filter(d, 0, &id));
	CHECK_OK(bfe_txn_begin(w.s, 0));
	bfe_session_close(d);
	CHECK(in_force(&w));
	CHECK_OK(bfe_txn_commit(w.s));
	CHECK(!in_force(&w));
	world_close(&w);
}

/* Threads that write through sessions of their own, or all through one. */
struct writer {
	struct world *w;
	struct bfe_session *s;
	struct thread *thread;
	unsigned done;
};

static void write_some(void *arg)
{
	struct writer *me = arg;

	for (int i = 0; i < 4; i++) {
		uint64_t id;

		CHECK_OK(bfe_txn_begin(me->s, 0));
		CHECK_OK(add_filter(me->s, 0, &id));
		CHECK_OK(add_filter(me->s, 0, NULL));
		CHECK_OK(filter_delete(me->s, id));
		CHECK_OK(bfe_txn_commit(me->s));
		me->done++;
	}
	bfe_session_close(me->s);
}

SIM_TEST(writers_take_turns)
{
	struct world w = world_open();
	struct writer writers[3];

	for (int i = 0; i < 3; i++) {
		writers[i] = (struct writer){.w = &w};
		CHECK_OK(session_open(w.bfe, BFE_SESSION_DYNAMIC, UINT32_MAX, &writers[i].s));
		CHECK_OK(thread_start(&writers[i].thread, "writer", write_some, &writers[i]));
	}
	for (int i = 0; i < 3; i++) {
		thread_join(writers[i].thread);
		CHECK_EQ_U(writers[i].done, 4);
	}
	CHECK(!in_force(&w));
	world_close(&w);
}

static void add_one(void *arg)
{
	struct writer *me = arg;

	CHECK_OK(add_filter(me->s, 0, NULL));
}

SIM_TEST(calls_on_one_session_are_taken_one_after_another)
{
	struct world w = world_open();
	struct writer writers[3];

	CHECK_OK(bfe_txn_begin(w.s, 0));
	for (int i = 0; i < 3; i++) {
		writers[i] = (struct writer){.w = &w, .s = w.s};
		CHECK_OK(thread_start(&writers[i].thread, "writer", add_one, &writers[i]));
	}
	for (int i = 0; i < 3; i++)
		thread_join(writers[i].thread);
	CHECK_OK(bfe_txn_commit(w.s));
	for (uint64_t id = 65537; id < 65537 + 3; id++)
		CHECK_OK(filter_delete(w.s, id));
	CHECK(!in_force(&w));
	world_close(&w);
}

/* ---- callouts ---------------------------------------------------------------------------------
 */

/* A driver whose notifyFn calls back, or refuses. */
struct driver {
	struct world *w;
	struct bfe_session *own;
	unsigned added, deleted;
	bool refuses, calls_back, closes;
	uint32_t id;
};

static void classify(void *ctx, const struct engine_call *call, struct engine_classify_out *out)
{
	struct driver *d = ctx;
	struct bfe_session *s;

	CHECK_ERR(bfe_txn_begin(d->w->s, 0), ERR_NOT_SUPPORTED);
	CHECK_ERR(session_open(d->w->bfe, 0, 0, &s), ERR_NOT_SUPPORTED);
	if (d->closes)
		bfe_session_close(d->own);
}

static void call_back(struct driver *d, uint64_t filter)
{
	struct bfe_session *s;

	CHECK_ERR(session_open(d->w->bfe, 0, 0, &s), ERR_TXN_IN_PROGRESS);
	CHECK_ERR(bfe_txn_begin(d->w->s, 0), ERR_TXN_IN_PROGRESS);
	CHECK_ERR(bfe_txn_begin(d->own, BFE_TXN_READ_ONLY), ERR_TXN_IN_PROGRESS);
	CHECK_ERR(bfe_txn_commit(d->own), ERR_TXN_IN_PROGRESS);
	CHECK_ERR(add_filter(d->own, 0, NULL), ERR_TXN_IN_PROGRESS);
	CHECK_ERR(filter_delete(d->own, filter), ERR_TXN_IN_PROGRESS);
	CHECK(knows_filter(d->w, filter));
}

static wfp_err notify(void *ctx, enum engine_notify what, const struct model_filter *filter)
{
	struct driver *d = ctx;

	lock_assert_none_held();
	if (d->calls_back)
		call_back(d, filter->id);
	if (d->closes) {
		bfe_session_close(d->own);
		d->closes = false;
	}
	if (what == ENGINE_NOTIFY_DELETE_FILTER) {
		d->deleted++;
		return ERR_OK;
	}
	if (d->refuses)
		return ERR_INVALID_PARAMETER;
	d->added++;
	return ERR_OK;
}

static void driver_load(struct driver *d, struct world *w)
{
	static const struct engine_callout_ops ops = {.classify = classify, .notify = notify};
	const struct engine_callout_desc desc = {
		.key = key_of(1), .driver = 1, .ops = &ops, .ctx = d};

	*d = (struct driver){.w = w, .own = dynamic(w)};
	CHECK_OK(engine_callout_register(w->engine, &desc, &d->id));
	CHECK_OK(add_callout(w->s, 1, NULL));
}

static void driver_unload(struct driver *d)
{
	CHECK_OK(engine_callout_unregister(d->w->engine, d->id, ENGINE_UNREGISTER_POLITE));
}

TEST(a_notifyfn_that_refuses_a_filter_ends_the_transaction_with_nothing_changed)
{
	struct world w = world_open();
	struct model_filter f = calling(0, 1);
	struct driver d;
	uint64_t id;

	driver_load(&d, &w);
	d.refuses = true;
	CHECK_ERR(filter_add(w.s, &f, &id), ERR_CALLOUT_NOTIFICATION_FAILED);
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(add_sublayer(w.s, 1, 100));
	CHECK_OK(filter_add(w.s, &f, &id));
	CHECK_ERR(bfe_txn_commit(w.s), ERR_CALLOUT_NOTIFICATION_FAILED);
	CHECK_ERR(bfe_txn_abort(w.s), ERR_NO_TXN_IN_PROGRESS);
	CHECK(!in_force(&w));
	CHECK(!knows_filter(&w, id));
	CHECK_OK(add_sublayer(w.s, 1, 100));
	bfe_session_close(d.own);
	driver_unload(&d);
	world_close(&w);
}

TEST(what_a_notifyfn_calls_is_refused_and_does_not_deadlock)
{
	struct world w = world_open();
	struct model_filter f = calling(0, 1);
	struct driver d;
	uint64_t id;

	driver_load(&d, &w);
	d.calls_back = true;
	CHECK_OK(filter_add(w.s, &f, &id));
	CHECK_OK(filter_delete(w.s, id));
	CHECK_EQ_U(d.added, 1);
	CHECK_EQ_U(d.deleted, 1);
	bfe_session_close(d.own);
	driver_unload(&d);
	world_close(&w);
}

TEST(a_notifyfn_may_close_a_session_even_the_one_that_commits)
{
	struct world w = world_open();
	struct model_filter f = calling(0, 1);
	struct driver d;

	driver_load(&d, &w);
	d.closes = true;
	CHECK_OK(filter_add(d.own, &f, NULL));
	CHECK_EQ_U(d.added, 1);
	CHECK_EQ_U(d.deleted, 1);
	CHECK(!in_force(&w));
	driver_unload(&d);
	world_close(&w);
}

TEST(a_session_whose_closing_notifies_may_be_closed_again_in_there)
{
	struct world w = world_open();
	struct model_filter f = calling(0, 1);
	struct driver d;

	driver_load(&d, &w);
	CHECK_OK(filter_add(d.own, &f, NULL));
	d.closes = true;
	bfe_session_close(d.own);
	CHECK(!in_force(&w));
	driver_unload(&d);
	world_close(&w);
}

TEST(a_classifyfn_is_refused_and_its_close_waits)
{
	struct world w = world_open();
	struct model_filter f = calling(0, 1);
	struct engine_metadata meta = {0};
	struct model_value values[64] = {{0}};
	struct engine_indication ind = {
		.layer = CONNECT, .n_values = 42, .values = values, .meta = &meta};
	struct engine_verdict v;
	struct driver d;

	driver_load(&d, &w);
	CHECK_OK(filter_add(d.own, &f, NULL));
	d.closes = true;
	engine_classify(w.engine, &ind, &v);
	d.closes = false;
	CHECK(in_force(&w));
	CHECK_OK(bfe_txn_begin(w.s, BFE_TXN_READ_ONLY));
	CHECK_OK(bfe_txn_abort(w.s));
	CHECK(!in_force(&w));
	driver_unload(&d);
	world_close(&w);
}

/* A driver that comes and goes while the object of its key does, and somebody who reads names. */
static void come_and_go(void *arg)
{
	static const struct engine_callout_ops ops = {.classify = classify};
	const struct engine_callout_desc desc = {.key = key_of(1), .driver = 1, .ops = &ops};
	struct writer *me = arg;
	char name[BFE_NAME_MAX];
	uint32_t id;

	for (int i = 0; i < 4; i++) {
		CHECK_OK(engine_callout_register(me->w->engine, &desc, &id));
		if (bfe_callout_describe(me->w->bfe, id, name))
			CHECK_EQ_S(name, "c");
		CHECK_OK(engine_callout_unregister(me->w->engine, id, ENGINE_UNREGISTER_POLITE));
	}
}

static void add_and_close(void *arg)
{
	struct writer *me = arg;
	struct model_filter f = calling(0, 1);

	for (int i = 0; i < 4; i++) {
		struct bfe_session *d = dynamic(me->w);
		struct bfe_filter_info info;
		uint32_t object, known;
		uint64_t id;

		CHECK_OK(add_callout(d, 1, &object));
		CHECK_OK(engine_callout_id_by_key(me->w->engine, &f.callout, &known));
		CHECK_EQ_U(known, object);
		CHECK_OK(filter_add(d, &f, &id));
		CHECK(bfe_filter_describe(me->w->bfe, id, &info));
		CHECK_EQ_S(info.callout, "c");
		bfe_session_close(d);
		CHECK(!bfe_filter_describe(me->w->bfe, id, &info));
	}
}

SIM_TEST(an_object_keeps_its_id_while_its_driver_comes_and_goes)
{
	struct world w = world_open();
	struct writer driver = {.w = &w}, writer = {.w = &w};

	CHECK_OK(thread_start(&driver.thread, "driver", come_and_go, &driver));
	CHECK_OK(thread_start(&writer.thread, "writer", add_and_close, &writer));
	thread_join(writer.thread);
	thread_join(driver.thread);
	world_close(&w);
}

/* ---- no memory --------------------------------------------------------------------------------
 */

static wfp_err change_everything(struct world *w, uint64_t old)
{
	struct model_filter f = calling(1, 1);
	wfp_err err = bfe_txn_begin(w->s, 0), end;

	if (err)
		return err;
	f.provider = key_of(1);
	err = add_provider(w->s, 1);
	err = err ? err : add_sublayer(w->s, 1, 100);
	err = err ? err : add_callout(w->s, 1, NULL);
	err = err ? err : filter_add(w->s, &f, NULL);
	err = err ? err : filter_delete(w->s, old);
	if (!err)
		return bfe_txn_commit(w->s);
	end = bfe_txn_abort(w->s);
	return end ? end : err;
}

TEST(without_memory_a_transaction_changes_nothing)
{
	struct world w = world_open();
	uint64_t old, n = 1;
	struct guid k = key_of(1);
	wfp_err err;

	CHECK_OK(add_filter(w.s, 0, &old));
	do {
		mem_fail_at(n);
		err = change_everything(&w, old);
		mem_fail_at(0);
		if (err) {
			CHECK_ERR(err, ERR_NO_MEMORY);
			CHECK(knows_filter(&w, old));
			CHECK_ERR(bfe_object_delete(w.s, MODEL_PROVIDER, &k),
				  ERR_PROVIDER_NOT_FOUND);
		}
	} while (err && ++n < 1000);
	CHECK_OK(err);
	CHECK(n > 10 || !MEM_TRACKED);
	CHECK(!knows_filter(&w, old));
	world_close(&w);
}

TEST(a_session_that_cannot_be_closed_for_lack_of_memory_goes_with_the_next_call)
{
	bool deferred = MEM_TRACKED;
	uint64_t n;

	for (n = 1; deferred; n++) {
		struct world w = world_open();
		struct bfe_session *d = dynamic(&w);
		struct model_filter f = calling(1, 1);

		CHECK_OK(add_sublayer(d, 1, 100));
		CHECK_OK(add_callout(d, 1, NULL));
		CHECK_OK(filter_add(d, &f, NULL));
		mem_fail_every(n);
		bfe_session_close(d);
		mem_fail_every(0);
		deferred = in_force(&w);
		CHECK_OK(add_provider(w.s, 1));
		CHECK(!in_force(&w));
		world_close(&w);
	}
	CHECK(n > 3 || !MEM_TRACKED);
}

TEST(creating_and_opening_fail_cleanly_without_memory)
{
	struct engine *e;
	struct bfe *b = NULL;
	struct bfe_session *s = NULL;
	uint64_t live, n = 0;

	CHECK_OK(engine_create(&e, &(struct engine_config){.max_ops = 4}));
	live = mem_live();
	do {
		CHECK_EQ_U(mem_live(), live);
		mem_fail_at(++n);
	} while (bfe_create(&b, &(struct bfe_config){.engine = e}));
	mem_fail_at(0);
	mem_fail_at(1);
	CHECK(session_open(b, 0, 0, &s) == ERR_NO_MEMORY || !MEM_TRACKED);
	mem_fail_at(0);
	CHECK_ERR(session_open(b, 2, 0, &s), ERR_INVALID_FLAGS);
	bfe_destroy(b);
	engine_destroy(e);
}

TEST(destroying_takes_open_sessions_along)
{
	struct world w = world_open();
	struct bfe_session *d = dynamic(&w);

	CHECK_OK(bfe_txn_begin(d, 0));
	CHECK_OK(add_sublayer(d, 1, 100));
	CHECK_OK(add_callout(d, 1, NULL));
	CHECK_OK(add_filter(d, 1, NULL));
	bfe_destroy(w.bfe);
	engine_destroy(w.engine);
	CHECK_EQ_U(mem_live(), w.live);
}
