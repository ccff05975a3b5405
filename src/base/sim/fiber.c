/* SPDX-License-Identifier: MIT */
/*
 * fiber - stacks, contexts, and telling the sanitizers about both.
 *
 * AddressSanitizer must know which stack is in use and ThreadSanitizer which history; both have an
 * interface for exactly this.
 */
#include "base/sim/fiber.h"

#include "base/mem.h"
#include "base/sim/control.h"

#include <stdint.h>
#include <sys/mman.h>

#ifdef BASE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef BASE_TSAN
#include <sanitizer/tsan_interface.h>
#endif

/* Room for sanitizers' frames; pages that are not touched cost nothing. */
#define STACK_SIZE ((size_t)1 << 20)
#define GUARD_SIZE ((size_t)1 << 12)

#ifdef BASE_ASAN
/* Who switched last, for the first steps on the other side. */
static struct thread *switched_from;
#endif

static wfp_err stack_map(struct thread *t)
{
	void *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (stack == MAP_FAILED)
		return ERR_NO_MEMORY;
	if (mprotect(stack, GUARD_SIZE, PROT_NONE) != 0) {
		munmap(stack, STACK_SIZE);
		return ERR_NO_MEMORY;
	}
	t->stack = stack;
	t->stack_size = STACK_SIZE;
	return ERR_OK;
}

static wfp_err stack_create(struct thread *t)
{
	wfp_err err = ERR_OK;

	if (control_on) {
		t->stack_lent = true;
		err = control_stack_lend(&t->stack, &t->stack_size);
	} else {
		err = stack_map(t);
	}
	t->asan_bottom = t->stack;
	t->asan_size = t->stack_size;
	return err;
}

static void context_prepare(struct thread *t, void (*entry)(void))
{
#if SWITCH_OWN
	t->sp = switch_prepare((char *)t->stack + t->stack_size, entry);
#else
	BUG_ON(getcontext(&t->context));
	t->context.uc_stack.ss_sp = t->stack;
	t->context.uc_stack.ss_size = t->stack_size;
	makecontext(&t->context, entry, 0);
	/* Else AddressSanitizer forgets what it knows of the whole stack at every switch. */
	t->context.uc_stack = (stack_t){0};
#endif
}

wfp_err fiber_create(struct thread **out, void (*entry)(void))
{
	struct thread *t = mem_zalloc(sizeof(*t));
	wfp_err err;

	if (!t)
		return ERR_NO_MEMORY;
	err = stack_create(t);
	if (err) {
		mem_free(t);
		return err;
	}
	context_prepare(t, entry);
#ifdef BASE_TSAN
	t->tsan_fiber = __tsan_create_fiber(0);
#endif
	*out = t;
	return ERR_OK;
}

/* The next stack at this address must not inherit what is poisoned in this one. */
void fiber_forget(void *stacks, size_t size)
{
#ifdef BASE_ASAN
	__asan_unpoison_memory_region(stacks, size);
#else
	(void)stacks;
	(void)size;
#endif
}

void fiber_destroy(struct thread *t)
{
	fiber_forget(t->stack, t->stack_size);
#ifdef BASE_TSAN
	__tsan_destroy_fiber(t->tsan_fiber);
#endif
	if (!t->stack_lent)
		munmap(t->stack, t->stack_size);
	mem_free(t);
}

void fiber_adopt(struct thread *t)
{
#ifdef BASE_TSAN
	t->tsan_fiber = __tsan_get_current_fiber();
#else
	(void)t;
#endif
}

/* Both sides of every switch pass here: after the switch, before anything else. */
static void arrived(struct thread *self)
{
#ifdef BASE_ASAN
	__sanitizer_finish_switch_fiber(self->asan_fake_stack, &switched_from->asan_bottom,
					&switched_from->asan_size);
#else
	(void)self;
#endif
}

void fiber_entered(struct thread *self)
{
	arrived(self);
}

static void context_switch(struct thread *from, struct thread *to)
{
#if SWITCH_OWN
	switch_stacks(&from->sp, to->sp);
#else
	/* swapcontext stores the signal mask by a system call, which does not write to a page
	 * that the snapshot watches: such a page is touched before. */
	*(volatile char *)&from->context = *(volatile char *)&from->context;
	*((volatile char *)(&from->context + 1) - 1) = 0;
	from->frame = __builtin_frame_address(0);
	BUG_ON(swapcontext(&from->context, &to->context));
#endif
}

void fiber_switch(struct thread *from, struct thread *to)
{
#ifdef BASE_ASAN
	switched_from = from;
	__sanitizer_start_switch_fiber(from->done ? NULL : &from->asan_fake_stack, to->asan_bottom,
				       to->asan_size);
#endif
#ifdef BASE_TSAN
	__tsan_switch_to_fiber(to->tsan_fiber, 0);
#endif
	context_switch(from, to);
	arrived(from);
}

void *fiber_pc(const struct thread *t)
{
#if SWITCH_OWN
	return switch_pc(t->sp);
#else
	return t->frame ? (void *)((uintptr_t)fiber_switch + 1) : NULL;
#endif
}

void *fiber_frame(const struct thread *t)
{
#if SWITCH_OWN
	return switch_frame(t->sp);
#else
	return t->frame;
#endif
}
