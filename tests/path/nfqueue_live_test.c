/* SPDX-License-Identifier: MIT */
/*
 * nfqueue - the whole path, with engine and stack, on the live traffic of a namespace of our own.
 */
#include "harness.h"

#include "base/clock.h"
#include "base/poll.h"
#include "base/thread.h"
#include "own_net.h"
#include "path/nfqueue_rules.h"
#include "replay_world.h"
#include "stack/sink.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>

static struct live {
	struct world world; /* its engine; the stack is ours */
	struct stack *stack;
	struct path *path;
	struct thread *runner;
	struct nfqueue_options options;
	struct buf why;
	wfp_err err;
	struct stack_sink *sink; /* NULL: nobody is told */
} live;

static void run_path(void *arg)
{
	struct live *l = arg;

	l->err = nfqueue_path.run(l->path, &l->why);
}

/* False: not possible here. */
static bool open_path(const char *test, uint16_t queues)
{
	const struct engine_config engine = {0};
	struct stack_config stack = {.workers = queues, .sink = live.sink};

	CHECK_OK(engine_create(&live.world.engine, &engine));
	stack.engine = live.world.engine;
	CHECK_OK(stack_create(&live.stack, &stack));
	live.options = nfqueue_options_default();
	live.options.n_queues = queues;
	live.options.engine = live.world.engine;
	if (nfqueue_path.open(&live.path, "", &live.options, live.stack, &live.why) != ERR_OK) {
		printf("ok - %s # SKIP %s\n", test, buf_str(&live.why));
		return false;
	}
	return true;
}

static bool begin(const char *test, uint16_t queues)
{
	return own_net(test) && open_path(test, queues);
}

static void start(void)
{
	CHECK_OK(thread_start(&live.runner, "run", run_path, &live));
}

static void end(struct path_counters *out)
{
	nfqueue_path.stop(live.path);
	thread_join(live.runner);
	CHECK_OK(live.err);
	nfqueue_path.counters(live.path, out);
	nfqueue_path.close(live.path);
	stack_destroy(live.stack);
	engine_destroy(live.world.engine);
	CHECK_EQ_U(out->received, out->accepted + out->dropped);
	CHECK_EQ_U(out->lost, 0);
}

static struct sockaddr_storage address(int family, uint16_t port, socklen_t *len)
{
	struct sockaddr_storage s = {.ss_family = (sa_family_t)family};

	if (family == AF_INET) {
		((struct sockaddr_in *)&s)->sin_port = htons(port);
		((struct sockaddr_in *)&s)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		*len = sizeof(struct sockaddr_in);
	} else {
		((struct sockaddr_in6 *)&s)->sin6_port = htons(port);
		((struct sockaddr_in6 *)&s)->sin6_addr = in6addr_loopback;
		*len = sizeof(struct sockaddr_in6);
	}
	return s;
}

static int bound(int family, int type, uint16_t port)
{
	socklen_t len;
	struct sockaddr_storage a = address(family, port, &len);
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0 && bind(fd, (void *)&a, len) == 0);
	return fd;
}

static int connected(int family, int type, uint16_t port)
{
	socklen_t len;
	struct sockaddr_storage a = address(family, port, &len);
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0 && connect(fd, (void *)&a, len) == 0);
	return fd;
}

static bool arrives(int fd)
{
	char byte[16];

	return poll_wait(&fd, 1, clock_now() + 2 * CLOCK_S) && recv(fd, byte, sizeof(byte), 0) > 0;
}

static void datagram_passes(int family)
{
	int to = bound(family, SOCK_DGRAM, 7), from = connected(family, SOCK_DGRAM, 7);

	CHECK(send(from, "hello", 5, 0) == 5);
	CHECK(arrives(to));
	close(to);
	close(from);
}

