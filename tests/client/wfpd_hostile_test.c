/* SPDX-License-Identifier: MIT */
/*
 * wfpd_hostile_test - clients that mean harm, against a running wfpd.
 *
 * Each test does one harm over and over; between any two steps of it a good client does a whole
 * round of work, and that it comes to an end is what is asked for: nothing here measures time.
 * Afterwards the engine must be as small as before: descriptors, threads, sessions, memory.
 */
#define INITGUID
#include "wfpd.h"

#include "base/rng.h"
#include "base/usock.h"
#include "rpc/frame.h"
#include "rpc/server.h"
#include "rpc/wfp.pb-c.h"

#include <sys/stat.h>

#define FILTERS	    2000u /* so that answers are large */
#define MIB	    UINT64_C(1048576)
#define MAY_GROW    (16 * MIB) /* what an allocator may keep after a harm */
#define OTHER_USER  65534u
#define CONNECTIONS (RPC_CLIENTS_MAX + 64)

static HANDLE good; /* the session of the good client */

static struct size {
	uint64_t fds, threads, rss, sessions;
} before;

static GUID key_of(uint32_t n)
{
	return (GUID){n, 0x900d, 0, {1}};
}

/* ---- the engine from outside ----------------------------------------------------------------- */

static uint64_t status_of(const char *name)
{
	char path[64], line[256];
	uint64_t value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)wfpd.pid);
	f = fopen(path, "r");
	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtoull(line + strlen(name) + 1, NULL, 10);
	fclose(f);
	return value;
}

