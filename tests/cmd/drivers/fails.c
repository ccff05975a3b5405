/* SPDX-License-Identifier: MIT */
/* A driver whose DriverEntry fails, after it has begun to set itself up. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	PVOID memory = ExAllocatePoolWithTag(NonPagedPool, 64, 'liaF');

	UNREFERENCED_PARAMETER(driver);
	UNREFERENCED_PARAMETER(registry);
	if (memory)
		ExFreePoolWithTag(memory, 'liaF');
	return STATUS_INSUFFICIENT_RESOURCES;
}
