/* SPDX-License-Identifier: MIT */
/*
 * fwps_inject - putting packets (back) into the stack.
 *
 * An injection copies the list's bytes into a packet and mails it to the worker that owns the flow;
 * the worker calls back when the packet went on, was merged with what others hold, or was dropped,
 * and that is when the completion function runs: once, at DISPATCH_LEVEL, on the worker.  A handle
 * counts the injections under way; destroying it refuses new ones and waits for those.
 *
 *	OPEN --FwpsInjectionHandleDestroy0--> CLOSING --the last completion returned--> (gone)
 */
#include "ntshim/nbl.h"
#include "ntshim/ob.h"

#include "base/sched.h"
#include "engine/callout.h"
#include "stack/packet.h"
#include "stack/rebuild.h"

/* [I] immutable   [L] inject_lock */
struct injection_handle {
	struct nt_object object;
	uint32_t types;	    /* [I] FWPS_INJECTION_TYPE_*; 0: transport, stream and forward */
	HANDLE handle;	    /* [I] its own name: what packets remember */
	unsigned under_way; /* [L] */
	bool closing;	    /* [L] */
};

/* One injection, until its completion function has returned. */
struct injection {
	struct injection_handle *handle;
	struct nt_nbl *nbl;
	struct nt_driver *driver;
	FWPS_INJECT_COMPLETE0 complete;
	void *context;
};

static struct lock inject_lock;
static struct cond inject_done;

void nt_inject_start(void)
{
	lock_init(&inject_lock, "nt injections", NT_RANK_INJECTION);
	cond_init(&inject_done, "injections to complete");
}

void nt_inject_stop(void)
{
	cond_destroy(&inject_done);
	lock_destroy(&inject_lock);
}

/* ---- handles -------------------------------------------------------------------------------- */

static struct injection_handle *handle_of(struct nt_object *ob)
{
	return CONTAINER_OF(ob, struct injection_handle, object);
}

static void handle_destroy(struct nt_object *ob)
{
	mem_free(handle_of(ob));
}

NTSTATUS FwpsInjectionHandleCreate0(ADDRESS_FAMILY family, UINT32 flags, HANDLE *out)
{
	struct injection_handle *h;
	wfp_err err;

	if (!nt_irql_ok(PASSIVE_LEVEL, "FwpsInjectionHandleCreate0"))
		return STATUS_NOT_SUPPORTED;
	if (!out)
		return STATUS_FWP_NULL_POINTER;
	if (family != AF_UNSPEC && family != AF_INET && family != AF_INET6)
		return STATUS_INVALID_PARAMETER;
	h = mem_zalloc(sizeof(*h));
	if (!h)
		return STATUS_INSUFFICIENT_RESOURCES;
	nt_object_init(&h->object, NT_KIND_INJECTION, handle_destroy);
	h->types = flags ? flags
			 : FWPS_INJECTION_TYPE_TRANSPORT | FWPS_INJECTION_TYPE_STREAM |
				   FWPS_INJECTION_TYPE_FORWARD;
	err = nt_handle_open(&h->object, &h->handle);
	if (!err)
		*out = h->handle;
	nt_object_put(&h->object);
	return nt_status(err);
}

/*
 * Entering is in one step with looking the handle up, and a handle that was looked up is not closed
 * yet: so only leaving and closing are announced.
 */
static void handle_drain(struct injection_handle *h)
{
	sched_op("FwpsInjectionHandleDestroy0", h, SIM_WRITE, SIM_SYNC_NONE);
	lock_take(&inject_lock);
	h->closing = true;
	while (h->under_way > 0)
		cond_wait(&inject_done, &inject_lock);
	lock_drop(&inject_lock);
	sched_note("FwpsInjectionHandleDestroy0", h, SIM_SYNC_ACQUIRE);
}

