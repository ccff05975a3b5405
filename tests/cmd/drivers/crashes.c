/* SPDX-License-Identifier: MIT */
/* A driver that writes through a null pointer in DriverEntry. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	volatile LONG *nowhere = NULL;

	UNREFERENCED_PARAMETER(driver);
	UNREFERENCED_PARAMETER(registry);
	*nowhere = 1;
	return STATUS_SUCCESS;
}
