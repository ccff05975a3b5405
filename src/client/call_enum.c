/* SPDX-License-Identifier: MIT */
/*
 * call_enum - enumerations.
 *
 * Called by the public functions on the thread of their caller.  An enumeration belongs to its
 * session and goes with it; the lists of handles are guarded by the session's lock.
 */
#include "client/call_enum.h"

#include "base/mem.h"
#include "client/block.h"
#include "client/desc.h"

#include <string.h>

/* ---- creating -------------------------------------------------------------------------------- */

static wfp_err send_create(struct session *s, uint32_t kind, const struct convert_desc *wish,
			   const void *wanted, uint64_t *at)
{
	Openwfp__EnumCreate create = OPENWFP__ENUM_CREATE__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	ProtobufCMessage *message = NULL;
	struct rpc_reply *reply;
	struct arena a;
	wfp_err err = ERR_OK;

	session_arena_init(&a);
	if (wanted)
		err = convert_to_message(wish, wanted, &a, &message);
	if (!err) {
		create.has_kind = 1;
		create.kind = (Openwfp__Kind)kind;
		create.enumtemplate = (Openwfp__EnumTemplate *)message;
		request.op_case = OPENWFP__REQUEST__OP_ENUM_CREATE;
		request.enumcreate = &create;
		err = rpc_client_call(s->rpc, &request, &reply);
	}
	arena_free(&a);
	if (err)
		return err;
	*at = reply->msg->result_case == OPENWFP__REPLY__RESULT_HANDLE ? reply->msg->handle->handle
								       : 0;
	rpc_reply_free(reply);
	return *at ? ERR_OK : ERR_INVALID_DATA;
}

static wfp_err fill(struct session *s, struct session_enum *e, const struct convert_desc *wish,
		    const void *wanted, HANDLE *handle)
{
	wfp_err err = handle_reserve(HANDLE_ENUM, &e->handle);

	if (err)
		return err;
	if (e->kind < CALL_ENUM_ABSENT)
		err = send_create(s, e->kind, wish, wanted, &e->at);
	if (err) {
		handle_cancel(e->handle);
		return err;
	}
	lock_take(&s->lock);
	list_add_tail(&s->enums, &e->link);
	lock_drop(&s->lock);
	*handle = e->handle;
	handle_publish(e->handle, e);
	return ERR_OK;
}

static wfp_err create(struct session *s, uint32_t kind, const struct convert_desc *wish,
		      const void *wanted, HANDLE *handle)
{
	struct session_enum *e = mem_zalloc(sizeof(*e));
	wfp_err err;

	if (!e)
		return ERR_NO_MEMORY;
	e->session = s;
	e->kind = kind;
	err = fill(s, e, wish, wanted, handle);
	if (err)
		mem_free(e);
	return err;
}

wfp_err call_enum_create(HANDLE session, uint32_t kind, const struct convert_desc *wish,
			 const void *wanted, HANDLE *handle)
{
	struct session *s;
	wfp_err err;

	if (!handle)
		return ERR_NULL_POINTER;
	s = session_use(session);
	if (!s)
		return ERR_INVALID_HANDLE;
	err = create(s, kind, wish, wanted, handle);
	handle_release(session);
	return err;
}

/* ---- walking --------------------------------------------------------------------------------- */

/* Entries as they come in; the array moves, the structs do not. */
struct harvest {
	struct arena arena;
	void **entries;
	uint32_t n, room;
};

static wfp_err make_room(struct harvest *h, size_t more)
{
	size_t need = h->n + more, room = h->room ? h->room : 32;
	void **entries;

	if (need <= h->room)
		return ERR_OK;
	while (room < need)
		room *= 2;
	entries = mem_realloc_array(h->entries, room, sizeof(*entries));
	if (!entries)
		return ERR_NO_MEMORY;
	h->entries = entries;
	h->room = (uint32_t)room;
	return ERR_OK;
}

static bool in_generation(const struct call_enum_what *what, const Openwfp__Object *object)
{
	return !what->types || object->netevent->type < what->types;
}

static wfp_err take_one(struct harvest *h, const struct call_enum_what *what,
			const Openwfp__Object *object)
{
	const void *message = call_object_message(object, what->kind);
	void *entry;
	wfp_err err;

	if (!message)
		return ERR_INVALID_DATA;
	if (!in_generation(what, object))
		return ERR_OK;
	entry = arena_zalloc(&h->arena, 1, what->desc->size);
	if (!entry)
		return ERR_NO_MEMORY;
	err = convert_from_message(what->desc, message, &h->arena, entry);
	if (!err)
		h->entries[h->n++] = entry;
	return err;
}