NTSTATUS FwpsInjectionHandleDestroy0(HANDLE handle)
{
	struct nt_object *ob;

	if (!nt_irql_ok(PASSIVE_LEVEL, "FwpsInjectionHandleDestroy0"))
		return STATUS_NOT_SUPPORTED;
	ob = nt_handle_take(handle, NT_KIND_INJECTION);
	if (!ob) {
		nt_report(nt_driver_current(), ENGINE_RULE_BadPointer,
			  "FwpsInjectionHandleDestroy0");
		return STATUS_INVALID_HANDLE;
	}
	handle_drain(handle_of(ob));
	nt_object_put(ob);
	return STATUS_SUCCESS;
}

static bool handle_enter(struct injection_handle *h)
{
	bool open;

	lock_take(&inject_lock);
	open = !h->closing;
	if (open)
		h->under_way++;
	lock_drop(&inject_lock);
	return open;
}

static void handle_leave(struct injection_handle *h)
{
	sched_op("end of an injection", h, SIM_READ, SIM_SYNC_RELEASE);
	lock_take(&inject_lock);
	h->under_way--;
	if (h->closing && h->under_way == 0)
		cond_broadcast(&inject_done);
	lock_drop(&inject_lock);
}

/* ---- one injection -------------------------------------------------------------------------- */

/* Everything that the six public functions differ in. */
struct request {
	const char *function;
	HANDLE handle, context;
	uint32_t type; /* FWPS_INJECTION_TYPE_* */
	enum packet_entry entry;
	enum packet_hook hook;
	bool without_ip;	     /* the window begins at the transport header */
	const UCHAR *remote_address; /* network order; NULL: as the original's */
	const UCHAR *header;	     /* an IP header to put in front; NULL: none */
	uint32_t header_len;
	IF_INDEX interface;
	NET_BUFFER_LIST *list;
	FWPS_INJECT_COMPLETE0 complete;
	void *complete_context;
};

/* The worker has done with it.  The driver may free the list and itself go away after the call. */
static void injection_done(void *ctx, wfp_err status)
{
	struct injection *i = ctx;
	struct nt_frame f;

	i->nbl->list.Status = nt_status(status);
	nt_nbl_inject_end(i->nbl);
	nt_enter(&f, i->driver, "completionFn", DISPATCH_LEVEL);
	i->complete(i->context, &i->nbl->list, TRUE);
	nt_leave(&f);
	handle_leave(i->handle);
	nt_object_put(&i->handle->object);
	mem_free(i);
}

/* The window of the list's only net buffer, for mem_free. */
static wfp_err window_copy(const NET_BUFFER_LIST *list, uint8_t **out, uint32_t *len)
{
	const NET_BUFFER *nb = list->FirstNetBuffer;
	uint8_t *bytes;
	wfp_err err;

	if (!nb || nb->Next || nb->DataLength == 0 || nb->DataLength > HEADERS_MAX_LEN)
		return ERR_INVALID_PARAMETER;
	bytes = mem_alloc(nb->DataLength);
	if (!bytes)
		return ERR_NO_MEMORY;
	err = nt_nb_copy(nb, bytes, nb->DataLength);
	if (err) {
		mem_free(bytes);
		return err;
	}
	*out = bytes;
	*len = nb->DataLength;
	return ERR_OK;
}

/* The original's IP header, or the one given, in front of the transport header. */
static wfp_err packet_with_header(struct packet **out, const struct request *r,
				  const struct packet *origin, const uint8_t *bytes, uint32_t len)
{
	struct rebuild_ip ip;

	if (!origin)
		return ERR_NOT_SUPPORTED; /* nothing says which local address would send it */
	if (!r->remote_address)
		return rebuild_ip_header_like(out, origin, bytes, len);
	ip = (struct rebuild_ip){
		.dst = headers_addr_read(origin->h.version, r->remote_address),
	};
	if (headers_addr_equal(&ip.dst, &origin->h.dst))
		return rebuild_ip_header_like(out, origin, bytes, len);
	ip.version = origin->h.version;
	ip.protocol = origin->h.protocol;
	ip.ttl = origin->h.ttl;
	ip.tos = origin->h.tos;
	ip.flow_label = origin->h.flow_label;
	ip.src = origin->h.src;
	return rebuild_ip_header(out, &ip, bytes, len);
}

