/* SPDX-License-Identifier: MIT */
/*
 * fwps_callout - registering callouts, and the thunks that call them.
 *
 * The engine calls a thunk; the thunk builds the public structs for the version that the driver
 * registered with, enters the driver at the documented IRQL and takes back what it wrote into
 * classifyOut.  A context that notifyFn stores in a filter is kept here, by filter, because the
 * engine's filters are shared and immutable.
 */
#include "ntshim/view.h"

#include "base/hash.h"
#include "engine/engine.h"

union classify_fn {
	FWPS_CALLOUT_CLASSIFY_FN0 v0;
	FWPS_CALLOUT_CLASSIFY_FN1 v1;
	FWPS_CALLOUT_CLASSIFY_FN2 v2;
	FWPS_CALLOUT_CLASSIFY_FN3 v3;
};

union notify_fn {
	FWPS_CALLOUT_NOTIFY_FN0 v0;
	FWPS_CALLOUT_NOTIFY_FN1 v1;
	FWPS_CALLOUT_NOTIFY_FN2 v2;
	FWPS_CALLOUT_NOTIFY_FN3 v3;
};

/* [I] immutable   [T] the table's lock   [L] its own lock */
struct callout {
	struct list link;				 /* [T] */
	struct nt_driver *driver;			 /* [I] */
	GUID key;					 /* [I] */
	unsigned version;				 /* [I] 0 to 3 */
	union classify_fn classify;			 /* [I] */
	union notify_fn notify;				 /* [I] */
	FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN0 flow_delete; /* [I] */
	struct spin lock;
	struct htable contexts;	  /* [L] struct filter_context */
	struct atom32 n_contexts; /* [A] so that most classifies need not look */
};

/* What notifyFn stored in FWPS_FILTER.context. */
struct filter_context {
	struct hnode node;
	uint64_t filter_id;
	UINT64 context;
};

static struct {
	struct lock lock;
	struct list all; /* [L] */
} callouts;

void nt_callouts_start(void)
{
	lock_init(&callouts.lock, "nt callouts", NT_RANK_CALLOUTS);
	list_init(&callouts.all);
}

void nt_callouts_stop(void)
{
	BUG_ON(!list_empty(&callouts.all));
	lock_destroy(&callouts.lock);
}

/* ---- contexts of filters -------------------------------------------------------------------- */

static struct filter_context *context_find(struct callout *c, uint64_t filter_id)
{
	struct hnode *n;

	for (n = htable_first(&c->contexts, hash_u64(filter_id)); n; n = htable_next(n))
		if (CONTAINER_OF(n, struct filter_context, node)->filter_id == filter_id)
			return CONTAINER_OF(n, struct filter_context, node);
	return NULL;
}

static void context_load(struct callout *c, FWPS_FILTER3 *f)
{
	const struct filter_context *found;

	if (atom32_load_relaxed(&c->n_contexts) == 0)
		return;
	spin_take(&c->lock);
	found = context_find(c, f->filterId);
	if (found)
		f->context = found->context;
	spin_drop(&c->lock);
}

static wfp_err context_store(struct callout *c, const FWPS_FILTER3 *f)
{
	struct filter_context *x = mem_zalloc(sizeof(*x));

	if (!x)
		return ERR_NO_MEMORY;
	x->filter_id = f->filterId;
	x->context = f->context;
	spin_take(&c->lock);
	htable_insert(&c->contexts, &x->node, hash_u64(x->filter_id));
	spin_drop(&c->lock);
	atom32_add_relaxed(&c->n_contexts, 1);
	return ERR_OK;
}

static void context_drop(struct callout *c, uint64_t filter_id)
{
	struct filter_context *x;

	spin_take(&c->lock);
	x = context_find(c, filter_id);
	if (x)
		htable_remove(&c->contexts, &x->node);
	spin_drop(&c->lock);
	if (x)
		atom32_sub_relaxed(&c->n_contexts, 1);
	mem_free(x);
}

/* ---- thunks: called by the engine ----------------------------------------------------------- */

static void call_classify(const struct callout *c, struct view *v, uint64_t flow_context,
			  FWPS_CLASSIFY_OUT0 *out)
{
	const void *context = engine_frame_current();
	void *filter = &v->filter;

	switch (c->version) {
	case 0:
		c->classify.v0(&v->values, &v->meta, v->layer_data, filter, flow_context, out);
		return;
	case 1:
		c->classify.v1(&v->values, &v->meta, v->layer_data, context, filter, flow_context,
			       out);
		return;
	case 2:
		c->classify.v2(&v->values, &v->meta, v->layer_data, context, filter, flow_context,
			       out);
		return;
	default:
		c->classify.v3(&v->values, &v->meta, v->layer_data, context, filter, flow_context,
			       out);
	}
}

/* Streams are for inspection: of the actions on them, only dropping the connection has an effect.
 */
static void stream_result(const struct callout *c, const struct view *v,
			  struct engine_classify_out *out)
{
	if (!v->is_stream || v->stream_io.streamAction == FWPS_STREAM_ACTION_NONE)
		return;
	if (v->stream_io.streamAction == FWPS_STREAM_ACTION_DROP_CONNECTION)
		out->action = MODEL_ACTION_BLOCK;
	else
		nt_report(c->driver, ENGINE_RULE_BadAction, "classifyFn");
}

