/* SPDX-License-Identifier: MIT */
/* Many clients on one server: slow, silent, broken and hostile ones among them. */
#include "harness.h"

#include "base/rng.h"
#include "server_world.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define NOBODY 65534

static const struct rpc_server_config plain;

/* ---- being there -------------------------------------------------------------------------------
 */

TEST(nobody_listening_is_what_windows_says_of_a_stopped_service)
{
	struct rpc_client *c;

	CHECK_ERR(rpc_client_open(&c, &(struct rpc_client_config){.path = "/nonexistent/socket"}),
		  ERR_EPT_S_NOT_REGISTERED);
}

TEST(a_call_gets_its_answer_or_its_error)
{
	Openwfp__Request m = OPENWFP__REQUEST__INIT;
	struct rpc_reply *reply = NULL;
	struct rpc_client *c;
	struct world w;

	world_start(&w, plain);
	c = world_client(&w);
	CHECK_OK(call_stats(c));
	CHECK_ERR(rpc_client_call(c, &m, &reply), ERR_NEVER_MATCH);
	CHECK(!reply);
	CHECK_OK(call_stats(c));
	rpc_client_close(c);
	world_stop(&w);
}

TEST(the_environment_names_the_socket)
{
	struct rpc_client *c;
	struct world w;

	world_start(&w, plain);
	setenv(RPC_SOCKET_ENV, w.path, 1);
	CHECK_OK(rpc_client_open(&c, &(struct rpc_client_config){0}));
	CHECK_OK(call_stats(c));
	rpc_client_close(c);
	world_stop(&w);
}

TEST(a_live_socket_is_refused_and_a_dead_one_is_replaced)
{
	struct usock *s, *again;
	struct world w;
	pid_t pid;
	int status;

	world_start(&w, plain);
	CHECK_ERR(usock_listen(&s, w.path), ERR_BUSY);
	rpc_server_stop(w.server);
	pid = fork();
	if (pid == 0) {
		_exit(usock_listen(&s, w.path) != ERR_OK); /* dies without cleaning up */
	}
	CHECK_EQ_U(waitpid(pid, &status, 0), pid);
	CHECK_EQ_U(status, 0);
	CHECK(file_exists(w.path));
	CHECK_OK(usock_listen(&again, w.path));
	CHECK_OK(rpc_server_start(&w.server, again,
				  &(struct rpc_server_config){.handler = &w.handler}));
	world_stop(&w);
}

TEST(a_file_that_is_no_socket_is_not_removed)
{
	struct usock *s;
	struct world w;
	FILE *f;

	world_start(&w, plain);
	rpc_server_stop(w.server);
	w.server = NULL;
	f = fopen(w.path, "w");
	CHECK(f && fclose(f) == 0);
	CHECK_ERR(usock_listen(&s, w.path), ERR_WIN32_ALREADY_EXISTS);
	CHECK(file_exists(w.path));
	CHECK_EQ_U(unlink(w.path), 0);
	world_stop(&w);
}

/* What systemd does: descriptor 3, and two variables. */
static int adopt(const char *path, bool announced)
{
	struct usock *made, *inherited;
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char pid[16];

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 5) || dup2(fd, 3) != 3)
		return 1;
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_PID", announced ? pid : "1", 1);
	if (usock_listen_inherited(&inherited) != (announced ? ERR_OK : ERR_FILE_NOT_FOUND))
		return 2;
	if (announced && usock_connect(&made, path))
		return 3;
	return announced && usock_accept(inherited, &made) ? 4 : 0;
}

TEST(a_socket_that_systemd_passes_is_taken_if_it_is_for_us)
{
	for (int announced = 0; announced < 2; announced++) {
		char dir[WORLD_DIR], path[96];
		int status;
		pid_t pid;

		make_dir(dir);
		snprintf(path, sizeof(path), "%s/s", dir);
		pid = fork();
		if (pid == 0)
			_exit(adopt(path, announced));
		CHECK_EQ_U(waitpid(pid, &status, 0), pid);
		CHECK_EQ_U(status, 0);
		unlink(path);
		rmdir(dir);
	}
}