static wfp_err packet_with_given_header(struct packet **out, const struct request *r,
					const uint8_t *bytes, uint32_t len)
{
	wfp_err err;

	if (r->header_len > HEADERS_MAX_LEN) /* before it is added to something */
		return ERR_INVALID_PARAMETER;
	err = packet_create_blank(out, r->header_len + len);
	if (err)
		return err;
	memcpy((*out)->data, r->header, r->header_len);
	memcpy((*out)->data + r->header_len, bytes, len);
	return ERR_OK;
}

static wfp_err packet_from_bytes(struct packet **out, const struct request *r,
				 const struct packet *origin, const uint8_t *bytes, uint32_t len)
{
	if (!r->without_ip)
		return packet_create(out, bytes, len);
	if (r->header)
		return packet_with_given_header(out, r, bytes, len);
	return packet_with_header(out, r, origin, bytes, len);
}

/* The window shows the original's own bytes, at the place where it should. */
static bool is_same(const struct request *r, const struct packet *origin, const uint8_t *bytes,
		    uint32_t len)
{
	uint32_t skip = r->without_ip ? origin->h.ip_size : 0;
	union headers_addr to;

	if (r->header || len + skip != origin->len || memcmp(bytes, origin->data + skip, len) != 0)
		return false;
	if (!r->without_ip || !r->remote_address)
		return true;
	to = headers_addr_read(origin->h.version, r->remote_address);
	return headers_addr_equal(&to, &origin->h.dst);
}

/* A clone that nobody changed is the original again, checksums left to the hardware included. */
static wfp_err packet_like_origin(struct packet **out, const struct packet *origin)
{
	wfp_err err = packet_create(out, origin->data, origin->len);

	if (!err)
		(*out)->checksum_pending = origin->checksum_pending;
	return err;
}

/* A clone without a claim may outlive what the stack knows of its original: it stems from nothing.
 */
static void packet_place(struct packet *p, const struct request *r, const struct nt_nbl *n)
{
	if (n->packet)
		packet_copy_facts(p, n->packet);
	if (n->ledger)
		p->origin = packet_get(n->packet);
	p->hook = r->hook;
	if (r->interface)
		p->in_ifindex = r->interface;
}

static wfp_err packet_from_list(struct packet **out, const struct request *r,
				const struct nt_nbl *n, bool *modified)
{
	struct packet *p;
	uint8_t *bytes;
	uint32_t len;
	wfp_err err;

	err = window_copy(&n->list, &bytes, &len);
	if (err)
		return err;
	*modified = n->packet && !is_same(r, n->packet, bytes, len);
	if (n->packet && !*modified)
		err = packet_like_origin(&p, n->packet);
	else
		err = packet_from_bytes(&p, r, n->packet, bytes, len);
	mem_free(bytes);
	if (err)
		return err;
	packet_place(p, r, n);
	*out = p;
	return ERR_OK;
}

static wfp_err request_send(const struct request *r, struct injection *i)
{
	struct packet *p;
	bool modified;
	wfp_err err;

	err = packet_from_list(&p, r, i->nbl, &modified);
	if (err)
		return err;
	err = stack_inject(nt.stack, &(struct stack_injection){
					     .packet = p,
					     .entry = r->entry,
					     .handle = (uintptr_t)r->handle,
					     .context = (uintptr_t)r->context,
					     .driver = i->driver ? i->driver->id : 0,
					     .modified = modified,
					     .done = injection_done,
					     .ctx = i,
				     });
	if (err)
		packet_put(p);
	return err;
}

/* `h` and the list are entered; undone here when it fails. */
static wfp_err request_begin(const struct request *r, struct injection_handle *h, struct nt_nbl *n)
{
	struct injection *i = mem_zalloc(sizeof(*i));
	wfp_err err;

	if (!i)
		return ERR_NO_MEMORY;
	*i = (struct injection){
		.handle = h,
		.nbl = n,
		.driver = h->object.driver,
		.complete = r->complete,
		.context = r->complete_context,
	};
	err = request_send(r, i);
	if (err)
		mem_free(i);
	return err;
}

