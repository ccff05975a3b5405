/* SPDX-License-Identifier: MIT */
/*
 * subscribe - who is told what of a commit, in which order, and how a subscription ends.
 */
#include "bfe_world.h"

#include "base/thread.h"
#include "model/token.h"

#define TOLD_MAX 64

struct told {
	struct bfe_change changes[TOLD_MAX];
	unsigned n;
	struct bfe_session *s; /* calls back with it, when it is set */
};

static void hear(void *ctx, const struct bfe_change *change)
{
	struct told *t = ctx;

	if (t->s) {
		CHECK_ERR(bfe_txn_begin(t->s, 0), ERR_TXN_IN_PROGRESS);
		CHECK_ERR(add_provider(t->s, 5), ERR_TXN_IN_PROGRESS);
	}
	CHECK(t->n < TOLD_MAX);
	t->changes[t->n++] = *change;
}

static struct bfe_subscription *listen(struct bfe_session *s, enum model_kind kind, uint32_t flags,
				       struct told *t)
{
	const struct bfe_template template = all_of(kind);
	struct bfe_subscription *sub;

	CHECK_OK(bfe_subscribe(s, &template, flags, hear, t, &sub));
	return sub;
}

#define BOTH (BFE_SUBSCRIBE_ON_ADD | BFE_SUBSCRIBE_ON_DELETE)

TEST(a_commit_is_told_and_nothing_before_it)
{
	struct world w = world_open();
	struct told t = {.n = 0};
	struct bfe_subscription *sub = listen(w.s, MODEL_FILTER, BOTH, &t);
	struct bfe_session *other = dynamic(&w);
	uint64_t id;

	CHECK_OK(bfe_txn_begin(other, 0));
	CHECK_OK(add_filter(other, 0, &id));
	CHECK_EQ_U(t.n, 0);
	CHECK_OK(bfe_txn_commit(other));
	CHECK_EQ_U(t.n, 1);
	CHECK(t.changes[0].type == BFE_CHANGE_ADD && t.changes[0].kind == MODEL_FILTER);
	CHECK_EQ_U(t.changes[0].id, id);
	bfe_session_close(other);
	CHECK_EQ_U(t.n, 2);
	CHECK(t.changes[1].type == BFE_CHANGE_DELETE);
	bfe_unsubscribe(sub);
	CHECK_OK(add_filter(w.s, 0, NULL));
	CHECK_EQ_U(t.n, 2);
	world_close(&w);
}

TEST(what_is_rolled_back_or_cancels_out_is_not_told)
{
	struct world w = world_open();
	struct told t = {.n = 0};
	struct bfe_session *other = dynamic(&w);
	struct bfe_subscription *sub = listen(other, MODEL_PROVIDER, BOTH, &t);

	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(add_provider(w.s, 1));
	CHECK_OK(bfe_txn_abort(w.s));
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(add_provider(w.s, 1));
	CHECK_OK(delete_key(w.s, MODEL_PROVIDER, 1));
	CHECK_OK(bfe_txn_commit(w.s));
	CHECK_EQ_U(t.n, 0);
	CHECK_OK(add_provider(w.s, 1));
	CHECK_EQ_U(t.n, 1);
	bfe_unsubscribe(sub);
	bfe_session_close(other);
	world_close(&w);
}

TEST(a_session_does_not_hear_of_its_own_changes)
{
	struct world w = world_open();
	struct bfe_session *other = dynamic(&w);
	struct told first = {.n = 0}, own = {.n = 0}, last = {.n = 0};
	struct bfe_subscription *a = listen(other, MODEL_PROVIDER, BOTH, &first);
	struct bfe_subscription *b = listen(w.s, MODEL_PROVIDER, BOTH, &own);
	struct bfe_subscription *c = listen(other, MODEL_PROVIDER, BOTH, &last);

	CHECK_OK(add_provider(w.s, 1));
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(delete_key(w.s, MODEL_PROVIDER, 1));
	CHECK_OK(bfe_txn_commit(w.s));
	CHECK_EQ_U(first.n, 2);
	CHECK_EQ_U(own.n, 0);
	CHECK_EQ_U(last.n, 2);
	CHECK_OK(add_provider(other, 2));
	CHECK_EQ_U(own.n, 1);
	CHECK_EQ_U(last.n, 2);
	bfe_unsubscribe(a);
	bfe_unsubscribe(b);
	bfe_unsubscribe(c);
	bfe_session_close(other);
	world_close(&w);
}

TEST(a_subscriber_hears_of_its_kind_its_changes_and_its_template)
{
	struct world w = world_open();
	struct told deletions = {.n = 0}, mine = {.n = 0};
	struct bfe_template template = all_of(MODEL_SUBLAYER);
	struct bfe_session *other = dynamic(&w);
	struct bfe_subscription *a =
		listen(other, MODEL_SUBLAYER, BFE_SUBSCRIBE_ON_DELETE, &deletions);
	struct model_object draft = object_draft(MODEL_SUBLAYER, 2);
	struct bfe_subscription *b;

	template.provider = key_of(1);
	CHECK_OK(bfe_subscribe(other, &template, BOTH, hear, &mine, &b));
	CHECK_OK(add_provider(w.s, 1));
	CHECK_OK(add_sublayer(w.s, 1, 100));
	draft.provider = key_of(1);
	CHECK_OK(object_add(w.s, &draft, NULL));
	CHECK_OK(delete_key(w.s, MODEL_SUBLAYER, 1));
	CHECK_EQ_U(deletions.n, 1);
	CHECK_EQ_U(mine.n, 1);
	CHECK(guid_equal(&mine.changes[0].key, &draft.key));
	bfe_unsubscribe(a);
	bfe_unsubscribe(b);
	bfe_session_close(other);
	world_close(&w);
}