static uint64_t count_fds(void)
{
	char path[64];
	uint64_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)wfpd.pid);
	dir = opendir(path);
	CHECK(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* ---- the good client ------------------------------------------------------------------------- */

static HANDLE open_session(void)
{
	HANDLE h = NULL;

	CHECK_OK(FwpmEngineOpen0(NULL, RPC_C_AUTHN_DEFAULT, NULL, NULL, &h));
	return h;
}

static wfp_err add_filter(HANDLE h, uint32_t n)
{
	const FWPM_FILTER0 filter = {.filterKey = key_of(n),
				     .displayData = {.name = (WCHAR *)(uintptr_t)L"good"},
				     .layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V4,
				     .action = {.type = FWP_ACTION_BLOCK}};

	return FwpmFilterAdd0(h, &filter, NULL, NULL);
}

static void good_round(void)
{
	const GUID key = key_of(0);
	FWPM_FILTER0 *filter = NULL;

	CHECK_OK(FwpmTransactionBegin0(good, 0));
	CHECK_OK(add_filter(good, 0));
	CHECK_OK(FwpmTransactionCommit0(good));
	CHECK_OK(FwpmFilterGetByKey0(good, &key, &filter));
	FwpmFreeMemory0((void **)&filter);
	CHECK_OK(FwpmFilterDeleteByKey0(good, &key));
}

static unsigned count_sessions(void)
{
	FWPM_SESSION0 **entries = NULL;
	HANDLE e = NULL;
	UINT32 n = 0;

	CHECK_OK(FwpmSessionCreateEnumHandle0(good, NULL, &e));
	CHECK_OK(FwpmSessionEnum0(good, e, INFINITE, &entries, &n));
	CHECK_OK(FwpmSessionDestroyEnumHandle0(good, e));
	FwpmFreeMemory0((void **)&entries);
	return n;
}

static struct size size_now(void)
{
	return (struct size){count_fds(), status_of("Threads"), status_of("VmRSS") * 1024,
			     count_sessions()};
}

/* How much more memory than before; a sanitizer keeps what was freed, so there it says nothing. */
static bool size_fits(const struct size *now, uint64_t more)
{
#if defined(BASE_ASAN) || defined(BASE_TSAN)
	return true;
#else
	return now->rss < before.rss + more + MAY_GROW;
#endif
}

static bool fits(uint64_t more)
{
	const struct size now = size_now();

	return size_fits(&now, more);
}

/* Of a number of repetitions; sanitizers are slow. */
static unsigned share_of(unsigned n)
{
	const char *text = getenv("HOSTILE_PERCENT");
	unsigned percent = text ? (unsigned)strtoul(text, NULL, 0) : 100;

	return n * percent < 100 ? 1 : n * percent / 100;
}

/* ---- a test ---------------------------------------------------------------------------------- */

static bool begin(const char *test)
{
	if (!wfpd_prepare()) {
		printf("ok - %s # SKIP wfpd is not built here\n", test);
		return false;
	}
	CHECK(chmod(wfpd.dir, 0755) == 0);
	wfpd_start();
	good = open_session();
	CHECK_OK(FwpmTransactionBegin0(good, 0));
	for (uint32_t i = 1; i <= FILTERS; i++)
		CHECK_OK(add_filter(good, i));
	CHECK_OK(FwpmTransactionCommit0(good));
	good_round();
	before = size_now();
	return true;
}

/* The engine notices some time after the last harm that its clients have gone. */
static void await_peace(void)
{
	uint64_t deadline = clock_now() + 60 * CLOCK_S;
	struct size now = size_now();

	while ((now.fds != before.fds || now.threads != before.threads) && clock_now() < deadline) {
		good_round();
		now = size_now();
	}
	CHECK_EQ_U(now.fds, before.fds);
	CHECK_EQ_U(now.threads, before.threads);
	CHECK_EQ_U(now.sessions, before.sessions);
}

static void end(const char *test)
{
	struct size now;

	await_peace();
	now = size_now();
	printf("# %s: memory %" PRIu64 " KiB before, %" PRIu64 " at most, %" PRIu64 " after\n",
	       test, before.rss / 1024, status_of("VmHWM"), now.rss / 1024);
	CHECK(size_fits(&now, 0));
	CHECK_OK(FwpmEngineClose0(good));
	CHECK_EQ_U(wfpd_end(SIGTERM), 0);
}

/* ---- harm ------------------------------------------------------------------------------------ */

static struct usock *reach(void)
{
	struct usock *s;

	CHECK_OK(usock_connect(&s, wfpd.path));
	return s;
}

/* What the socket takes now; false: it has taken all. */
static bool push(struct usock *s, const uint8_t **data, size_t *left)
{
	size_t n = 0;

	while (*left > 0 && usock_write(s, *data, *left, &n) == ERR_OK && n > 0) {
		*data += n;
		*left -= n;
	}
	return *left > 0;
}

/* Reads whatever comes until the engine closes. */
static void await_end(struct usock *s)
{
	uint8_t bytes[4096];
	size_t n;

	while (usock_read(s, bytes, sizeof(bytes), &n) == ERR_OK)
		if (n == 0)
			usock_wait(s, NULL, USOCK_IN, CLOCK_NEVER);
}

static void append(struct buf *b, Openwfp__Request *request)
{
	request->has_id = true;
	request->id = 1;
	CHECK_OK(rpc_frame_append(b, &request->base, RPC_REQUEST_MAX));
}

static void append_open(struct buf *b)
{
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	Openwfp__Open open = OPENWFP__OPEN__INIT;

	request.op_case = OPENWFP__REQUEST__OP_OPEN;
	request.open = &open;
	append(b, &request);
}

static void append_enum(struct buf *b)
{
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	Openwfp__EnumCreate create = OPENWFP__ENUM_CREATE__INIT;

	create.has_kind = true;
	create.kind = OPENWFP__KIND__FILTER;
	request.op_case = OPENWFP__REQUEST__OP_ENUM_CREATE;
	request.enumcreate = &create;
	append(b, &request);
}

static void append_next(struct buf *b, uint64_t handle)
{
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	Openwfp__EnumNext next = OPENWFP__ENUM_NEXT__INIT;

	next.has_handle = next.has_max = true;
	next.handle = handle;
	next.max = UINT32_MAX;
	request.op_case = OPENWFP__REQUEST__OP_ENUM_NEXT;
	request.enumnext = &next;
	append(b, &request);
}

static void append_subscribe(struct buf *b)
{
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	Openwfp__Subscription subscription = OPENWFP__SUBSCRIPTION__INIT;

	subscription.has_kind = subscription.has_flags = true;
	subscription.kind = OPENWFP__KIND__FILTER;
	subscription.flags = 3;
	request.op_case = OPENWFP__REQUEST__OP_SUBSCRIBE;
	request.subscribe = &subscription;
	append(b, &request);
}

static void push_all(struct usock *s, const struct buf *b)
{
	const uint8_t *data = b->data;
	size_t left = b->len;

	CHECK(!push(s, &data, &left));
}

TEST(garbage_ends_its_own_connection_alone)
{
	struct rng rng;

	if (!begin(__func__))
		return;
	rng_seed(&rng, test_seed());
	for (unsigned i = 0; i < share_of(400); i++) {
		uint8_t bytes[512];
		const uint8_t *data = bytes;
		size_t n = 1 + rng_below(&rng, sizeof(bytes)), left = n;
		struct usock *s = reach();

		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)rng_u32(&rng);
		if (i % 2 == 0 && n > 4) /* a length that fits, so that the rest is read */
			memcpy(bytes, &(uint32_t){(uint32_t)n - 4}, 4);
		push(s, &data, &left);
		if (i % 4 == 0 && n > 4)
			await_end(s);
		usock_close(s);
		if (i % 8 == 0)
			good_round();
	}
	end(__func__);
}

