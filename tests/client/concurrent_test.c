/* SPDX-License-Identifier: MIT */
/*
 * concurrent_test - programs that really run at once; what must be true at every moment, and at the
 * end.
 *
 * There are TOKENS filters under more keys than that. Transactions move one from a key to another,
 * so every view of the engine, whoever looks and however, shows exactly TOKENS of them. A
 * subscriber adds up what it is told. CONCURRENT_ROUNDS says how much each thread does.
 */
#define INITGUID
#include "real_engine.h"

#include "base/atomic.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/thread.h"

#define THREADS 4u
#define KEYS	24u
#define TOKENS	12u

struct worker {
	unsigned number;
	HANDLE h;
	struct rng rng;
	struct thread *thread;
	unsigned moves, looks, sessions;
};

static struct atom32 told, expected; /* changes of tokens */
static struct atom32 balance[KEYS];  /* additions less deletions, told */

static unsigned rounds_wanted(void)
{
	const char *text = getenv("CONCURRENT_ROUNDS");

	return text ? (unsigned)strtoul(text, NULL, 0) : 5000;
}

static HANDLE open_session(UINT32 flags)
{
	FWPM_SESSION0 session = {.flags = flags, .txnWaitTimeoutInMSec = INFINITE};
	HANDLE h = NULL;

	CHECK_OK(FwpmEngineOpen0(NULL, RPC_C_AUTHN_DEFAULT, NULL, &session, &h));
	return h;
}

/* ---- tokens ---------------------------------------------------------------------------------- */

static GUID token_key(unsigned i)
{
	return (GUID){i, 0x70ce, 0, {1}};
}

static wfp_err add_token(HANDLE h, unsigned i)
{
	FWPM_FILTER0 filter = {.filterKey = token_key(i),
			       .displayData = {.name = (WCHAR *)(uintptr_t)L"token"},
			       .flags = i % 4 == 0 ? FWPM_FILTER_FLAG_PERSISTENT : 0,
			       .layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V4,
			       .action = {.type = FWP_ACTION_PERMIT}};

	return FwpmFilterAdd0(h, &filter, NULL, NULL);
}

/* True: it was there and is somewhere else now, or where it was. */
static bool move_token(struct worker *w, unsigned from, unsigned to)
{
	const GUID key = token_key(from);
	wfp_err err = FwpmFilterDeleteByKey0(w->h, &key);

	CHECK(!err || err == ERR_FILTER_NOT_FOUND);
	if (err)
		return false;
	err = add_token(w->h, to);
	CHECK(!err || (err == ERR_ALREADY_EXISTS && to != from));
	if (err)
		CHECK_OK(add_token(w->h, from));
	return true;
}

static void step_move(struct worker *w)
{
	bool moved;

	CHECK_OK(FwpmTransactionBegin0(w->h, 0));
	moved = move_token(w, rng_below(&w->rng, KEYS), rng_below(&w->rng, KEYS));
	if (rng_below(&w->rng, 4) == 0) {
		CHECK_OK(FwpmTransactionAbort0(w->h));
		return;
	}
	if (moved)
		atom32_add(&expected, 2);
	CHECK_OK(FwpmTransactionCommit0(w->h));
	w->moves += moved;
}

/* ---- looking --------------------------------------------------------------------------------- */

/* The keys that there are, as bits. */
static uint32_t tokens_seen(HANDLE h, UINT32 at_once)
{
	FWPM_FILTER_ENUM_TEMPLATE0 wish = {.actionMask = UINT32_MAX};
	FWPM_FILTER0 **entries;
	HANDLE e = NULL;
	uint32_t seen = 0;
	UINT32 n;

	wish.layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V4;
	CHECK_OK(FwpmFilterCreateEnumHandle0(h, &wish, &e));
	do {
		CHECK_OK(FwpmFilterEnum0(h, e, at_once, &entries, &n));
		for (UINT32 i = 0; i < n; i++) {
			CHECK(entries[i]->filterKey.Data1 < KEYS);
			CHECK(!(seen & 1u << entries[i]->filterKey.Data1));
			seen |= 1u << entries[i]->filterKey.Data1;
		}
		FwpmFreeMemory0((void **)&entries);
	} while (n == at_once);
	CHECK_OK(FwpmFilterDestroyEnumHandle0(h, e));
	CHECK_EQ_U(__builtin_popcount(seen), TOKENS);
	return seen;
}

static void look_one_by_one(HANDLE h, uint32_t seen)
{
	for (unsigned i = 0; i < KEYS; i++) {
		const GUID key = token_key(i);
		FWPM_FILTER0 *filter = NULL;
		wfp_err err = FwpmFilterGetByKey0(h, &key, &filter);

		CHECK_ERR(err, seen & 1u << i ? ERR_OK : ERR_FILTER_NOT_FOUND);
		FwpmFreeMemory0((void **)&filter);
	}
}

/* Without a transaction each enumeration is a view of its own; in one they are all the same. */
static void step_look(struct worker *w)
{
	bool reads = rng_below(&w->rng, 2);
	uint32_t seen;

	if (reads)
		CHECK_OK(FwpmTransactionBegin0(w->h, FWPM_TXN_READ_ONLY));
	seen = tokens_seen(w->h, 1 + rng_below(&w->rng, 8));
	if (reads) {
		look_one_by_one(w->h, seen);
		CHECK_EQ_U(tokens_seen(w->h, INFINITE), seen);
		CHECK_OK(FwpmTransactionCommit0(w->h));
	}
	w->looks++;
}

