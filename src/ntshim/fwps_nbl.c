/* SPDX-License-Identifier: MIT */
/*
 * fwps_nbl - showing, referencing, cloning and freeing net buffer lists; see nbl.h.
 *
 * A clone's bytes are a copy.  The documented sharing would let a driver change under everybody
 * else's eyes what it only means to change for itself; and that bug (a retreat on a shared list in
 * another thread) is among the crashes on record.  The copy includes the bytes before the window,
 * so a clone can be retreated to its headers like the original.
 */
#include "ntshim/nbl.h"

#include "base/sched.h"
#include "base/sim_control.h"
#include "engine/callout.h"
#include "stack/packet.h"

#define SHARDS 16u

static struct {
	struct spin lock;
	struct htable lists; /* [L] */
} shards[SHARDS];

wfp_err nt_nbl_start(void)
{
	wfp_err err = ERR_OK;
	unsigned n;

	for (n = 0; n < SHARDS; n++) {
		err = htable_init(&shards[n].lists, 0);
		if (err)
			goto undo_init;
		spin_init(&shards[n].lock, "nt net buffer lists", NT_RANK_NBL);
	}
	return ERR_OK;
undo_init:
	while (n-- > 0) {
		spin_destroy(&shards[n].lock);
		htable_destroy(&shards[n].lists);
	}
	return err;
}

void nt_nbl_stop(void)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		spin_destroy(&shards[i].lock);
		htable_destroy(&shards[i].lists);
	}
}

static uint64_t nbl_hash(const void *list)
{
	return hash_u64((uintptr_t)list);
}

static unsigned nbl_shard(const void *list)
{
	return (nbl_hash(list) >> 32) % SHARDS;
}

static void nbl_enlist(struct nt_nbl *n)
{
	unsigned i = nbl_shard(n);

	spin_take(&shards[i].lock);
	htable_insert(&shards[i].lists, &n->node, nbl_hash(n));
	spin_drop(&shards[i].lock);
}

/* Under the shard's lock; NULL: none. */
static struct nt_nbl *nbl_lookup(unsigned i, const void *list)
{
	struct hnode *h;

	for (h = htable_first(&shards[i].lists, nbl_hash(list)); h; h = htable_next(h))
		if (CONTAINER_OF(h, struct nt_nbl, node) == list)
			return CONTAINER_OF(h, struct nt_nbl, node);
	return NULL;
}

struct nt_nbl *nt_nbl_find(const NET_BUFFER_LIST *list, const char *function)
{
	unsigned i = nbl_shard(list);
	struct nt_nbl *n;

	spin_take(&shards[i].lock);
	n = nbl_lookup(i, list);
	spin_drop(&shards[i].lock);
	if (!n)
		nt_report(nt_driver_current(), ENGINE_RULE_BadPointer, function);
	return n;
}

static struct nt_nbl *nbl_new(enum nt_nbl_kind kind, struct nt_driver *driver)
{
	struct nt_nbl *n = mem_zalloc_aligned(_Alignof(struct nt_nbl), sizeof(*n));

	if (!n)
		return NULL;
	n->kind = kind;
	n->driver = driver;
	n->list.FirstNetBuffer = &n->buffer;
	return n;
}

/* 0: made by nobody we know. */
static uint32_t driver_id(const struct nt_nbl *n)
{
	return n->driver ? n->driver->id : 0;
}

static void nbl_set_flags(struct nt_nbl *n)
{
	n->list.NblFlags =
		n->packet->h.version == 4 ? NDIS_NBL_FLAGS_IS_IPV4 : NDIS_NBL_FLAGS_IS_IPV6;
	if (n->packet->loopback)
		n->list.NblFlags |= NDIS_NBL_FLAGS_IS_LOOPBACK_PACKET;
}