static void thunk_classify(void *ctx, const struct engine_call *call,
			   struct engine_classify_out *out)
{
	struct callout *c = ctx;
	FWPS_CLASSIFY_OUT0 public_out = {
		.actionType = out->action,
		.outContext = out->out_context,
		.filterId = out->filter_id,
		.rights = out->rights,
		.flags = out->flags,
	};
	struct nt_frame f;
	struct view v;

	/* Without memory nobody can be asked, which must not let anything through. */
	if (view_open(&v, call, c->driver) != ERR_OK) {
		out->action = MODEL_ACTION_BLOCK;
		return;
	}
	context_load(c, &v.filter);
	nt_enter(&f, c->driver, "classifyFn", DISPATCH_LEVEL);
	call_classify(c, &v, call->flow_context, &public_out);
	nt_leave(&f);
	out->action = public_out.actionType;
	out->rights = public_out.rights;
	out->flags = public_out.flags;
	stream_result(c, &v, out);
	view_close(&v);
}

static NTSTATUS call_notify(const struct callout *c, FWPS_CALLOUT_NOTIFY_TYPE what, const GUID *key,
			    void *filter)
{
	switch (c->version) {
	case 0:
		return c->notify.v0(what, key, filter);
	case 1:
		return c->notify.v1(what, key, filter);
	case 2:
		return c->notify.v2(what, key, filter);
	default:
		return c->notify.v3(what, key, filter);
	}
}

/* The filter's key is passed when one is added, and only then. */
static NTSTATUS tell(struct callout *c, bool add, const struct model_filter *filter,
		     FWPS_FILTER3 *f3)
{
	struct nt_frame f;
	NTSTATUS status;

	nt_enter(&f, c->driver, "notifyFn", PASSIVE_LEVEL);
	status = call_notify(
		c, add ? FWPS_CALLOUT_NOTIFY_ADD_FILTER : FWPS_CALLOUT_NOTIFY_DELETE_FILTER,
		add ? (const GUID *)(const void *)&filter->key : NULL, f3);
	nt_leave(&f);
	return status;
}

static wfp_err thunk_notify(void *ctx, enum engine_notify what, const struct model_filter *filter)
{
	bool add = what == ENGINE_NOTIFY_ADD_FILTER;
	struct callout *c = ctx;
	NTSTATUS status;
	struct view v;
	wfp_err err;

	err = view_open_filter(&v, filter, 0);
	if (err)
		return err;
	context_load(c, &v.filter);
	status = tell(c, add, filter, &v.filter);
	err = NT_SUCCESS(status) ? ERR_OK : err_from_ntstatus((uint32_t)status);
	if (add && !err && v.filter.context != filter->context) {
		err = context_store(c, &v.filter);
		if (err) /* it has accepted a filter that will not be */
			(void)tell(c, false, filter, &v.filter);
	}
	if (!add)
		context_drop(c, filter->id);
	mem_free(v.more);
	return err;
}

static void thunk_flow_delete(void *ctx, uint16_t layer, uint32_t callout_id, uint64_t flow_context)
{
	struct callout *c = ctx;
	struct nt_frame f;

	nt_enter(&f, c->driver, "flowDeleteFn", DISPATCH_LEVEL);
	c->flow_delete(layer, callout_id, flow_context);
	nt_leave(&f);
}

static void callout_destroy(struct callout *c)
{
	struct hnode *n;

	while ((n = htable_walk(&c->contexts, NULL))) {
		htable_remove(&c->contexts, n);
		mem_free(CONTAINER_OF(n, struct filter_context, node));
	}
	htable_destroy(&c->contexts);
	spin_destroy(&c->lock);
	mem_free(c);
}

static void thunk_released(void *ctx)
{
	struct callout *c = ctx;

	lock_take(&callouts.lock);
	list_del(&c->link);
	lock_drop(&callouts.lock);
	callout_destroy(c);
}

/* One row per combination of the two functions that may be NULL. */
static const struct engine_callout_ops thunks[2][2] = {
	[false][false] = {.classify = thunk_classify, .released = thunk_released},
	[false][true] = {.classify = thunk_classify,
			 .flow_delete = thunk_flow_delete,
			 .released = thunk_released},
	[true][false] = {.classify = thunk_classify,
			 .notify = thunk_notify,
			 .released = thunk_released},
	[true][true] = {.classify = thunk_classify,
			.notify = thunk_notify,
			.flow_delete = thunk_flow_delete,
			.released = thunk_released},
};

/* ---- registration --------------------------------------------------------------------------- */