TEST(a_large_answer_arrives_whole)
{
	Openwfp__Request m = OPENWFP__REQUEST__INIT;
	Openwfp__EnumNext next = OPENWFP__ENUM_NEXT__INIT;
	struct rpc_reply *reply;
	struct rpc_client *c;
	struct world w;

	world_start(&w, plain);
	c = world_client(&w);
	m.op_case = OPENWFP__REQUEST__OP_ENUM_NEXT;
	m.enumnext = &next;
	next.has_max = true;
	next.max = 8000;
	CHECK_OK(rpc_client_call(c, &m, &reply));
	CHECK_EQ_U(reply->msg->stats->n_stats, 8000);
	rpc_reply_free(reply);
	next.max = 20000; /* more than a frame holds: the handler's error */
	CHECK_ERR(rpc_client_call(c, &m, NULL), ERR_RPC_X_BAD_STUB_DATA);
	CHECK_OK(call_stats(c));
	rpc_client_close(c);
	world_stop(&w);
}

/* ---- many --------------------------------------------------------------------------------------
 */

struct caller {
	struct rpc_client *client;
	struct thread *thread;
	unsigned calls;
};

static void make_calls(void *arg)
{
	struct caller *c = arg;

	for (unsigned i = 0; i < c->calls; i++)
		CHECK_OK(call_stats(c->client));
}

TEST(two_hundred_clients_call_at_once)
{
	static struct caller callers[200];
	struct world w;

	world_start(&w, plain);
	for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
		callers[i] = (struct caller){.client = world_client(&w), .calls = 20};
		CHECK_OK(thread_start(&callers[i].thread, "caller", make_calls, &callers[i]));
	}
	for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
		thread_join(callers[i].thread);
		rpc_client_close(callers[i].client);
	}
	world_stop(&w);
}

TEST(threads_share_one_client)
{
	struct caller callers[4];
	struct rpc_client *c;
	struct world w;

	world_start(&w, plain);
	c = world_client(&w);
	for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
		callers[i] = (struct caller){.client = c, .calls = 200};
		CHECK_OK(thread_start(&callers[i].thread, "caller", make_calls, &callers[i]));
	}
	for (size_t i = 0; i < ARRAY_LEN(callers); i++)
		thread_join(callers[i].thread);
	rpc_client_close(c);
	world_stop(&w);
}

TEST(clients_beyond_the_limit_are_refused_and_others_go_on)
{
	struct rpc_server_counters counters;
	struct rpc_client *c[3];
	struct world w;

	/* One of three is root's. */
	world_start(&w, (struct rpc_server_config){.max_clients = getuid() == 0 ? 2 : 3});
	for (int i = 0; i < 2; i++) {
		c[i] = world_client(&w);
		CHECK_OK(call_stats(c[i]));
	}
	c[2] = world_client(&w);
	CHECK_ERR(call_stats(c[2]), ERR_RPC_S_SERVER_TOO_BUSY);
	CHECK_ERR(call_stats(c[2]), ERR_RPC_S_CALL_FAILED);
	CHECK_OK(call_stats(c[0]));
	rpc_server_counters_get(w.server, &counters);
	CHECK_EQ_U(counters.refused, 1);
	CHECK_EQ_U(counters.clients, 2);
	for (int i = 0; i < 3; i++)
		rpc_client_close(c[i]);
	AWAIT(atom32_load(&w.closed) == 2);
	c[0] = world_client(&w);
	CHECK_OK(call_stats(c[0]));
	rpc_client_close(c[0]);
	world_stop(&w);
}

/* As nobody: one connection works, a second one does not, and root is not counted. */
static int exhaust(struct world *w)
{
	struct rpc_client *first, *second;
	const struct rpc_client_config config = {.path = w->path};

	if (setgid(NOBODY) || setuid(NOBODY))
		return 1;
	if (rpc_client_open(&first, &config) || call_stats(first))
		return 2;
	if (rpc_client_open(&second, &config))
		return 3;
	return call_stats(second) == ERR_RPC_S_SERVER_TOO_BUSY && call_stats(first) == ERR_OK ? 0
											      : 4;
}

static void check_exhaust(struct world *w)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(exhaust(w));
	CHECK_EQ_U(waitpid(pid, &status, 0), pid);
	CHECK_EQ_U(status, 0);
}

TEST(all_users_together_leave_connections_to_root)
{
	struct world w;

	if (getuid() != 0)
		return; /* needs somebody else to be */
	world_start(&w, (struct rpc_server_config){.max_clients = 2});
	CHECK_EQ_U(chmod(w.dir, 0755), 0);
	check_exhaust(&w);
	world_stop(&w);
}

