/* SPDX-License-Identifier: MIT */
/*
 * tsan - the interface between instrumented code and whoever watches it: the names are gcc's and
 * clang's, the behaviour ours.
 *
 * One thread runs at a time, so after its announcement an atomic operation is a plain one.  The
 * stacks of calls are in the program's variables on purpose: a rewind puts them back as they were
 * when the world was ready, like the threads that stand in those calls.
 */
#include "explore/tsan.h"

#include "base/sim_control.h"
#include "base/thread.h"
#include "explore/race.h"
#include "explore/race_watch.h"
#include "ntshim/nt.h"

#include <stdio.h>
#include <string.h>

#ifndef BASE_TSAN /* there the real ones are linked in */

#define CALLS_MAX     32u
#define HOOK	      __attribute__((visibility("default")))
#define RETURN_TO     __builtin_return_address(0)
#define ORDER_RELAXED 0
#define ORDER_CONSUME 1
#define ORDER_ACQUIRE 2
#define ORDER_RELEASE 3

static struct {
	uint32_t depth; /* may be more than fits: what is deeper is not kept */
	const void *access;
	void *calls[CALLS_MAX];
} stacks[RACE_THREADS];

/*
 * Set when instrumented code is loaded, or runs: a second world finds the object loaded already,
 * and its variables as they were.  Either is before the world is ready.
 */
static bool used;

bool tsan_is_used(void)
{
	return used;
}

uint32_t tsan_stack(void **frames, uint32_t max)
{
	uint32_t id = thread_id(), n = 0, depth;

	if (id >= RACE_THREADS || !stacks[id].access)
		return 0;
	frames[n++] = (void *)(uintptr_t)stacks[id].access;
	depth = stacks[id].depth < CALLS_MAX ? stacks[id].depth : CALLS_MAX;
	while (n < max && depth > 0)
		frames[n++] = stacks[id].calls[--depth];
	return n;
}

/*
 * Freed memory is filled, so that most accesses need no look at the heap; what was guarded cannot
 * be looked at, and ends the run here.
 */
static void refuse_freed(const void *address, uint32_t size, enum sim_access access)
{
	const struct nt_driver *d = thread_slot_get(THREAD_SLOT_DRIVER);
	struct explore_finding f = {.rule = EXPLORE_UseAfterFree};
	struct sim_block b;

	if (*(const uint8_t *)address != SIM_FREED || !sim_block_find(address, &b) || !b.freed)
		return;
	snprintf(f.driver, sizeof(f.driver), "%s", d ? nt_driver_name(d) : "");
	snprintf(f.sentence, sizeof(f.sentence),
		 "%s %s %u bytes in a block of %zu bytes that thread %u had freed",
		 d ? nt_driver_name(d) : "somebody", access == SIM_READ ? "read" : "wrote",
		 (unsigned)size, b.size, (unsigned)b.freed_by);
	f.here.thread = thread_id();
	f.here.n = tsan_stack(f.here.frames, EXPLORE_FRAMES);
	f.there.thread = b.freed_by;
	while (b.freed_at && f.there.n < EXPLORE_FRAMES && b.freed_at[f.there.n]) {
		f.there.frames[f.there.n] = b.freed_at[f.there.n];
		f.there.n++;
	}
	explore_found(&f, false);
}

/* The point comes first: what it lets others do has happened before the access. */
static void access_plain(const void *address, uint32_t size, enum sim_access access,
			 const void *from)
{
	uint32_t id;

	if (!sim_controlled() || sim_own_stack(address))
		return;
	id = thread_id();
	if (id < RACE_THREADS)
		stacks[id].access = from;
	sim_plain(address, size, access);
	refuse_freed(address, size, access);
	race_watch_plain(address, size, access == SIM_WRITE, from);
}

static void access_atomic(const void *address, uint32_t size, enum sim_access access,
			  enum sim_sync sync, const void *from)
{
	uint32_t id;

	if (!sim_controlled())
		return;
	id = thread_id();
	if (id < RACE_THREADS)
		stacks[id].access = from;
	sched_op("atomic", address, access, sync);
	race_watch_atomic(address, size, access == SIM_WRITE, from);
}

static uint32_t clip(size_t size)
{
	return size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
}

/* ---- calls ---------------------------------------------------------------------------------- */

HOOK void __tsan_init(void);
void __tsan_init(void)
{
	used = true;
}

HOOK void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller)
{
	uint32_t id = thread_id();

	used = true;
	if (id >= RACE_THREADS)
		return;
	if (stacks[id].depth < CALLS_MAX)
		stacks[id].calls[stacks[id].depth] = caller;
	stacks[id].depth++;
}

HOOK void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
	uint32_t id = thread_id();

	if (id < RACE_THREADS && stacks[id].depth > 0)
		stacks[id].depth--;
}

