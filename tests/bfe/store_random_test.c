/* SPDX-License-Identifier: MIT */
/*
 * Random puts, deletes, options, commits, rollbacks, reopenings and crashes, against a list.
 */
#define STORE_WORLD_IN_MEMORY
#include "store_world.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define LIVES	       60 /* of the process that uses the store */
#define STEPS_PER_LIFE 80 /* at most */

/* Shared with the child that crashes. */
struct shared {
	struct model committed;
	struct model next; /* what a commit that is under way will make of it */
	uint64_t seed;
};

static void random_change(struct store *s, struct model *m, struct rng *r)
{
	uint32_t kind = rng_below(r, 3), key = rng_below(r, 12), what = rng_below(r, 10);
	const struct guid guid = key_guid(key);

	if (what < 6) {
		put(s, m, kind, key, 1 + rng_below(r, 4) / 3, 1 + rng_below(r, 100000));
	} else if (what < 9) {
		CHECK_OK(store_delete(s, kind, &guid));
		model_delete(m, kind, key);
	} else {
		m->options[key % MODEL_NAMES] = 1 + rng_u64(r) % UINT32_MAX;
		CHECK_OK(store_set_option(s, model_names[key % MODEL_NAMES],
					  m->options[key % MODEL_NAMES]));
	}
}

static void random_transaction(struct world *w, struct shared *shared, struct rng *r)
{
	uint32_t changes = rng_below(r, 8);

	shared->next = shared->committed;
	CHECK_OK(store_begin(w->store));
	for (uint32_t i = 0; i < changes; i++) {
		random_change(w->store, &shared->next, r);
		check_same(w->store, &shared->next);
	}
	if (rng_below(r, 4) == 0) {
		store_rollback(w->store);
	} else {
		CHECK_OK(store_commit(w->store));
		shared->committed = shared->next;
	}
	check_same(w->store, &shared->committed);
}

static void check_boot(const struct world *w, const struct model *m)
{
	const struct model boot = model_boot(m), copy = model_of_boot(w->path);

	CHECK(model_same(&copy, &boot));
}

/* Ends in a crash, somewhere in a transaction or between two. */
static void live(struct world *w, struct shared *shared)
{
	struct rng r;
	uint32_t steps;

	rng_seed(&r, shared->seed);
	steps = rng_below(&r, STEPS_PER_LIFE);
	world_open(w);
	for (uint32_t i = 0; i < steps; i++) {
		if (rng_below(&r, 20) == 0) {
			world_close(w);
			world_open(w);
			CHECK_EQ_U(w->how.found, STORE_AS_LEFT);
		}
		random_transaction(w, shared, &r);
		check_boot(w, &shared->committed);
	}
	shared->next = shared->committed;
	CHECK_OK(store_begin(w->store));
	for (uint32_t i = rng_below(&r, 30); i > 0; i--)
		random_change(w->store, &shared->next, &r);
	kill(getpid(), SIGKILL);
}

static void live_and_die(struct world *w, struct shared *shared)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		live(w, shared);
		_exit(1);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST(random_transactions_and_crashes_agree_with_a_list)
{
	struct world w;
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(shared != MAP_FAILED);
	world_init(&w);
	for (uint32_t i = 0; i < LIVES; i++) {
		shared->seed = test_seed() * 1000 + i;
		live_and_die(&w, shared);
		world_open(&w);
		CHECK_EQ_U(w.how.found, STORE_AS_LEFT);
		check_same(w.store, &shared->committed);
		check_boot(&w, &shared->committed);
		world_close(&w);
	}
	world_fini(&w);
	CHECK(munmap(shared, sizeof(*shared)) == 0);
}