/* Requests that are nearly right. */
TEST(a_bit_that_is_wrong_in_a_request_harms_nobody)
{
	struct rng rng;

	if (!begin(__func__))
		return;
	rng_seed(&rng, test_seed());
	for (unsigned i = 0; i < share_of(1000); i++) {
		struct usock *s = reach();
		const uint8_t *data;
		struct buf b = {0};
		size_t left;

		append_open(&b);
		append_enum(&b);
		append_next(&b, 1);
		append_subscribe(&b);
		for (unsigned k = 0; k < 1 + i % 4; k++)
			b.data[rng_below(&rng, (uint32_t)b.len)] ^=
				(uint8_t)(1u << rng_below(&rng, 8));
		data = b.data;
		left = b.len;
		push(s, &data, &left);
		usock_close(s);
		buf_free(&b);
		if (i % 8 == 0)
			good_round();
	}
	end(__func__);
}

TEST(a_length_that_is_too_large_is_not_waited_for)
{
	static const uint32_t lengths[] = {RPC_REQUEST_MAX + 1, 0x7fffffff, 0xffffffff};

	if (!begin(__func__))
		return;
	for (unsigned i = 0; i < share_of(60); i++) {
		struct usock *s = reach();
		struct buf b = {0};

		buf_append(&b, &lengths[i % 3], 4);
		push_all(s, &b);
		await_end(s);
		usock_close(s);
		buf_free(&b);
		good_round();
	}
	end(__func__);
}

TEST(a_frame_that_is_announced_and_does_not_come_costs_nothing)
{
	struct usock *s[200];
	const uint32_t length = RPC_SMALL_MAX;
	struct buf b = {0};

	if (!begin(__func__))
		return;
	buf_append(&b, &length, 4);
	buf_append(&b, "half", 4);
	for (unsigned i = 0; i < ARRAY_LEN(s); i++) {
		s[i] = reach();
		push_all(s[i], &b);
		if (i % 8 == 0)
			good_round();
	}
	good_round();
	CHECK(fits(0));
	for (unsigned i = 0; i < ARRAY_LEN(s); i++)
		usock_close(s[i]);
	buf_free(&b);
	end(__func__);
}

/* ---- too many -------------------------------------------------------------------------------- */

