/* SPDX-License-Identifier: MIT */
/*
 * service_subscribe - telling programs what changes and what happens.
 *
 * Callbacks come on the threads of those who commit, or drain events, with no lock held: they make
 * one message and hand it to the connection, which never blocks.  A client that does not keep up is
 * told so once, and not called any more; its own thread lets go of the source later.
 */
#include "bfe/service_state.h"

#include "base/mem.h"
#include "model/access.h"
#include "rpc/codec_event.h"

/* ---- telling -----------------------------------------------------------------------------------
 */

static void end_sub(struct service_sub *sub)
{
	Openwfp__Notification n = OPENWFP__NOTIFICATION__INIT;

	atom32_store(&sub->ended, 1);
	n.has_handle = n.has_error = true;
	n.handle = sub->handle;
	n.error = ERR_NOTIFICATION_DROPPED;
	sub->client->conn->ops->notify(sub->client->conn, &n, true);
}

static bool listens(const struct service_sub *sub)
{
	return atom32_load(&sub->ended) == 0;
}

static void tell(struct service_sub *sub, Openwfp__Notification *n)
{
	n->has_handle = true;
	n->handle = sub->handle;
	if (!sub->client->conn->ops->notify(sub->client->conn, n, false))
		end_sub(sub);
}

static void on_change(void *ctx, const struct bfe_change *change)
{
	struct service_sub *sub = ctx;
	Openwfp__Notification n = OPENWFP__NOTIFICATION__INIT;

	if (!listens(sub))
		return;
	n.has_changetype = n.has_id = true;
	n.changetype = change->type;
	n.id = change->id;
	rpc_key_encode(&change->key, &n.has_key, &n.key);
	tell(sub, &n);
}

static void on_event(void *ctx, const struct model_netevent *e)
{
	struct service_sub *sub = ctx;
	Openwfp__Notification n = OPENWFP__NOTIFICATION__INIT;
	Openwfp__NetEvent m;
	struct arena a;

	if (!listens(sub))
		return;
	arena_init(&a, SERVICE_ARENA_MAX);
	n.netevent = &m;
	if (rpc_netevent_encode(&a, e, &m))
		end_sub(sub); /* an event is lost, and it must know */
	else
		tell(sub, &n);
	arena_free(&a);
}

static void on_connection(void *ctx, enum model_connection_event what,
			  const struct model_connection *connection)
{
	struct service_sub *sub = ctx;
	Openwfp__Notification n = OPENWFP__NOTIFICATION__INIT;
	Openwfp__Connection m;

	if (!listens(sub))
		return;
	rpc_connection_encode(connection, &m);
	n.has_changetype = true;
	n.changetype = what;
	n.connection = &m;
	tell(sub, &n);
}

/* ---- sources -----------------------------------------------------------------------------------
 */

static wfp_err join_changes(struct service_sub *sub, struct arena *a,
			    const Openwfp__Subscription *m)
{
	struct bfe_template t;
	enum model_kind kind;
	wfp_err err = service_kind(true, sub->kind, &kind);

	if (!err)
		err = service_template_decode(a, kind, m->enumtemplate, &t);
	return err ? err
		   : bfe_subscribe(sub->client->session, &t, sub->flags, on_change, sub,
				   &sub->change);
}

static wfp_err join_events(struct service_sub *sub, struct arena *a, const Openwfp__Subscription *m)
{
	struct service_client *c = sub->client;
	struct bfe_netevent_template t;
	wfp_err err = service_monitor_check(c, BFE_SECURED_NET_EVENTS, MODEL_RIGHT_SUBSCRIBE);

	if (!err)
		err = service_netevent_template(a, m->enumtemplate, &t);
	return err ? err
		   : bfe_netevents_subscribe(bfe_monitor_netevents(c->service->config.monitor), &t,
					     on_event, sub, &sub->netevent);
}

static wfp_err join_connections(struct service_sub *sub, struct arena *a,
				const Openwfp__Subscription *m)
{
	struct service_client *c = sub->client;
	uint64_t id = m->enumtemplate ? m->enumtemplate->connectionid : 0;
	wfp_err err = service_monitor_check(c, BFE_SECURED_CONNECTIONS, MODEL_RIGHT_SUBSCRIBE);

	return err ? err
		   : bfe_connections_subscribe(bfe_monitor_connections(c->service->config.monitor),
					       id, on_connection, sub, &sub->connection);
}

