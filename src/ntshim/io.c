/* SPDX-License-Identifier: MIT */
/*
 * io - device objects and work items.
 *
 * A device is a name that callouts and work items are bound to; nobody can open it.  Work items
 * run at PASSIVE_LEVEL on a few threads of ours, in the order they were queued; the driver counts
 * as busy from the queueing until the routine has returned, so it is not unmapped in between.
 */
#include "base/sched.h"
#include "ntshim/ke.h"

#define WORK_THREADS 2u
#define TAG_DEVICE   0x69766544u /* "Devi" */
#define TAG_WORK     0x6b726f57u /* "Work"; from the pool, so that a forgotten item shows as a leak */

/* [I] immutable   [L] work.lock */
struct _IO_WORKITEM {
	struct list link;	  /* [L] in the queue */
	struct nt_driver *driver; /* [I] */
	PDEVICE_OBJECT device;	  /* [I] */
	PIO_WORKITEM_ROUTINE routine;
	PVOID context;
	bool queued; /* [L] */
};

struct worker {
	bool idle; /* [L] it waits, and nobody has woken it */
	struct cond wake;
	struct thread *thread;
};

static struct {
	struct lock lock;
	struct list queue; /* [L] */
	bool stop;	   /* [L] */
	struct worker workers[WORK_THREADS];
	unsigned n_workers;
} work;

/* The order of the queue can be seen: each operation on it is announced as one on the whole. */
static void queue_op(const char *what)
{
	sched_op2(what, &work, &nt_dispatcher_all, SIM_WRITE, SIM_SYNC_NONE);
}

static void worker_wake(struct worker *w) REQUIRES(work.lock)
{
	w->idle = false;
	cond_signal(&w->wake);
}

/* The first that waits; who does not will look before it does. */
static void wake_one(void) REQUIRES(work.lock)
{
	for (unsigned i = 0; i < work.n_workers; i++)
		if (work.workers[i].idle) {
			worker_wake(&work.workers[i]);
			return;
		}
}

static void worker_sleep(struct worker *w) REQUIRES(work.lock)
{
	w->idle = true;
	cond_wait(&w->wake, &work.lock);
	w->idle = false;
	if (!sim_controlled())
		return;
	lock_drop(&work.lock);
	queue_op("look for a work item");
	lock_take(&work.lock);
}

static struct _IO_WORKITEM *work_next(struct worker *w)
{
	struct list *link;

	lock_take(&work.lock);
	while (list_empty(&work.queue) && !work.stop)
		worker_sleep(w);
	link = list_pop_head(&work.queue);
	if (link)
		LIST_ENTRY(link, struct _IO_WORKITEM, link)->queued = false;
	lock_drop(&work.lock);
	return link ? LIST_ENTRY(link, struct _IO_WORKITEM, link) : NULL;
}

/* The routine may free its item, or queue it again: what is needed is copied first. */
static void worker_main(void *arg)
{
	struct worker *w = arg;
	struct _IO_WORKITEM *item;
	struct nt_frame f;

	while ((item = work_next(w))) {
		struct nt_driver *driver = item->driver;

		sched_note("a work item", item, SIM_SYNC_ACQUIRE);
		nt_enter(&f, driver, "a work item", PASSIVE_LEVEL);
		item->routine(item->device, item->context);
		nt_leave(&f);
		queue_op("end of a work item");
		nt_driver_busy(driver, -1);
	}
}

static wfp_err worker_start(struct worker *w)
{
	wfp_err err;

	w->idle = false;
	cond_init(&w->wake, "nt work thread");
	err = thread_start(&w->thread, "nt-work", worker_main, w);
	if (err)
		cond_destroy(&w->wake);
	return err;
}

wfp_err nt_work_start(void)
{
	wfp_err err = ERR_OK;

	lock_init(&work.lock, "nt work items", NT_RANK_DISPATCHER);
	list_init(&work.queue);
	work.stop = false;
	work.n_workers = 0;
	while (!err && work.n_workers < WORK_THREADS) {
		err = worker_start(&work.workers[work.n_workers]);
		if (!err)
			work.n_workers++;
	}
	if (err)
		nt_work_stop();
	return err;
}