static wfp_err callout_create(struct callout **out, const FWPS_CALLOUT3 *public, unsigned version)
{
	struct callout *c = mem_zalloc(sizeof(*c));
	wfp_err err;

	if (!c)
		return ERR_NO_MEMORY;
	err = htable_init(&c->contexts, 0);
	if (err) {
		mem_free(c);
		return err;
	}
	spin_init(&c->lock, "nt filter contexts", NT_RANK_CONTEXTS);
	list_init(&c->link);
	c->driver = nt_driver_current();
	c->key = public->calloutKey;
	c->version = version;
	memcpy(&c->classify, &public->classifyFn, sizeof(c->classify));
	memcpy(&c->notify, &public->notifyFn, sizeof(c->notify));
	c->flow_delete = public->flowDeleteFn;
	*out = c;
	return ERR_OK;
}

/* In the list before the engine knows it: it may be released by a forced unload at any time. */
static wfp_err callout_register(struct callout *c, uint32_t flags, uint32_t *id)
{
	struct engine_callout_desc desc = {
		.flags = flags,
		.driver = c->driver->id,
		.name = c->driver->name,
		.ops = &thunks[c->notify.v0 != NULL][c->flow_delete != NULL],
		.ctx = c,
	};
	wfp_err err;

	memcpy(&desc.key, &c->key, sizeof(desc.key));
	lock_take(&callouts.lock);
	list_add_tail(&callouts.all, &c->link);
	lock_drop(&callouts.lock);
	err = engine_callout_register(nt.engine, &desc, id);
	if (err)
		thunk_released(c);
	return err;
}

/* The four public structs have one layout; their function pointers differ in type only. */
static NTSTATUS register_version(const void *public, unsigned version, UINT32 *id)
{
	const FWPS_CALLOUT3 *desc = public;
	struct callout *c;
	uint32_t new_id;
	wfp_err err;

	if (!nt_irql_ok(PASSIVE_LEVEL, "FwpsCalloutRegister"))
		return STATUS_NOT_SUPPORTED;
	if (!desc || !desc->classifyFn || !nt_driver_current())
		return STATUS_INVALID_PARAMETER;
	err = callout_create(&c, desc, version);
	if (err)
		return nt_status(err);
	err = callout_register(c, desc->flags, &new_id);
	if (err)
		return nt_status(err);
	if (id)
		*id = new_id;
	return STATUS_SUCCESS;
}

STATIC_ASSERT(sizeof(FWPS_CALLOUT0) == sizeof(FWPS_CALLOUT3) &&
		      offsetof(FWPS_CALLOUT0, flowDeleteFn) ==
			      offsetof(FWPS_CALLOUT3, flowDeleteFn),
	      "one layout for all versions");

NTSTATUS FwpsCalloutRegister0(void *device, const FWPS_CALLOUT0 *callout, UINT32 *id)
{
	return register_version(callout, 0, id);
}

NTSTATUS FwpsCalloutRegister1(void *device, const FWPS_CALLOUT1 *callout, UINT32 *id)
{
	return register_version(callout, 1, id);
}

NTSTATUS FwpsCalloutRegister2(void *device, const FWPS_CALLOUT2 *callout, UINT32 *id)
{
	return register_version(callout, 2, id);
}

NTSTATUS FwpsCalloutRegister3(void *device, const FWPS_CALLOUT3 *callout, UINT32 *id)
{
	return register_version(callout, 3, id);
}

NTSTATUS FwpsCalloutUnregisterById0(const UINT32 id)
{
	wfp_err err;

	if (!nt_irql_ok(PASSIVE_LEVEL, "FwpsCalloutUnregisterById0"))
		return STATUS_NOT_SUPPORTED;
	err = engine_callout_unregister(nt.engine, id, ENGINE_UNREGISTER_POLITE);
	return err == ERR_IN_USE ? STATUS_DEVICE_BUSY : nt_status(err);
}

NTSTATUS FwpsCalloutUnregisterByKey0(const GUID *key)
{
	struct guid g;
	uint32_t id;
	wfp_err err;

	if (!nt_irql_ok(PASSIVE_LEVEL, "FwpsCalloutUnregisterByKey0"))
		return STATUS_NOT_SUPPORTED;
	if (!key)
		return STATUS_FWP_NULL_POINTER;
	memcpy(&g, key, sizeof(g));
	err = engine_callout_id_by_key(nt.engine, &g, &id);
	return err ? nt_status(err) : FwpsCalloutUnregisterById0(id);
}

/* ---- unload --------------------------------------------------------------------------------- */

/* False: the driver has no callout left. */
static bool callout_of_driver(const struct nt_driver *d, struct guid *key)
{
	struct list *pos;
	bool found = false;

	lock_take(&callouts.lock);
	LIST_FOR_EACH (pos, &callouts.all) {
		const struct callout *c = LIST_ENTRY(pos, struct callout, link);

		if (c->driver != d)
			continue;
		memcpy(key, &c->key, sizeof(*key));
		found = true;
		break;
	}
	lock_drop(&callouts.lock);
	return found;
}

wfp_err nt_callouts_reclaim(const struct nt_driver *d, enum engine_unregister how, unsigned *left)
{
	struct guid key;
	uint32_t id;
	wfp_err err = ERR_OK;

	while (!err && callout_of_driver(d, &key)) {
		err = engine_callout_id_by_key(nt.engine, &key, &id);
		if (!err)
			err = engine_callout_unregister(nt.engine, id, how);
		if (!err)
			++*left;
	}
	return err;
}
