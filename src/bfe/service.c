/* SPDX-License-Identifier: MIT */
/*
 * service - connections, sessions, transactions, options, and which function answers what.
 *
 * Everything runs on the thread of the connection.  A call that waits for the transaction lock asks
 * the connection now and then whether its client is still there.
 */
#include "bfe/service_state.h"

#include "base/mem.h"
#include "base/proc.h"
#include "model/access.h"
#include "model/token.h"
#include "rpc/codec_parts.h"

#include <stdio.h>

#define PROTOCOL_VERSION  1u
#define ANSWER_RESERVE	  256u /* bytes that a small answer needs, taken before anything changes */
#define USER_MAX	  32u
#define SYSTEM_PORT_TYPES 4u /* FWPM_SYSTEM_PORT_TYPE */

/* ---- answers -----------------------------------------------------------------------------------
 */

wfp_err service_hold_room(struct service_answer *answer, size_t n)
{
	answer->held = arena_alloc(&answer->arena, n * sizeof(*answer->held));
	return answer->held ? ERR_OK : ERR_NO_MEMORY;
}

void service_hold(struct service_answer *answer, struct model_object *o)
{
	answer->held[answer->n_held++] = o;
}

static void answer_free(struct service_answer *answer)
{
	for (size_t i = 0; i < answer->n_held; i++)
		model_object_put(answer->held[i]);
	mem_free(answer->block);
	arena_free(&answer->arena);
}

static wfp_err answer_pack(struct service_answer *answer, uint64_t id, struct buf *out)
{
	Openwfp__FromEngine m = OPENWFP__FROM_ENGINE__INIT;
	wfp_err err;

	m.reply = &answer->reply;
	answer->reply.has_id = answer->reply.has_error = true;
	answer->reply.id = id;
	err = rpc_frame_append(out, &m.base, RPC_ANSWER_MAX);
	return err == ERR_RPC_X_BAD_STUB_DATA ? ERR_INSUFFICIENT_BUFFER : err;
}

wfp_err service_monitor_check(struct service_client *c, enum bfe_secured what, uint32_t right)
{
	if (!c->service->config.monitor)
		return ERR_NOT_SUPPORTED;
	return right == MODEL_RIGHT_SUBSCRIBE || right == MODEL_RIGHT_ENUM
		       ? bfe_access_check_alone(c->session, what, right)
		       : bfe_access_check(c->session, what, right);
}

/* ---- sessions ----------------------------------------------------------------------------------
 */

static bool client_alive(void *ctx)
{
	struct service_client *c = ctx;

	return c->conn->ops->alive(c->conn);
}

static void end_session(struct service_client *c)
{
	service_subs_end(c);
	service_enums_end(c);
	bfe_session_close(c->session);
	c->session = NULL;
}

static wfp_err open_session(struct service_client *c, const Openwfp__SessionInfo *m)
{
	struct bfe_session_config config = {
		.token = c->token, .pid = c->pid, .alive = client_alive, .ctx = c};
	char user[USER_MAX], *name, *description;
	wfp_err err;

	/* As Samba names a user of the host. */
	snprintf(user, sizeof(user), "Unix User\\%u", c->uid);
	config.user = user;
	if (m) {
		rpc_texts_decode(m->displaydata, &name, &description);
		config.name = name;
		config.description = description;
		config.flags = m->flags;
		config.txn_wait_ms = m->txnwaittimeoutinmsec;
		err = rpc_key_decode(m->has_sessionkey, &m->sessionkey, &config.key);
		if (err)
			return err;
	}
	return bfe_session_open(c->service->config.bfe, &config, &c->session);
}

static wfp_err op_open(struct service_client *c, const Openwfp__Request *request,
		       struct service_answer *answer)
{
	const Openwfp__Open *m = request->open;
	wfp_err err;

	if (m->has_version && m->version != PROTOCOL_VERSION)
		return ERR_NOT_SUPPORTED;
	if (c->session)
		return ERR_ALREADY_EXISTS;
	err = open_session(c, m->session);
	if (err)
		return err;
	answer->key = bfe_session_key(c->session);
	answer->session = (Openwfp__SessionInfo)OPENWFP__SESSION_INFO__INIT;
	rpc_key_encode(&answer->key, &answer->session.has_sessionkey, &answer->session.sessionkey);
	answer->session.has_processid = true;
	answer->session.processid = c->pid;
	answer->reply.result_case = OPENWFP__REPLY__RESULT_SESSION;
	answer->reply.session = &answer->session;
	return ERR_OK;
}

static wfp_err op_close(struct service_client *c, const Openwfp__Request *request,
			struct service_answer *answer)
{
	end_session(c);
	return ERR_OK;
}

/* ---- transactions ------------------------------------------------------------------------------
 */

static wfp_err op_txn_begin(struct service_client *c, const Openwfp__Request *request,
			    struct service_answer *answer)
{
	return bfe_txn_begin(c->session, request->txnbegin->flags);
}

static wfp_err op_txn_commit(struct service_client *c, const Openwfp__Request *request,
			     struct service_answer *answer)
{
	return bfe_txn_commit(c->session);
}

