/* SPDX-License-Identifier: MIT */
/*
 * manage - the management API as a program sees it, against a daemon that runs with a store.
 *
 * A client like any other: the public headers and libfwpuclnt.  Each figure is printed as one line
 * of JSON with a baseline of the same run, measured in between: a call that changes nothing (one
 * round trip), or a write to the disk of the store that must be durable.
 *
 *	bench_manage SOCKET DIRECTORY-OF-THE-STORE
 */
#include <windows.h>

#include <initguid.h>

#include <fwpmu.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MANY	    10000u
#define ALL	    100000u
#define SOME	    1000u
#define SMALL	    1000u
#define CLIENTS	    200u
#define PER_CLIENT  50u
#define REPEATS	    3u
#define ROUND_TRIPS 2000u
#define DISK_WRITES 200u
#define BLOCK	    4096u
#define AT_ONCE	    1000u

DEFINE_GUID(BENCH_SUBLAYER, 0x0be9c001, 0x1a2b, 0x4c3d, 0x8e, 0x4f, 0x10, 0x21, 0x32, 0x43, 0x54,
	    0x65);

static HANDLE engine;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(DWORD error, const char *what)
{
	if (error == ERROR_SUCCESS)
		return;
	fprintf(stderr, "bench_manage: %s: 0x%08x\n", what, error);
	exit(1);
}

#define MUST(call) must(call, #call)

static void print(const char *name, double value, const char *unit, const char *baseline,
		  double baseline_value)
{
	printf("{\"name\": \"%s\", \"value\": %.9f, \"unit\": \"%s\", \"baseline\": \"%s\", "
	       "\"baseline_value\": %.9f}\n",
	       name, value, unit, baseline, baseline_value);
	fflush(stdout);
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

/* ---- what is measured with ---------------------------------------------------------------------
 */

static void add_filter(HANDLE e, UINT32 number, UINT32 flags)
{
	FWPM_FILTER_CONDITION0 conditions[2] = {
		{.fieldKey = FWPM_CONDITION_IP_REMOTE_ADDRESS,
		 .matchType = FWP_MATCH_EQUAL,
		 .conditionValue = {.type = FWP_UINT32, .uint32 = 0x0a000000u + number}},
		{.fieldKey = FWPM_CONDITION_IP_REMOTE_PORT,
		 .matchType = FWP_MATCH_EQUAL,
		 .conditionValue = {.type = FWP_UINT16, .uint16 = (UINT16)number}},
	};
	FWPM_FILTER0 filter = {
		.displayData = {.name = (WCHAR *)L"bench"},
		.flags = flags,
		.layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V4,
		.subLayerKey = BENCH_SUBLAYER,
		.numFilterConditions = 1 + number % 2,
		.filterCondition = conditions,
		.action = {.type = FWP_ACTION_BLOCK},
	};

	MUST(FwpmFilterAdd0(e, &filter, NULL, NULL));
}

/* Seconds of one call that only asks. */
static double round_trip(void)
{
	double start = now();

	for (UINT32 i = 0; i < ROUND_TRIPS; i++) {
		FWP_VALUE0 *value;

		MUST(FwpmEngineGetOption0(engine, FWPM_ENGINE_COLLECT_NET_EVENTS, &value));
		FwpmFreeMemory0((void **)&value);
	}
	return (now() - start) / ROUND_TRIPS;
}

/* Durable writes a second that the disk of the store does by itself. */
static double disk_rate(const char *directory)
{
	static char block[BLOCK];
	char path[512];
	double start;
	int fd;

	snprintf(path, sizeof(path), "%s/bench.tmp", directory);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	if (fd < 0) {
		perror(path);
		exit(1);
	}
	start = now();
	for (UINT32 i = 0; i < DISK_WRITES; i++)
		if (write(fd, block, sizeof(block)) < 0 || fdatasync(fd) < 0) {
			perror(path);
			exit(1);
		}
	start = now() - start;
	close(fd);
	unlink(path);
	return DISK_WRITES / start;
}

/* ---- the figures -------------------------------------------------------------------------------
 */

static double add_in_one(UINT32 first, UINT32 n, double *commit)
{
	double start = now(), committing;

	MUST(FwpmTransactionBegin0(engine, 0));
	for (UINT32 i = 0; i < n; i++)
		add_filter(engine, first + i, 0);
	committing = now();
	MUST(FwpmTransactionCommit0(engine));
	*commit = now() - committing;
	return now() - start;
}

/* Everything of the sublayer goes, filter by filter, in one transaction. */
static UINT32 enumerate(void (*each)(const FWPM_FILTER0 *filter))
{
	FWPM_FILTER_ENUM_TEMPLATE0 template = {.layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V4,
					       .enumType = FWP_FILTER_ENUM_OVERLAPPING,
					       .actionMask = 0xffffffff};
	HANDLE list;
	UINT32 n, all = 0;

	MUST(FwpmFilterCreateEnumHandle0(engine, &template, &list));
	do {
		FWPM_FILTER0 **filters;

		MUST(FwpmFilterEnum0(engine, list, AT_ONCE, &filters, &n));
		for (UINT32 i = 0; each && i < n; i++)
			each(filters[i]);
		all += n;
		FwpmFreeMemory0((void **)&filters);
	} while (n == AT_ONCE);
	MUST(FwpmFilterDestroyEnumHandle0(engine, list));
	return all;
}

static void delete_filter(const FWPM_FILTER0 *filter)
{
	MUST(FwpmFilterDeleteById0(engine, filter->filterId));
}

static void delete_all(void)
{
	MUST(FwpmTransactionBegin0(engine, 0));
	enumerate(delete_filter);
	MUST(FwpmTransactionCommit0(engine));
}

static void many_in_one_transaction(void)
{
	double best = 1e9, trip = 1e9, commit;

	for (UINT32 i = 0; i < REPEATS; i++) {
		trip = least(trip, round_trip());
		best = least(best, add_in_one(0, MANY, &commit));
		delete_all();
	}
	print("10 000 filters added in one transaction", best, "s",
	      "as many calls that change nothing", trip * MANY);
}

static void large_policy(void)
{
	double commit, best = 1e9, list = 1e9, trip = 1e9;

	add_in_one(0, ALL, &commit);
	for (UINT32 i = 0; i < REPEATS; i++) {
		double start;

		trip = least(trip, round_trip());
		start = now();
		if (enumerate(NULL) < ALL)
			must(ERROR_GEN_FAILURE, "enumeration");
		list = least(list, now() - start);
		add_in_one(ALL + i * SOME, SOME, &commit);
		best = least(best, commit);
	}
	print("100 000 filters enumerated", list, "s", "a call for each thousand",
	      trip * (ALL / AT_ONCE));
	print("1 000 filters committed into 100 000, visible", best, "s",
	      "a call that changes nothing", trip);
	delete_all();
}

static void small_transactions(const char *directory)
{
	double rate = 0, disk = 0;

	for (UINT32 i = 0; i < REPEATS; i++) {
		double start, this_disk = disk_rate(directory);

		start = now();
		for (UINT32 k = 0; k < SMALL / REPEATS; k++) {
			MUST(FwpmTransactionBegin0(engine, 0));
			add_filter(engine, k, FWPM_FILTER_FLAG_PERSISTENT);
			MUST(FwpmTransactionCommit0(engine));
		}
		rate = (SMALL / REPEATS) / (now() - start) > rate
			       ? (SMALL / REPEATS) / (now() - start)
			       : rate;
		disk = this_disk > disk ? this_disk : disk;
		delete_all();
	}
	print("small durable transactions", rate, "1/s", "durable writes of this disk", disk);
}

/* ---- many clients ------------------------------------------------------------------------------
 */

static void *one_client(void *unused)
{
	FWPM_SESSION0 session = {.flags = FWPM_SESSION_FLAG_DYNAMIC,
				 .txnWaitTimeoutInMSec = INFINITE};
	HANDLE e;

	(void)unused;
	MUST(FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, &session, &e));
	for (UINT32 i = 0; i < PER_CLIENT; i++)
		add_filter(e, i, 0);
	MUST(FwpmEngineClose0(e));
	return NULL;
}