TEST(datagrams_pass_both_hooks_and_both_families)
{
	struct path_counters c;

	if (!begin("datagrams_pass_both_hooks_and_both_families", 1))
		return;
	start();
	datagram_passes(AF_INET);
	datagram_passes(AF_INET6);
	end(&c);
	CHECK(c.accepted >= 4); /* each is seen leaving and arriving */
	CHECK_EQ_S(output_of((const char *const[]){"nft", "list", "tables", NULL}), "");
}

struct transfer {
	int fd;
	size_t bytes;
};

static void send_all(void *arg)
{
	static char block[1 << 16];
	struct transfer *t = arg;

	for (size_t done = 0; done < t->bytes;) {
		ssize_t n = send(t->fd, block, sizeof(block), 0);

		CHECK(n > 0);
		done += (size_t)n;
	}
	shutdown(t->fd, SHUT_WR);
}

static void stream_passes(int family, size_t bytes)
{
	static char block[1 << 16];
	struct transfer t = {.bytes = bytes};
	struct thread *sender;
	size_t got = 0;
	ssize_t n;
	int listener = bound(family, SOCK_STREAM, 80), fd;

	CHECK(listen(listener, 8) == 0);
	t.fd = connected(family, SOCK_STREAM, 80);
	fd = accept(listener, NULL, NULL);
	CHECK(fd >= 0);
	CHECK_OK(thread_start(&sender, "sender", send_all, &t));
	while ((n = recv(fd, block, sizeof(block), 0)) > 0)
		got += (size_t)n;
	thread_join(sender);
	CHECK_EQ_U(got, bytes);
	close(t.fd);
	close(fd);
	close(listener);
}

/* Loopback makes packets of 64 KiB, of which the kernel cannot copy the last bytes. */
TEST(streams_of_big_packets_pass)
{
	struct path_counters c;

	if (!begin("streams_of_big_packets_pass", 2))
		return;
	start();
	stream_passes(AF_INET, 16 << 20);
	stream_passes(AF_INET6, 16 << 20);
	end(&c);
	CHECK_EQ_U(c.dropped, 0);
}

/* First pieces of datagrams that have no second, until told to stop. */
static struct atom32 flooding;

