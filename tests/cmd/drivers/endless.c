/* SPDX-License-Identifier: MIT */
/* A driver whose thread does not end, whatever DriverUnload does. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;

static KEVENT Never;

static VOID NTAPI Thread(PVOID context)
{
	UNREFERENCED_PARAMETER(context);
	KeWaitForSingleObject(&Never, Executive, KernelMode, FALSE, NULL);
	PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
	UNREFERENCED_PARAMETER(driver);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	HANDLE thread;
	NTSTATUS status;

	UNREFERENCED_PARAMETER(registry);
	driver->DriverUnload = Unload;
	KeInitializeEvent(&Never, NotificationEvent, FALSE);
	status = PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, Thread, NULL);
	if (NT_SUCCESS(status))
		ZwClose(thread);
	return status;
}
