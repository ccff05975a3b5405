/* SPDX-License-Identifier: MIT */
/*
 * rtl - the run-time library: counted UTF-16 strings, memory, pseudo-random numbers.
 *
 * Pure functions over what the driver passes, which they tell watchers (sched_touch); any thread.
 * Case is folded for the letters of Latin 1, which is what device and registry names of drivers are
 * made of.
 */
#include "base/sched.h"
#include "ntshim/shim.h"

VOID RtlInitUnicodeString(PUNICODE_STRING to, PCWSTR from)
{
	size_t n = 0;

	while (from && from[n] && n < MAXUSHORT / sizeof(WCHAR) - 1)
		n++;
	to->Length = (USHORT)(n * sizeof(WCHAR));
	to->MaximumLength = (USHORT)(from ? (n + 1) * sizeof(WCHAR) : 0);
	to->Buffer = (PWCH)(uintptr_t)from;
}

/* A terminator is added when there is room for one. */
VOID RtlCopyUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from)
{
	nt_irql_ok(PASSIVE_LEVEL, "RtlCopyUnicodeString");
	if (!from) {
		to->Length = 0;
		return;
	}
	to->Length = min(from->Length, to->MaximumLength);
	sched_touch("RtlCopyUnicodeString", from->Buffer, to->Length, SIM_READ);
	sched_touch("RtlCopyUnicodeString", to->Buffer, to->Length, SIM_WRITE);
	if (to->Length)
		memcpy(to->Buffer, from->Buffer, to->Length);
	if (to->Length + sizeof(WCHAR) <= to->MaximumLength)
		to->Buffer[to->Length / sizeof(WCHAR)] = UNICODE_NULL;
}

static WCHAR fold(WCHAR c)
{
	bool lower = (c >= 'a' && c <= 'z') || (c >= 0xe0 && c <= 0xfe && c != 0xf7);

	return lower ? (WCHAR)(c - 0x20) : c;
}

LONG RtlCompareUnicodeString(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN no_case)
{
	size_t n = min(a->Length, b->Length) / sizeof(WCHAR);

	nt_irql_ok(PASSIVE_LEVEL, "RtlCompareUnicodeString");
	sched_touch("RtlCompareUnicodeString", a->Buffer, n * sizeof(WCHAR), SIM_READ);
	sched_touch("RtlCompareUnicodeString", b->Buffer, n * sizeof(WCHAR), SIM_READ);
	for (size_t i = 0; i < n; i++) {
		WCHAR x = no_case ? fold(a->Buffer[i]) : a->Buffer[i];
		WCHAR y = no_case ? fold(b->Buffer[i]) : b->Buffer[i];

		if (x != y)
			return (LONG)x - (LONG)y;
	}
	return (LONG)a->Length - (LONG)b->Length;
}

BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN no_case)
{
	return a->Length == b->Length && RtlCompareUnicodeString(a, b, no_case) == 0;
}

SIZE_T RtlCompareMemory(const VOID *a, const VOID *b, SIZE_T length)
{
	const UCHAR *x = a, *y = b;
	SIZE_T n = 0;

	sched_touch("RtlCompareMemory", a, length, SIM_READ);
	sched_touch("RtlCompareMemory", b, length, SIM_READ);
	while (n < length && x[n] == y[n])
		n++;
	return n;
}

/* The driver's own seed decides everything, so a run under the simulator can be repeated. */
ULONG RtlRandomEx(PULONG seed)
{
	uint64_t x = *seed + UINT64_C(0x9e3779b97f4a7c15);

	nt_irql_ok(APC_LEVEL, "RtlRandomEx");
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	*seed = (ULONG)x;
	return (ULONG)((x >> 32) % MAXLONG);
}