static void flood_pieces(UNUSED void *unused)
{
	uint8_t ip[28] = {0x45, 0, 0, 28, 0, 0, 0x20, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1};
	const struct sockaddr_in to = {.sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	uint16_t id = 1;

	CHECK(fd >= 0);
	while (atom32_load(&flooding)) {
		memcpy(ip + 4, &id, sizeof(id));
		id++;
		(void)!sendto(fd, ip, sizeof(ip), 0, (const void *)&to, sizeof(to));
	}
	close(fd);
}

TEST(pieces_that_come_while_stopping_are_answered)
{
	struct path_counters c;
	struct thread *flood;

	if (!begin("pieces_that_come_while_stopping_are_answered", 2))
		return;
	start();
	atom32_init(&flooding, 1);
	CHECK_OK(thread_start(&flood, "flood", flood_pieces, NULL));
	clock_sleep_until(clock_now() + 200 * CLOCK_MS);
	end(&c);
	atom32_store(&flooding, 0);
	thread_join(flood);
	CHECK(c.received > 0);
}

TEST(what_the_policy_blocks_does_not_arrive)
{
	struct path_counters c;
	int to, from;

	if (!begin("what_the_policy_blocks_does_not_arrive", 1))
		return;
	world_block(&live.world, MODEL_LAYER_INBOUND_TRANSPORT_V4);
	start();
	to = bound(AF_INET, SOCK_DGRAM, 7);
	from = connected(AF_INET, SOCK_DGRAM, 7);
	CHECK(send(from, "hello", 5, 0) == 5);
	datagram_passes(AF_INET6); /* by then the other has been decided */
	CHECK(recv(to, &c, 1, MSG_DONTWAIT) < 0);
	close(to);
	close(from);
	end(&c);
	CHECK_EQ_U(c.dropped, 1);
}

/* ---- whose a flow is ---------------------------------------------------------------------- */

/* What the last event told; written by the worker before the packet is answered. */
static struct telling {
	struct stack_sink sink; /* first */
	struct atom32 n;
	uint32_t flags;
	struct sid user;
	uint8_t app[2 * 4096];
	uint32_t app_size;
} telling;

static void on_event(struct stack_sink *sink, const struct model_netevent *e)
{
	struct telling *t = (struct telling *)sink;

	t->flags = e->flags;
	t->user = e->user;
	t->app_size = e->app ? e->app->blob.size : 0;
	if (e->app && t->app_size <= sizeof(t->app))
		memcpy(t->app, e->app->bytes, t->app_size);
	atom32_add(&t->n, 1);
}

static bool begin_told(const char *test, uint32_t wanted)
{
	telling.sink.event = on_event;
	atom32_init(&telling.sink.wanted, wanted);
	atom32_init(&telling.n, 0);
	live.sink = &telling.sink;
	return begin(test, 1);
}

static void wait_for_events(uint32_t n)
{
	for (unsigned i = 0; i < 1000 && atom32_load_acquire(&telling.n) < n; i++)
		clock_sleep_until(clock_now() + 10 * CLOCK_MS);
	CHECK(atom32_load_acquire(&telling.n) >= n);
}

/* Our own program, as an id; static. */
static struct model_blob own_id(void)
{
	static uint16_t id[4096];
	char path[4096] = {0};
	uint32_t n = 0;

	CHECK(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	do
		id[n] = (uint8_t)path[n]; /* it is ASCII */
	while (path[n++]);
	return (struct model_blob){.size = n * 2, .data = (uint8_t *)id};
}

static void told_of_us(void)
{
	const struct model_blob id = own_id();
	char text[SID_TEXT];

	CHECK(telling.flags & MODEL_NETEVENT_HAS_APP);
	CHECK_EQ_U(telling.app_size, id.size);
	CHECK(memcmp(telling.app, id.data, id.size) == 0);
	CHECK(telling.flags & MODEL_NETEVENT_HAS_USER);
	CHECK_EQ_S(sid_format(&telling.user, text), "S-1-22-1-0");
}

/* From a socket that is not connected. */
static void send_loose(int family, uint16_t port)
{
	socklen_t len;
	struct sockaddr_storage to = address(family, port, &len);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0 && sendto(fd, "hello", 5, 0, (void *)&to, len) == 5);
	wait_for_events(1); /* a socket that is closed while its packet waits is nobody's */
	close(fd);
}

static void a_drop_names_us(const char *test, uint16_t layer, int family)
{
	struct path_counters c;
	int to;

	if (!begin_told(test, STACK_WANT_DROPS))
		return;
	world_block(&live.world, layer);
	start();
	to = bound(family, SOCK_DGRAM, 7);
	send_loose(family, 7);
	told_of_us();
	close(to);
	end(&c);
}

TEST(a_drop_of_what_leaves_names_program_and_user)
{
	a_drop_names_us("a_drop_of_what_leaves_names_program_and_user",
			MODEL_LAYER_ALE_AUTH_CONNECT_V4, AF_INET);
}

TEST(a_drop_of_what_arrives_names_program_and_user)
{
	a_drop_names_us("a_drop_of_what_arrives_names_program_and_user",
			MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V4, AF_INET);
}

TEST(a_drop_of_what_arrives_by_version_6_names_program_and_user)
{
	a_drop_names_us("a_drop_of_what_arrives_by_version_6_names_program_and_user",
			MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V6, AF_INET6);
}

/* A filter on our program, like world_block but with that condition. */
static void block_us(void)
{
	struct model_blob id = own_id();
	struct model_condition condition = {
		.field_key = *model_condition_key("ALE_APP_ID"),
		.match = MODEL_MATCH_EQUAL,
		.value = {.type = MODEL_BYTE_BLOB_TYPE, .blob = &id},
	};
	struct model_filter draft = {.layer = MODEL_LAYER_ALE_AUTH_CONNECT_V4,
				     .action = MODEL_ACTION_BLOCK,
				     .n_conditions = 1,
				     .conditions = &condition};

	world_filter(&live.world, &draft, NULL);
}

TEST(a_connection_is_asked_again_for_the_program_that_has_it)
{
	struct path_counters c;
	int to, from;

	if (!begin_told("a_connection_is_asked_again_for_the_program_that_has_it",
			STACK_WANT_DROPS))
		return;
	start();
	to = bound(AF_INET, SOCK_DGRAM, 7);
	from = connected(AF_INET, SOCK_DGRAM, 7);
	CHECK(send(from, "hello", 5, 0) == 5);
	CHECK(arrives(to));
	block_us();
	CHECK(send(from, "again", 5, 0) == 5);
	wait_for_events(1);
	CHECK(telling.flags & MODEL_NETEVENT_IS_REAUTHORIZATION);
	told_of_us();
	close(to);
	close(from);
	end(&c);
	CHECK_EQ_U(c.dropped, 1);
}

TEST(closing_without_a_run_leaves_nothing)
{
	if (!begin("closing_without_a_run_leaves_nothing", 1))
		return;
	nfqueue_path.close(live.path);
	CHECK_EQ_S(output_of((const char *const[]){"nft", "list", "tables", NULL}), "");
	datagram_passes(AF_INET);
	stack_destroy(live.stack);
	engine_destroy(live.world.engine);
}

TEST(a_second_platform_is_refused_and_changes_nothing)
{
	struct path_counters c;
	struct path *second;

	if (!begin("a_second_platform_is_refused_and_changes_nothing", 1))
		return;
	start();
	CHECK_ERR(nfqueue_path.open(&second, "", &live.options, live.stack, &live.why), ERR_BUSY);
	CHECK(strstr(buf_str(&live.why), "queue 0 is in use"));
	live.options.first_queue = 7; /* another queue, but the same table */
	CHECK_ERR(nfqueue_path.open(&second, "", &live.options, live.stack, &live.why), ERR_BUSY);
	CHECK(strstr(buf_str(&live.why), "on queues 0 to 0"));
	datagram_passes(AF_INET);
	end(&c);
	CHECK(c.accepted >= 2);
}

TEST(a_table_that_was_left_is_no_obstacle)
{
	struct nfqueue_options left = nfqueue_options_default();
	struct path_counters c;

	if (!own_net("a_table_that_was_left_is_no_obstacle"))
		return;
	left.first_queue = 3;
	if (nfqueue_rules_install(&left, &live.why) != ERR_OK) {
		printf("ok - a_table_that_was_left_is_no_obstacle # SKIP %s\n", buf_str(&live.why));
		return;
	}
	if (!open_path("a_table_that_was_left_is_no_obstacle", 1))
		return;
	start();
	datagram_passes(AF_INET);
	end(&c);
}

TEST(nonsense_is_refused)
{
	struct nfqueue_options o = nfqueue_options_default();
	static struct buf why;

	CHECK_OK(nfqueue_options_check(&o, "", &why));
	CHECK_ERR(nfqueue_options_check(&o, "x", &why), ERR_INVALID_PARAMETER);
	o.mark = 3;
	CHECK_ERR(nfqueue_options_check(&o, "", &why), ERR_INVALID_PARAMETER);
	o = nfqueue_options_default();
	o.n_queues = 0;
	CHECK_ERR(nfqueue_options_check(&o, "", &why), ERR_INVALID_PARAMETER);
	o.n_queues = 2;
	o.first_queue = 65535;
	CHECK_ERR(nfqueue_options_check(&o, "", &why), ERR_INVALID_PARAMETER);
	o = nfqueue_options_default();
	o.hooks = 8;
	CHECK_ERR(nfqueue_options_check(&o, "", &why), ERR_INVALID_PARAMETER);
}
