/* SPDX-License-Identifier: MIT */
/*
 * rpc_request - any bytes as what a client sends: frames of requests, answered by an engine in
 * memory.
 *
 * Each input is one connection of an administrator, whose session is dynamic whatever he asks for,
 * so that nothing is left for the next input; where descriptors or options may have changed, the
 * next one gets a new engine.
 */
#include "fuzz.h"

#include "base/rcu.h"
#include "bfe/bfe.h"
#include "bfe/monitor.h"
#include "bfe/service.h"
#include "rpc/codec.h"
#include "rpc/frame.h"
#include "rpc/wfp.pb-c.h"

#include <string.h>

#define REQUESTS_MAX 64 /* of one input: some are slow */

static struct engine *engine;
static struct bfe *bfe;
static struct bfe_monitor *monitor;
static struct bfe_service *service; /* NULL: nothing is set up */
static bool changed;		    /* descriptors or options */

static bool alive(struct rpc_conn *conn)
{
	(void)conn;
	return false; /* whoever waits gives up */
}

static bool notify(struct rpc_conn *conn, const Openwfp__Notification *n, bool last)
{
	uint8_t bytes[4096];

	(void)conn;
	BUG_ON(last && n->error != ERR_NOTIFICATION_DROPPED);
	if (openwfp__notification__get_packed_size(n) <= sizeof(bytes))
		openwfp__notification__pack(n, bytes);
	return n->id % 7 != 0;
}

static const struct rpc_conn_ops ops = {alive, notify};

static void set_up(void)
{
	static const struct engine_config config = {.max_ops = 4};

	BUG_ON(engine_create(&engine, &config));
	BUG_ON(bfe_create(&bfe, &(struct bfe_config){.engine = engine}));
	BUG_ON(bfe_monitor_create(&monitor, &(struct bfe_monitor_config){.max_events = 64}));
	BUG_ON(bfe_service_create(&service,
				  &(struct bfe_service_config){bfe, monitor, NULL, NULL}));
}

static void tear_down(void)
{
	bfe_service_destroy(service);
	bfe_monitor_destroy(monitor);
	bfe_destroy(bfe);
	engine_destroy(engine);
	service = NULL;
	changed = false;
}

/* The answer is what the protocol says, and to this request. */
static void check_answer(const Openwfp__Request *request, const struct buf *answer)
{
	ProtobufCMessage *m;
	struct arena a;

	arena_init(&a, RPC_UNPACKED_MAX(answer->len));
	BUG_ON(rpc_message_unpack(&a, &openwfp__from_engine__descriptor,
				  answer->data + RPC_FRAME_HEADER, answer->len - RPC_FRAME_HEADER,
				  &m));
	BUG_ON(((Openwfp__FromEngine *)m)->reply->id != request->id);
	arena_free(&a);
}

static void run_request(void *client, Openwfp__Request *request)
{
	struct buf answer = {0};

	if (request->op_case == OPENWFP__REQUEST__OP_OPEN) {
		if (!request->open->session)
			return;
		request->open->session->has_flags = true;
		request->open->session->flags |= BFE_SESSION_DYNAMIC;
	}
	changed |= request->op_case == OPENWFP__REQUEST__OP_SECURITY_SET ||
		   request->op_case == OPENWFP__REQUEST__OP_OPTION_SET;
	if (bfe_service_handler(service)->request(client, request, &answer) == ERR_OK)
		check_answer(request, &answer);
	buf_free(&answer);
}

static bool answer_frame(void *client, const struct rpc_frame *f)
{
	ProtobufCMessage *m;
	struct arena a;
	bool good;

	arena_init(&a, RPC_UNPACKED_MAX(f->len));
	good = rpc_message_unpack(&a, &openwfp__request__descriptor, f->body.data, f->len, &m) ==
	       ERR_OK;
	if (good)
		run_request(client, (Openwfp__Request *)m);
	arena_free(&a);
	return good;
}

/* One complete frame; false: there is none, or it is refused. */
static bool read_frame(struct rpc_frame *f, const uint8_t **data, size_t *size)
{
	while (!rpc_frame_complete(f) && *size > 0) {
		uint8_t *to;
		size_t n;

		BUG_ON(rpc_frame_room(f, &to, &n));
		if (n > *size)
			n = *size;
		memcpy(to, *data, n);
		*data += n;
		*size -= n;
		if (rpc_frame_put(f, n))
			return false;
	}
	return rpc_frame_complete(f);
}

/* The session is opened here if the input does not begin with it: most inputs would end there. */
static void open_first(void *client)
{
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	Openwfp__Open open = OPENWFP__OPEN__INIT;
	Openwfp__SessionInfo session = OPENWFP__SESSION_INFO__INIT;

	session.has_txnwaittimeoutinmsec = true;
	session.txnwaittimeoutinmsec = 1;
	open.session = &session;
	request.op_case = OPENWFP__REQUEST__OP_OPEN;
	request.open = &open;
	run_request(client, &request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t gids[] = {0};
	const struct rpc_peer peer = {.pid = 1, .uid = 0, .n_gids = 1, .gids = gids};
	struct rpc_conn conn = {&ops};
	const struct rpc_handler *handler;
	static bool entered;
	struct rpc_frame f;
	void *client;

	if (!entered)
		rcu_thread_enter();
	entered = true;
	if (!service)
		set_up();
	handler = bfe_service_handler(service);
	BUG_ON(handler->opened(handler->ctx, &conn, &peer, &client));
	open_first(client);
	rpc_frame_init(&f, RPC_REQUEST_MAX);
	for (int i = 0; i < REQUESTS_MAX && read_frame(&f, &data, &size); i++) {
		if (!answer_frame(client, &f))
			break;
		rpc_frame_reset(&f);
	}
	rpc_frame_free(&f);
	handler->closed(client);
	if (changed)
		tear_down();
	return 0;
}