static wfp_err request_with_handle(const struct request *r, struct injection_handle *h)
{
	struct nt_nbl *n;
	wfp_err err;

	if (!(h->types & r->type))
		return ERR_INJECT_HANDLE_STALE;
	if (!handle_enter(h))
		return ERR_INJECT_HANDLE_CLOSING;
	err = ERR_INVALID_PARAMETER;
	n = nt_nbl_inject_begin(r->list, r->function);
	if (!n)
		goto undo_enter;
	err = request_begin(r, h, n);
	if (err)
		goto undo_begin;
	return ERR_OK;
undo_begin:
	nt_nbl_inject_end(n);
undo_enter:
	handle_leave(h);
	return err;
}

/* The reference to the handle stays with the injection until it is done. */
static NTSTATUS inject(const struct request *r)
{
	struct nt_object *ob;
	wfp_err err;

	if (!nt_irql_ok(DISPATCH_LEVEL, r->function))
		return STATUS_NOT_SUPPORTED;
	if (!r->list || !r->complete)
		return STATUS_FWP_NULL_POINTER;
	ob = nt_handle_ref(r->handle, NT_KIND_INJECTION);
	if (!ob)
		return STATUS_FWP_INJECT_HANDLE_STALE;
	err = request_with_handle(r, handle_of(ob));
	if (err)
		nt_object_put(ob);
	return nt_status(err);
}

/* ---- what drivers call ---------------------------------------------------------------------- */

NTSTATUS FwpsInjectNetworkSendAsync0(HANDLE handle, HANDLE context, UINT32 flags,
				     COMPARTMENT_ID compartment, NET_BUFFER_LIST *list,
				     FWPS_INJECT_COMPLETE0 complete, HANDLE complete_context)
{
	return inject(&(struct request){
		.function = "FwpsInjectNetworkSendAsync0",
		.handle = handle,
		.context = context,
		.type = FWPS_INJECTION_TYPE_NETWORK,
		.entry = PACKET_ENTRY_NETWORK,
		.hook = PACKET_OUT,
		.list = list,
		.complete = complete,
		.complete_context = complete_context,
	});
}

NTSTATUS FwpsInjectNetworkReceiveAsync0(HANDLE handle, HANDLE context, UINT32 flags,
					COMPARTMENT_ID compartment, IF_INDEX interface,
					IF_INDEX sub_interface, NET_BUFFER_LIST *list,
					FWPS_INJECT_COMPLETE0 complete, HANDLE complete_context)
{
	return inject(&(struct request){
		.function = "FwpsInjectNetworkReceiveAsync0",
		.handle = handle,
		.context = context,
		.type = FWPS_INJECTION_TYPE_NETWORK,
		.entry = PACKET_ENTRY_NETWORK,
		.hook = PACKET_IN,
		.interface = interface,
		.list = list,
		.complete = complete,
		.complete_context = complete_context,
	});
}

NTSTATUS FwpsInjectForwardAsync0(HANDLE handle, HANDLE context, UINT32 flags, ADDRESS_FAMILY family,
				 COMPARTMENT_ID compartment, IF_INDEX interface,
				 NET_BUFFER_LIST *list, FWPS_INJECT_COMPLETE0 complete,
				 HANDLE complete_context)
{
	return inject(&(struct request){
		.function = "FwpsInjectForwardAsync0",
		.handle = handle,
		.context = context,
		.type = FWPS_INJECTION_TYPE_FORWARD,
		.entry = PACKET_ENTRY_FORWARD,
		.hook = PACKET_FORWARD,
		.list = list,
		.complete = complete,
		.complete_context = complete_context,
	});
}

NTSTATUS FwpsInjectTransportSendAsync1(HANDLE handle, HANDLE context, UINT64 endpoint, UINT32 flags,
				       FWPS_TRANSPORT_SEND_PARAMS1 *args, ADDRESS_FAMILY family,
				       COMPARTMENT_ID compartment, NET_BUFFER_LIST *list,
				       FWPS_INJECT_COMPLETE0 complete, HANDLE complete_context)
{
	return inject(&(struct request){
		.function = "FwpsInjectTransportSendAsync",
		.handle = handle,
		.context = context,
		.type = FWPS_INJECTION_TYPE_TRANSPORT,
		.entry = PACKET_ENTRY_TRANSPORT,
		.hook = PACKET_OUT,
		.without_ip = args != NULL,
		.remote_address = args ? args->remoteAddress : NULL,
		.header = args ? args->headerIncludeHeader : NULL,
		.header_len = args ? args->headerIncludeHeaderLength : 0,
		.list = list,
		.complete = complete,
		.complete_context = complete_context,
	});
}