static double run_clients(UINT32 at_once)
{
	pthread_t threads[CLIENTS];
	double start = now();

	for (UINT32 done = 0; done < CLIENTS; done += at_once) {
		for (UINT32 i = 0; i < at_once; i++)
			if (pthread_create(&threads[i], NULL, one_client, NULL))
				must(ERROR_GEN_FAILURE, "thread");
		for (UINT32 i = 0; i < at_once; i++)
			pthread_join(threads[i], NULL);
	}
	return now() - start;
}

static void many_clients(void)
{
	double together = 1e9, alone = 1e9;

	for (UINT32 i = 0; i < REPEATS; i++) {
		alone = least(alone, run_clients(1));
		together = least(together, run_clients(CLIENTS));
	}
	print("200 clients at once, 50 filters each", together, "s", "one client after the other",
	      alone);
}

int main(int argc, char **argv)
{
	FWPM_SESSION0 session = {.txnWaitTimeoutInMSec = INFINITE};
	FWPM_SUBLAYER0 sublayer = {.subLayerKey = BENCH_SUBLAYER,
				   .displayData = {.name = (WCHAR *)L"bench"},
				   .flags = FWPM_SUBLAYER_FLAG_PERSISTENT,
				   .weight = 0x100};

	if (argc != 3) {
		fprintf(stderr, "usage: bench_manage SOCKET DIRECTORY\n");
		return 2;
	}
	setenv("OPENWFP_SOCKET", argv[1], 1);
	MUST(FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, &session, &engine));
	MUST(FwpmSubLayerAdd0(engine, &sublayer, NULL));
	many_in_one_transaction();
	large_policy();
	small_transactions(argv[2]);
	many_clients();
	MUST(FwpmSubLayerDeleteByKey0(engine, &BENCH_SUBLAYER));
	MUST(FwpmEngineClose0(engine));
	return 0;
}