TEST(a_subscriber_hears_nothing_after_its_session)
{
	struct world w = world_open();
	struct told t = {.n = 0};
	struct bfe_session_config config = {.flags = 0};
	const struct bfe_template template = all_of(MODEL_PROVIDER);
	struct bfe_subscription *sub;
	struct model_blob *token;
	struct bfe_session *s;

	CHECK_OK(model_token_make_unix(&token, 0, NULL, 0));
	config.token = token;
	CHECK_OK(bfe_session_open(w.bfe, &config, &s));
	mem_free(token);
	CHECK_OK(bfe_subscribe(s, &template, BOTH, hear, &t, &sub));
	CHECK_OK(add_provider(w.s, 1));
	CHECK_EQ_U(t.n, 1);
	bfe_session_close(s);
	CHECK_OK(add_provider(w.s, 2));
	CHECK_EQ_U(t.n, 1);
	world_close(&w);
}

TEST(what_a_subscriber_calls_is_refused)
{
	struct world w = world_open();
	struct bfe_session *other = dynamic(&w);
	struct told t = {.s = other};
	struct bfe_subscription *sub = listen(other, MODEL_PROVIDER, BOTH, &t);

	CHECK_OK(add_provider(w.s, 1));
	CHECK_EQ_U(t.n, 1);
	bfe_unsubscribe(sub);
	bfe_session_close(other);
	world_close(&w);
}

TEST(nobody_subscribes_inside_a_transaction_or_to_nothing)
{
	struct world w = world_open();
	const struct bfe_template template = all_of(MODEL_FILTER);
	struct bfe_subscription *sub;

	CHECK_ERR(bfe_subscribe(w.s, &template, 0, hear, NULL, &sub), ERR_INVALID_FLAGS);
	CHECK_ERR(bfe_subscribe(w.s, &template, 4, hear, NULL, &sub), ERR_INVALID_FLAGS);
	CHECK_OK(bfe_txn_begin(w.s, BFE_TXN_READ_ONLY));
	CHECK_ERR(bfe_subscribe(w.s, &template, BOTH, hear, NULL, &sub), ERR_TXN_IN_PROGRESS);
	CHECK_OK(bfe_txn_abort(w.s));
	world_close(&w);
}

TEST(subscriptions_are_listed_by_kind)
{
	struct world w = world_open();
	struct told t = {.n = 0};
	struct bfe_subscription *a = listen(w.s, MODEL_FILTER, BOTH, &t);
	struct bfe_subscription *b = listen(w.s, MODEL_PROVIDER, BFE_SUBSCRIBE_ON_ADD, &t);
	struct bfe_subscription_info *infos;
	struct guid key = bfe_session_key(w.s);
	size_t n;

	CHECK_OK(bfe_subscriptions_get(w.s, MODEL_PROVIDER, &infos, &n));
	CHECK_EQ_U(n, 1);
	CHECK_EQ_U(infos[0].flags, BFE_SUBSCRIBE_ON_ADD);
	CHECK(guid_equal(&infos[0].session, &key));
	mem_free(infos);
	bfe_unsubscribe(a);
	bfe_unsubscribe(b);
	world_close(&w);
}

/* ---- concurrently -------------------------------------------------------------------------------
 */

struct writer {
	struct bfe_session *s;
	uint32_t first;
};

static void add_some(void *arg)
{
	const struct writer *me = arg;

	for (uint32_t i = 0; i < 4; i++) {
		CHECK_OK(add_provider(me->s, me->first + i));
		CHECK_OK(delete_key(me->s, MODEL_PROVIDER, me->first + i));
	}
}

/* A deletion never comes before its addition, and none of the two is lost. */
static void check_told(const struct told *t)
{
	CHECK_EQ_U(t->n, 16);
	for (unsigned i = 0; i < t->n; i++) {
		unsigned before = 0;

		for (unsigned j = 0; j < i; j++)
			before += guid_equal(&t->changes[j].key, &t->changes[i].key);
		CHECK(t->changes[i].type == (before ? BFE_CHANGE_DELETE : BFE_CHANGE_ADD));
	}
}

SIM_TEST(changes_arrive_in_the_order_of_the_commits)
{
	struct world w = world_open();
	struct told t = {.n = 0}, brief = {.n = 0};
	struct bfe_subscription *sub = listen(w.s, MODEL_PROVIDER, BOTH, &t);
	struct bfe_subscription *short_lived = listen(w.s, MODEL_PROVIDER, BOTH, &brief);
	struct writer writers[2];
	struct thread *threads[2];

	for (uint32_t i = 0; i < 2; i++) {
		writers[i] = (struct writer){.s = dynamic(&w), .first = 10 * (i + 1)};
		CHECK_OK(thread_start(&threads[i], "writer", add_some, &writers[i]));
	}
	bfe_unsubscribe(short_lived);
	for (int i = 0; i < 2; i++)
		thread_join(threads[i]);
	check_told(&t);
	CHECK(brief.n <= t.n);
	bfe_unsubscribe(sub);
	for (int i = 0; i < 2; i++)
		bfe_session_close(writers[i].s);
	world_close(&w);
}