void nt_work_stop(void)
{
	lock_take(&work.lock);
	work.stop = true;
	for (unsigned i = 0; i < work.n_workers; i++)
		worker_wake(&work.workers[i]);
	lock_drop(&work.lock);
	for (unsigned i = 0; i < work.n_workers; i++) {
		thread_join(work.workers[i].thread);
		cond_destroy(&work.workers[i].wake);
	}
	lock_destroy(&work.lock);
}

/* ---- what drivers call ---------------------------------------------------------------------- */

PIO_WORKITEM IoAllocateWorkItem(PDEVICE_OBJECT device)
{
	struct _IO_WORKITEM *item;

	if (!nt_irql_ok(DISPATCH_LEVEL, "IoAllocateWorkItem"))
		return NULL;
	item = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*item), TAG_WORK);
	if (!item)
		return NULL;
	item->driver = nt_driver_current();
	item->device = device;
	list_init(&item->link);
	return item;
}

VOID IoFreeWorkItem(PIO_WORKITEM item)
{
	bool queued;

	nt_irql_ok(DISPATCH_LEVEL, "IoFreeWorkItem");
	queue_op("IoFreeWorkItem");
	lock_take(&work.lock);
	queued = item->queued;
	lock_drop(&work.lock);
	if (queued)
		nt_report(nt_driver_current(), ENGINE_RULE_BadPointer, "IoFreeWorkItem");
	else
		ExFreePoolWithTag(item, TAG_WORK);
}

VOID IoQueueWorkItem(PIO_WORKITEM item, PIO_WORKITEM_ROUTINE routine, WORK_QUEUE_TYPE type,
		     PVOID context)
{
	struct nt_driver *driver = item->driver; /* its routine may free the item at once */
	bool again;

	nt_irql_ok(DISPATCH_LEVEL, "IoQueueWorkItem");
	queue_op("IoQueueWorkItem");
	sched_note("IoQueueWorkItem", item, SIM_SYNC_RELEASE);
	nt_driver_busy(driver, 1);
	lock_take(&work.lock);
	again = item->queued;
	if (!again) {
		item->routine = routine;
		item->context = context;
		item->queued = true;
		list_add_tail(&work.queue, &item->link);
		wake_one();
	}
	lock_drop(&work.lock);
	if (!again) {
		sched_after("IoQueueWorkItem");
		return;
	}
	nt_driver_busy(driver, -1);
	nt_report(nt_driver_current(), ENGINE_RULE_BadPointer, "IoQueueWorkItem");
}

/* One allocation, from the driver's pool, so that a forgotten device shows as a leak. */
NTSTATUS IoCreateDevice(PDRIVER_OBJECT driver, ULONG extension_size, PUNICODE_STRING name,
			DEVICE_TYPE type, ULONG characteristics, BOOLEAN exclusive,
			PDEVICE_OBJECT *out)
{
	SIZE_T size = sizeof(DEVICE_OBJECT) + extension_size;
	PDEVICE_OBJECT device;

	if (!nt_irql_ok(APC_LEVEL, "IoCreateDevice"))
		return STATUS_NOT_SUPPORTED;
	if (!driver || !out)
		return STATUS_INVALID_PARAMETER;
	device = ExAllocatePool2(POOL_FLAG_NON_PAGED, size, TAG_DEVICE);
	if (!device)
		return STATUS_INSUFFICIENT_RESOURCES;
	device->Size = (USHORT)min(size, MAXUSHORT);
	device->DriverObject = driver;
	device->DeviceType = type;
	device->Characteristics = characteristics;
	device->Flags = DO_DEVICE_INITIALIZING;
	device->DeviceExtension = extension_size ? device + 1 : NULL;
	device->NextDevice = driver->DeviceObject;
	driver->DeviceObject = device;
	*out = device;
	return STATUS_SUCCESS;
}

VOID IoDeleteDevice(PDEVICE_OBJECT device)
{
	PDEVICE_OBJECT *link;

	nt_irql_ok(APC_LEVEL, "IoDeleteDevice");
	for (link = &device->DriverObject->DeviceObject; *link; link = &(*link)->NextDevice) {
		if (*link != device)
			continue;
		*link = device->NextDevice;
		ExFreePoolWithTag(device, TAG_DEVICE);
		return;
	}
	nt_report(nt_driver_current(), ENGINE_RULE_BadPointer, "IoDeleteDevice");
}
