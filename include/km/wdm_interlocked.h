/* SPDX-License-Identifier: MIT */
/*
 * Interlocked operations, a part of wdm.h: include that.
 *
 * They are functions and not compiler intrinsics because each is a point where another thread may
 * run: a schedule explorer that links another kernel must get hold of every one of them. All are
 * full barriers. The value is the old one, but for Increment, Decrement and Add, which give the
 * new one.
 */
#pragma once

#include "ntdef.h"

NTKERNELAPI LONG NTAPI InterlockedIncrement(LONG volatile *Addend);
NTKERNELAPI LONG NTAPI InterlockedDecrement(LONG volatile *Addend);
NTKERNELAPI LONG NTAPI InterlockedAdd(LONG volatile *Addend, LONG Value);
NTKERNELAPI LONG NTAPI InterlockedExchange(LONG volatile *Target, LONG Value);
NTKERNELAPI LONG NTAPI InterlockedExchangeAdd(LONG volatile *Addend, LONG Value);
/* Note the order: the new value comes before the expected one. */
NTKERNELAPI LONG NTAPI InterlockedCompareExchange(LONG volatile *Destination, LONG Exchange,
						  LONG Comperand);
NTKERNELAPI LONG NTAPI InterlockedAnd(LONG volatile *Destination, LONG Value);
NTKERNELAPI LONG NTAPI InterlockedOr(LONG volatile *Destination, LONG Value);
NTKERNELAPI LONG NTAPI InterlockedXor(LONG volatile *Destination, LONG Value);

NTKERNELAPI LONG64 NTAPI InterlockedIncrement64(LONG64 volatile *Addend);
NTKERNELAPI LONG64 NTAPI InterlockedDecrement64(LONG64 volatile *Addend);
NTKERNELAPI LONG64 NTAPI InterlockedAdd64(LONG64 volatile *Addend, LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedExchange64(LONG64 volatile *Target, LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedExchangeAdd64(LONG64 volatile *Addend, LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedCompareExchange64(LONG64 volatile *Destination, LONG64 Exchange,
						      LONG64 Comperand);
NTKERNELAPI LONG64 NTAPI InterlockedAnd64(LONG64 volatile *Destination, LONG64 Value);
NTKERNELAPI LONG64 NTAPI InterlockedOr64(LONG64 volatile *Destination, LONG64 Value);

NTKERNELAPI PVOID NTAPI InterlockedExchangePointer(PVOID volatile *Target, PVOID Value);
NTKERNELAPI PVOID NTAPI InterlockedCompareExchangePointer(PVOID volatile *Destination,
							  PVOID Exchange, PVOID Comperand);

NTKERNELAPI VOID NTAPI KeMemoryBarrier(VOID);
