/* SPDX-License-Identifier: MIT */
/*
 * wfpd_killed_test - wfpd killed at random moments while programs commit what is to be kept.
 *
 * Threads with sessions of their own write numbered rounds of persistent and boot-time objects into
 * the store, each round one transaction, and remove older ones in the same transaction. When the
 * engine dies, each knows which rounds were answered with success; after a restart exactly those
 * are there, and perhaps the one that was under way, whole. WFPD_KILLED_RUNS says how often.
 */
#define INITGUID
#include "wfpd.h"

#include "base/atomic.h"
#include "base/rng.h"

#define WRITERS 3u
#define FILTERS 3u /* of a round; the first is a boot-time one */

/* One program: rounds first..last-1 are there; `last` as well if the commit that said nothing was
 * done.  A round after the second removes the one before. */
static struct writer {
	unsigned number;
	uint32_t last;	       /* committed for certain; 0: none */
	uint32_t trying;       /* last, or last + 1 while it is under way */
	struct thread *thread; /* of this run */
} writers[WRITERS];

static struct atom32 commits; /* successes in this run */

static GUID key_of(unsigned writer, uint32_t round, unsigned object)
{
	return (GUID){round, (uint16_t)(0xbee0 + writer), (uint16_t)object, {1}};
}

static HANDLE open_session(void)
{
	FWPM_SESSION0 session = {.txnWaitTimeoutInMSec = 30000};
	HANDLE h = NULL;

	return FwpmEngineOpen0(NULL, RPC_C_AUTHN_DEFAULT, NULL, &session, &h) ? NULL : h;
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static wfp_err add_round(HANDLE h, unsigned writer, uint32_t round)
{
	const FWPM_DISPLAY_DATA0 names = {.name = (WCHAR *)(uintptr_t)L"round"};
	FWPM_SUBLAYER0 sublayer = {.subLayerKey = key_of(writer, round, 0),
				   .displayData = names,
				   .flags = FWPM_SUBLAYER_FLAG_PERSISTENT,
				   .weight = (UINT16)(1000 + round % 1000)};
	wfp_err err = FwpmSubLayerAdd0(h, &sublayer, NULL);

	for (unsigned i = 1; !err && i <= FILTERS; i++) {
		FWPM_FILTER0 filter = {.filterKey = key_of(writer, round, i),
				       .displayData = names,
				       .flags = i == 1 ? FWPM_FILTER_FLAG_BOOTTIME
						       : FWPM_FILTER_FLAG_PERSISTENT,
				       .layerKey = FWPM_LAYER_INBOUND_TRANSPORT_V4,
				       .subLayerKey = sublayer.subLayerKey,
				       .action = {.type = FWP_ACTION_BLOCK}};

		err = FwpmFilterAdd0(h, &filter, NULL, NULL);
	}
	return err;
}

static wfp_err remove_round(HANDLE h, unsigned writer, uint32_t round)
{
	const GUID sublayer = key_of(writer, round, 0);
	wfp_err err = ERR_OK;

	for (unsigned i = 1; !err && i <= FILTERS; i++) {
		const GUID key = key_of(writer, round, i);

		err = FwpmFilterDeleteByKey0(h, &key);
	}
	return err ? err : FwpmSubLayerDeleteByKey0(h, &sublayer);
}

/* Replaces the last round by the next one. */
static wfp_err write_round(HANDLE h, struct writer *w)
{
	wfp_err err = FwpmTransactionBegin0(h, 0);

	if (err)
		return err;
	w->trying = w->last + 1;
	err = add_round(h, w->number, w->trying);
	if (!err && w->last)
		err = remove_round(h, w->number, w->last);
	if (!err)
		err = FwpmTransactionCommit0(h);
	if (err)
		return err;
	w->last = w->trying;
	atom32_add(&commits, 1);
	return ERR_OK;
}

static void write_rounds(void *arg)
{
	HANDLE h = open_session();
	wfp_err err = ERR_OK;

	while (h && !err)
		err = write_round(h, arg);
	if (err && err != ERR_RPC_S_CALL_FAILED)
		fprintf(stderr, "# a writer got %s\n", err_name(err));
	CHECK(!err || err == ERR_RPC_S_CALL_FAILED);
	CHECK_OK(FwpmEngineClose0(h));
}

/* ---- what is left ---------------------------------------------------------------------------- */

/* How many objects of the round there are. */
static unsigned count_round(HANDLE h, unsigned writer, uint32_t round)
{
	const GUID sublayer = key_of(writer, round, 0);
	FWPM_SUBLAYER0 *s = NULL;
	unsigned n = FwpmSubLayerGetByKey0(h, &sublayer, &s) == ERR_OK;

	FwpmFreeMemory0((void **)&s);
	for (unsigned i = 1; i <= FILTERS; i++) {
		const GUID key = key_of(writer, round, i);
		FWPM_FILTER0 *f = NULL;

		if (FwpmFilterGetByKey0(h, &key, &f) == ERR_OK) {
			CHECK((f->flags & FWPM_FILTER_FLAG_BOOTTIME) ? i == 1 : i != 1);
			n++;
		}
		FwpmFreeMemory0((void **)&f);
	}
	return n;
}

/* Of all filters, boot-time ones alone, or without a template all. */
static unsigned count_filters(HANDLE h, bool boottime)
{
	FWPM_FILTER_ENUM_TEMPLATE0 wish = {.flags = FWP_FILTER_ENUM_FLAG_BOOTTIME_ONLY,
					   .actionMask = UINT32_MAX};
	FWPM_FILTER0 **entries = NULL;
	HANDLE e = NULL;
	UINT32 n = 0;

	CHECK_OK(FwpmFilterCreateEnumHandle0(h, boottime ? &wish : NULL, &e));
	CHECK_OK(FwpmFilterEnum0(h, e, INFINITE, &entries, &n));
	CHECK_OK(FwpmFilterDestroyEnumHandle0(h, e));
	FwpmFreeMemory0((void **)&entries);
	return n;
}

struct tally {
	unsigned kept, lost; /* commits without an answer: done, not done */
};

static void check_writer(HANDLE h, struct writer *w, struct tally *tally)
{
	bool pending = w->trying != w->last;
	bool done = pending && count_round(h, w->number, w->trying) > 0;
	uint32_t is = done ? w->trying : w->last, other = done ? w->last : w->trying;

	if (is)
		CHECK_EQ_U(count_round(h, w->number, is), FILTERS + 1);
	if (other != is)
		CHECK_EQ_U(count_round(h, w->number, other), 0);
	tally->kept += done;
	tally->lost += pending && !done;
	w->last = w->trying = is;
}

static void check_all(struct tally *tally)
{
	HANDLE h = open_session();
	unsigned rounds = 0;

	CHECK(h);
	for (unsigned i = 0; i < WRITERS; i++) {
		check_writer(h, &writers[i], tally);
		rounds += writers[i].last != 0;
	}
	CHECK_EQ_U(count_filters(h, false), rounds * FILTERS);
	CHECK_EQ_U(count_filters(h, true), rounds);
	CHECK_OK(FwpmEngineClose0(h));
}

/* ---- the runs -------------------------------------------------------------------------------- */

/* Dies after a random number of commits and a random moment. */
static void run_and_kill(struct rng *rng)
{
	uint32_t after = rng_below(rng, 20);
	unsigned spins = rng_below(rng, 200000);

	atom32_init(&commits, 0);
	for (unsigned i = 0; i < WRITERS; i++)
		CHECK_OK(thread_start(&writers[i].thread, "writer", write_rounds, &writers[i]));
	while (atom32_load(&commits) < after)
		thread_yield();
	for (volatile unsigned i = 0; i < spins; i++)
		;
	CHECK(WIFSIGNALED(wfpd_end(SIGKILL)));
	for (unsigned i = 0; i < WRITERS; i++)
		thread_join(writers[i].thread);
}

/* Dies while it reads the store, or before, or just after. */
static void start_and_kill(struct rng *rng)
{
	unsigned us = rng_below(rng, 30000);

	wfpd_spawn();
	clock_sleep_until(clock_now() + us * (CLOCK_MS / 1000));
	CHECK(WIFSIGNALED(wfpd_end(SIGKILL)));
}

static unsigned runs_wanted(void)
{
	const char *text = getenv("WFPD_KILLED_RUNS");

	return text ? (unsigned)strtoul(text, NULL, 0) : 120;
}

TEST(what_was_committed_is_there_after_the_engine_was_killed)
{
	unsigned runs = runs_wanted(), total = 0;
	struct tally tally = {0};
	struct rng rng;

	if (!wfpd_prepare()) {
		printf("ok - %s # SKIP wfpd is not built here\n", __func__);
		return;
	}
	rng_seed(&rng, test_seed());
	for (unsigned i = 0; i < WRITERS; i++)
		writers[i].number = i;
	for (unsigned i = 0; i < runs; i++) {
		if (rng_below(&rng, 4) == 0)
			start_and_kill(&rng);
		wfpd_start();
		check_all(&tally);
		run_and_kill(&rng);
		total += atom32_load(&commits);
	}
	wfpd_start();
	check_all(&tally);
	CHECK_EQ_U(wfpd_end(SIGTERM), 0);
	printf("# %u kills, %u commits, and %u without an answer: %u of these were done\n", runs,
	       total, tally.kept + tally.lost, tally.kept);
}
