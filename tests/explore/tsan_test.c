/* SPDX-License-Identifier: MIT */
/* What instrumented code calls: each hook reaches the race detector, and what orders threads does.
 */
#include "run_toy.h"

#include "base/atomic.h"
#include "explore/tsan.h"
#include "ntshim/shim.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
__extension__ typedef unsigned __int128 u128;

void __tsan_init(void);

#define PLAIN(name)                                                                                \
	void __tsan_##name(void *p);                                                               \
	static void call_##name(void *p)                                                           \
	{                                                                                          \
		__tsan_##name(p);                                                                  \
	}
/* clang-format off */
#define PLAIN_SIZES(X) \
	X(read1) X(read2) X(read4) X(read8) X(read16) \
	X(write1) X(write2) X(write4) X(write8) X(write16) \
	X(read_write1) X(read_write2) X(read_write4) X(read_write8) X(read_write16) \
	X(unaligned_read2) X(unaligned_read4) X(unaligned_read8) X(unaligned_read16) \
	X(unaligned_write2) X(unaligned_write4) X(unaligned_write8) X(unaligned_write16) \
	X(unaligned_read_write4) \
	X(volatile_read1) X(volatile_read2) X(volatile_read4) X(volatile_read8) \
	X(volatile_write1) X(volatile_write2) X(volatile_write4) X(volatile_write8) \
	X(unaligned_volatile_read4) X(unaligned_volatile_write4)
/* clang-format on */
PLAIN_SIZES(PLAIN)

void __tsan_read_range(void *p, size_t size);
void __tsan_write_range(void *p, size_t size);
void __tsan_vptr_read(void **p);
void __tsan_vptr_update(void **p, void *value);
void *__tsan_memcpy(void *to, const void *from, size_t size);
void *__tsan_memmove(void *to, const void *from, size_t size);
void *__tsan_memset(void *to, int byte, size_t size);

static char other[64];

static void call_read_range(void *p)
{
	__tsan_read_range(p, 24);
}

static void call_write_range(void *p)
{
	__tsan_write_range(p, 24);
}

static void call_vptr_read(void *p)
{
	__tsan_vptr_read(p);
}

static void call_vptr_update(void *p)
{
	__tsan_vptr_update(p, p);
}

static void call_memcpy_from(void *p)
{
	__tsan_memcpy(other, p, 8);
}

static void call_memmove_to(void *p)
{
	__tsan_memmove(p, other, 8);
}

static void call_memset(void *p)
{
	__tsan_memset(p, 0, 8);
}

#define ATOMIC(bits)                                                                               \
	u##bits __tsan_atomic##bits##_load(const volatile u##bits *p, int order);                  \
	void __tsan_atomic##bits##_store(volatile u##bits *p, u##bits v, int order);               \
	u##bits __tsan_atomic##bits##_exchange(volatile u##bits *p, u##bits v, int order);         \
	u##bits __tsan_atomic##bits##_fetch_add(volatile u##bits *p, u##bits v, int order);        \
	u##bits __tsan_atomic##bits##_fetch_sub(volatile u##bits *p, u##bits v, int order);        \
	u##bits __tsan_atomic##bits##_fetch_and(volatile u##bits *p, u##bits v, int order);        \
	u##bits __tsan_atomic##bits##_fetch_or(volatile u##bits *p, u##bits v, int order);         \
	u##bits __tsan_atomic##bits##_fetch_xor(volatile u##bits *p, u##bits v, int order);        \
	u##bits __tsan_atomic##bits##_fetch_nand(volatile u##bits *p, u##bits v, int order);       \
	int __tsan_atomic##bits##_compare_exchange_strong(volatile u##bits *p, u##bits *expected,  \
							  u##bits v, int order, int failed);       \
	u##bits __tsan_atomic##bits##_compare_exchange_val(volatile u##bits *p, u##bits expected,  \
							   u##bits v, int order, int failed);      \
	static void call_load##bits(void *p)                                                       \
	{                                                                                          \
		(void)__tsan_atomic##bits##_load(p, 0);                                            \
	}                                                                                          \
	static void call_store##bits(void *p)                                                      \
	{                                                                                          \
		__tsan_atomic##bits##_store(p, 1, 0);                                              \
	}                                                                                          \
	static void call_add##bits(void *p)                                                        \
	{                                                                                          \
		(void)__tsan_atomic##bits##_fetch_add(p, 1, 0);                                    \
	}                                                                                          \
	static void call_swap##bits(void *p)                                                       \
	{                                                                                          \
		(void)__tsan_atomic##bits##_compare_exchange_val(p, 0, 1, 0, 0);                   \
	}
ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)
ATOMIC(128)

#define ROW(name)	  {#name, call_##name},
#define ATOMIC_ROWS(bits) ROW(load##bits) ROW(store##bits) ROW(add##bits) ROW(swap##bits)

/* clang-format off */
static const struct {
	const char *name;
	void (*call)(void *p);
} hooks[] = {
	PLAIN_SIZES(ROW)
	ROW(read_range) ROW(write_range) ROW(vptr_read) ROW(vptr_update)
	ROW(memcpy_from) ROW(memmove_to) ROW(memset)
	ATOMIC_ROWS(8) ATOMIC_ROWS(16) ATOMIC_ROWS(32) ATOMIC_ROWS(64) ATOMIC_ROWS(128)
};
/* clang-format on */

