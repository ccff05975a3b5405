/* SPDX-License-Identifier: MIT */
/*
 * Run-time library, a part of wdm.h: include that. Lists, strings, memory, byte order, debug
 * output.
 *
 * The list helpers are plain code without a lock: two threads on one list need one of their own,
 * or the ExInterlocked functions with the same lock everywhere.
 */
#pragma once

#include "wdm.h"

/* ---- doubly linked lists; the head is an entry itself ---- */

FORCEINLINE VOID InitializeListHead(PLIST_ENTRY ListHead)
{
	ListHead->Flink = ListHead->Blink = ListHead;
}

FORCEINLINE BOOLEAN IsListEmpty(const LIST_ENTRY *ListHead)
{
	return (BOOLEAN)(ListHead->Flink == ListHead);
}

/* TRUE: the list is empty now. The entry's own links are left as they were. */
FORCEINLINE BOOLEAN RemoveEntryList(PLIST_ENTRY Entry)
{
	PLIST_ENTRY next = Entry->Flink;
	PLIST_ENTRY prev = Entry->Blink;

	prev->Flink = next;
	next->Blink = prev;
	return (BOOLEAN)(next == prev);
}

/* On an empty list this returns the head itself: test with IsListEmpty before. */
FORCEINLINE PLIST_ENTRY RemoveHeadList(PLIST_ENTRY ListHead)
{
	PLIST_ENTRY entry = ListHead->Flink;

	RemoveEntryList(entry);
	return entry;
}

FORCEINLINE PLIST_ENTRY RemoveTailList(PLIST_ENTRY ListHead)
{
	PLIST_ENTRY entry = ListHead->Blink;

	RemoveEntryList(entry);
	return entry;
}

FORCEINLINE VOID InsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY Entry)
{
	PLIST_ENTRY last = ListHead->Blink;

	Entry->Flink = ListHead;
	Entry->Blink = last;
	last->Flink = Entry;
	ListHead->Blink = Entry;
}

FORCEINLINE VOID InsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY Entry)
{
	PLIST_ENTRY first = ListHead->Flink;

	Entry->Flink = first;
	Entry->Blink = ListHead;
	first->Blink = Entry;
	ListHead->Flink = Entry;
}

FORCEINLINE VOID PushEntryList(PSINGLE_LIST_ENTRY ListHead, PSINGLE_LIST_ENTRY Entry)
{
	Entry->Next = ListHead->Next;
	ListHead->Next = Entry;
}

FORCEINLINE PSINGLE_LIST_ENTRY PopEntryList(PSINGLE_LIST_ENTRY ListHead)
{
	PSINGLE_LIST_ENTRY first = ListHead->Next;

	if (first)
		ListHead->Next = first->Next;
	return first;
}

/* The interlocked forms take Lock themselves: holding it already is a deadlock. NULL: was empty. */
NTKERNELAPI PLIST_ENTRY NTAPI ExInterlockedInsertHeadList(PLIST_ENTRY ListHead,
							  PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock);
NTKERNELAPI PLIST_ENTRY NTAPI ExInterlockedInsertTailList(PLIST_ENTRY ListHead,
							  PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock);
NTKERNELAPI PLIST_ENTRY NTAPI ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock);
NTKERNELAPI PSINGLE_LIST_ENTRY NTAPI ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead,
								PSINGLE_LIST_ENTRY ListEntry,
								PKSPIN_LOCK Lock);
NTKERNELAPI PSINGLE_LIST_ENTRY NTAPI ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead,
							       PKSPIN_LOCK Lock);

/* ---- strings ---- */

/* Source is not copied: it must outlive the string. NULL makes an empty one. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTSYSAPI VOID NTAPI RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString);
/* Truncates in silence to what the destination can hold. */
NTSYSAPI VOID NTAPI RtlCopyUnicodeString(PUNICODE_STRING DestinationString,
					 PCUNICODE_STRING SourceString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI LONG NTAPI RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
					    BOOLEAN CaseInSensitive);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI BOOLEAN NTAPI RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
					     BOOLEAN CaseInSensitive);

