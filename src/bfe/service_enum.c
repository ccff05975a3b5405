/* SPDX-License-Identifier: MIT */
/*
 * service_enum - enumerations: handles, and answers of a bounded length.
 *
 * Five sources of objects look alike here: each shows the item it stands at and moves on.  An
 * answer takes items until it is long enough; the item that did not fit any more begins the next
 * one.  On the client's thread.
 */
#include "bfe/service_state.h"

#include "base/mem.h"
#include "model/access.h"
#include "rpc/codec_event.h"
#include "rpc/codec_parts.h"

struct service_enum {
	const struct source *source;
	uint64_t handle;
	size_t at, n; /* of an array */
	union {
		struct {
			struct bfe_enum *objects;
			struct model_object *current; /* a reference; NULL: ask for the next */
		};
		const struct model_layer **layers;
		struct bfe_session_info *sessions;
		struct model_connection *connections;
		struct {
			struct bfe_netevent_enum *events;
			const struct model_netevent *event; /* NULL: ask for the next */
		};
	};
};

/* end, show and move are never called after `end` said true. */
struct source {
	wfp_err (*begin)(struct service_client *c, struct arena *a,
			 const Openwfp__EnumCreate *request, struct service_enum *e);
	bool (*end)(struct service_enum *e);
	wfp_err (*show)(struct service_enum *e, struct arena *a, Openwfp__Object *out);
	void (*move)(struct service_enum *e, struct service_answer *answer);
	void (*finish)(struct service_enum *e);
};

static bool array_end(struct service_enum *e)
{
	return e->at == e->n;
}

static void array_move(struct service_enum *e, struct service_answer *answer)
{
	e->at++;
}

/* ---- stored objects ----------------------------------------------------------------------------
 */

static wfp_err objects_begin(struct service_client *c, struct arena *a,
			     const Openwfp__EnumCreate *request, struct service_enum *e)
{
	struct bfe_template t;
	enum model_kind kind;
	wfp_err err = service_kind(request->has_kind, request->kind, &kind);

	if (!err)
		err = service_template_decode(a, kind, request->enumtemplate, &t);
	return err ? err : bfe_enum_create(c->session, &t, &e->objects);
}

static bool objects_end(struct service_enum *e)
{
	if (!e->current)
		e->current = bfe_enum_next(e->objects);
	return !e->current;
}

static wfp_err objects_show(struct service_enum *e, struct arena *a, Openwfp__Object *out)
{
	return rpc_object_encode(a, e->current, out);
}

/* The answer borrows from the object until it is packed. */
static void objects_move(struct service_enum *e, struct service_answer *answer)
{
	service_hold(answer, e->current);
	e->current = NULL;
}

static void objects_finish(struct service_enum *e)
{
	model_object_put(e->current);
	bfe_enum_destroy(e->objects);
}

/* ---- layers ------------------------------------------------------------------------------------
 */

static wfp_err layers_begin(struct service_client *c, struct arena *a,
			    const Openwfp__EnumCreate *request, struct service_enum *e)
{
	wfp_err err = bfe_access_check(c->session, BFE_SECURED_LAYERS, MODEL_RIGHT_ENUM);

	if (err)
		return err;
	e->layers = mem_zalloc_array(model_layer_count(), sizeof(*e->layers));
	if (!e->layers)
		return ERR_NO_MEMORY;
	for (unsigned i = 0; i < model_layer_count(); i++) {
		const struct model_layer *layer = model_layer_at(i);

		if (!bfe_layer_check(c->session, layer->id, MODEL_RIGHT_READ))
			e->layers[e->n++] = layer;
	}
	return ERR_OK;
}

static wfp_err layers_show(struct service_enum *e, struct arena *a, Openwfp__Object *out)
{
	Openwfp__Layer *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return ERR_NO_MEMORY;
	out->object_case = OPENWFP__OBJECT__OBJECT_LAYER;
	out->layer = m;
	return rpc_layer_encode(a, e->layers[e->at], m);
}

static void layers_finish(struct service_enum *e)
{
	mem_free(e->layers);
}

/* ---- sessions ----------------------------------------------------------------------------------
 */

static wfp_err sessions_begin(struct service_client *c, struct arena *a,
			      const Openwfp__EnumCreate *request, struct service_enum *e)
{
	return bfe_sessions_get(c->session, &e->sessions, &e->n);
}

