/* SPDX-License-Identifier: MIT */
/*
 * fingerprint - one number for the state of the controlled world.
 *
 * A run depends on what the snapshot remembers and on the controller's choices, and on nothing
 * else: that is what makes it repeatable.  What follows where the controller is asked no more is
 * therefore a function of the memory that is alive there:
 *
 *	variables, and blocks from before the world was ready: pages unlike the snapshot's
 *	blocks of this run that were not freed: address, size, content
 *	threads: their stacks from the stack pointer up, with saved registers
 *
 * Left out is only what nobody can read any more: stacks below their pointers, and blocks that were
 * freed (guarded ones trap, and the others hold a pattern that is checked after each run).
 */
#include "base/sim/fingerprint.h"

#include "base/sim/blocks.h"
#include "base/sim/control.h"
#include "base/sim/world.h"

#include <string.h>

#define KEY_A UINT64_C(0x9E3779B97F4A7C15)
#define KEY_B UINT64_C(0xC2B2AE3D27D4EB4F)
#define KEY_C UINT64_C(0x165667B19E3779F9)
#define KEY_D UINT64_C(0xD6E8FEB86659FD93)

__extension__ typedef unsigned __int128 wide;

/* All bits of both reach all bits. */
static inline uint64_t fold(uint64_t a, uint64_t b)
{
	const wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Two more words. */
static inline uint64_t fold_in(uint64_t lane, const uint8_t *at, uint64_t key)
{
	uint64_t pair[2];

	memcpy(pair, at, sizeof(pair));
	return fold(pair[0] ^ key, pair[1] ^ lane);
}

/* Four lanes, because a multiplication waits for the one before it. */
struct lanes {
	uint64_t a, b, c, d;
};

#define STEP (8 * sizeof(uint64_t))

static inline struct lanes fold_all_in(struct lanes l, const uint8_t *at)
{
	return (struct lanes){
		.a = fold_in(l.a, at, KEY_A),
		.b = fold_in(l.b, at + STEP / 4, KEY_B),
		.c = fold_in(l.c, at + STEP / 2, KEY_C),
		.d = fold_in(l.d, at + STEP / 4 * 3, KEY_D),
	};
}

uint64_t fingerprint_bytes(uint64_t seed, const void *bytes, size_t size)
{
	struct lanes l = {seed ^ KEY_D, seed ^ KEY_C, seed ^ KEY_B, seed ^ KEY_A};
	const uint8_t *at = bytes;
	uint8_t rest[STEP] = {0};
	size_t left = size;

	for (; left >= STEP; left -= STEP, at += STEP)
		l = fold_all_in(l, at);
	memcpy(rest, at, left);
	l = fold_all_in(l, rest);
	return fold(fold(l.a ^ KEY_A, l.b ^ size), fold(l.c ^ KEY_B, l.d ^ seed) ^ KEY_C);
}

#if SWITCH_OWN

static enum snapshot_page_use use_of(const char *page)
{
	if (control_in_stacks(page))
		return SNAPSHOT_LEAVE_OUT;
	return blocks_forbid(page) ? SNAPSHOT_FORBIDDEN : SNAPSHOT_READ;
}

static uint64_t print_stack(const struct thread *t, const void *from)
{
	const char *end = (const char *)t->stack + t->stack_size;

	return fingerprint_bytes(t->id, from, (size_t)(end - (const char *)from));
}

/* From here up: all that the callers keep. */
static __attribute__((noinline)) uint64_t print_own_stack(void)
{
	return print_stack(world.self, __builtin_frame_address(0));
}

uint64_t sim_fingerprint(void)
{
	uint64_t sum;

	__builtin_unwind_init(); /* the callers' registers are on the stack, too */
	if (!control_on || !control->exploring)
		return 0;
	control_points_forget();
	sum = print_own_stack();
	for (const struct thread *t = world_walk(NULL); t; t = world_walk(t))
		if (t != world.self && t->stack)
			sum += print_stack(t, t->sp);
	sum += snapshot_fingerprint(&control->snapshot, use_of) + blocks_fingerprint();
	return sum | 1;
}

#else

uint64_t sim_fingerprint(void)
{
	return 0;
}

#endif