TEST(one_user_cannot_take_all_connections)
{
	struct rpc_client *c[3];
	struct world w;

	if (getuid() != 0)
		return; /* needs somebody else to be */
	world_start(&w, (struct rpc_server_config){.max_clients_per_user = 1});
	CHECK_EQ_U(chmod(w.dir, 0755), 0);
	for (int i = 0; i < 3; i++) {
		c[i] = world_client(&w);
		CHECK_OK(call_stats(c[i]));
	}
	check_exhaust(&w);
	for (int i = 0; i < 3; i++)
		rpc_client_close(c[i]);
	world_stop(&w);
}

/* ---- waiting -----------------------------------------------------------------------------------
 */

static void wait_for_gate(void *arg)
{
	CHECK_OK(call_wait(arg));
}

TEST(a_call_that_waits_holds_up_nobody_else)
{
	struct rpc_client *slow, *other;
	struct thread *t;
	struct world w;

	world_start(&w, plain);
	slow = world_client(&w);
	other = world_client(&w);
	CHECK_OK(thread_start(&t, "slow", wait_for_gate, slow));
	AWAIT(atom32_load(&w.waiting) == 1);
	for (int i = 0; i < 100; i++)
		CHECK_OK(call_stats(other));
	atom32_store(&w.gate, 1);
	thread_join(t);
	rpc_client_close(slow);
	rpc_client_close(other);
	world_stop(&w);
}

TEST(a_client_killed_while_its_call_waits_is_noticed)
{
	struct world w;
	pid_t pid;

	world_start(&w, plain);
	pid = fork();
	if (pid == 0) {
		struct rpc_client *c;

		if (!rpc_client_open(&c, &(struct rpc_client_config){.path = w.path}))
			(void)!call_wait(c);
		_exit(0);
	}
	AWAIT(atom32_load(&w.waiting) == 1);
	kill(pid, SIGKILL);
	AWAIT(atom32_load(&w.closed) == 1);
	CHECK_EQ_U(atom32_load(&w.abandoned), 1);
	waitpid(pid, NULL, 0);
	world_stop(&w);
}

static void call_until_it_fails(void *arg)
{
	wfp_err err;

	do
		err = call_stats(arg);
	while (!err);
	CHECK_ERR(err, ERR_RPC_S_CALL_FAILED);
}

static void wait_in_vain(void *arg)
{
	CHECK(call_wait(arg) != ERR_OK);
}

TEST(stopping_ends_calls_that_run_and_calls_that_wait)
{
	struct rpc_client *busy, *waiting;
	struct thread *t[2];
	struct world w;

	world_start(&w, plain);
	busy = world_client(&w);
	waiting = world_client(&w);
	CHECK_OK(thread_start(&t[0], "busy", call_until_it_fails, busy));
	CHECK_OK(thread_start(&t[1], "waiting", wait_in_vain, waiting));
	AWAIT(atom32_load(&w.waiting) == 1);
	rpc_server_stop(w.server);
	w.server = NULL;
	thread_join(t[0]);
	thread_join(t[1]);
	CHECK_ERR(call_stats(busy), ERR_RPC_S_CALL_FAILED);
	rpc_client_close(busy);
	rpc_client_close(waiting);
	world_stop(&w);
}

/* ---- notifications -----------------------------------------------------------------------------
 */

struct listener {
	struct rpc_client *client;
	struct atom32 told, error, gate, inside;
	bool call_back;
};

static void listen_to(void *ctx, const Openwfp__Notification *n)
{
	struct listener *l = ctx;

	atom32_store(&l->inside, 1);
	while (!atom32_load(&l->gate))
		clock_sleep_until(clock_now() + CLOCK_MS);
	if (l->call_back)
		CHECK_OK(call_stats(l->client));
	if (n->error)
		atom32_store(&l->error, n->error);
	atom32_add(&l->told, 1);
}

static void listener_open(struct world *w, struct listener *l)
{
	CHECK_OK(rpc_client_open(&l->client, &(struct rpc_client_config){w->path, listen_to, l}));
}

TEST(notifications_arrive_between_calls_and_callbacks_may_call)
{
	struct listener l = {.gate = {1}, .call_back = true};
	uint64_t handle;
	struct world w;

	world_start(&w, plain);
	listener_open(&w, &l);
	handle = call_subscribe(l.client);
	for (int i = 0; i < 200; i++) {
		CHECK(world_tell(&w, handle, 20, false));
		CHECK_OK(call_stats(l.client));
	}
	AWAIT(atom32_load(&l.told) == 200);
	rpc_client_close(l.client);
	world_stop(&w);
}