static wfp_err sessions_show(struct service_enum *e, struct arena *a, Openwfp__Object *out)
{
	const struct bfe_session_info *s = &e->sessions[e->at];
	Openwfp__SessionInfo *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return ERR_NO_MEMORY;
	*m = (Openwfp__SessionInfo)OPENWFP__SESSION_INFO__INIT;
	rpc_key_encode(&s->key, &m->has_sessionkey, &m->sessionkey);
	m->has_flags = m->has_txnwaittimeoutinmsec = m->has_processid = m->has_kernelmode = true;
	m->flags = s->flags;
	m->txnwaittimeoutinmsec = s->txn_wait_ms;
	m->processid = s->pid;
	m->kernelmode = s->kernel;
	m->username = s->user;
	m->has_sid = s->has_sid;
	if (s->has_sid)
		m->sid = (ProtobufCBinaryData){sid_size(&s->sid, SID_MAX),
					       (uint8_t *)(uintptr_t)&s->sid};
	out->object_case = OPENWFP__OBJECT__OBJECT_SESSION;
	out->session = m;
	return rpc_texts_encode(a, s->name, s->description, &m->displaydata);
}

static void sessions_finish(struct service_enum *e)
{
	bfe_sessions_free(e->sessions, e->n);
}

/* ---- net events --------------------------------------------------------------------------------
 */

static wfp_err events_begin(struct service_client *c, struct arena *a,
			    const Openwfp__EnumCreate *request, struct service_enum *e)
{
	struct bfe_netevent_template t;
	wfp_err err = service_monitor_check(c, BFE_SECURED_NET_EVENTS, MODEL_RIGHT_ENUM);

	if (!err)
		err = service_netevent_template(a, request->enumtemplate, &t);
	return err ? err
		   : bfe_netevents_enum_create(bfe_monitor_netevents(c->service->config.monitor),
					       &t, &e->events);
}

static bool events_end(struct service_enum *e)
{
	return !e->event && bfe_netevents_enum_next(e->events, 1, &e->event) == 0;
}

static wfp_err events_show(struct service_enum *e, struct arena *a, Openwfp__Object *out)
{
	Openwfp__NetEvent *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return ERR_NO_MEMORY;
	out->object_case = OPENWFP__OBJECT__OBJECT_NET_EVENT;
	out->netevent = m;
	return rpc_netevent_encode(a, e->event, m);
}

static void events_move(struct service_enum *e, struct service_answer *answer)
{
	e->event = NULL; /* it lives as long as the enumeration */
}

static void events_finish(struct service_enum *e)
{
	bfe_netevents_enum_destroy(e->events);
}

/* ---- connections -------------------------------------------------------------------------------
 */

static wfp_err connections_begin(struct service_client *c, struct arena *a,
				 const Openwfp__EnumCreate *request, struct service_enum *e)
{
	const Openwfp__EnumTemplate *t = request->enumtemplate;
	wfp_err err = service_monitor_check(c, BFE_SECURED_CONNECTIONS, MODEL_RIGHT_ENUM);
	uint32_t n;

	if (!err)
		err = bfe_connections_list(bfe_monitor_connections(c->service->config.monitor),
					   t ? t->connectionid : 0, &e->connections, &n);
	if (!err)
		e->n = n;
	return err;
}

static wfp_err connections_show(struct service_enum *e, struct arena *a, Openwfp__Object *out)
{
	Openwfp__Connection *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return ERR_NO_MEMORY;
	out->object_case = OPENWFP__OBJECT__OBJECT_CONNECTION;
	out->connection = m;
	rpc_connection_encode(&e->connections[e->at], m);
	return ERR_OK;
}

static void connections_finish(struct service_enum *e)
{
	mem_free(e->connections);
}

/* ---- handles -----------------------------------------------------------------------------------
 */

static const struct source objects = {objects_begin, objects_end, objects_show, objects_move,
				      objects_finish};
static const struct source layers = {layers_begin, array_end, layers_show, array_move,
				     layers_finish};
static const struct source sessions = {sessions_begin, array_end, sessions_show, array_move,
				       sessions_finish};
static const struct source events = {events_begin, events_end, events_show, events_move,
				     events_finish};
static const struct source connections = {connections_begin, array_end, connections_show,
					  array_move, connections_finish};

static const struct source *source_of(const Openwfp__EnumCreate *request)
{
	switch (request->has_kind ? request->kind : 0) {
	case OPENWFP__KIND__LAYER:
		return &layers;
	case OPENWFP__KIND__SESSION:
		return &sessions;
	case OPENWFP__KIND__NET_EVENT:
		return &events;
	case OPENWFP__KIND__CONNECTION:
		return &connections;
	default:
		return &objects;
	}
}