/* ---- the toy -------------------------------------------------------------------------------- */

static _Alignas(16) u64 x[4];
static unsigned hook;
static struct lock lock;
static KEVENT event;
static volatile u32 flag;

static void write_x(UNUSED void *arg)
{
	__tsan_write8(x);
	x[0] = 1;
}

static void call_hook(UNUSED void *arg)
{
	hooks[hook].call(x);
}

static void set_up(void)
{
	__tsan_init();
	lock_init(&lock, "toy", 1);
	nt_wait_start();
	KeInitializeEvent(&event, NotificationEvent, FALSE);
}

static bool races(void (*a)(void *), void (*b)(void *), enum explore_strategy strategy)
{
	struct toy t = {.set_up = set_up, .a = a, .b = b};
	struct explore_result r = {0};
	bool found;

	if (!toy_explore(&t, strategy, &r))
		return false;
	found = toy_found(&r, EXPLORE_DataRace) != NULL;
	CHECK_EQ_U(r.n_found, found);
	CHECK_EQ_U(r.claim, strategy == EXPLORE_ALL ? EXPLORE_CLAIM_ALL : EXPLORE_CLAIM_ONE);
	explore_result_free(&r);
	return found;
}

/* False: this build has no controlled world. */
static bool is_supported(void)
{
	struct toy t = {.set_up = set_up, .a = write_x, .b = write_x};
	struct explore_result r = {0};

	if (!toy_explore(&t, EXPLORE_REPLAY, &r))
		return false;
	CHECK(toy_found(&r, EXPLORE_DataRace));
	explore_result_free(&r);
	return true;
}

TEST(every_hook_reports_an_access)
{
	if (!is_supported())
		return;
	for (hook = 0; hook < ARRAY_LEN(hooks); hook++)
		if (!races(write_x, call_hook, EXPLORE_REPLAY))
			ck_abort_msg("%s did not report", hooks[hook].name);
}

static void atomic_add(UNUSED void *arg)
{
	call_add32(x);
}

TEST(two_atomic_accesses_do_not_race)
{
	CHECK(!races(atomic_add, atomic_add, EXPLORE_ALL));
}

static void write_locked(UNUSED void *arg)
{
	lock_take(&lock);
	write_x(NULL);
	lock_drop(&lock);
}

TEST(a_lock_orders_in_every_schedule)
{
	CHECK(!races(write_locked, write_locked, EXPLORE_ALL));
	if (is_supported())
		CHECK(races(write_locked, write_x, EXPLORE_ALL));
}

static void write_and_set(UNUSED void *arg)
{
	write_x(NULL);
	KeSetEvent(&event, 0, FALSE);
}

static void wait_and_write(UNUSED void *arg)
{
	KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
	write_x(NULL);
}

static void set_and_write(UNUSED void *arg)
{
	KeSetEvent(&event, 0, FALSE);
	write_x(NULL);
}

TEST(an_event_orders_what_came_before_it_is_set)
{
	CHECK(!races(write_and_set, wait_and_write, EXPLORE_ALL));
	if (is_supported())
		CHECK(races(set_and_write, wait_and_write, EXPLORE_ALL));
}

static void write_and_join(UNUSED void *arg)
{
	struct thread *t;

	write_x(NULL);
	CHECK_OK(thread_start(&t, "child", write_x, NULL));
	thread_join(t);
	write_x(NULL);
}

static void do_nothing(UNUSED void *arg)
{
}

TEST(starting_and_joining_order)
{
	CHECK(!races(write_and_join, do_nothing, EXPLORE_ALL));
}

static void write_and_release(UNUSED void *arg)
{
	write_x(NULL);
	__tsan_volatile_write4((void *)(uintptr_t)&flag);
	flag = 1;
}

static void acquire_and_write(UNUSED void *arg)
{
	__tsan_volatile_read4((void *)(uintptr_t)&flag);
	if (flag)
		write_x(NULL);
}

TEST(volatile_orders_as_microsofts_compiler_has_it)
{
	CHECK(!races(write_and_release, acquire_and_write, EXPLORE_ALL));
}

static void write_own_stack(UNUSED void *arg)
{
	u64 mine = 0;

	__tsan_write8(&mine);
	CHECK(!sim_controlled() || sim_own_stack(&mine));
}

TEST(the_own_stack_is_left_out)
{
	CHECK(!races(write_own_stack, write_own_stack, EXPLORE_ALL));
}

/* ---- freed memory --------------------------------------------------------------------------- */

static void read_freed(UNUSED void *arg)
{
	u64 *p = mem_alloc(64);

	CHECK(p);
	mem_free(p);
	__tsan_read8(p + 2);
}

TEST(reading_what_was_freed_ends_the_run)
{
	struct toy t = {.set_up = set_up, .a = read_freed, .b = do_nothing};
	struct explore_result r = {0};

	if (!toy_explore(&t, EXPLORE_REPLAY, &r))
		return;
	CHECK(toy_found(&r, EXPLORE_UseAfterFree));
	CHECK_EQ_U(r.n_found, 1);
	explore_result_free(&r);
}
