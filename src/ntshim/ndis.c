/* SPDX-License-Identifier: MIT */
/*
 * ndis - net buffers: a window of bytes in a chain of memory descriptors.
 *
 * These functions trust nothing but the public members, because drivers build net buffers of their
 * own and change ours.  Retreating beyond the first descriptor puts a new one in front, which the
 * matching advance, or the freeing of the list, takes away again.  Any thread, up to
 * DISPATCH_LEVEL.
 *
 *	MdlChain -> [ ....... | bytes ] -> [ bytes ] -> [ bytes | ... ]
 *		      DataOffset ^ window: DataLength ............^
 */
#include "base/sched.h"
#include "ntshim/nbl.h"

#define MDL_ADDED_BY_RETREAT 0x1000

void nt_mdl_init(PMDL mdl, const void *address, ULONG length)
{
	RtlZeroMemory(mdl, sizeof(*mdl));
	mdl->Size = sizeof(*mdl);
	mdl->StartVa = (PVOID)((ULONG_PTR)address & ~(ULONG_PTR)(PAGE_SIZE - 1));
	mdl->ByteOffset = (ULONG)((ULONG_PTR)address & (PAGE_SIZE - 1));
	mdl->ByteCount = length;
	MmBuildMdlForNonPagedPool(mdl);
}

/* CurrentMdl and CurrentMdlOffset follow from the chain and DataOffset. */
static void nb_locate(NET_BUFFER *nb)
{
	MDL *mdl = nb->MdlChain;
	ULONG left = nb->DataOffset;

	while (mdl && mdl->Next && left >= mdl->ByteCount) {
		left -= mdl->ByteCount;
		mdl = mdl->Next;
	}
	nb->CurrentMdl = mdl;
	nb->CurrentMdlOffset = left;
}

void nt_nb_init(NET_BUFFER *nb, PMDL chain, ULONG offset, ULONG length)
{
	RtlZeroMemory(nb, sizeof(*nb));
	nb->MdlChain = chain;
	nb->DataOffset = offset;
	nb->DataLength = length;
	nb_locate(nb);
}

/* Where byte `at` of the window is, and how many follow it in the same descriptor; NULL: none. */
static uint8_t *nb_at(const NET_BUFFER *nb, ULONG at, ULONG *run)
{
	ULONG left = nb->DataOffset + at;
	MDL *mdl;

	for (mdl = nb->MdlChain; mdl && left >= mdl->ByteCount; mdl = mdl->Next)
		left -= mdl->ByteCount;
	if (!mdl)
		return NULL;
	*run = mdl->ByteCount - left;
	return (uint8_t *)MmGetMdlVirtualAddress(mdl) + left;
}

wfp_err nt_nb_copy(const NET_BUFFER *nb, uint8_t *out, uint32_t len)
{
	ULONG done = 0, run;

	while (done < len) {
		const uint8_t *from = nb_at(nb, done, &run);

		if (!from)
			return ERR_INVALID_PARAMETER;
		run = min(run, len - done);
		memcpy(out + done, from, run);
		done += run;
	}
	return ERR_OK;
}

wfp_err nt_nb_write(NET_BUFFER *nb, const uint8_t *bytes, uint32_t len)
{
	ULONG done = 0, run;

	while (done < len) {
		uint8_t *to = nb_at(nb, done, &run);

		if (!to)
			return ERR_INVALID_PARAMETER;
		run = min(run, len - done);
		memcpy(to, bytes + done, run);
		done += run;
	}
	return ERR_OK;
}

static void mdl_free_added(MDL *mdl)
{
	mem_free(MmGetMdlVirtualAddress(mdl));
	mem_free(mdl);
}

/* A descriptor with memory of its own; NULL: no memory. */
static MDL *mdl_add(ULONG length)
{
	void *bytes = mem_zalloc(length);
	MDL *mdl = mem_zalloc(sizeof(*mdl));

	if (!bytes || !mdl) {
		mem_free(bytes);
		mem_free(mdl);
		return NULL;
	}
	nt_mdl_init(mdl, bytes, length);
	mdl->MdlFlags |= MDL_ADDED_BY_RETREAT;
	return mdl;
}

void nt_nb_free_added(NET_BUFFER *nb)
{
	while (nb->MdlChain && (nb->MdlChain->MdlFlags & MDL_ADDED_BY_RETREAT)) {
		MDL *mdl = nb->MdlChain;

		nb->MdlChain = mdl->Next;
		mdl_free_added(mdl);
	}
}

/* ---- what drivers call ---------------------------------------------------------------------- */

PVOID NdisGetDataBuffer(NET_BUFFER *nb, ULONG needed, PVOID storage, ULONG multiple, ULONG offset)
{
	uint8_t *at;
	ULONG run;

	if (!nt_irql_ok(DISPATCH_LEVEL, "NdisGetDataBuffer") || needed == 0)
		return NULL;
	if (needed > nb->DataLength)
		return NULL;
	at = nb_at(nb, 0, &run);
	if (at && run >= needed && (multiple <= 1 || ((ULONG_PTR)at - offset) % multiple == 0))
		return at;
	if (!storage || nt_nb_copy(nb, storage, needed) != ERR_OK)
		return NULL;
	sched_touch("NdisGetDataBuffer", storage, needed, SIM_WRITE);
	return storage;
}

