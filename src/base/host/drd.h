/* SPDX-License-Identifier: MIT */
/*
 * drd - atomic operations that say to valgrind's DRD what they order; for builds with BASE_DRD.
 *
 * DRD knows mutexes and conditions, but an atomic word tells it nothing: what one thread wrote
 * before a release, and another reads after the acquire, would look like a race.  So the generic
 * functions of stdatomic.h are replaced, below atomic.h and rcu.h, by the same with an annotation:
 * "happens before" ahead of a release, "happens after" behind an acquire, both around what is both.
 * A store is made an exchange: DRD takes a locked instruction for a read, and reads do not
 * conflict, so the words themselves need no suppressions.  gcc only.
 */
#pragma once

#include <stdatomic.h>
#include <valgrind/drd.h>

#define DRD_RELEASES(order) ((order) != memory_order_relaxed && (order) != memory_order_acquire)
#define DRD_ACQUIRES(order) ((order) != memory_order_relaxed && (order) != memory_order_release)

#define DRD_BEFORE(p, order)                                                                       \
	do {                                                                                       \
		if (DRD_RELEASES(order))                                                           \
			ANNOTATE_HAPPENS_BEFORE(p);                                                \
	} while (0)

#define DRD_AFTER(p, order)                                                                        \
	do {                                                                                       \
		if (DRD_ACQUIRES(order))                                                           \
			ANNOTATE_HAPPENS_AFTER(p);                                                 \
	} while (0)

/* p is evaluated once. */
#define DRD_AROUND(p, order, operation)                                                            \
	({                                                                                         \
		__auto_type drd_p = (p);                                                           \
		DRD_BEFORE(drd_p, order);                                                          \
		__auto_type drd_was = (operation);                                                 \
		DRD_AFTER(drd_p, order);                                                           \
		drd_was;                                                                           \
	})

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_fetch_or_explicit
#undef atomic_fetch_and_explicit
#undef atomic_exchange
#undef atomic_compare_exchange_strong

#define atomic_load_explicit(p, order)                                                             \
	({                                                                                         \
		__auto_type drd_p = (p);                                                           \
		__auto_type drd_was = __atomic_load_n(drd_p, order);                               \
		DRD_AFTER(drd_p, order);                                                           \
		drd_was;                                                                           \
	})
#define atomic_store_explicit(p, value, order)                                                     \
	((void)DRD_AROUND(p, order, __atomic_exchange_n(drd_p, value, order)))
#define atomic_fetch_add_explicit(p, value, order)                                                 \
	DRD_AROUND(p, order, __atomic_fetch_add(drd_p, value, order))
#define atomic_fetch_sub_explicit(p, value, order)                                                 \
	DRD_AROUND(p, order, __atomic_fetch_sub(drd_p, value, order))
#define atomic_fetch_or_explicit(p, value, order)                                                  \
	DRD_AROUND(p, order, __atomic_fetch_or(drd_p, value, order))
#define atomic_fetch_and_explicit(p, value, order)                                                 \
	DRD_AROUND(p, order, __atomic_fetch_and(drd_p, value, order))
#define atomic_exchange(p, value)                                                                  \
	DRD_AROUND(p, memory_order_seq_cst, __atomic_exchange_n(drd_p, value, memory_order_seq_cst))
#define atomic_compare_exchange_strong(p, expected, desired)                                       \
	DRD_AROUND(p, memory_order_seq_cst,                                                        \
		   __atomic_compare_exchange_n(drd_p, expected, desired, false,                    \
					       memory_order_seq_cst, memory_order_seq_cst))