/* Out of the table already. */
static void nbl_destroy(struct nt_nbl *n)
{
	NET_BUFFER *nb;

	for (nb = n->list.FirstNetBuffer; nb && n->kind != NT_NBL_OWN; nb = nb->Next)
		nt_nb_free_added(nb);
	if (n->packet)
		packet_put(n->packet);
	mem_free(n->bytes);
	mem_free(n);
}

/* ---- showing -------------------------------------------------------------------------------- */

struct nt_nbl *nt_nbl_show(const struct nt_nbl_view *view, struct nt_driver *driver)
{
	struct nt_nbl *n = nbl_new(NT_NBL_SHOWN, driver);
	const uint8_t *bytes = view->bytes;

	if (!n)
		return NULL;
	if (view->copy) {
		n->bytes = mem_dup(view->bytes, view->len);
		if (!n->bytes) {
			mem_free(n);
			return NULL;
		}
		bytes = n->bytes;
	}
	n->packet = packet_get(view->packet);
	n->ledger = view->ledger;
	n->showing = true;
	nt_mdl_init(&n->mdl, bytes, view->len);
	nt_nb_init(&n->buffer, &n->mdl, view->offset, view->len - view->offset);
	nbl_set_flags(n);
	nbl_enlist(n);
	return n;
}

/* Drops what keeps a shown list; true: nothing does any more. */
static bool shown_release(struct nt_nbl *n, bool end_of_show, const char *function)
{
	unsigned i = nbl_shard(n);
	bool balanced = true, last;

	spin_take(&shards[i].lock);
	if (end_of_show)
		n->showing = false;
	else if (n->references > 0)
		n->references--;
	else
		balanced = false;
	last = balanced && n->references == 0 && !n->showing;
	if (last)
		htable_remove(&shards[i].lists, &n->node);
	spin_drop(&shards[i].lock);
	if (!balanced)
		nt_report(nt_driver_current(), ENGINE_RULE_NblRefBalance, function);
	else if (!end_of_show && n->ledger)
		ledger_unclaim(n->ledger, driver_id(n));
	return last;
}

void nt_nbl_shown(struct nt_nbl *n)
{
	sched_op("end of classifyFn", n, SIM_WRITE, SIM_SYNC_NONE);
	if (n && shown_release(n, true, "classifyFn"))
		nbl_destroy(n);
}

VOID FwpsReferenceNetBufferList0(NET_BUFFER_LIST *list, BOOLEAN modify)
{
	struct nt_nbl *n;
	unsigned i;

	sched_op("FwpsReferenceNetBufferList0", list, SIM_WRITE, SIM_SYNC_NONE);
	n = nt_nbl_find(list, "FwpsReferenceNetBufferList0");
	if (!nt_irql_ok(DISPATCH_LEVEL, "FwpsReferenceNetBufferList0") || !n)
		return;
	if (n->kind != NT_NBL_SHOWN) {
		nt_report(nt_driver_current(), ENGINE_RULE_NblRefBalance,
			  "FwpsReferenceNetBufferList0");
		return;
	}
	if (n->ledger)
		ledger_claim(n->ledger, driver_id(n));
	i = nbl_shard(n);
	spin_take(&shards[i].lock);
	n->references++;
	spin_drop(&shards[i].lock);
}

VOID FwpsDereferenceNetBufferList0(NET_BUFFER_LIST *list, BOOLEAN dispatch_level)
{
	struct nt_nbl *n;

	sched_free("FwpsDereferenceNetBufferList0", list, sizeof(*n));
	n = nt_nbl_find(list, "FwpsDereferenceNetBufferList0");
	if (!nt_irql_ok(DISPATCH_LEVEL, "FwpsDereferenceNetBufferList0") || !n)
		return;
	if (n->kind != NT_NBL_SHOWN)
		nt_report(nt_driver_current(), ENGINE_RULE_NblRefBalance,
			  "FwpsDereferenceNetBufferList0");
	else if (shown_release(n, false, "FwpsDereferenceNetBufferList0"))
		nbl_destroy(n);
}

/* ---- injecting and freeing ------------------------------------------------------------------ */

