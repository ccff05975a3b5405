/* SPDX-License-Identifier: MIT */
/*
 * Connections: what is open is there with its bytes, what is closed is gone, and the bound holds.
 */
#include "harness.h"

#include "base/lock.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "bfe/connections.h"
#include "bfe/note.h"
#include "stack/sink.h"

static struct mailbox mailbox;

static struct bfe_connections *begin(uint32_t max)
{
	struct bfe_connections *c;

	CHECK_OK(mailbox_init(&mailbox, "test"));
	CHECK_OK(bfe_connections_create(&c, max, &mailbox));
	return c;
}

static void drain(void)
{
	struct mail *mail = mailbox_take_all(&mailbox);

	while (mail) {
		struct bfe_note *note = CONTAINER_OF(mail, struct bfe_note, mail);

		mail = mail->next;
		note->read(note);
	}
}

static void end(struct bfe_connections *c)
{
	drain();
	bfe_connections_destroy(c);
	mailbox_destroy(&mailbox);
}

static struct stack_connection *try_open(struct bfe_connections *c, uint64_t id)
{
	const struct model_connection facts = {
		.id = id, .version = 4, .protocol = 6, .local_port = (uint16_t)id};

	return bfe_connections_open(c, &facts);
}

static struct stack_connection *open_one(struct bfe_connections *c, uint64_t id)
{
	struct stack_connection *s = try_open(c, id);

	CHECK(s);
	return s;
}

static uint32_t count(struct bfe_connections *c, uint64_t id)
{
	struct model_connection *all;
	uint32_t n;

	CHECK_OK(bfe_connections_list(c, id, &all, &n));
	mem_free(all);
	return n;
}

/* ---- the table ------------------------------------------------------------------------------- */

TEST(an_open_connection_is_there_until_it_is_closed)
{
	struct bfe_connections *c = begin(8);
	struct stack_connection *s = open_one(c, 7);
	struct model_connection m;

	CHECK_ERR(bfe_connections_get(c, 7, &m), ERR_NOT_FOUND);
	drain();
	CHECK_OK(bfe_connections_get(c, 7, &m));
	CHECK_EQ_U(m.local_port, 7);
	bfe_connections_close(c, s);
	drain();
	CHECK_ERR(bfe_connections_get(c, 7, &m), ERR_NOT_FOUND);
	end(c);
}

TEST(the_bytes_are_those_of_now)
{
	struct bfe_connections *c = begin(8);
	struct stack_connection *s = open_one(c, 7);
	struct model_connection m;

	drain();
	atom64_store_relaxed(&s->bytes_in, 10);
	atom64_store_relaxed(&s->bytes_out, 20);
	CHECK_OK(bfe_connections_get(c, 7, &m));
	CHECK_EQ_U(m.bytes_in, 10);
	CHECK_EQ_U(m.bytes_out, 20);
	bfe_connections_close(c, s);
	end(c);
}

TEST(a_list_shows_all_or_the_one_that_is_asked_for)
{
	struct bfe_connections *c = begin(8);
	struct stack_connection *s[5];

	CHECK_EQ_U(count(c, 0), 0);
	for (unsigned i = 0; i < 5; i++)
		s[i] = open_one(c, 10 + i);
	drain();
	CHECK_EQ_U(count(c, 0), 5);
	CHECK_EQ_U(count(c, 12), 1);
	CHECK_EQ_U(count(c, 99), 0);
	for (unsigned i = 0; i < 5; i++)
		bfe_connections_close(c, s[i]);
	end(c);
}

TEST(beyond_the_bound_a_connection_is_not_watched_but_counted)
{
	struct bfe_connections *c = begin(2);
	struct stack_connection *a = open_one(c, 1), *b = open_one(c, 2);
	struct bfe_connections_counters n;

	CHECK(!try_open(c, 3));
	bfe_connections_close(c, a);
	CHECK(!try_open(c, 4)); /* nobody has drained yet: the object is still there */
	drain();
	a = open_one(c, 5);
	bfe_connections_counters_get(c, &n);
	CHECK_EQ_U(n.unwatched, 2);
	bfe_connections_close(c, a);
	bfe_connections_close(c, b);
	drain();
	bfe_connections_counters_get(c, &n);
	CHECK_EQ_U(n.opened, 3);
	CHECK_EQ_U(n.closed, 3);
	CHECK_EQ_U(n.now, 0);
	end(c);
}

TEST(random_opens_and_closes_leave_the_table_that_a_list_would_have)
{
	struct bfe_connections *c = begin(64);
	struct stack_connection *open[64] = {0};
	struct rng rng;

	rng_seed(&rng, test_seed());
	for (unsigned i = 0; i < 20000; i++) {
		const unsigned id = rng_below(&rng, 64);

		if (open[id])
			bfe_connections_close(c, open[id]);
		open[id] = open[id] ? NULL : try_open(c, id + 1);
		if (rng_below(&rng, 10) == 0) {
			unsigned n = 0;

			drain();
			for (unsigned k = 0; k < 64; k++) {
				n += open[k] != NULL;
				CHECK_EQ_U(count(c, k + 1), open[k] != NULL);
			}
			CHECK_EQ_U(count(c, 0), n);
		}
	}
	for (unsigned k = 0; k < 64; k++)
		if (open[k])
			bfe_connections_close(c, open[k]);
	end(c);
}

/* ---- subscribers ----------------------------------------------------------------------------- */

struct listener {
	unsigned added, deleted;
	struct model_connection last;
};