TEST(a_flood_of_connections_is_bounded_and_leaves_who_is_there_alone)
{
	static struct usock *s[CONNECTIONS];
	unsigned n = 0;

	if (!begin(__func__))
		return;
	for (unsigned rounds = 0; rounds < share_of(3); rounds++) {
		for (n = 0; n < CONNECTIONS && usock_connect(&s[n], wfpd.path) == ERR_OK; n++)
			if (n % 32 == 0)
				good_round();
		good_round();
		CHECK(status_of("Threads") <= before.threads + RPC_CLIENTS_MAX);
		while (n > 0)
			usock_close(s[--n]);
		await_peace();
	}
	CHECK_OK(FwpmEngineClose0(open_session()));
	end(__func__);
}

/* Descriptors run out before connections do: those that are there go on, the others come later. */
TEST(a_flood_that_takes_all_descriptors_leaves_who_is_there_alone)
{
	static struct usock *s[200];
	unsigned n;

	wfpd.files = 100;
	if (!begin(__func__))
		return;
	for (n = 0; n < ARRAY_LEN(s) && usock_connect(&s[n], wfpd.path) == ERR_OK; n++)
		if (n % 16 == 0)
			good_round();
	for (unsigned i = 0; i < share_of(200); i++)
		good_round();
	while (n > 0)
		usock_close(s[--n]);
	CHECK_OK(FwpmEngineClose0(open_session()));
	end(__func__);
}

/* Holds as many connections as it gets, until the test says enough. */
static void flood_as_other_user(int in, int out)
{
	static struct usock *s[CONNECTIONS];
	char byte = 1;

	if (setgid(OTHER_USER) || setuid(OTHER_USER))
		byte = 2;
	for (unsigned i = 0; byte == 1 && i < RPC_CLIENTS_PER_USER + 100; i++)
		if (usock_connect(&s[i], wfpd.path))
			byte = 3;
	(void)!write(out, &byte, 1);
	(void)!read(in, &byte, 1);
	_exit(0);
}

TEST(one_user_cannot_take_the_connections_of_others)
{
	int down[2], up[2];
	char byte = 0;
	pid_t pid;

	if (getuid() != 0) {
		printf("ok - %s # SKIP only root can be somebody else\n", __func__);
		return;
	}
	if (!begin(__func__))
		return;
	CHECK(pipe(down) == 0 && pipe(up) == 0);
	pid = fork();
	if (pid == 0)
		flood_as_other_user(down[0], up[1]);
	CHECK(read(up[0], &byte, 1) == 1 && byte == 1);
	for (unsigned i = 0; i < 100; i++) {
		CHECK_OK(FwpmEngineClose0(open_session()));
		good_round();
	}
	CHECK(status_of("Threads") <= before.threads + RPC_CLIENTS_PER_USER);
	CHECK(write(down[1], &byte, 1) == 1 && waitpid(pid, NULL, 0) == pid);
	for (unsigned i = 0; i < 2; i++) {
		close(down[i]);
		close(up[i]);
	}
	end(__func__);
}

TEST(enumerations_that_are_never_destroyed_are_bounded)
{
	HANDLE h[8], e;

	if (!begin(__func__))
		return;
	for (unsigned i = 0; i < ARRAY_LEN(h); i++) {
		unsigned n = 0;

		h[i] = open_session();
		while (n < 1000 && FwpmFilterCreateEnumHandle0(h[i], NULL, &e) == ERR_OK)
			n++;
		CHECK_EQ_U(n, 64);
		CHECK_ERR(FwpmFilterCreateEnumHandle0(h[i], NULL, &e), ERR_BUSY);
		good_round();
	}
	for (unsigned i = 0; i < ARRAY_LEN(h); i++)
		CHECK_OK(FwpmEngineClose0(h[i]));
	end(__func__);
}

/* ---- not reading ----------------------------------------------------------------------------- */