TEST(notifications_arrive_while_a_call_of_the_same_client_waits)
{
	struct listener l = {.gate = {1}};
	struct thread *t;
	uint64_t handle;
	struct world w;

	world_start(&w, plain);
	listener_open(&w, &l);
	handle = call_subscribe(l.client);
	CHECK_OK(thread_start(&t, "slow", wait_for_gate, l.client));
	AWAIT(atom32_load(&w.waiting) == 1);
	CHECK(world_tell(&w, handle, 20, false));
	AWAIT(atom32_load(&l.told) == 1);
	atom32_store(&w.gate, 1);
	thread_join(t);
	rpc_client_close(l.client);
	world_stop(&w);
}

TEST(a_slow_subscriber_is_told_that_he_lost_and_others_go_on)
{
	struct listener quick = {.gate = {1}}, slow = {0};
	uint64_t quick_handle, slow_handle;
	unsigned fitted = 0;
	struct world w;

	world_start(&w, (struct rpc_server_config){.max_notes = 64 << 10});
	listener_open(&w, &quick);
	listener_open(&w, &slow);
	quick_handle = call_subscribe(quick.client);
	slow_handle = call_subscribe(slow.client);
	while (world_tell(&w, slow_handle, 4000, false)) {
		fitted++;
		CHECK(world_tell(&w, quick_handle, 4000, false));
		AWAIT(atom32_load(&quick.told) == fitted);
	}
	CHECK(world_tell(&w, slow_handle, 0, true));
	CHECK(world_tell(&w, quick_handle, 4000, false));
	AWAIT(atom32_load(&quick.told) == fitted + 1);
	atom32_store(&slow.gate, 1);
	AWAIT(atom32_load(&slow.told) == fitted + 1);
	CHECK_EQ_U(atom32_load(&slow.error), ERR_NOTIFICATION_DROPPED);
	CHECK_OK(call_stats(slow.client));
	rpc_client_close(quick.client);
	rpc_client_close(slow.client);
	world_stop(&w);
}

TEST(closing_waits_for_the_callback_that_runs)
{
	struct listener l = {0};
	uint64_t handle;
	struct thread *t;
	struct world w;

	world_start(&w, plain);
	listener_open(&w, &l);
	handle = call_subscribe(l.client);
	CHECK(world_tell(&w, handle, 4, false));
	AWAIT(atom32_load(&l.inside));
	CHECK_OK(thread_start(&t, "close", (void (*)(void *))rpc_client_close, l.client));
	AWAIT(atom32_load(&w.closed) == 1);
	CHECK_EQ_U(atom32_load(&l.told), 0);
	atom32_store(&l.gate, 1);
	thread_join(t);
	CHECK_EQ_U(atom32_load(&l.told), 1);
	world_stop(&w);
}

TEST(a_subscription_ends_with_an_error_when_the_connection_breaks)
{
	struct listener l = {.gate = {1}};
	struct world w;

	world_start(&w, plain);
	listener_open(&w, &l);
	call_subscribe(l.client);
	rpc_server_stop(w.server);
	w.server = NULL;
	AWAIT(atom32_load(&l.told) == 1);
	CHECK_EQ_U(atom32_load(&l.error), ERR_RPC_S_CALL_FAILED);
	rpc_client_close(l.client);
	world_stop(&w);
}

/* ---- hostile clients ---------------------------------------------------------------------------
 */

TEST(garbage_ends_its_own_connection_alone)
{
	struct rpc_client *c;
	struct usock *s;
	struct world w;
	struct rng r;

	world_start(&w, plain);
	c = world_client(&w);
	rng_seed(&r, test_seed());
	for (int i = 0; i < 50; i++) {
		uint8_t bytes[64] = {60};

		for (size_t k = 4; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)(rng_u32(&r) | 7); /* wire type 7 is none */
		s = raw_connect(&w);
		raw_send(s, bytes, sizeof(bytes));
		raw_await_end(s);
		usock_close(s);
		CHECK_OK(call_stats(c));
	}
	rpc_client_close(c);
	world_stop(&w);
}

