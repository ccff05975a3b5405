/* SPDX-License-Identifier: MIT */
/*
 * ob - the handle table, and the Ob functions over it.
 *
 * One table for the process, guarded by one lock: handles are opened and closed a few times in a
 * driver's life.  A handle is 4 * (generation * slots + slot + 1), so that none is NULL, all are
 * multiples of four as on Windows, and a slot's next handle differs from its last.
 */
#include "ntshim/ob.h"

#include "base/sched.h"
#include "ntshim/thread.h"

#define SLOTS 4096u

/* [L] handles.lock */
struct slot {
	struct nt_object *ob; /* [L] NULL: free */
	uint32_t generation;  /* [L] */
};

static struct {
	struct lock lock;
	struct slot slots[SLOTS]; /* [L] */
	unsigned end;		  /* [L] behind the last slot that was ever used */
} handles;

void nt_handles_start(void)
{
	lock_init(&handles.lock, "nt handles", NT_RANK_HANDLES);
}

void nt_handles_stop(void)
{
	lock_destroy(&handles.lock);
}

void nt_object_init(struct nt_object *ob, enum nt_kind kind, void (*destroy)(struct nt_object *ob))
{
	ob->kind = kind;
	ob->driver = nt_driver_current();
	ob->destroy = destroy;
	ob->refs = 1;
}

void nt_object_get(struct nt_object *ob)
{
	lock_take(&handles.lock);
	ob->refs++;
	lock_drop(&handles.lock);
}

void nt_object_put(struct nt_object *ob)
{
	bool last;

	lock_take(&handles.lock);
	last = --ob->refs == 0;
	lock_drop(&handles.lock);
	if (last)
		ob->destroy(ob);
}

static HANDLE handle_of(unsigned i)
{
	uintptr_t n = (uintptr_t)handles.slots[i].generation * SLOTS + i + 1;

	return (HANDLE)(n * 4);
}

static unsigned index_of(HANDLE h)
{
	return (unsigned)(((uintptr_t)h / 4 - 1) % SLOTS);
}

/* Before `h` is looked up: each handle is an object of its own. */
static void handle_op(const char *what, HANDLE h, unsigned access, unsigned sync)
{
	sched_op(what, &handles.slots[index_of(h)], access, sync);
}

/* NULL: `h` names no object of this kind. */
static struct slot *slot_of(HANDLE h, enum nt_kind kind)
{
	unsigned i = index_of(h);
	struct slot *s = &handles.slots[i];

	if ((uintptr_t)h / 4 == 0 || !s->ob || handle_of(i) != h || s->ob->kind != kind)
		return NULL;
	return s;
}

wfp_err nt_handle_open(struct nt_object *ob, HANDLE *out)
{
	unsigned i;

	/* Which handle it becomes depends on who came before. */
	sched_op("open a handle", &handles, SIM_WRITE, SIM_SYNC_NONE);
	lock_take(&handles.lock);
	for (i = 0; i < SLOTS && handles.slots[i].ob; i++)
		;
	if (i < SLOTS) {
		ob->refs++;
		handles.slots[i].ob = ob;
		if (i >= handles.end)
			handles.end = i + 1;
		*out = handle_of(i);
	}
	lock_drop(&handles.lock);
	if (i == SLOTS)
		return ERR_NO_MEMORY;
	sched_note("a handle is opened", *out, SIM_SYNC_NONE);
	return ERR_OK;
}

struct nt_object *nt_handle_ref(HANDLE h, enum nt_kind kind)
{
	struct nt_object *ob = NULL;
	struct slot *s;

	handle_op("use a handle", h, SIM_READ, SIM_SYNC_NONE);
	lock_take(&handles.lock);
	s = slot_of(h, kind);
	if (s) {
		ob = s->ob;
		ob->refs++;
	}
	lock_drop(&handles.lock);
	return ob;
}

struct nt_object *nt_handle_take(HANDLE h, enum nt_kind kind)
{
	struct nt_object *ob = NULL;
	struct slot *s;

	sched_op2("close a handle", &handles.slots[index_of(h)], &handles, SIM_WRITE,
		  SIM_SYNC_NONE);
	lock_take(&handles.lock);
	s = slot_of(h, kind);
	if (s) {
		ob = s->ob;
		s->ob = NULL;
		s->generation++;
	}
	lock_drop(&handles.lock);
	return ob;
}

HANDLE nt_handle_of_driver(const struct nt_driver *d, enum nt_kind kind)
{
	HANDLE h = NULL;
	unsigned i;

	lock_take(&handles.lock);
	for (i = 0; i < handles.end && !h; i++) {
		const struct nt_object *ob = handles.slots[i].ob;

		if (ob && ob->driver == d && ob->kind == kind)
			h = handle_of(i);
	}
	lock_drop(&handles.lock);
	return h;
}

/* ---- what drivers call ---------------------------------------------------------------------- */

/* Threads are the only objects that drivers reach by handle and by pointer. */
NTSTATUS ObReferenceObjectByHandle(HANDLE handle, ACCESS_MASK access, POBJECT_TYPE type,
				   KPROCESSOR_MODE mode, PVOID *object,
				   POBJECT_HANDLE_INFORMATION information)
{
	struct nt_object *ob;

	if (!nt_irql_ok(PASSIVE_LEVEL, "ObReferenceObjectByHandle"))
		return STATUS_NOT_SUPPORTED;
	if (!object)
		return STATUS_INVALID_PARAMETER;
	ob = nt_handle_ref(handle, NT_KIND_THREAD);
	if (!ob)
		return STATUS_INVALID_HANDLE;
	*object = nt_thread_body(ob);
	return STATUS_SUCCESS;
}

LONG_PTR ObfReferenceObject(PVOID object)
{
	struct nt_object *ob;

	sched_op("ObReferenceObject", object, SIM_READ, SIM_SYNC_NONE);
	ob = nt_thread_find(object);
	if (!ob) {
		nt_report(nt_driver_current(), ENGINE_RULE_BadPointer, "ObReferenceObject");
		return 0;
	}
	return 1; /* nt_thread_find took the reference */
}

LONG_PTR ObfDereferenceObject(PVOID object)
{
	struct nt_object *ob;

	sched_op("ObDereferenceObject", object, SIM_WRITE, SIM_SYNC_BOTH);
	ob = nt_thread_find(object);
	if (!ob) {
		nt_report(nt_driver_current(), ENGINE_RULE_BadPointer, "ObDereferenceObject");
		return 0;
	}
	nt_object_put(ob);
	nt_object_put(ob);
	return 0;
}

NTSTATUS ZwClose(HANDLE handle)
{
	struct nt_object *ob;

	if (!nt_irql_ok(PASSIVE_LEVEL, "ZwClose"))
		return STATUS_NOT_SUPPORTED;
	ob = nt_handle_take(handle, NT_KIND_THREAD);
	if (!ob)
		return STATUS_INVALID_HANDLE;
	nt_object_put(ob);
	return STATUS_SUCCESS;
}