struct nt_nbl *nt_nbl_inject_begin(const NET_BUFFER_LIST *list, const char *function)
{
	unsigned i = nbl_shard(list);
	struct nt_nbl *n;
	bool ok = false;

	sched_op(function, list, SIM_WRITE, SIM_SYNC_NONE);
	spin_take(&shards[i].lock);
	n = nbl_lookup(i, list);
	if (n)
		ok = n->kind != NT_NBL_SHOWN && !n->injecting;
	if (ok)
		n->injecting = true;
	spin_drop(&shards[i].lock);
	if (ok)
		return n;
	nt_report(nt_driver_current(), n ? ENGINE_RULE_NblRefBalance : ENGINE_RULE_BadPointer,
		  function);
	return NULL;
}

void nt_nbl_inject_end(struct nt_nbl *n)
{
	unsigned i = nbl_shard(n);

	sched_op("end of an injection", n, SIM_WRITE, SIM_SYNC_NONE);
	spin_take(&shards[i].lock);
	n->injecting = false;
	spin_drop(&shards[i].lock);
}

/* Takes a list of this kind out of the table; NULL, and reported: it may not be freed so or now. */
static struct nt_nbl *nbl_delist(const NET_BUFFER_LIST *list, enum nt_nbl_kind kind,
				 const char *function)
{
	unsigned i = nbl_shard(list);
	struct nt_nbl *n;

	sched_free(function, list, sizeof(*n));
	spin_take(&shards[i].lock);
	n = nbl_lookup(i, list);
	if (n && (n->kind != kind || n->injecting))
		n = NULL;
	if (n)
		htable_remove(&shards[i].lists, &n->node);
	spin_drop(&shards[i].lock);
	if (!n)
		nt_report(nt_driver_current(), ENGINE_RULE_NblRefBalance, function);
	return n;
}

static void nbl_free(NET_BUFFER_LIST *list, enum nt_nbl_kind kind, const char *function)
{
	struct nt_nbl *n;

	if (!nt_irql_ok(DISPATCH_LEVEL, function))
		return;
	n = nbl_delist(list, kind, function);
	if (!n)
		return;
	if (n->ledger)
		ledger_unclaim(n->ledger, driver_id(n));
	sched_touch(function, list, sizeof(*list), SIM_WRITE);
	nbl_destroy(n);
}

VOID FwpsFreeCloneNetBufferList0(NET_BUFFER_LIST *list, ULONG flags)
{
	nbl_free(list, NT_NBL_CLONE, "FwpsFreeCloneNetBufferList0");
}

VOID FwpsFreeNetBufferList0(NET_BUFFER_LIST *list)
{
	nbl_free(list, NT_NBL_OWN, "FwpsFreeNetBufferList0");
}

/* Lists are freed as their kind demands, whatever the driver still meant to do with them. */
size_t nt_nbl_reclaim(const struct nt_driver *d)
{
	size_t count = 0;

	for (unsigned i = 0; i < SHARDS; i++) {
		struct hnode *h = NULL;

		spin_take(&shards[i].lock);
		while ((h = htable_walk(&shards[i].lists, h))) {
			struct nt_nbl *n = CONTAINER_OF(h, struct nt_nbl, node);
			uint32_t claims = n->kind == NT_NBL_SHOWN ? n->references : 1;

			if (n->driver != d || n->showing || n->injecting)
				continue;
			htable_remove(&shards[i].lists, h);
			spin_drop(&shards[i].lock);
			sched_note("left at unload", n, SIM_SYNC_NONE);
			while (n->ledger && claims-- > 0)
				ledger_unclaim(n->ledger, d->id);
			nbl_destroy(n);
			count++;
			h = NULL;
			spin_take(&shards[i].lock);
		}
		spin_drop(&shards[i].lock);
	}
	return count;
}

/* ---- making --------------------------------------------------------------------------------- */