static wfp_err join(struct service_sub *sub, struct arena *a, const Openwfp__Subscription *m)
{
	switch (sub->kind) {
	case OPENWFP__KIND__NET_EVENT:
		return join_events(sub, a, m);
	case OPENWFP__KIND__CONNECTION:
		return join_connections(sub, a, m);
	case OPENWFP__KIND__SYSTEM_PORTS:
		/* They never change, and nothing but a session is needed to ask for them. */
		return bfe_access_check_alone(sub->client->session, BFE_SECURED_ENGINE,
					      MODEL_RIGHT_OPEN);
	case OPENWFP__KIND__VSWITCH_EVENT:
	case OPENWFP__KIND__DYNAMIC_KEYWORD:
		return ERR_NOT_SUPPORTED;
	default:
		return join_changes(sub, a, m);
	}
}

/* Waits for its callback. */
static void leave(struct service_sub *sub)
{
	struct bfe_monitor *monitor = sub->client->service->config.monitor;

	if (!sub->live)
		return;
	sub->live = false;
	switch (sub->kind) {
	case OPENWFP__KIND__NET_EVENT:
		bfe_netevents_unsubscribe(bfe_monitor_netevents(monitor), sub->netevent);
		break;
	case OPENWFP__KIND__CONNECTION:
		bfe_connections_unsubscribe(bfe_monitor_connections(monitor), sub->connection);
		break;
	case OPENWFP__KIND__SYSTEM_PORTS:
		break;
	default:
		bfe_unsubscribe(sub->change);
	}
}

/* ---- handles -----------------------------------------------------------------------------------
 */

static struct service_sub **find_sub(struct service_client *c, uint64_t handle)
{
	for (unsigned i = 0; i < RPC_SUBSCRIPTIONS_MAX; i++)
		if (c->subs[i] ? c->subs[i]->handle == handle : handle == 0)
			return &c->subs[i];
	return NULL;
}

static void sub_free(struct service_sub *sub)
{
	struct bfe_service *s = sub->client->service;

	leave(sub);
	lock_take(&s->lock);
	list_del(&sub->all);
	lock_drop(&s->lock);
	mem_free(sub);
}

static struct service_sub *sub_make(struct service_client *c, const Openwfp__Subscription *m)
{
	struct service_sub *sub = mem_zalloc(sizeof(*sub));

	if (!sub)
		return NULL;
	list_init(&sub->all);
	atom32_init(&sub->ended, 0);
	sub->client = c;
	sub->handle = ++c->last_handle;
	sub->kind = m->kind;
	sub->flags = m->flags;
	sub->session = bfe_session_key(c->session);
	return sub;
}

wfp_err service_subscribe(struct service_client *c, const Openwfp__Request *request,
			  struct service_answer *answer)
{
	const Openwfp__Subscription *m = request->subscribe;
	struct service_sub **slot = find_sub(c, 0), *sub;
	wfp_err err;

	if (!m->has_kind)
		return ERR_NULL_POINTER;
	if (!slot)
		return ERR_BUSY;
	sub = sub_make(c, m);
	if (!sub)
		return ERR_NO_MEMORY;
	err = join(sub, &answer->arena, m);
	if (err) {
		mem_free(sub);
		return err;
	}
	sub->live = true;
	*slot = sub;
	lock_take(&c->service->lock);
	list_add_tail(&c->service->subs, &sub->all);
	lock_drop(&c->service->lock);
	answer->handle = (Openwfp__Handle)OPENWFP__HANDLE__INIT;
	answer->handle.has_handle = true;
	answer->handle.handle = sub->handle;
	answer->reply.result_case = OPENWFP__REPLY__RESULT_HANDLE;
	answer->reply.handle = &answer->handle;
	return ERR_OK;
}

/* Also of one that has ended. */
wfp_err service_unsubscribe(struct service_client *c, const Openwfp__Request *request,
			    struct service_answer *answer)
{
	uint64_t handle = request->unsubscribe->handle;
	struct service_sub **slot = handle ? find_sub(c, handle) : NULL;

	if (!slot)
		return ERR_INVALID_HANDLE;
	sub_free(*slot);
	*slot = NULL;
	return ERR_OK;
}

void service_subs_end(struct service_client *c)
{
	for (unsigned i = 0; i < RPC_SUBSCRIPTIONS_MAX; i++) {
		if (c->subs[i])
			sub_free(c->subs[i]);
		c->subs[i] = NULL;
	}
}

void service_subs_reap(struct service_client *c)
{
	for (unsigned i = 0; i < RPC_SUBSCRIPTIONS_MAX; i++)
		if (c->subs[i] && !listens(c->subs[i]))
			leave(c->subs[i]);
}

/* ---- who subscribes ----------------------------------------------------------------------------
 */

struct shown {
	Openwfp__Object object;
	Openwfp__Subscription subscription;
	Openwfp__EnumTemplate template;
	struct bfe_subscription_info info;
};

