/* SPDX-License-Identifier: MIT */
/*
 * killed_test - two programs in transactions, one killed in the middle.
 *
 * Three processes besides the engine's: a spawner that was forked before there was any thread, and
 * of it a victim and a survivor, which are real programs with sessions of their own. The victim
 * says in shared memory how far it is; the spawner kills it at a random step, and a random moment
 * after it. KILLED_RUNS says how often.
 */
#define INITGUID
#include "real_engine.h"

#include "base/clock.h"
#include "base/rng.h"
#include "base/thread.h"

#include <dirent.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define ROUNDS	 3u
#define FILTERS	 4u
#define OBJECTS	 (FILTERS + 1u) /* and a sublayer that they are in */
#define WAIT_MS	 20000u
#define SPIN_MAX 20000u

enum life { DYNAMIC, STATIC, PERSISTENT };

static struct shared {
	char path[64];
	uint64_t seed;
	enum life life;
	unsigned rounds;
	/* the victim's */
	volatile uint32_t steps, committing,
		committed; /* rounds that it tried, and that succeeded */
	/* the survivor's */
	volatile uint32_t survived;
	volatile uint64_t longest; /* ns that a begin waited */
	char why[96];
} * shared;

/* In a child: no harness there. */
#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			snprintf(shared->why, sizeof(shared->why), "line %d: %s", __LINE__,        \
				 #cond);                                                           \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* ---- objects --------------------------------------------------------------------------------- */

/* Of a round: 0 is the sublayer. */
static GUID key_of(unsigned round, unsigned object)
{
	return (GUID){round + 1, 0xdead, (uint16_t)object, {1}};
}

static wfp_err add_object(HANDLE h, unsigned round, unsigned object, enum life life)
{
	const FWPM_DISPLAY_DATA0 names = {.name = (WCHAR *)(uintptr_t)L"victim"};
	UINT32 flags = life == PERSISTENT; /* the flag of both kinds */
	FWPM_SUBLAYER0 sublayer = {
		.subLayerKey = key_of(round, 0), .displayData = names, .flags = flags};
	FWPM_FILTER0 filter = {.filterKey = key_of(round, object),
			       .displayData = names,
			       .flags = flags,
			       .layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V4,
			       .subLayerKey = key_of(round, 0),
			       .action = {.type = FWP_ACTION_BLOCK}};

	return object == 0 ? FwpmSubLayerAdd0(h, &sublayer, NULL)
			   : FwpmFilterAdd0(h, &filter, NULL, NULL);
}

static bool is_there(HANDLE h, unsigned round, unsigned object)
{
	const GUID key = key_of(round, object);
	void *found = NULL;
	wfp_err err = object == 0 ? FwpmSubLayerGetByKey0(h, &key, (FWPM_SUBLAYER0 **)&found)
				  : FwpmFilterGetByKey0(h, &key, (FWPM_FILTER0 **)&found);

	FwpmFreeMemory0(&found);
	return err == ERR_OK;
}

static unsigned count_round(HANDLE h, unsigned round)
{
	unsigned n = 0;

	for (unsigned i = 0; i < OBJECTS; i++)
		n += is_there(h, round, i);
	return n;
}

static HANDLE open_session(UINT32 flags)
{
	FWPM_SESSION0 session = {.flags = flags, .txnWaitTimeoutInMSec = WAIT_MS};
	HANDLE h = NULL;

	return FwpmEngineOpen0(NULL, RPC_C_AUTHN_DEFAULT, NULL, &session, &h) ? NULL : h;
}

/* ---- the two programs ------------------------------------------------------------------------ */

static void victim_round(HANDLE h, unsigned round)
{
	MUST(FwpmTransactionBegin0(h, 0) == ERR_OK);
	shared->steps++;
	for (unsigned i = 0; i < OBJECTS; i++) {
		MUST(add_object(h, round, i, shared->life) == ERR_OK);
		shared->steps++;
	}
	shared->committing = round + 1;
	shared->steps++;
	MUST(FwpmTransactionCommit0(h) == ERR_OK);
	shared->committed = round + 1;
	shared->steps++;
}

