/* SPDX-License-Identifier: MIT */
/*
 * view - who sees what of a transaction, when it appears, and what is kept for those who read.
 */
#include "bfe_world.h"

#include "base/thread.h"

TEST(a_writer_sees_its_own_changes_and_nobody_else_does)
{
	struct world w = world_open();
	struct bfe_session *other = dynamic(&w);

	CHECK_OK(add_provider(w.s, 1));
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(add_provider(w.s, 2));
	CHECK_OK(delete_key(w.s, MODEL_PROVIDER, 1));
	CHECK(there(w.s, MODEL_PROVIDER, 2) && !there(w.s, MODEL_PROVIDER, 1));
	CHECK(!there(other, MODEL_PROVIDER, 2) && there(other, MODEL_PROVIDER, 1));
	CHECK_OK(bfe_txn_commit(w.s));
	CHECK(there(other, MODEL_PROVIDER, 2) && !there(other, MODEL_PROVIDER, 1));
	bfe_session_close(other);
	world_close(&w);
}

TEST(a_read_only_transaction_sees_what_was_committed_when_it_began)
{
	struct world w = world_open();
	struct bfe_session *reader = dynamic(&w);
	size_t before;
	uint64_t id;

	CHECK_OK(add_sublayer(w.s, 1, 100));
	CHECK_OK(add_filter(w.s, 1, &id));
	CHECK_OK(bfe_txn_begin(reader, BFE_TXN_READ_ONLY));
	before = count_of(reader, MODEL_SUBLAYER);
	CHECK_OK(filter_delete(w.s, id));
	CHECK_OK(delete_key(w.s, MODEL_SUBLAYER, 1));
	CHECK_OK(add_sublayer(w.s, 2, 100));
	CHECK(there(reader, MODEL_SUBLAYER, 1) && !there(reader, MODEL_SUBLAYER, 2));
	CHECK_EQ_U(count_of(reader, MODEL_SUBLAYER), before);
	CHECK_EQ_U(count_of(reader, MODEL_FILTER), 1);
	CHECK_OK(bfe_txn_commit(reader));
	CHECK(!there(reader, MODEL_SUBLAYER, 1) && there(reader, MODEL_SUBLAYER, 2));
	CHECK_EQ_U(count_of(reader, MODEL_FILTER), 0);
	bfe_session_close(reader);
	world_close(&w);
}

TEST(a_key_shows_each_reader_the_object_of_its_time)
{
	struct world w = world_open();
	struct bfe_session *reader = dynamic(&w);
	struct model_object draft = object_draft(MODEL_PROVIDER, 1), *o;

	draft.name = text("old");
	CHECK_OK(object_add(w.s, &draft, NULL));
	CHECK_OK(bfe_txn_begin(reader, BFE_TXN_READ_ONLY));
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(delete_key(w.s, MODEL_PROVIDER, 1));
	draft.name = text("new");
	CHECK_OK(object_add(w.s, &draft, NULL));
	CHECK_OK(bfe_txn_commit(w.s));
	o = got(reader, MODEL_PROVIDER, 1);
	CHECK_EQ_S(o->name, "old");
	model_object_put(o);
	o = got(w.s, MODEL_PROVIDER, 1);
	CHECK_EQ_S(o->name, "new");
	model_object_put(o);
	bfe_session_close(reader);
	world_close(&w);
}

TEST(what_no_reader_sees_is_not_kept)
{
	struct world w = world_open();
	struct bfe_session *reader = dynamic(&w);
	uint64_t live;

	CHECK_OK(add_provider(w.s, 1));
	CHECK_OK(bfe_txn_begin(reader, BFE_TXN_READ_ONLY));
	CHECK_OK(delete_key(w.s, MODEL_PROVIDER, 1));
	live = mem_live();
	for (int i = 0; i < 50; i++) {
		CHECK_OK(add_provider(w.s, 1));
		CHECK_OK(delete_key(w.s, MODEL_PROVIDER, 1));
	}
	CHECK_EQ_U(mem_live(), live);
	CHECK(there(reader, MODEL_PROVIDER, 1));
	CHECK_OK(bfe_txn_abort(reader));
	CHECK(mem_live() < live || !MEM_TRACKED);
	bfe_session_close(reader);
	world_close(&w);
}