/* ---- plain and volatile accesses ------------------------------------------------------------ */

#define DEFINE_PLAIN(name, size, access)                                                           \
	HOOK void __tsan_##name(void *p);                                                          \
	void __tsan_##name(void *p)                                                                \
	{                                                                                          \
		access_plain(p, size, access, RETURN_TO);                                          \
	}

#define DEFINE_VOLATILE(name, size, access, sync)                                                  \
	HOOK void __tsan_##name(void *p);                                                          \
	void __tsan_##name(void *p)                                                                \
	{                                                                                          \
		access_atomic(p, size, access, sync, RETURN_TO);                                   \
	}

/* A read_write is one place that the code reads and then writes: the write says it all. */
#define DEFINE_SIZE(size)                                                                          \
	DEFINE_PLAIN(read##size, size, SIM_READ)                                                   \
	DEFINE_PLAIN(write##size, size, SIM_WRITE)                                                 \
	DEFINE_PLAIN(read_write##size, size, SIM_WRITE)                                            \
	DEFINE_PLAIN(unaligned_read##size, size, SIM_READ)                                         \
	DEFINE_PLAIN(unaligned_write##size, size, SIM_WRITE)                                       \
	DEFINE_PLAIN(unaligned_read_write##size, size, SIM_WRITE)                                  \
	DEFINE_VOLATILE(volatile_read##size, size, SIM_READ, SIM_SYNC_ACQUIRE)                     \
	DEFINE_VOLATILE(volatile_write##size, size, SIM_WRITE, SIM_SYNC_RELEASE)                   \
	DEFINE_VOLATILE(unaligned_volatile_read##size, size, SIM_READ, SIM_SYNC_ACQUIRE)           \
	DEFINE_VOLATILE(unaligned_volatile_write##size, size, SIM_WRITE, SIM_SYNC_RELEASE)

DEFINE_SIZE(1)
DEFINE_SIZE(2)
DEFINE_SIZE(4)
DEFINE_SIZE(8)
DEFINE_SIZE(16)

HOOK void __tsan_read_range(void *p, size_t size);
void __tsan_read_range(void *p, size_t size)
{
	access_plain(p, clip(size), SIM_READ, RETURN_TO);
}

HOOK void __tsan_write_range(void *p, size_t size);
void __tsan_write_range(void *p, size_t size)
{
	access_plain(p, clip(size), SIM_WRITE, RETURN_TO);
}

HOOK void __tsan_vptr_read(void **p);
void __tsan_vptr_read(void **p)
{
	access_plain(p, sizeof(*p), SIM_READ, RETURN_TO);
}

HOOK void __tsan_vptr_update(void **p, void *value);
void __tsan_vptr_update(void **p, void *value)
{
	if (*p != value)
		access_plain(p, sizeof(*p), SIM_WRITE, RETURN_TO);
}

/* ---- memory functions: clang calls these, gcc when the driver is compiled with -Dmemcpy=... -- */

HOOK void *__tsan_memcpy(void *to, const void *from, size_t size);
void *__tsan_memcpy(void *to, const void *from, size_t size)
{
	access_plain(from, clip(size), SIM_READ, RETURN_TO);
	access_plain(to, clip(size), SIM_WRITE, RETURN_TO);
	return memcpy(to, from, size);
}

HOOK void *__tsan_memmove(void *to, const void *from, size_t size);
void *__tsan_memmove(void *to, const void *from, size_t size)
{
	access_plain(from, clip(size), SIM_READ, RETURN_TO);
	access_plain(to, clip(size), SIM_WRITE, RETURN_TO);
	return memmove(to, from, size);
}

HOOK void *__tsan_memset(void *to, int byte, size_t size);
void *__tsan_memset(void *to, int byte, size_t size)
{
	access_plain(to, clip(size), SIM_WRITE, RETURN_TO);
	return memset(to, byte, size);
}

/* ---- atomics -------------------------------------------------------------------------------- */

/* Of C11's memory orders, as numbers; consume is acquire. */
static enum sim_sync sync_of_load(int order)
{
	return order == ORDER_RELAXED ? SIM_SYNC_NONE : SIM_SYNC_ACQUIRE;
}

static enum sim_sync sync_of_store(int order)
{
	return order == ORDER_RELAXED ? SIM_SYNC_NONE : SIM_SYNC_RELEASE;
}

static enum sim_sync sync_of_change(int order)
{
	switch (order) {
	case ORDER_RELAXED:
		return SIM_SYNC_NONE;
	case ORDER_CONSUME:
	case ORDER_ACQUIRE:
		return SIM_SYNC_ACQUIRE;
	case ORDER_RELEASE:
		return SIM_SYNC_RELEASE;
	default:
		return SIM_SYNC_BOTH;
	}
}

#define DEFINE_FETCH(bits, type, name, value)                                                      \
	HOOK type __tsan_atomic##bits##_##name(volatile type *p, type v, int order);               \
	type __tsan_atomic##bits##_##name(volatile type *p, type v, int order)                     \
	{                                                                                          \
		type old;                                                                          \
                                                                                                   \
		access_atomic((const void *)(uintptr_t)p, sizeof(type), SIM_WRITE,                 \
			      sync_of_change(order), RETURN_TO);                                   \
		old = *p;                                                                          \
		*p = (type)(value);                                                                \
		return old;                                                                        \
	}

#define DEFINE_EXCHANGE_IF(bits, type, name)                                                       \
	HOOK int __tsan_atomic##bits##_##name(volatile type *p, type *expected, type v, int order, \
					      int failed_order);                                   \
	int __tsan_atomic##bits##_##name(volatile type *p, type *expected, type v, int order,      \
					 int failed_order)                                         \
	{                                                                                          \
		bool same;                                                                         \
                                                                                                   \
		access_atomic((const void *)(uintptr_t)p, sizeof(type), SIM_WRITE,                 \
			      sync_of_change(order), RETURN_TO);                                   \
		same = *p == *expected;                                                            \
		if (same)                                                                          \
			*p = v;                                                                    \
		else                                                                               \
			*expected = *p;                                                            \
		return same;                                                                       \
	}

#define DEFINE_ATOMIC(bits, type)                                                                  \
	HOOK type __tsan_atomic##bits##_load(const volatile type *p, int order);                   \
	type __tsan_atomic##bits##_load(const volatile type *p, int order)                         \
	{                                                                                          \
		access_atomic((const void *)(uintptr_t)p, sizeof(type), SIM_READ,                  \
			      sync_of_load(order), RETURN_TO);                                     \
		return *p;                                                                         \
	}                                                                                          \
	HOOK void __tsan_atomic##bits##_store(volatile type *p, type v, int order);                \
	void __tsan_atomic##bits##_store(volatile type *p, type v, int order)                      \
	{                                                                                          \
		access_atomic((const void *)(uintptr_t)p, sizeof(type), SIM_WRITE,                 \
			      sync_of_store(order), RETURN_TO);                                    \
		*p = v;                                                                            \
	}                                                                                          \
	DEFINE_FETCH(bits, type, exchange, v)                                                      \
	DEFINE_FETCH(bits, type, fetch_add, old + v)                                               \
	DEFINE_FETCH(bits, type, fetch_sub, old - v)                                               \
	DEFINE_FETCH(bits, type, fetch_and, old &v)                                                \
	DEFINE_FETCH(bits, type, fetch_or, old | v)                                                \
	DEFINE_FETCH(bits, type, fetch_xor, old ^ v)                                               \
	DEFINE_FETCH(bits, type, fetch_nand, ~(old & v))                                           \
	DEFINE_EXCHANGE_IF(bits, type, compare_exchange_strong)                                    \
	DEFINE_EXCHANGE_IF(bits, type, compare_exchange_weak)                                      \
	HOOK type __tsan_atomic##bits##_compare_exchange_val(volatile type *p, type expected,      \
							     type v, int order, int failed_order); \
	type __tsan_atomic##bits##_compare_exchange_val(volatile type *p, type expected, type v,   \
							int order, int failed_order)               \
	{                                                                                          \
		type old;                                                                          \
                                                                                                   \
		access_atomic((const void *)(uintptr_t)p, sizeof(type), SIM_WRITE,                 \
			      sync_of_change(order), RETURN_TO);                                   \
		old = *p;                                                                          \
		if (old == expected)                                                               \
			*p = v;                                                                    \
		return old;                                                                        \
	}

DEFINE_ATOMIC(8, uint8_t)
DEFINE_ATOMIC(16, uint16_t)
DEFINE_ATOMIC(32, uint32_t)
DEFINE_ATOMIC(64, uint64_t)
#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 uint128;
DEFINE_ATOMIC(128, uint128)
#endif

/* An operation on one word that all fences share orders everything around them. */
HOOK void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
	static const char word;

	if (sim_controlled() && order != ORDER_RELAXED)
		sched_op("fence", &word, SIM_WRITE, sync_of_change(order));
}

HOOK void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order)
{
}

/* The two name code that must not be watched; ours has none, and what they enclose does no harm. */
HOOK void __tsan_ignore_thread_begin(void);
void __tsan_ignore_thread_begin(void)
{
}

HOOK void __tsan_ignore_thread_end(void);
void __tsan_ignore_thread_end(void)
{
}

#else

bool tsan_is_used(void)
{
	return false;
}

uint32_t tsan_stack(void **frames, uint32_t max)
{
	return 0;
}

#endif
