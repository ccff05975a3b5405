/* SPDX-License-Identifier: MIT */
/*
 * io - device objects and work items.
 *
 * A device is a name that callouts and work items are bound to; nobody can open it.  Work items
 * run at PASSIVE_LEVEL on a few threads of ours, in the order they were queued; the driver counts
 * as busy from the queueing until the routine has returned, so it is not unmapped in between.
 */
#include "ntshim/shim.h"

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

static struct {
	struct lock lock;
	struct cond wake;
	struct list queue; /* [L] */
	bool stop;	   /* [L] */
	struct thread *threads[WORK_THREADS];
	unsigned n_threads;
} work;

static struct _IO_WORKITEM *work_next(void)
{
	struct list *link;

	lock_take(&work.lock);
	while (list_empty(&work.queue) && !work.stop)
		cond_wait(&work.wake, &work.lock);
	link = list_pop_head(&work.queue);
	if (link)
		LIST_ENTRY(link, struct _IO_WORKITEM, link)->queued = false;
	lock_drop(&work.lock);
	return link ? LIST_ENTRY(link, struct _IO_WORKITEM, link) : NULL;
}

/* The routine may free its item, or queue it again: what is needed is copied first. */
static void work_thread(void *unused)
{
	struct _IO_WORKITEM *item;
	struct nt_frame f;

	while ((item = work_next())) {
		struct nt_driver *driver = item->driver;

		nt_enter(&f, driver, "a work item", PASSIVE_LEVEL);
		item->routine(item->device, item->context);
		nt_leave(&f);
		if (driver)
			atom32_sub(&driver->busy, 1);
	}
}

wfp_err nt_work_start(void)
{
	wfp_err err = ERR_OK;

	lock_init(&work.lock, "nt work items", NT_RANK_DISPATCHER);
	cond_init(&work.wake, "nt work threads");
	list_init(&work.queue);
	work.stop = false;
	work.n_threads = 0;
	while (!err && work.n_threads < WORK_THREADS) {
		err = thread_start(&work.threads[work.n_threads], "nt-work", work_thread, NULL);
		if (!err)
			work.n_threads++;
	}
	if (err)
		nt_work_stop();
	return err;
}

void nt_work_stop(void)
{
	lock_take(&work.lock);
	work.stop = true;
	cond_broadcast(&work.wake);
	lock_drop(&work.lock);
	for (unsigned i = 0; i < work.n_threads; i++)
		thread_join(work.threads[i]);
	cond_destroy(&work.wake);
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
	bool again;

	nt_irql_ok(DISPATCH_LEVEL, "IoQueueWorkItem");
	lock_take(&work.lock);
	again = item->queued;
	if (!again) {
		item->routine = routine;
		item->context = context;
		item->queued = true;
		if (item->driver)
			atom32_add(&item->driver->busy, 1);
		list_add_tail(&work.queue, &item->link);
		cond_signal(&work.wake);
	}
	lock_drop(&work.lock);
	if (again)
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