static wfp_err take_all(struct harvest *h, const struct call_enum_what *what,
			const Openwfp__Objects *list)
{
	wfp_err err = make_room(h, list->n_objects);

	for (size_t i = 0; !err && i < list->n_objects; i++)
		err = take_one(h, what, list->objects[i]);
	return err;
}

/* *end: the engine had nothing more. */
static wfp_err fetch(struct session_enum *e, struct harvest *h, const struct call_enum_what *what,
		     uint32_t wanted, bool *end)
{
	Openwfp__EnumNext next = OPENWFP__ENUM_NEXT__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	struct rpc_reply *reply;
	wfp_err err;

	next.has_handle = next.has_max = 1;
	next.handle = e->at;
	next.max = wanted;
	request.op_case = OPENWFP__REQUEST__OP_ENUM_NEXT;
	request.enumnext = &next;
	err = rpc_client_call(e->session->rpc, &request, &reply);
	if (err)
		return err;
	if (reply->msg->result_case != OPENWFP__REPLY__RESULT_OBJECTS)
		err = ERR_INVALID_DATA;
	else
		err = take_all(h, what, reply->msg->objects);
	*end = !err && reply->msg->objects->n_objects == 0;
	rpc_reply_free(reply);
	return err;
}

static wfp_err walk(struct session_enum *e, struct harvest *h, const struct call_enum_what *what,
		    uint32_t wanted)
{
	bool end = e->at == 0;
	wfp_err err = ERR_OK;

	while (!err && !end && h->n < wanted)
		err = fetch(e, h, what, wanted - h->n, &end);
	return err;
}

static wfp_err next(struct session_enum *e, const struct call_enum_what *what, uint32_t wanted,
		    void *entries, UINT32 *n)
{
	struct harvest h = {0};
	void *sealed;
	wfp_err err;

	session_arena_init(&h.arena);
	err = walk(e, &h, what, wanted);
	if (!err)
		err = block_seal(&h.arena, h.entries, h.n * sizeof(void *), &sealed);
	if (err) {
		arena_free(&h.arena);
	} else {
		memcpy(entries, &sealed, sizeof(sealed));
		*n = h.n;
	}
	mem_free(h.entries);
	return err;
}

/* The enumeration in use; NULL: not one of this session and kind. */
static struct session_enum *use(HANDLE handle, const struct session *s, uint32_t kind)
{
	struct session_enum *e = handle_use(handle, HANDLE_ENUM);

	if (e && (e->session != s || e->kind != kind)) {
		handle_release(handle);
		return NULL;
	}
	return e;
}

wfp_err call_enum_next(HANDLE session, HANDLE handle, const struct call_enum_what *what,
		       UINT32 wanted, void *entries, UINT32 *n)
{
	struct session *s;
	struct session_enum *e;
	wfp_err err = ERR_INVALID_HANDLE;

	if (!entries || !n)
		return ERR_NULL_POINTER;
	s = session_use(session);
	if (!s)
		return ERR_INVALID_HANDLE;
	e = use(handle, s, what->kind);
	if (e) {
		err = next(e, what, wanted, entries, n);
		handle_release(handle);
	}
	handle_release(session);
	return err;
}

/* ---- destroying ------------------------------------------------------------------------------ */

static wfp_err send_destroy(struct session *s, uint64_t at)
{
	Openwfp__Handle handle = OPENWFP__HANDLE__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;

	handle.has_handle = 1;
	handle.handle = at;
	request.op_case = OPENWFP__REQUEST__OP_ENUM_DESTROY;
	request.enumdestroy = &handle;
	return rpc_client_call(s->rpc, &request, NULL);
}

static wfp_err destroy(struct session *s, HANDLE handle, uint32_t kind)
{
	struct session_enum *e = use(handle, s, kind);
	wfp_err err = ERR_OK;

	if (e) {
		handle_release(handle);
		e = handle_close(handle, HANDLE_ENUM);
	}
	if (!e)
		return ERR_INVALID_HANDLE;
	if (e->at)
		err = send_destroy(s, e->at);
	lock_take(&s->lock);
	list_del(&e->link);
	lock_drop(&s->lock);
	mem_free(e);
	return err;
}

wfp_err call_enum_destroy(HANDLE session, HANDLE handle, uint32_t kind)
{
	struct session *s = session_use(session);
	wfp_err err;

	if (!s)
		return ERR_INVALID_HANDLE;
	err = destroy(s, handle, kind);
	handle_release(session);
	return err;
}