static void victim(void)
{
	HANDLE h = open_session(shared->life == DYNAMIC ? FWPM_SESSION_FLAG_DYNAMIC : 0);

	MUST(h);
	shared->steps++;
	for (unsigned i = 0; i < shared->rounds; i++)
		victim_round(h, i);
	for (;;)
		pause();
}

static void survivor_round(HANDLE h)
{
	uint64_t began = clock_now(), waited;

	MUST(FwpmTransactionBegin0(h, 0) == ERR_OK);
	waited = clock_now() - began;
	if (waited > shared->longest)
		shared->longest = waited;
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned n = count_round(h, i);

		MUST(n == 0 || n == OBJECTS);
	}
	MUST(add_object(h, ROUNDS, 0, STATIC) == ERR_OK);
	MUST(add_object(h, ROUNDS, 1, STATIC) == ERR_OK);
	MUST(FwpmTransactionCommit0(h) == ERR_OK);
	MUST(FwpmFilterDeleteByKey0(h, &(GUID){ROUNDS + 1, 0xdead, 1, {1}}) == ERR_OK);
	MUST(FwpmSubLayerDeleteByKey0(h, &(GUID){ROUNDS + 1, 0xdead, 0, {1}}) == ERR_OK);
}

static void survivor(void)
{
	HANDLE h = open_session(0);

	MUST(h);
	for (unsigned i = 0; i < 2; i++)
		survivor_round(h);
	MUST(FwpmEngineClose0(h) == ERR_OK);
	shared->survived = 1;
	_exit(0);
}

/* ---- the spawner ----------------------------------------------------------------------------- */

static pid_t spawn(void (*program)(void))
{
	pid_t pid = fork();

	MUST(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setenv("OPENWFP_SOCKET", shared->path, 1);
		program();
	}
	return pid;
}

static void kill_in_the_middle(pid_t pid, struct rng *rng)
{
	uint32_t step = rng_below(rng, 1 + shared->rounds * (OBJECTS + 3) + 1);
	uint64_t deadline = clock_now() + 30 * CLOCK_S;
	unsigned spins = rng_below(rng, SPIN_MAX);

	while (shared->steps < step && !*shared->why && clock_now() < deadline)
		thread_yield();
	for (volatile unsigned i = 0; i < spins; i++)
		;
	MUST(kill(pid, SIGKILL) == 0);
	MUST(waitpid(pid, NULL, 0) == pid);
}

/* One run for each byte that comes; answers with one. */
static void spawner(int in, int out)
{
	char byte;

	while (read(in, &byte, 1) == 1) {
		struct rng rng;
		pid_t dies, lives;

		rng_seed(&rng, shared->seed);
		dies = spawn(victim);
		lives = spawn(survivor);
		kill_in_the_middle(dies, &rng);
		MUST(waitpid(lives, NULL, 0) == lives);
		MUST(write(out, &byte, 1) == 1);
	}
	_exit(0);
}

/* ---- the engine's side ----------------------------------------------------------------------- */

static uint32_t clients_now(void)
{
	struct rpc_server_counters c;

	rpc_server_counters_get(real.server, &c);
	return c.clients;
}

static void await_clients(uint32_t n)
{
	uint64_t deadline = clock_now() + 30 * CLOCK_S;

	while (clients_now() != n && clock_now() < deadline)
		thread_yield();
	CHECK_EQ_U(clients_now(), n);
}

static unsigned count_sessions(HANDLE h)
{
	FWPM_SESSION0 **entries = NULL;
	HANDLE e = NULL;
	UINT32 n = 0;

	CHECK_OK(FwpmSessionCreateEnumHandle0(h, NULL, &e));
	CHECK_OK(FwpmSessionEnum0(h, e, INFINITE, &entries, &n));
	CHECK_OK(FwpmSessionDestroyEnumHandle0(h, e));
	FwpmFreeMemory0((void **)&entries);
	return n;
}

