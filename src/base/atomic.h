/* SPDX-License-Identifier: MIT */
/*
 * atomic - words that several threads change without a lock.
 *
 * Plain names are sequentially consistent; _acquire, _release and _relaxed say what they are.
 * Arithmetic and bit operations return the NEW value.  In sim every operation is a scheduling
 * point, except the relaxed ones: those are for counters that decide nothing.
 */
#pragma once

#include "base/compiler.h"
#include "base/sim_access.h"

#include <stdatomic.h>

#ifdef BASE_DRD
#include "base/host/drd.h"
#endif

struct atom32 {
	_Atomic(uint32_t) v;
};

struct atom64 {
	_Atomic(uint64_t) v;
};

struct atomptr {
	_Atomic(void *) v;
};

#ifdef BASE_SIM
void sched_op(const char *what, const void *object, unsigned access, unsigned sync);
#define ATOMIC_LOADS(a)	  sched_op("load", a, SIM_READ, SIM_SYNC_ACQUIRE)
#define ATOMIC_STORES(a)  sched_op("store", a, SIM_WRITE, SIM_SYNC_RELEASE)
#define ATOMIC_CHANGES(a) sched_op("atomic", a, SIM_WRITE, SIM_SYNC_BOTH)
#else
#include "base/host/delay.h"
#define ATOMIC_LOADS(a)	  DELAY_POINT()
#define ATOMIC_STORES(a)  DELAY_POINT()
#define ATOMIC_CHANGES(a) DELAY_POINT()
#endif

/* Before the object is visible to others. */
#define ATOMIC_DEFINE_INIT(name, type)                                                             \
	static inline void name##_init(struct name *a, type value)                                 \
	{                                                                                          \
		atomic_init(&a->v, value);                                                         \
	}

#define ATOMIC_DEFINE_LOAD(name, type, suffix, order, point)                                       \
	static inline type name##_load##suffix(const struct name *a)                               \
	{                                                                                          \
		point;                                                                             \
		return atomic_load_explicit(&a->v, order);                                         \
	}

#define ATOMIC_DEFINE_STORE(name, type, suffix, order, point)                                      \
	static inline void name##_store##suffix(struct name *a, type value)                        \
	{                                                                                          \
		point;                                                                             \
		atomic_store_explicit(&a->v, value, order);                                        \
	}

/* The new value is the old one with the same operation applied again. */
#define ATOMIC_DEFINE_FETCH(name, type, verb, fetch, op, suffix, order, point)                     \
	static inline type name##_##verb##suffix(struct name *a, type value)                       \
	{                                                                                          \
		point;                                                                             \
		return (type)(fetch(&a->v, value, order) op value);                                \
	}

#define ATOMIC_DEFINE_EXCHANGE(name, type)                                                         \
	static inline type name##_exchange(struct name *a, type value)                             \
	{                                                                                          \
		ATOMIC_CHANGES(a);                                                                 \
		return atomic_exchange(&a->v, value);                                              \
	}

/* True: *a was *expected and is desired now.  False: *expected holds what was found. */
#define ATOMIC_DEFINE_CAS(name, type)                                                              \
	static inline bool name##_cas(struct name *a, type *expected, type desired)                \
	{                                                                                          \
		ATOMIC_CHANGES(a);                                                                 \
		return atomic_compare_exchange_strong(&a->v, expected, desired);                   \
	}

#define ATOMIC_DEFINE_CELL(name, type)                                                             \
	ATOMIC_DEFINE_INIT(name, type)                                                             \
	ATOMIC_DEFINE_LOAD(name, type, , memory_order_seq_cst, ATOMIC_LOADS(a))                    \
	ATOMIC_DEFINE_LOAD(name, type, _acquire, memory_order_acquire, ATOMIC_LOADS(a))            \
	ATOMIC_DEFINE_LOAD(name, type, _relaxed, memory_order_relaxed, (void)0)                    \
	ATOMIC_DEFINE_STORE(name, type, , memory_order_seq_cst, ATOMIC_STORES(a))                  \
	ATOMIC_DEFINE_STORE(name, type, _release, memory_order_release, ATOMIC_STORES(a))          \
	ATOMIC_DEFINE_STORE(name, type, _relaxed, memory_order_relaxed, (void)0)                   \
	ATOMIC_DEFINE_EXCHANGE(name, type)                                                         \
	ATOMIC_DEFINE_CAS(name, type)

#define ATOMIC_DEFINE_MATH(name, type, verb, fetch, op)                                            \
	ATOMIC_DEFINE_FETCH(name, type, verb, fetch, op, , memory_order_seq_cst,                   \
			    ATOMIC_CHANGES(a))                                                     \
	ATOMIC_DEFINE_FETCH(name, type, verb, fetch, op, _acquire, memory_order_acquire,           \
			    ATOMIC_CHANGES(a))                                                     \
	ATOMIC_DEFINE_FETCH(name, type, verb, fetch, op, _release, memory_order_release,           \
			    ATOMIC_CHANGES(a))                                                     \
	ATOMIC_DEFINE_FETCH(name, type, verb, fetch, op, _relaxed, memory_order_relaxed, (void)0)

#define ATOMIC_DEFINE_NUMBER(name, type)                                                           \
	ATOMIC_DEFINE_CELL(name, type)                                                             \
	ATOMIC_DEFINE_MATH(name, type, add, atomic_fetch_add_explicit, +)                          \
	ATOMIC_DEFINE_MATH(name, type, sub, atomic_fetch_sub_explicit, -)                          \
	ATOMIC_DEFINE_MATH(name, type, or, atomic_fetch_or_explicit, |)                            \
	ATOMIC_DEFINE_MATH(name, type, and, atomic_fetch_and_explicit, &)

ATOMIC_DEFINE_NUMBER(atom32, uint32_t)
ATOMIC_DEFINE_NUMBER(atom64, uint64_t)
ATOMIC_DEFINE_CELL(atomptr, void *)