static wfp_err op_txn_abort(struct service_client *c, const Openwfp__Request *request,
			    struct service_answer *answer)
{
	return bfe_txn_abort(c->session);
}

/* ---- options, ports, statistics ----------------------------------------------------------------
 */

static void apply_options(struct bfe_service *s)
{
	struct bfe_monitor *monitor = s->config.monitor;
	struct bfe *b = s->config.bfe;

	if (!monitor)
		return;
	lock_take(&s->lock); /* else who read the older value could be the last to say so */
	bfe_netevents_set_collect(bfe_monitor_netevents(monitor),
				  bfe_option_value(b, BFE_OPTION_COLLECT_NET_EVENTS) != 0);
	/* The engine took no keyword that is none. */
	(void)!bfe_netevents_set_keywords(bfe_monitor_netevents(monitor),
					  bfe_option_value(b, BFE_OPTION_NET_EVENT_KEYWORDS));
	bfe_monitor_watch_connections(
		monitor, bfe_option_value(b, BFE_OPTION_MONITOR_IPSEC_CONNECTIONS) != 0);
	lock_drop(&s->lock);
}

static wfp_err op_option_get(struct service_client *c, const Openwfp__Request *request,
			     struct service_answer *answer)
{
	uint32_t value;
	wfp_err err = bfe_option_get(c->session, request->optionget->option, &value);

	if (err)
		return err;
	answer->value = (Openwfp__Value)OPENWFP__VALUE__INIT;
	answer->value.has_type = true;
	answer->value.type = MODEL_UINT32;
	answer->value.value_case = OPENWFP__VALUE__VALUE_UINT32;
	answer->value.uint32 = value;
	answer->reply.result_case = OPENWFP__REPLY__RESULT_VALUE;
	answer->reply.value = &answer->value;
	return ERR_OK;
}

static wfp_err op_option_set(struct service_client *c, const Openwfp__Request *request,
			     struct service_answer *answer)
{
	const Openwfp__Option *m = request->optionset;
	struct model_value value;
	wfp_err err;

	if (!m->value)
		return ERR_NULL_POINTER;
	err = rpc_value_decode(&answer->arena, m->value, &value);
	if (err)
		return err;
	if (value.type != MODEL_UINT32)
		return ERR_TYPE_MISMATCH;
	err = bfe_option_set(c->session, m->option, value.u32);
	if (!err)
		apply_options(c->service);
	return err;
}

/* Every type is listed; this platform reserves no port for any of them. */
static wfp_err op_system_ports(struct service_client *c, const Openwfp__Request *request,
			       struct service_answer *answer)
{
	struct {
		Openwfp__SystemPortsByType types[SYSTEM_PORT_TYPES];
		Openwfp__SystemPortsByType *list[SYSTEM_PORT_TYPES];
	} *m = arena_alloc(&answer->arena, sizeof(*m));

	if (!m)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < SYSTEM_PORT_TYPES; i++) {
		m->types[i] = (Openwfp__SystemPortsByType)OPENWFP__SYSTEM_PORTS_BY_TYPE__INIT;
		m->types[i].has_type = true;
		m->types[i].type = i;
		m->list[i] = &m->types[i];
	}
	answer->ports = (Openwfp__SystemPorts)OPENWFP__SYSTEM_PORTS__INIT;
	answer->ports.n_types = SYSTEM_PORT_TYPES;
	answer->ports.types = m->list;
	answer->reply.result_case = OPENWFP__REPLY__RESULT_SYSTEM_PORTS;
	answer->reply.systemports = &answer->ports;
	return ERR_OK;
}

/* What the host program tells, as a list that grows. */
struct stat_list {
	struct arena *arena;
	Openwfp__Stats *stats;
	size_t room;
};

static void grow_stats(struct stat_list *list)
{
	size_t room = list->room ? list->room * 2 : 32;
	Openwfp__Stat **larger = arena_alloc(list->arena, room * sizeof(Openwfp__Stat *));

	if (!larger)
		return;
	for (size_t i = 0; i < list->stats->n_stats; i++)
		larger[i] = list->stats->stats[i];
	list->stats->stats = larger;
	list->room = room;
}

static void put_stat(void *to, const char *name, uint64_t value)
{
	struct stat_list *list = to;
	Openwfp__Stat *m = arena_alloc(list->arena, sizeof(*m));

	if (list->stats->n_stats == list->room)
		grow_stats(list);
	if (!m || list->stats->n_stats == list->room)
		return; /* the arena knows */
	*m = (Openwfp__Stat)OPENWFP__STAT__INIT;
	m->name = (char *)(uintptr_t)name;
	m->has_value = true;
	m->value = value;
	list->stats->stats[list->stats->n_stats++] = m;
}

static wfp_err op_stats(struct service_client *c, const Openwfp__Request *request,
			struct service_answer *answer)
{
	const struct bfe_service_config *config = &c->service->config;
	struct stat_list list = {&answer->arena, &answer->stats, 0};
	wfp_err err = bfe_access_check(c->session, BFE_SECURED_ENGINE, MODEL_RIGHT_READ_STATS);