static void remove_round(HANDLE h, unsigned round)
{
	for (unsigned i = OBJECTS; i-- > 0;) {
		const GUID key = key_of(round, i);

		CHECK_OK(i == 0 ? FwpmSubLayerDeleteByKey0(h, &key)
				: FwpmFilterDeleteByKey0(h, &key));
	}
}

/* What the victim left: whole rounds, all that it knew to be committed, and at most one more. */
static void check_rounds(HANDLE h)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned n = count_round(h, i);

		if (shared->life == DYNAMIC || i >= shared->committing)
			CHECK_EQ_U(n, 0);
		else if (i < shared->committed)
			CHECK_EQ_U(n, OBJECTS);
		else
			CHECK(n == 0 || n == OBJECTS);
		if (n)
			remove_round(h, i);
	}
}

static unsigned count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	CHECK(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

struct tally {
	unsigned killed_inside_commit, open_txn;
};

static void one_run(HANDLE h, uint64_t seed, int to, int from, struct tally *tally)
{
	struct rng rng;
	char byte = 0;

	rng_seed(&rng, seed);
	harness_use_seed(seed);
	shared->seed = seed;
	shared->life = (enum life)rng_below(&rng, 3);
	shared->rounds = 1 + rng_below(&rng, ROUNDS);
	shared->steps = shared->committing = shared->committed = shared->survived = 0;
	CHECK(write(to, &byte, 1) == 1);
	CHECK(read(from, &byte, 1) == 1);
	if (*shared->why)
		CHECK_SAY("a program failed at %s", shared->why);
	CHECK(shared->survived);
	await_clients(1);
	CHECK_EQ_U(count_sessions(h), 1);
	tally->killed_inside_commit += shared->committing != shared->committed;
	tally->open_txn += shared->committed < shared->rounds;
	check_rounds(h);
}

/* A connection is counted no more some time before its thread has freed it. */
static void await_live(uint64_t live, unsigned fds)
{
	uint64_t deadline = clock_now() + 30 * CLOCK_S;

	while ((mem_live() > live || count_fds() > fds) && clock_now() < deadline)
		thread_yield();
	CHECK(mem_live() <= live);
	CHECK(count_fds() <= fds);
}

static unsigned runs_wanted(void)
{
	const char *text = getenv("KILLED_RUNS");

	return text ? (unsigned)strtoul(text, NULL, 0) : 1000;
}

static pid_t start_spawner(int *to, int *from)
{
	int down[2], up[2];
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	CHECK(shared != MAP_FAILED && pipe(down) == 0 && pipe(up) == 0);
	pid = fork();
	if (pid == 0) {
		close(down[1]);
		close(up[0]);
		spawner(down[0], up[1]);
	}
	CHECK(pid > 0);
	close(down[0]);
	close(up[1]);
	*to = down[1];
	*from = up[0];
	return pid;
}

TEST(a_program_that_is_killed_in_a_transaction_leaves_nothing_and_holds_up_nobody)
{
	uint64_t first = test_seed(), live;
	unsigned runs = runs_wanted(), fds;
	struct tally tally = {0};
	int to, from;
	pid_t pid = start_spawner(&to, &from);
	HANDLE h;

	real_make_store();
	real_start();
	snprintf(shared->path, sizeof(shared->path), "%s", real.path);
	h = real_open(0);
	live = mem_live();
	fds = count_fds();
	for (unsigned i = 0; i < runs; i++) {
		one_run(h, first + i, to, from, &tally);
		await_live(live, fds);
	}
	CHECK_OK(FwpmEngineClose0(h));
	real_stop();
	real_remove_store();
	close(to);
	close(from);
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(shared->longest < WAIT_MS * CLOCK_MS);
	printf("# %u runs: %u killed inside the commit, %u before the last one; the longest wait "
	       "was "
	       "%u ms\n",
	       runs, tally.killed_inside_commit, tally.open_txn,
	       (unsigned)(shared->longest / CLOCK_MS));
}