/* Sends until the engine takes no more, also after it had time for a round of good work. */
static void push_until_full(struct usock *s, const struct buf *b)
{
	unsigned full = 0;

	for (unsigned i = 0; i < 100000 && full < 3; i++) {
		const uint8_t *data = b->data;
		size_t left = b->len;

		while (push(s, &data, &left) && full < 3) {
			full++;
			good_round();
		}
	}
	CHECK_EQ_U(full, 3);
}

TEST(answers_that_nobody_reads_hold_up_their_own_connection_alone)
{
	struct usock *s[32];
	struct buf first = {0}, more = {0};

	if (!begin(__func__))
		return;
	append_open(&first);
	for (unsigned i = 0; i < 64; i++) {
		append_enum(&more);
		append_next(&more, i + 1);
	}
	for (unsigned i = 0; i < ARRAY_LEN(s); i++) {
		s[i] = reach();
		push_all(s[i], &first);
		push_until_full(s[i], &more);
	}
	good_round();
	CHECK(fits(ARRAY_LEN(s) * 4 * MIB));
	for (unsigned i = 0; i < ARRAY_LEN(s); i++)
		usock_close(s[i]);
	buf_free(&first);
	buf_free(&more);
	end(__func__);
}

/* It gives up what nobody reads, and the transaction that is open. */
TEST(wfpd_ends_although_its_clients_do_not)
{
	struct usock *s[8];
	struct buf first = {0}, more = {0};

	if (!begin(__func__))
		return;
	append_open(&first);
	for (unsigned i = 0; i < 64; i++) {
		append_enum(&more);
		append_next(&more, i + 1);
	}
	for (unsigned i = 0; i < ARRAY_LEN(s); i++) {
		s[i] = reach();
		push_all(s[i], &first);
		push_until_full(s[i], &more);
	}
	CHECK_OK(FwpmTransactionBegin0(good, 0));
	CHECK_EQ_U(wfpd_end(SIGTERM), 0);
	CHECK_ERR(FwpmTransactionCommit0(good), ERR_RPC_S_CALL_FAILED);
	CHECK_OK(FwpmEngineClose0(good));
	for (unsigned i = 0; i < ARRAY_LEN(s); i++)
		usock_close(s[i]);
	buf_free(&first);
	buf_free(&more);
}

TEST(notifications_that_nobody_reads_are_dropped)
{
	struct usock *s[16];
	struct buf b = {0};

	if (!begin(__func__))
		return;
	append_open(&b);
	for (unsigned i = 0; i < 64; i++)
		append_subscribe(&b);
	for (unsigned i = 0; i < ARRAY_LEN(s); i++) {
		s[i] = reach();
		push_all(s[i], &b);
	}
	for (unsigned i = 0; i < share_of(1500); i++)
		good_round();
	CHECK(fits(ARRAY_LEN(s) * 2 * MIB));
	for (unsigned i = 0; i < ARRAY_LEN(s); i++)
		usock_close(s[i]);
	buf_free(&b);
	end(__func__);
}

/* Who holds the transaction lock may: until its session ends, others wait no longer than they said.
 */
TEST(a_transaction_that_is_never_ended_goes_with_its_connection)
{
	FWPM_SESSION0 session = {.txnWaitTimeoutInMSec = 1};
	HANDLE bad, hasty = NULL;

	if (!begin(__func__))
		return;
	CHECK_OK(FwpmEngineOpen0(NULL, RPC_C_AUTHN_DEFAULT, NULL, &session, &hasty));
	for (unsigned i = 0; i < 50; i++) {
		bad = open_session();
		CHECK_OK(FwpmTransactionBegin0(bad, 0));
		CHECK_ERR(FwpmTransactionBegin0(hasty, 0), ERR_TIMEOUT);
		CHECK_OK(FwpmEngineClose0(bad));
		good_round();
	}
	CHECK_OK(FwpmEngineClose0(hasty));
	end(__func__);
}