static struct service_enum **find_enum(struct service_client *c, uint64_t handle)
{
	for (unsigned i = 0; i < SERVICE_ENUMS_MAX; i++)
		if (c->enums[i] ? c->enums[i]->handle == handle : handle == 0)
			return &c->enums[i];
	return NULL;
}

static void enum_free(struct service_enum *e)
{
	e->source->finish(e);
	mem_free(e);
}

wfp_err service_enum_create(struct service_client *c, const Openwfp__Request *request,
			    struct service_answer *answer)
{
	const Openwfp__EnumCreate *m = request->enumcreate;
	struct service_enum **slot = find_enum(c, 0), *e;
	wfp_err err;

	if (!slot)
		return ERR_BUSY;
	e = mem_zalloc(sizeof(*e));
	if (!e)
		return ERR_NO_MEMORY;
	e->source = source_of(m);
	e->handle = ++c->last_handle;
	err = e->source->begin(c, &answer->arena, m, e);
	if (err) {
		mem_free(e);
		return err;
	}
	*slot = e;
	answer->handle = (Openwfp__Handle)OPENWFP__HANDLE__INIT;
	answer->handle.has_handle = true;
	answer->handle.handle = e->handle;
	answer->reply.result_case = OPENWFP__REPLY__RESULT_HANDLE;
	answer->reply.handle = &answer->handle;
	return ERR_OK;
}

wfp_err service_enum_destroy(struct service_client *c, const Openwfp__Request *request,
			     struct service_answer *answer)
{
	uint64_t handle = request->enumdestroy->handle;
	struct service_enum **slot = handle ? find_enum(c, handle) : NULL;

	if (!slot)
		return ERR_INVALID_HANDLE;
	enum_free(*slot);
	*slot = NULL;
	return ERR_OK;
}

void service_enums_end(struct service_client *c)
{
	for (unsigned i = 0; i < SERVICE_ENUMS_MAX; i++) {
		if (c->enums[i])
			enum_free(c->enums[i]);
		c->enums[i] = NULL;
	}
}

/* ---- answers -----------------------------------------------------------------------------------
 */

/* Room for max objects in the answer's list. */
static wfp_err begin_list(struct service_answer *answer, size_t max, Openwfp__Object **items)
{
	wfp_err err = service_hold_room(answer, max);

	answer->objects = (Openwfp__Objects)OPENWFP__OBJECTS__INIT;
	answer->objects.objects =
		arena_alloc(&answer->arena, max * sizeof(*answer->objects.objects));
	*items = arena_alloc(&answer->arena, max * sizeof(**items));
	if (!err && (!answer->objects.objects || !*items))
		err = ERR_NO_MEMORY;
	answer->reply.result_case = OPENWFP__REPLY__RESULT_OBJECTS;
	answer->reply.objects = &answer->objects;
	return err;
}

/* What cannot be shown for lack of memory stays for the next answer, unless it is the first. */
static wfp_err fill_list(struct service_enum *e, struct service_answer *answer,
			 Openwfp__Object *items, size_t max)
{
	Openwfp__Objects *list = &answer->objects;
	size_t size = 0;

	while (list->n_objects < max && !e->source->end(e)) {
		Openwfp__Object *item = &items[list->n_objects];
		wfp_err err;

		*item = (Openwfp__Object)OPENWFP__OBJECT__INIT;
		err = e->source->show(e, &answer->arena, item);
		if (err)
			return list->n_objects > 0 ? ERR_OK : err;
		size += openwfp__object__get_packed_size(item);
		if (size > SERVICE_BATCH_SIZE && list->n_objects > 0)
			break;
		list->objects[list->n_objects++] = item;
		e->source->move(e, answer);
	}
	return ERR_OK;
}

wfp_err service_enum_next(struct service_client *c, const Openwfp__Request *request,
			  struct service_answer *answer)
{
	const Openwfp__EnumNext *m = request->enumnext;
	struct service_enum **slot = m->handle ? find_enum(c, m->handle) : NULL;
	size_t max = m->max && m->max < SERVICE_BATCH_MAX ? m->max : SERVICE_BATCH_MAX;
	Openwfp__Object *items;
	wfp_err err;

	if (!slot)
		return ERR_INVALID_HANDLE;
	err = begin_list(answer, max, &items);
	return err ? err : fill_list(*slot, answer, items, max);
}
