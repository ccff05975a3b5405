/* SPDX-License-Identifier: MIT */
/*
 * mm - memory descriptor lists: what a net buffer's bytes are described by.
 *
 * There is one address space and nothing is ever paged out, so a descriptor is an address and a
 * length, and mapping it gives the address.  Any thread, up to DISPATCH_LEVEL.
 */
#include "ntshim/shim.h"

#define TAG_MDL 0x206c644du /* "Mdl " */

static void mdl_describe(PMDL mdl, PVOID address, ULONG length)
{
	RtlZeroMemory(mdl, sizeof(*mdl));
	mdl->Size = sizeof(*mdl);
	mdl->StartVa = (PVOID)((ULONG_PTR)address & ~(ULONG_PTR)(PAGE_SIZE - 1));
	mdl->ByteOffset = (ULONG)((ULONG_PTR)address & (PAGE_SIZE - 1));
	mdl->ByteCount = length;
}

/* From the driver's pool, so that one it forgets is listed at unload. */
PMDL IoAllocateMdl(PVOID address, ULONG length, BOOLEAN secondary, BOOLEAN charge, PIRP irp)
{
	PMDL mdl;

	if (!nt_irql_ok(DISPATCH_LEVEL, "IoAllocateMdl"))
		return NULL;
	mdl = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*mdl), TAG_MDL);
	if (mdl)
		mdl_describe(mdl, address, length);
	return mdl;
}

VOID IoFreeMdl(PMDL mdl)
{
	if (nt_irql_ok(DISPATCH_LEVEL, "IoFreeMdl"))
		ExFreePoolWithTag(mdl, TAG_MDL);
}

VOID MmBuildMdlForNonPagedPool(PMDL mdl)
{
	nt_irql_ok(DISPATCH_LEVEL, "MmBuildMdlForNonPagedPool");
	mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
	mdl->MappedSystemVa = MmGetMdlVirtualAddress(mdl);
}

PVOID MmMapLockedPagesSpecifyCache(PMDL mdl, KPROCESSOR_MODE mode, MEMORY_CACHING_TYPE cache,
				   PVOID address, ULONG bug_check, ULONG priority)
{
	mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
	mdl->MappedSystemVa = MmGetMdlVirtualAddress(mdl);
	return mdl->MappedSystemVa;
}