	if (err)
		return err;
	answer->stats = (Openwfp__Stats)OPENWFP__STATS__INIT;
	if (config->stats)
		config->stats(config->ctx, put_stat, &list);
	answer->reply.result_case = OPENWFP__REPLY__RESULT_STATS;
	answer->reply.stats = &answer->stats;
	return arena_err(&answer->arena);
}

/* ---- which function answers what ---------------------------------------------------------------
 */

static const struct {
	Openwfp__Request__OpCase op;
	service_op *run;
} ops[] = {
	{OPENWFP__REQUEST__OP_OPEN, op_open},
	{OPENWFP__REQUEST__OP_CLOSE, op_close},
	{OPENWFP__REQUEST__OP_TXN_BEGIN, op_txn_begin},
	{OPENWFP__REQUEST__OP_TXN_COMMIT, op_txn_commit},
	{OPENWFP__REQUEST__OP_TXN_ABORT, op_txn_abort},
	{OPENWFP__REQUEST__OP_ADD, service_add},
	{OPENWFP__REQUEST__OP_DELETE, service_delete},
	{OPENWFP__REQUEST__OP_GET, service_get},
	{OPENWFP__REQUEST__OP_ENUM_CREATE, service_enum_create},
	{OPENWFP__REQUEST__OP_ENUM_NEXT, service_enum_next},
	{OPENWFP__REQUEST__OP_ENUM_DESTROY, service_enum_destroy},
	{OPENWFP__REQUEST__OP_SUBSCRIBE, service_subscribe},
	{OPENWFP__REQUEST__OP_UNSUBSCRIBE, service_unsubscribe},
	{OPENWFP__REQUEST__OP_SUBSCRIPTIONS_GET, service_subscriptions_get},
	{OPENWFP__REQUEST__OP_SECURITY_GET, service_security_get},
	{OPENWFP__REQUEST__OP_SECURITY_SET, service_security_set},
	{OPENWFP__REQUEST__OP_OPTION_GET, op_option_get},
	{OPENWFP__REQUEST__OP_OPTION_SET, op_option_set},
	{OPENWFP__REQUEST__OP_SYSTEM_PORTS_GET, op_system_ports},
	{OPENWFP__REQUEST__OP_STATS_GET, op_stats},
};

/* ERROR_NOT_SUPPORTED: a newer program asks for something that is not known here. */
static wfp_err run_op(struct service_client *c, const Openwfp__Request *request,
		      struct service_answer *answer)
{
	if (!c->session && request->op_case != OPENWFP__REQUEST__OP_OPEN)
		return ERR_INVALID_HANDLE;
	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (ops[i].op == request->op_case)
			return ops[i].run(c, request, answer);
	return ERR_NOT_SUPPORTED;
}

static wfp_err answer_request(void *client, const struct Openwfp__Request *request, struct buf *out)
{
	struct service_client *c = client;
	struct service_answer answer = {.reply = OPENWFP__REPLY__INIT};
	wfp_err err;

	if (!buf_reserve(out, ANSWER_RESERVE))
		return ERR_NO_MEMORY;
	service_subs_reap(c);
	arena_init(&answer.arena, SERVICE_ARENA_MAX);
	err = run_op(c, request, &answer);
	if (!err)
		err = answer_pack(&answer, request->id, out);
	answer_free(&answer);
	return err;
}

/* ---- connections -------------------------------------------------------------------------------
 */

static void client_free(struct service_client *c)
{
	mem_free(c->token);
	mem_free(c);
}

static wfp_err client_opened(void *ctx, struct rpc_conn *conn, const struct rpc_peer *peer,
			     void **client)
{
	struct service_client *c = mem_zalloc(sizeof(*c));
	wfp_err err;

	if (!c)
		return ERR_NO_MEMORY;
	c->service = ctx;
	c->conn = conn;
	c->pid = peer->pid;
	c->uid = peer->uid;
	/* Whoever runs the engine manages it: he could do anything to it without us. */
	err = (peer->uid == proc_uid() ? model_token_make_operator : model_token_make_unix)(
		&c->token, peer->uid, peer->gids, peer->n_gids);
	if (err) {
		client_free(c);
		return err;
	}
	*client = c;
	return ERR_OK;
}

static void client_closed(void *client)
{
	struct service_client *c = client;

	end_session(c);
	client_free(c);
}

wfp_err bfe_service_create(struct bfe_service **out, const struct bfe_service_config *config)
{
	struct bfe_service *s = mem_zalloc(sizeof(*s));

	if (!s)
		return ERR_NO_MEMORY;
	s->config = *config;
	s->handler = (struct rpc_handler){s, client_opened, answer_request, client_closed};
	lock_init(&s->lock, "bfe service", SERVICE_RANK);
	list_init(&s->subs);
	apply_options(s);
	*out = s;
	return ERR_OK;
}

void bfe_service_destroy(struct bfe_service *s)
{
	if (!s)
		return;
	BUG_ON(!list_empty(&s->subs));
	lock_destroy(&s->lock);
	mem_free(s);
}

const struct rpc_handler *bfe_service_handler(struct bfe_service *s)
{
	return &s->handler;
}