static wfp_err begin_shown(struct service_answer *answer, size_t n, struct shown **out)
{
	struct shown *shown = arena_alloc(&answer->arena, n * sizeof(*shown));

	answer->objects = (Openwfp__Objects)OPENWFP__OBJECTS__INIT;
	answer->objects.objects = arena_alloc(&answer->arena, n * sizeof(*answer->objects.objects));
	if (!shown || !answer->objects.objects)
		return ERR_NO_MEMORY;
	answer->reply.result_case = OPENWFP__REPLY__RESULT_OBJECTS;
	answer->reply.objects = &answer->objects;
	*out = shown;
	return ERR_OK;
}

static void show(struct service_answer *answer, struct shown *s, Openwfp__Kind kind)
{
	Openwfp__Subscription *m = &s->subscription;

	s->object = (Openwfp__Object)OPENWFP__OBJECT__INIT;
	s->object.object_case = OPENWFP__OBJECT__OBJECT_SUBSCRIPTION;
	s->object.subscription = m;
	*m = (Openwfp__Subscription)OPENWFP__SUBSCRIPTION__INIT;
	m->has_kind = m->has_flags = true;
	m->kind = kind;
	m->flags = s->info.flags;
	m->enumtemplate = &s->template;
	rpc_key_encode(&s->info.session, &m->has_sessionkey, &m->sessionkey);
	s->template = (Openwfp__EnumTemplate)OPENWFP__ENUM_TEMPLATE__INIT;
	rpc_key_encode(&s->info.provider, &s->template.has_providerkey, &s->template.providerkey);
	if (!s->info.any_layer)
		rpc_key_encode(&model_layer_by_id(s->info.layer)->key, &s->template.has_layerkey,
			       &s->template.layerkey);
	answer->objects.objects[answer->objects.n_objects++] = &s->object;
}

static wfp_err show_changes(struct service_client *c, Openwfp__Kind wire,
			    struct service_answer *answer)
{
	struct bfe_subscription_info *infos;
	struct shown *shown;
	enum model_kind kind;
	size_t n;
	wfp_err err = service_kind(true, wire, &kind);

	if (!err)
		err = bfe_subscriptions_get(c->session, kind, &infos, &n);
	if (err)
		return err;
	err = begin_shown(answer, n, &shown);
	for (size_t i = 0; i < n && !err; i++) {
		shown[i].info = infos[i];
		show(answer, &shown[i], wire);
	}
	mem_free(infos);
	return err;
}

static size_t count_subs(struct bfe_service *s, Openwfp__Kind kind) REQUIRES(s->lock)
{
	const struct list *pos;
	size_t n = 0;

	LIST_FOR_EACH (pos, &s->subs)
		n += LIST_ENTRY(pos, struct service_sub, all)->kind == kind;
	return n;
}

/* Those that the service itself knows: of net events, connections, ports. */
static wfp_err show_others(struct service_client *c, Openwfp__Kind kind,
			   struct service_answer *answer)
{
	struct bfe_service *s = c->service;
	const struct list *pos;
	struct shown *shown = NULL;
	wfp_err err;

	lock_take(&s->lock);
	err = begin_shown(answer, count_subs(s, kind), &shown);
	LIST_FOR_EACH (pos, &s->subs) {
		const struct service_sub *sub = LIST_ENTRY(pos, struct service_sub, all);

		if (err || sub->kind != kind)
			continue;
		shown->info = (struct bfe_subscription_info){
			.session = sub->session, .flags = sub->flags, .any_layer = true};
		show(answer, shown++, kind);
	}
	lock_drop(&s->lock);
	return err;
}

wfp_err service_subscriptions_get(struct service_client *c, const Openwfp__Request *request,
				  struct service_answer *answer)
{
	const Openwfp__Which *m = request->subscriptionsget;
	wfp_err err;

	if (!m->has_kind)
		return ERR_NULL_POINTER;
	switch (m->kind) {
	case OPENWFP__KIND__NET_EVENT:
		err = service_monitor_check(c, BFE_SECURED_NET_EVENTS, MODEL_RIGHT_READ);
		return err ? err : show_others(c, m->kind, answer);
	case OPENWFP__KIND__CONNECTION:
		err = service_monitor_check(c, BFE_SECURED_CONNECTIONS, MODEL_RIGHT_READ);
		return err ? err : show_others(c, m->kind, answer);
	case OPENWFP__KIND__SYSTEM_PORTS:
		return show_others(c, m->kind, answer);
	default:
		return show_changes(c, m->kind, answer);
	}
}
