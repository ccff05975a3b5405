/* SPDX-License-Identifier: MIT */
/*
 * ex_interlocked - words and lists of drivers that several threads change.
 *
 * Each operation is one of base/atomic.h on the driver's own word, so that under the simulator it
 * is a place where another thread may run.  Any thread, any IRQL.
 */
#include "ntshim/shim.h"

#include "base/atomic.h"
#include "base/sched.h"

static struct atom32 *word32(LONG volatile *p)
{
	return (struct atom32 *)(uintptr_t)p;
}

static struct atom64 *word64(LONG64 volatile *p)
{
	return (struct atom64 *)(uintptr_t)p;
}

static struct atomptr *wordptr(PVOID volatile *p)
{
	return (struct atomptr *)(uintptr_t)p;
}

LONG InterlockedIncrement(LONG volatile *p)
{
	return (LONG)atom32_add(word32(p), 1);
}

LONG InterlockedDecrement(LONG volatile *p)
{
	return (LONG)atom32_sub(word32(p), 1);
}

LONG InterlockedAdd(LONG volatile *p, LONG value)
{
	return (LONG)atom32_add(word32(p), (uint32_t)value);
}

LONG InterlockedExchange(LONG volatile *p, LONG value)
{
	return (LONG)atom32_exchange(word32(p), (uint32_t)value);
}

LONG InterlockedExchangeAdd(LONG volatile *p, LONG value)
{
	return (LONG)(atom32_add(word32(p), (uint32_t)value) - (uint32_t)value);
}

LONG InterlockedCompareExchange(LONG volatile *p, LONG value, LONG expected)
{
	uint32_t found = (uint32_t)expected;

	atom32_cas(word32(p), &found, (uint32_t)value);
	return (LONG)found;
}

enum bit_op { BIT_AND, BIT_OR, BIT_XOR };

static uint64_t bits_apply(enum bit_op op, uint64_t old, uint64_t value)
{
	if (op == BIT_AND)
		return old & value;
	return op == BIT_OR ? old | value : old ^ value;
}

/* The old value, which the operation's new value does not tell. */
static uint32_t bits32(LONG volatile *p, uint32_t value, enum bit_op op)
{
	uint32_t old = atom32_load_relaxed(word32(p));

	while (!atom32_cas(word32(p), &old, (uint32_t)bits_apply(op, old, value)))
		;
	return old;
}

static uint64_t bits64(LONG64 volatile *p, uint64_t value, enum bit_op op)
{
	uint64_t old = atom64_load_relaxed(word64(p));

	while (!atom64_cas(word64(p), &old, bits_apply(op, old, value)))
		;
	return old;
}

LONG InterlockedAnd(LONG volatile *p, LONG value)
{
	return (LONG)bits32(p, (uint32_t)value, BIT_AND);
}

LONG InterlockedOr(LONG volatile *p, LONG value)
{
	return (LONG)bits32(p, (uint32_t)value, BIT_OR);
}

LONG InterlockedXor(LONG volatile *p, LONG value)
{
	return (LONG)bits32(p, (uint32_t)value, BIT_XOR);
}

LONG64 InterlockedIncrement64(LONG64 volatile *p)
{
	return (LONG64)atom64_add(word64(p), 1);
}

LONG64 InterlockedDecrement64(LONG64 volatile *p)
{
	return (LONG64)atom64_sub(word64(p), 1);
}

LONG64 InterlockedAdd64(LONG64 volatile *p, LONG64 value)
{
	return (LONG64)atom64_add(word64(p), (uint64_t)value);
}

LONG64 InterlockedExchange64(LONG64 volatile *p, LONG64 value)
{
	return (LONG64)atom64_exchange(word64(p), (uint64_t)value);
}

LONG64 InterlockedExchangeAdd64(LONG64 volatile *p, LONG64 value)
{
	return (LONG64)(atom64_add(word64(p), (uint64_t)value) - (uint64_t)value);
}

LONG64 InterlockedCompareExchange64(LONG64 volatile *p, LONG64 value, LONG64 expected)
{
	uint64_t found = (uint64_t)expected;

	atom64_cas(word64(p), &found, (uint64_t)value);
	return (LONG64)found;
}

LONG64 InterlockedAnd64(LONG64 volatile *p, LONG64 value)
{
	return (LONG64)bits64(p, (uint64_t)value, BIT_AND);
}

LONG64 InterlockedOr64(LONG64 volatile *p, LONG64 value)
{
	return (LONG64)bits64(p, (uint64_t)value, BIT_OR);
}

PVOID InterlockedExchangePointer(PVOID volatile *p, PVOID value)
{
	return atomptr_exchange(wordptr(p), value);
}

PVOID InterlockedCompareExchangePointer(PVOID volatile *p, PVOID value, PVOID expected)
{
	PVOID found = expected;

	atomptr_cas(wordptr(p), &found, value);
	return found;
}

/*
 * An exchange on one word that all threads share orders everything around it.  Under control every
 * step is ordered already: it is no choice.
 */
VOID KeMemoryBarrier(VOID)
{
	static struct atom32 word;

	if (sim_controlled())
		sched_note("KeMemoryBarrier", &word, SIM_SYNC_BOTH);
	else
		atom32_exchange(&word, 0);
}

/* ---- lists under a spin lock of the driver --------------------------------------------------- */

PLIST_ENTRY ExInterlockedInsertHeadList(PLIST_ENTRY head, PLIST_ENTRY entry, PKSPIN_LOCK lock)
{
	KIRQL irql = KeAcquireSpinLockRaiseToDpc(lock);
	PLIST_ENTRY first = IsListEmpty(head) ? NULL : head->Flink;

	InsertHeadList(head, entry);
	KeReleaseSpinLock(lock, irql);
	return first;
}

PLIST_ENTRY ExInterlockedInsertTailList(PLIST_ENTRY head, PLIST_ENTRY entry, PKSPIN_LOCK lock)
{
	KIRQL irql = KeAcquireSpinLockRaiseToDpc(lock);
	PLIST_ENTRY last = IsListEmpty(head) ? NULL : head->Blink;

	InsertTailList(head, entry);
	KeReleaseSpinLock(lock, irql);
	return last;
}

PLIST_ENTRY ExInterlockedRemoveHeadList(PLIST_ENTRY head, PKSPIN_LOCK lock)
{
	KIRQL irql = KeAcquireSpinLockRaiseToDpc(lock);
	PLIST_ENTRY first = IsListEmpty(head) ? NULL : RemoveHeadList(head);

	KeReleaseSpinLock(lock, irql);
	return first;
}

PSINGLE_LIST_ENTRY ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY head, PSINGLE_LIST_ENTRY entry,
					      PKSPIN_LOCK lock)
{
	KIRQL irql = KeAcquireSpinLockRaiseToDpc(lock);
	PSINGLE_LIST_ENTRY first = head->Next;

	PushEntryList(head, entry);
	KeReleaseSpinLock(lock, irql);
	return first;
}

PSINGLE_LIST_ENTRY ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY head, PKSPIN_LOCK lock)
{
	KIRQL irql = KeAcquireSpinLockRaiseToDpc(lock);
	PSINGLE_LIST_ENTRY first = PopEntryList(head);

	KeReleaseSpinLock(lock, irql);
	return first;
}