/* Of a literal, in a file compiled with -fshort-wchar. */
#define RTL_CONSTANT_STRING(s)                                                                     \
	{                                                                                          \
		sizeof(s) - sizeof((s)[0]), sizeof(s), (PWCH)(s)                                   \
	}
#define DECLARE_CONST_UNICODE_STRING(name, literal)                                                \
	const UNICODE_STRING name = RTL_CONSTANT_STRING(literal)

/* ---- memory ---- */

#define RtlCopyMemory(to, from, length)	 memcpy((to), (from), (length))
#define RtlMoveMemory(to, from, length)	 memmove((to), (from), (length))
#define RtlFillMemory(to, length, fill)	 memset((to), (fill), (length))
#define RtlZeroMemory(to, length)	 memset((to), 0, (length))
#define RtlEqualMemory(a, b, length)	 (memcmp((a), (b), (length)) == 0)
#define NdisMoveMemory(to, from, length) memcpy((to), (from), (length))
#define NdisZeroMemory(to, length)	 memset((to), 0, (length))

/* How many bytes are equal from the start, not a sign as memcmp gives. */
NTSYSAPI SIZE_T NTAPI RtlCompareMemory(const VOID *Source1, const VOID *Source2, SIZE_T Length);

#define RtlUshortByteSwap(x)	__builtin_bswap16(x)
#define RtlUlongByteSwap(x)	__builtin_bswap32(x)
#define RtlUlonglongByteSwap(x) __builtin_bswap64(x)

/* Between 0 and MAXLONG - 1. Not for keys. */
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI ULONG NTAPI RtlRandomEx(PULONG Seed);

/* ---- debug output and assertions ---- */

#define DPFLTR_IHVDRIVER_ID  77
#define DPFLTR_IHVNETWORK_ID 80
#define DPFLTR_DEFAULT_ID    101
#define DPFLTR_ERROR_LEVEL   0
#define DPFLTR_WARNING_LEVEL 1
#define DPFLTR_TRACE_LEVEL   2
#define DPFLTR_INFO_LEVEL    3

/* %ws, %S and %wZ print WCHAR strings and UNICODE_STRINGs, as on Windows; the latter two need
 * PASSIVE_LEVEL. */
NTSYSAPI ULONG WINAPIV DbgPrint(PCSTR Format, ...);
NTSYSAPI ULONG WINAPIV DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...);

/* What a failed assertion of a checked build ends in. */
NTSYSAPI VOID NTAPI RtlAssert(PVOID VoidFailedAssertion, PVOID VoidFileName, ULONG LineNumber,
			      PSTR MutableMessage);

/* Gives what was asserted, so that NT_VERIFY can be an expression. */
FORCEINLINE BOOLEAN RtlVerifyAssertion(BOOLEAN Holds, PCSTR Expression, PCSTR File, ULONG Line)
{
	if (!Holds)
		RtlAssert((PVOID)Expression, (PVOID)File, Line, NULL);
	return Holds;
}

#ifndef DBG
#define DBG 0
#endif
#define NT_VERIFY(e) RtlVerifyAssertion((e) ? TRUE : FALSE, #e, __FILE__, __LINE__)
#if DBG
#define KdPrint(args)	DbgPrint args
#define KdPrintEx(args) DbgPrintEx args
#define NT_ASSERT(e)	NT_VERIFY(e)
#define PAGED_CODE()	NT_ASSERT(KeGetCurrentIrql() <= APC_LEVEL)
#else
#define KdPrint(args)	((void)0)
#define KdPrintEx(args) ((void)0)
#define NT_ASSERT(e)	((void)sizeof(e))
#define PAGED_CODE()	((void)0)
#endif
#define ASSERT(e) NT_ASSERT(e)