/* Everything from the first descriptor to the end of the window. */
static wfp_err clone_copy(struct nt_nbl *clone, const NET_BUFFER *from)
{
	NET_BUFFER whole = *from;
	uint32_t len = from->DataOffset + from->DataLength;
	wfp_err err;

	whole.DataOffset = 0;
	clone->bytes = mem_alloc(len ? len : 1);
	if (!clone->bytes)
		return ERR_NO_MEMORY;
	err = nt_nb_copy(&whole, clone->bytes, len);
	if (err)
		return err;
	nt_mdl_init(&clone->mdl, clone->bytes, len);
	nt_nb_init(&clone->buffer, &clone->mdl, from->DataOffset, from->DataLength);
	return ERR_OK;
}

/* A clone stems from the packet that its original shows or stems from. */
static void clone_inherit(struct nt_nbl *clone, const struct nt_nbl *from)
{
	clone->list.ParentNetBufferList = (NET_BUFFER_LIST *)(uintptr_t)&from->list;
	clone->list.NblFlags = from->list.NblFlags;
	memcpy(clone->list.NetBufferListInfo, from->list.NetBufferListInfo,
	       sizeof(clone->list.NetBufferListInfo));
	clone->ledger = from->ledger;
	if (from->packet)
		clone->packet = packet_get(from->packet);
	if (clone->ledger)
		ledger_claim(clone->ledger, driver_id(clone));
}

NTSTATUS FwpsAllocateCloneNetBufferList0(NET_BUFFER_LIST *original, NDIS_HANDLE list_pool,
					 NDIS_HANDLE buffer_pool, ULONG flags,
					 NET_BUFFER_LIST **out)
{
	const char *function = "FwpsAllocateCloneNetBufferList0";
	struct nt_nbl *from, *clone;
	wfp_err err;

	if (!nt_irql_ok(DISPATCH_LEVEL, function))
		return STATUS_NOT_SUPPORTED;
	sched_op(function, original, SIM_READ, SIM_SYNC_NONE);
	from = original && out ? nt_nbl_find(original, function) : NULL;
	if (!from || !original->FirstNetBuffer || original->FirstNetBuffer->Next)
		return STATUS_INVALID_PARAMETER;
	if (nt.clones_may_fail && sim_choose_named(2, "clone") != 0)
		return STATUS_INSUFFICIENT_RESOURCES;
	clone = nbl_new(NT_NBL_CLONE,
			from->kind == NT_NBL_SHOWN ? from->driver : nt_driver_current());
	if (!clone)
		return STATUS_INSUFFICIENT_RESOURCES;
	err = clone_copy(clone, original->FirstNetBuffer);
	if (err) {
		nbl_destroy(clone);
		return nt_status(err);
	}
	clone_inherit(clone, from);
	nbl_enlist(clone);
	sched_note(function, clone, SIM_SYNC_NONE);
	*out = &clone->list;
	return STATUS_SUCCESS;
}

NTSTATUS FwpsAllocateNetBufferAndNetBufferList0(NDIS_HANDLE pool, USHORT context_size,
						USHORT context_backfill, MDL *chain, ULONG offset,
						SIZE_T length, NET_BUFFER_LIST **out)
{
	struct nt_nbl *n;

	if (!nt_irql_ok(DISPATCH_LEVEL, "FwpsAllocateNetBufferAndNetBufferList0"))
		return STATUS_NOT_SUPPORTED;
	if (!out || length > MAXLONG)
		return STATUS_INVALID_PARAMETER;
	n = nbl_new(NT_NBL_OWN, nt_driver_current());
	if (!n)
		return STATUS_INSUFFICIENT_RESOURCES;
	nt_nb_init(&n->buffer, chain, offset, (ULONG)length);
	n->list.NdisPoolHandle = pool;
	nbl_enlist(n);
	sched_note("FwpsAllocateNetBufferAndNetBufferList0", n, SIM_SYNC_NONE);
	*out = &n->list;
	return STATUS_SUCCESS;
}