NTSTATUS FwpsInjectTransportSendAsync0(HANDLE handle, HANDLE context, UINT64 endpoint, UINT32 flags,
				       FWPS_TRANSPORT_SEND_PARAMS0 *args, ADDRESS_FAMILY family,
				       COMPARTMENT_ID compartment, NET_BUFFER_LIST *list,
				       FWPS_INJECT_COMPLETE0 complete, HANDLE complete_context)
{
	FWPS_TRANSPORT_SEND_PARAMS1 wider = {0};

	if (args) {
		wider.remoteAddress = args->remoteAddress;
		wider.remoteScopeId = args->remoteScopeId;
		wider.controlData = args->controlData;
		wider.controlDataLength = args->controlDataLength;
	}
	return FwpsInjectTransportSendAsync1(handle, context, endpoint, flags, args ? &wider : NULL,
					     family, compartment, list, complete, complete_context);
}

NTSTATUS FwpsInjectTransportReceiveAsync0(HANDLE handle, HANDLE context, PVOID reserved,
					  UINT32 flags, ADDRESS_FAMILY family,
					  COMPARTMENT_ID compartment, IF_INDEX interface,
					  IF_INDEX sub_interface, NET_BUFFER_LIST *list,
					  FWPS_INJECT_COMPLETE0 complete, HANDLE complete_context)
{
	return inject(&(struct request){
		.function = "FwpsInjectTransportReceiveAsync0",
		.handle = handle,
		.context = context,
		.type = FWPS_INJECTION_TYPE_TRANSPORT,
		.entry = PACKET_ENTRY_TRANSPORT,
		.hook = PACKET_IN,
		.interface = interface,
		.list = list,
		.complete = complete,
		.complete_context = complete_context,
	});
}

/* By a clone that was merged with what others held: the callout that runs let an ancestor go on. */
static bool merged_before(const struct packet *p)
{
	const struct engine_frame *f = engine_frame_current();

	return f && engine_seen_has(&p->seen, f->call->callout_id);
}

static bool injected_before(const struct packet *p, uint64_t handle)
{
	for (unsigned i = 0; i < p->n_injected_before; i++)
		if (p->injected_before[i] == handle)
			return true;
	return merged_before(p);
}

static FWPS_PACKET_INJECTION_STATE injection_state(const struct packet *p, uint64_t handle)
{
	if (p->injected_by == handle)
		return FWPS_PACKET_INJECTED_BY_SELF;
	if (injected_before(p, handle))
		return FWPS_PACKET_PREVIOUSLY_INJECTED_BY_SELF;
	return p->injected_by ? FWPS_PACKET_INJECTED_BY_OTHER : FWPS_PACKET_NOT_INJECTED;
}

/* Only the last injection's context is remembered; of an earlier one it is NULL. */
FWPS_PACKET_INJECTION_STATE
FwpsQueryPacketInjectionState0(HANDLE handle, const NET_BUFFER_LIST *list, HANDLE *context)
{
	const char *function = "FwpsQueryPacketInjectionState0";
	FWPS_PACKET_INJECTION_STATE state;
	const struct nt_nbl *n;

	if (context)
		*context = NULL;
	if (!handle || !nt_irql_ok(DISPATCH_LEVEL, function))
		return FWPS_PACKET_NOT_INJECTED;
	n = nt_nbl_find(list, function);
	if (!n || !n->packet)
		return FWPS_PACKET_NOT_INJECTED;
	state = injection_state(n->packet, (uintptr_t)handle);
	if (state == FWPS_PACKET_INJECTED_BY_SELF && context)
		*context = (HANDLE)(uintptr_t)n->packet->injection_context;
	return state;
}