static void listen(void *ctx, enum model_connection_event what, const struct model_connection *m)
{
	struct listener *l = ctx;

	lock_assert_none_held();
	l->added += what == MODEL_CONNECTION_ADD;
	l->deleted += what == MODEL_CONNECTION_DELETE;
	l->last = *m;
}

TEST(a_subscriber_hears_of_openings_and_of_closings_with_the_final_bytes)
{
	struct bfe_connections *c = begin(8);
	struct bfe_connection_sub *all_sub, *one_sub;
	struct listener all = {0}, one = {0};
	struct stack_connection *a, *b;

	CHECK_OK(bfe_connections_subscribe(c, 0, listen, &all, &all_sub));
	CHECK_OK(bfe_connections_subscribe(c, 2, listen, &one, &one_sub));
	a = open_one(c, 1);
	b = open_one(c, 2);
	drain();
	CHECK_EQ_U(all.added, 2);
	CHECK_EQ_U(one.added, 1);
	atom64_store_relaxed(&b->bytes_in, 99);
	bfe_connections_close(c, a);
	bfe_connections_close(c, b);
	drain();
	CHECK_EQ_U(all.deleted, 2);
	CHECK_EQ_U(one.deleted, 1);
	CHECK_EQ_U(one.last.bytes_in, 99);
	bfe_connections_unsubscribe(c, all_sub);
	bfe_connections_unsubscribe(c, one_sub);
	end(c);
}

struct leaver {
	struct bfe_connections *c;
	struct bfe_connection_sub *sub;
	struct atom32 left;
};

static void listen_on_his_own(void *ctx, UNUSED enum model_connection_event what,
			      UNUSED const struct model_connection *m)
{
	struct leaver *l = ctx;

	CHECK(!atom32_load(&l->left));
	thread_yield();
	CHECK(!atom32_load(&l->left));
}

static void leave(void *arg)
{
	struct leaver *l = arg;

	bfe_connections_unsubscribe(l->c, l->sub);
	atom32_store(&l->left, 1);
}

SIM_TEST(who_has_left_is_not_called_however_busy_the_drainer_is)
{
	struct bfe_connections *c = begin(64);
	struct leaver leavers[2];
	struct thread *threads[2];

	for (unsigned i = 0; i < 2; i++) {
		leavers[i] = (struct leaver){.c = c};
		CHECK_OK(bfe_connections_subscribe(c, 0, listen_on_his_own, &leavers[i],
						   &leavers[i].sub));
		CHECK_OK(thread_start(&threads[i], "leaver", leave, &leavers[i]));
	}
	while (!atom32_load(&leavers[0].left) || !atom32_load(&leavers[1].left)) {
		struct stack_connection *s = try_open(c, 1);

		if (s)
			bfe_connections_close(c, s);
		drain();
	}
	for (unsigned i = 0; i < 2; i++)
		thread_join(threads[i]);
	end(c);
}

/* ---- threads and memory ---------------------------------------------------------------------- */

struct worker {
	struct bfe_connections *c;
	unsigned number;
	struct thread *thread;
	struct atom32 *running;
};

static void open_and_close(void *arg)
{
	const struct worker *w = arg;

	for (unsigned i = 0; i < 50; i++) {
		struct stack_connection *s = try_open(w->c, w->number * 1000 + i + 1);

		if (s)
			bfe_connections_close(w->c, s);
	}
	atom32_sub(w->running, 1);
}

SIM_TEST(workers_open_and_close_while_one_thread_drains)
{
	struct bfe_connections *c = begin(16);
	struct bfe_connections_counters n;
	struct worker workers[3];
	struct atom32 running;

	atom32_init(&running, ARRAY_LEN(workers));
	for (unsigned i = 0; i < ARRAY_LEN(workers); i++) {
		workers[i] = (struct worker){.c = c, .number = i, .running = &running};
		CHECK_OK(thread_start(&workers[i].thread, "worker", open_and_close, &workers[i]));
	}
	while (atom32_load(&running) > 0) {
		drain();
		thread_yield();
	}
	for (unsigned i = 0; i < ARRAY_LEN(workers); i++)
		thread_join(workers[i].thread);
	drain();
	bfe_connections_counters_get(c, &n);
	CHECK_EQ_U(n.opened, n.closed);
	CHECK_EQ_U(n.opened + n.unwatched, 150);
	CHECK_EQ_U(n.now, 0);
	end(c);
}

#if MEM_TRACKED
TEST(out_of_memory_leaves_a_connection_unwatched_and_nothing_behind)
{
	const uint64_t live = mem_live();
	struct bfe_connections_counters n;
	struct stack_connection *s;
	struct bfe_connections *c = begin(8);
	struct bfe_connection_sub *sub;
	struct model_connection *all;
	uint32_t n_all;
	struct listener l = {0};

	mem_fail_at(1);
	CHECK(!try_open(c, 1));
	mem_fail_at(1);
	CHECK_ERR(bfe_connections_subscribe(c, 0, listen, &l, &sub), ERR_NO_MEMORY);
	mem_fail_at(1);
	CHECK_ERR(bfe_connections_list(c, 0, &all, &n_all), ERR_NO_MEMORY);
	mem_fail_at(0);
	s = open_one(c, 1);
	bfe_connections_close(c, s);
	bfe_connections_counters_get(c, &n);
	CHECK_EQ_U(n.unwatched, 1);
	end(c);
	CHECK_EQ_U(mem_live(), live);
}
#endif