TEST(of_two_readers_the_last_one_to_end_frees_what_both_saw)
{
	struct world w = world_open();
	struct bfe_session *old = dynamic(&w), *new = dynamic(&w);

	CHECK_OK(add_provider(w.s, 1));
	CHECK_OK(bfe_txn_begin(old, BFE_TXN_READ_ONLY));
	CHECK_OK(add_provider(w.s, 2));
	CHECK_OK(bfe_txn_begin(new, BFE_TXN_READ_ONLY));
	CHECK_OK(delete_key(w.s, MODEL_PROVIDER, 1));
	CHECK_OK(delete_key(w.s, MODEL_PROVIDER, 2));
	CHECK_OK(bfe_txn_abort(new));
	CHECK(there(old, MODEL_PROVIDER, 1) && !there(old, MODEL_PROVIDER, 2));
	CHECK_OK(bfe_txn_abort(old));
	CHECK(!there(old, MODEL_PROVIDER, 1));
	bfe_session_close(old);
	bfe_session_close(new);
	world_close(&w);
}

TEST(an_enumeration_is_what_was_there_when_it_was_created)
{
	struct world w = world_open();
	const struct bfe_template t = all_of(MODEL_FILTER);
	struct model_object *o;
	struct bfe_enum *e;
	uint64_t ids[3];
	size_t n = 0;

	for (int i = 0; i < 3; i++)
		CHECK_OK(add_filter(w.s, 0, &ids[i]));
	CHECK_OK(bfe_enum_create(w.s, &t, &e));
	CHECK_OK(filter_delete(w.s, ids[0]));
	CHECK_OK(add_filter(w.s, 0, NULL));
	for (; (o = bfe_enum_next(e)) != NULL; n++) {
		CHECK_EQ_U(o->id, ids[n]);
		model_object_put(o);
	}
	CHECK_EQ_U(n, 3);
	bfe_enum_destroy(e);
	world_close(&w);
}

/* ---- concurrently -------------------------------------------------------------------------------
 */

struct pair {
	struct world *w;
	struct bfe_session *s;
	bool stop;
};

/* Filters come and go in twos, so nobody ever counts an odd number. */
static void write_pairs(void *arg)
{
	struct pair *p = arg;

	for (int i = 0; i < 6; i++) {
		uint64_t ids[2];

		CHECK_OK(bfe_txn_begin(p->s, 0));
		CHECK_OK(add_filter(p->s, 0, &ids[0]));
		CHECK_OK(add_filter(p->s, 0, &ids[1]));
		CHECK_OK(bfe_txn_commit(p->s));
		CHECK_OK(bfe_txn_begin(p->s, 0));
		CHECK_OK(filter_delete(p->s, ids[0]));
		CHECK_OK(filter_delete(p->s, ids[1]));
		CHECK_OK(i % 2 ? bfe_txn_commit(p->s) : bfe_txn_abort(p->s));
	}
}

static void read_pairs(void *arg)
{
	struct pair *p = arg;

	for (int i = 0; i < 8; i++) {
		size_t n;

		CHECK_EQ_U(count_of(p->s, MODEL_FILTER) % 2, 0);
		CHECK_OK(bfe_txn_begin(p->s, BFE_TXN_READ_ONLY));
		n = count_of(p->s, MODEL_FILTER);
		CHECK_EQ_U(n % 2, 0);
		CHECK_EQ_U(count_of(p->s, MODEL_FILTER), n);
		CHECK_OK(bfe_txn_commit(p->s));
	}
}

SIM_TEST(a_commit_appears_at_one_moment_to_readers)
{
	struct world w = world_open();
	struct pair writer = {.w = &w, .s = w.s}, readers[2];
	struct thread *threads[3];

	CHECK_OK(thread_start(&threads[2], "writer", write_pairs, &writer));
	for (int i = 0; i < 2; i++) {
		readers[i] = (struct pair){.w = &w, .s = dynamic(&w)};
		CHECK_OK(thread_start(&threads[i], "reader", read_pairs, &readers[i]));
	}
	for (int i = 0; i < 3; i++)
		thread_join(threads[i]);
	for (int i = 0; i < 2; i++)
		bfe_session_close(readers[i].s);
	world_close(&w);
}

TEST(a_large_enumeration_goes_on_while_objects_come_and_go)
{
	struct world w = world_open();
	uint64_t ids[1000];

	CHECK_OK(bfe_txn_begin(w.s, 0));
	for (int i = 0; i < 1000; i++)
		CHECK_OK(add_filter(w.s, 0, &ids[i]));
	CHECK_EQ_U(count_of(w.s, MODEL_FILTER), 1000);
	CHECK_OK(bfe_txn_commit(w.s));
	CHECK_OK(bfe_txn_begin(w.s, 0));
	for (int i = 0; i < 1000; i += 2)
		CHECK_OK(filter_delete(w.s, ids[i]));
	CHECK_EQ_U(count_of(w.s, MODEL_FILTER), 500);
	CHECK_OK(bfe_txn_abort(w.s));
	CHECK_EQ_U(count_of(w.s, MODEL_FILTER), 1000);
	world_close(&w);
}
