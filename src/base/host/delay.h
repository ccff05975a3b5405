/* SPDX-License-Identifier: MIT */
/*
 * delay - threads of the system, shaken: for tests that look for races with real threads.
 *
 * Where sim would choose who goes on (atomic words, locks, read sections, the borders of callbacks)
 * a host program with assertions looks at one flag; once thread_delays (thread.h) has set it, the
 * thread now and then yields, spins or sleeps there, by numbers of its own.  Included by the inline
 * headers of base/host and by atomic.h.  In a release build a point is nothing.
 */
#pragma once

#include "base/compiler.h"

#ifdef NDEBUG

#define DELAY_POINT() ((void)0)

#else

#include <stdatomic.h>

extern _Atomic(uint32_t) delay_one_in; /* 0: nobody is delayed */

/* Keeps errno. */
void delay_perhaps(void);

#define DELAY_POINT()                                                                              \
	do {                                                                                       \
		if (UNLIKELY(atomic_load_explicit(&delay_one_in, memory_order_relaxed)))           \
			delay_perhaps();                                                           \
	} while (0)

#endif
