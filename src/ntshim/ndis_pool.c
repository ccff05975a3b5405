/* SPDX-License-Identifier: MIT */
/*
 * ndis_pool - pools of net buffer lists, and the objects that own them.
 *
 * A pool here is a name that lists are made under: each list is an allocation of its own.  Pools
 * and generic objects come from the driver's pool memory, so forgotten ones are listed at unload.
 */
#include "ntshim/nbl.h"

#define TAG_POOL    0x704c424eu /* "NBLp" */
#define TAG_GENERIC 0x624f444eu /* "NDOb" */

PNDIS_GENERIC_OBJECT NdisAllocateGenericObject(PDRIVER_OBJECT driver, ULONG tag, USHORT size)
{
	PNDIS_GENERIC_OBJECT object;
	SIZE_T bytes = max(size, sizeof(*object));

	object = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, TAG_GENERIC);
	if (!object)
		return NULL;
	object->Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
	object->Header.Size = (USHORT)bytes;
	object->DriverObject = driver;
	return object;
}

VOID NdisFreeGenericObject(PNDIS_GENERIC_OBJECT object)
{
	ExFreePoolWithTag(object, TAG_GENERIC);
}

NDIS_HANDLE NdisAllocateNetBufferListPool(NDIS_HANDLE owner,
					  const NET_BUFFER_LIST_POOL_PARAMETERS *parameters)
{
	NET_BUFFER_LIST_POOL_PARAMETERS *pool;

	if (!parameters || parameters->Header.Type != NDIS_OBJECT_TYPE_DEFAULT)
		return NULL;
	pool = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*pool), TAG_POOL);
	if (pool)
		*pool = *parameters;
	return pool;
}

VOID NdisFreeNetBufferListPool(NDIS_HANDLE pool)
{
	ExFreePoolWithTag(pool, TAG_POOL);
}

NET_BUFFER_LIST *NdisAllocateNetBufferAndNetBufferList(NDIS_HANDLE pool, USHORT context_size,
						       USHORT context_backfill, MDL *chain,
						       ULONG offset, SIZE_T length)
{
	NET_BUFFER_LIST *list;
	NTSTATUS status = FwpsAllocateNetBufferAndNetBufferList0(
		pool, context_size, context_backfill, chain, offset, length, &list);

	return NT_SUCCESS(status) ? list : NULL;
}

VOID NdisFreeNetBufferList(NET_BUFFER_LIST *list)
{
	FwpsFreeNetBufferList0(list);
}

MDL *NdisAllocateMdl(NDIS_HANDLE owner, PVOID address, ULONG length)
{
	MDL *mdl = IoAllocateMdl(address, length, FALSE, FALSE, NULL);

	if (mdl)
		MmBuildMdlForNonPagedPool(mdl);
	return mdl;
}

VOID NdisFreeMdl(MDL *mdl)
{
	IoFreeMdl(mdl);
}