TEST(a_frame_that_is_too_long_is_answered_with_an_error_and_the_end)
{
	struct rpc_frame f;
	Openwfp__FromEngine *m;
	struct usock *s;
	struct world w;

	world_start(&w, plain);
	rpc_frame_init(&f, RPC_ANSWER_MAX);
	s = raw_connect(&w);
	raw_send(s, "\xff\xff\xff\x7f", 4);
	CHECK(raw_receive(s, &f));
	m = openwfp__from_engine__unpack(NULL, f.len, f.body.data);
	CHECK(m);
	CHECK_EQ_U(m->reply->error, ERR_RPC_X_BAD_STUB_DATA);
	openwfp__from_engine__free_unpacked(m, NULL);
	CHECK(!raw_receive(s, &f));
	rpc_frame_free(&f);
	usock_close(s);
	world_stop(&w);
}

TEST(half_a_frame_for_ever_disturbs_nobody)
{
	struct usock *s[20];
	struct rpc_client *c;
	struct world w;

	world_start(&w, plain);
	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		s[i] = raw_connect(&w);
		raw_send(s[i], "\x00\x00\x40\x00rest", i % 8);
	}
	c = world_client(&w);
	for (int i = 0; i < 100; i++)
		CHECK_OK(call_stats(c));
	rpc_client_close(c);
	rpc_server_stop(w.server);
	w.server = NULL;
	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		usock_close(s[i]);
	world_stop(&w);
}

/* Asks for large answers and reads none. */
TEST(a_reader_who_does_not_read_blocks_only_himself_and_not_the_stop)
{
	Openwfp__Request m = OPENWFP__REQUEST__INIT;
	Openwfp__EnumNext next = OPENWFP__ENUM_NEXT__INIT;
	struct buf request = {0};
	struct rpc_client *c;
	struct usock *s;
	struct world w;

	world_start(&w, plain);
	s = raw_connect(&w);
	m.op_case = OPENWFP__REQUEST__OP_ENUM_NEXT;
	m.enumnext = &next;
	next.has_max = true;
	next.max = 4000;
	CHECK_OK(rpc_frame_append(&request, &m.base, RPC_REQUEST_MAX));
	for (int i = 0; i < 10; i++)
		raw_send(s, request.data, request.len);
	buf_free(&request);
	c = world_client(&w);
	for (int i = 0; i < 50; i++)
		CHECK_OK(call_stats(c));
	rpc_client_close(c);
	rpc_server_stop(w.server); /* after its grace */
	w.server = NULL;
	usock_close(s);
	world_stop(&w);
}

TEST(a_user_who_announces_too_much_at_once_loses_a_connection)
{
	static uint8_t large[RPC_REQUEST_MAX / 2];
	struct rpc_server_counters counters;
	struct usock *s[8];
	struct world w;

	world_start(&w, plain);
	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		s[i] = raw_connect(&w);
		raw_send(s[i], "\x00\x00\x40\x00", 4); /* 4 MiB, of which half arrives */
		raw_send(s[i], large, sizeof(large));
	}
	do
		rpc_server_counters_get(w.server, &counters);
	while (counters.broken == 0);
	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		usock_close(s[i]);
	world_stop(&w);
}

TEST(clients_killed_at_any_moment_leave_nothing_behind)
{
	struct world w;
	struct rng r;

	world_start(&w, plain);
	rng_seed(&r, test_seed());
	for (int i = 0; i < 30; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct rpc_client *c;

			if (rpc_client_open(&c, &(struct rpc_client_config){.path = w.path}))
				_exit(1);
			while (!call_stats(c))
				;
			_exit(1);
		}
		clock_sleep_until(clock_now() + rng_below(&r, 4) * CLOCK_MS);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	AWAIT(atom32_load(&w.opened) == atom32_load(&w.closed));
	world_stop(&w);
}

TEST(a_server_without_memory_loses_clients_and_nothing_else)
{
	struct rpc_client *c;
	struct world w;

	world_start(&w, plain);
	for (uint64_t nth = 1; nth < 60; nth++) {
		wfp_err err;

		mem_fail_at(nth);
		err = rpc_client_open(&c, &(struct rpc_client_config){.path = w.path});
		if (!err) {
			err = call_stats(c);
			CHECK(err == ERR_OK || err == ERR_NO_MEMORY ||
			      err == ERR_RPC_S_CALL_FAILED);
			rpc_client_close(c);
		}
		mem_fail_at(0);
	}
	c = world_client(&w);
	CHECK_OK(call_stats(c));
	rpc_client_close(c);
	world_stop(&w);
}