/* ---- sessions and descriptors ---------------------------------------------------------------- */

/* Goes with everything it has, in whatever state. */
static void step_session(struct worker *w)
{
	const FWPM_DISPLAY_DATA0 names = {.name = (WCHAR *)(uintptr_t)L"passing"};
	const GUID key = {w->number, 0xd1e5, 0, {1}};
	FWPM_SUBLAYER0 sublayer = {.subLayerKey = key, .displayData = names, .weight = 77};
	FWPM_FILTER0 filter = {.filterKey = key,
			       .displayData = names,
			       .layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V6,
			       .subLayerKey = key,
			       .action = {.type = FWP_ACTION_BLOCK}};
	HANDLE h = open_session(FWPM_SESSION_FLAG_DYNAMIC);

	CHECK_OK(FwpmSubLayerAdd0(h, &sublayer, NULL));
	if (rng_below(&w->rng, 2))
		CHECK_OK(FwpmTransactionBegin0(h, 0));
	CHECK_OK(FwpmFilterAdd0(h, &filter, NULL, NULL));
	CHECK_ERR(FwpmSubLayerDeleteByKey0(h, &key), ERR_IN_USE);
	CHECK_OK(FwpmEngineClose0(h));
	CHECK_ERR(FwpmSubLayerDeleteByKey0(w->h, &key), ERR_SUBLAYER_NOT_FOUND);
	w->sessions++;
}

static void step_security(struct worker *w)
{
	const GUID key = token_key(rng_below(&w->rng, KEYS));
	const ACL nothing_own = {ACL_REVISION, 0, sizeof(ACL), 0, 0};
	wfp_err err = FwpmFilterSetSecurityInfoByKey0(w->h, &key, DACL_SECURITY_INFORMATION, NULL,
						      NULL, &nothing_own, NULL);

	CHECK(!err || err == ERR_FILTER_NOT_FOUND);
}

static void work(void *arg)
{
	static void (*const steps[])(struct worker *) = {
		step_move, step_move, step_move, step_look, step_look, step_session, step_security};
	struct worker *w = arg;

	for (unsigned i = rounds_wanted(); i > 0; i--)
		steps[rng_below(&w->rng, ARRAY_LEN(steps))](w);
}

/* ---- the run --------------------------------------------------------------------------------- */

static void CALLBACK hear(void *context, const FWPM_FILTER_CHANGE0 *change)
{
	unsigned i = change->filterKey.Data1;

	if (change->changeType == FWPM_CHANGE_ADD)
		atom32_add(&balance[i], 1);
	else
		atom32_sub(&balance[i], 1);
	atom32_add(&told, 1);
}

/* Before there is a token, so that the sum begins with nothing. */
static HANDLE listen_to_tokens(HANDLE h)
{
	FWPM_FILTER_ENUM_TEMPLATE0 wish = {.actionMask = UINT32_MAX};
	FWPM_FILTER_SUBSCRIPTION0 subscription = {.enumTemplate = &wish, .flags = 3};
	HANDLE change = NULL;

	wish.layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V4;
	CHECK_OK(FwpmFilterSubscribeChanges0(h, &subscription, hear, NULL, &change));
	return change;
}

static void check_told(uint32_t seen)
{
	uint64_t deadline = clock_now() + 120 * CLOCK_S;

	while (atom32_load(&told) < atom32_load(&expected) && clock_now() < deadline)
		clock_sleep_until(clock_now() + CLOCK_MS);
	CHECK_EQ_U(atom32_load(&told), atom32_load(&expected));
	for (unsigned i = 0; i < KEYS; i++)
		CHECK_EQ_U(atom32_load(&balance[i]), seen >> i & 1);
}

static void run_workers(struct worker *workers)
{
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.number = i, .h = open_session(0)};
		rng_seed(&workers[i].rng, test_seed() * THREADS + i);
		CHECK_OK(thread_start(&workers[i].thread, "worker", work, &workers[i]));
	}
	for (unsigned i = 0; i < THREADS; i++) {
		thread_join(workers[i].thread);
		CHECK_OK(FwpmEngineClose0(workers[i].h));
	}
}

TEST(programs_that_run_at_once_see_whole_transactions)
{
	struct worker workers[THREADS];
	uint64_t live = mem_live();
	uint32_t seen;
	HANDLE h, listener, change;

	real_make_store();
	real_start();
	h = open_session(0);
	listener = open_session(0); /* nobody hears of his own changes */
	change = listen_to_tokens(listener);
	for (unsigned i = 0; i < TOKENS; i++)
		CHECK_OK(add_token(h, 2 * i));
	atom32_init(&expected, TOKENS);
	run_workers(workers);
	seen = tokens_seen(h, INFINITE);
	check_told(seen);
	CHECK_OK(FwpmFilterUnsubscribeChanges0(listener, change));
	CHECK_OK(FwpmEngineClose0(listener));
	CHECK_OK(FwpmEngineClose0(h));
	real_stop();
	real_remove_store();
	CHECK_EQ_U(mem_live(), live + 1); /* the table of handles stays */
	for (unsigned i = 0; i < THREADS; i++)
		printf("# %u moves, %u looks, %u sessions\n", workers[i].moves, workers[i].looks,
		       workers[i].sessions);
}