/* Room that the chain does not have: a descriptor in front, with `backfill` bytes to spare. */
static NDIS_STATUS nb_grow(NET_BUFFER *nb, ULONG missing, ULONG backfill,
			   NET_BUFFER_ALLOCATE_MDL_HANDLER allocate)
{
	ULONG size = missing + backfill;
	MDL *mdl = allocate ? allocate(&size) : mdl_add(size);

	if (!mdl || size < missing)
		return NDIS_STATUS_RESOURCES;
	mdl->Next = nb->MdlChain;
	nb->MdlChain = mdl;
	nb->DataOffset += size;
	return NDIS_STATUS_SUCCESS;
}

NDIS_STATUS NdisRetreatNetBufferDataStart(NET_BUFFER *nb, ULONG delta, ULONG backfill,
					  NET_BUFFER_ALLOCATE_MDL_HANDLER allocate)
{
	NDIS_STATUS status;

	nt_irql_ok(DISPATCH_LEVEL, "NdisRetreatNetBufferDataStart");
	if (delta > MAXULONG / 2 - nb->DataLength || backfill > MAXUSHORT)
		return NDIS_STATUS_FAILURE;
	if (delta > nb->DataOffset) {
		status = nb_grow(nb, delta - nb->DataOffset, backfill, allocate);
		if (status != NDIS_STATUS_SUCCESS)
			return status;
	}
	nb->DataOffset -= delta;
	nb->DataLength += delta;
	nb_locate(nb);
	return NDIS_STATUS_SUCCESS;
}

/* Descriptors that lie wholly before the window and were added by a retreat. */
static void nb_shrink(NET_BUFFER *nb, NET_BUFFER_FREE_MDL_HANDLER release)
{
	while (nb->MdlChain && nb->DataOffset >= nb->MdlChain->ByteCount) {
		MDL *mdl = nb->MdlChain;

		if (!release && !(mdl->MdlFlags & MDL_ADDED_BY_RETREAT))
			break;
		nb->MdlChain = mdl->Next;
		nb->DataOffset -= mdl->ByteCount;
		if (mdl->MdlFlags & MDL_ADDED_BY_RETREAT)
			mdl_free_added(mdl);
		else
			release(mdl);
	}
}

VOID NdisAdvanceNetBufferDataStart(NET_BUFFER *nb, ULONG delta, BOOLEAN free_mdl,
				   NET_BUFFER_FREE_MDL_HANDLER release)
{
	nt_irql_ok(DISPATCH_LEVEL, "NdisAdvanceNetBufferDataStart");
	if (delta > nb->DataLength) {
		nt_report(nt_driver_current(), ENGINE_RULE_BadPointer,
			  "NdisAdvanceNetBufferDataStart");
		return;
	}
	nb->DataOffset += delta;
	nb->DataLength -= delta;
	if (free_mdl)
		nb_shrink(nb, release);
	nb_locate(nb);
}

NDIS_STATUS NdisRetreatNetBufferListDataStart(NET_BUFFER_LIST *list, ULONG delta, ULONG backfill,
					      NET_BUFFER_ALLOCATE_MDL_HANDLER allocate,
					      NET_BUFFER_FREE_MDL_HANDLER release)
{
	NET_BUFFER *nb, *undo;
	NDIS_STATUS status;

	for (nb = list->FirstNetBuffer; nb; nb = nb->Next) {
		status = NdisRetreatNetBufferDataStart(nb, delta, backfill, allocate);
		if (status != NDIS_STATUS_SUCCESS)
			goto undo_retreat;
	}
	return NDIS_STATUS_SUCCESS;
undo_retreat:
	for (undo = list->FirstNetBuffer; undo != nb; undo = undo->Next)
		NdisAdvanceNetBufferDataStart(undo, delta, TRUE, release);
	return status;
}

VOID NdisAdvanceNetBufferListDataStart(NET_BUFFER_LIST *list, ULONG delta, BOOLEAN free_mdl,
				       NET_BUFFER_FREE_MDL_HANDLER release)
{
	NET_BUFFER *nb;

	for (nb = list->FirstNetBuffer; nb; nb = nb->Next)
		NdisAdvanceNetBufferDataStart(nb, delta, free_mdl, release);
}

NDIS_STATUS NdisCopyFromNetBufferToNetBuffer(NET_BUFFER *to, ULONG to_offset, ULONG length,
					     const NET_BUFFER *from, ULONG from_offset,
					     ULONG *copied)
{
	ULONG to_run = 0, from_run = 0;

	nt_irql_ok(DISPATCH_LEVEL, "NdisCopyFromNetBufferToNetBuffer");
	*copied = 0;
	if (to_offset > to->DataLength || from_offset > from->DataLength)
		return NDIS_STATUS_FAILURE;
	length = min(length, min(to->DataLength - to_offset, from->DataLength - from_offset));
	while (*copied < length) {
		uint8_t *out = nb_at(to, to_offset + *copied, &to_run);
		const uint8_t *in = nb_at(from, from_offset + *copied, &from_run);
		ULONG n = length - *copied;

		if (!out || !in)
			break;
		n = min(n, min(to_run, from_run));
		memmove(out, in, n);
		*copied += n;
	}
	return NDIS_STATUS_SUCCESS;
}
