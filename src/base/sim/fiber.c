/* SPDX-License-Identifier: MIT */
/*
 * fiber - stacks, contexts, and telling the sanitizers about both.
 *
 * AddressSanitizer must know which stack is in use and ThreadSanitizer which history; both have an
 * interface for exactly this.
 */
#include "base/sim/fiber.h"

#include "base/mem.h"

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

/* Who switched last, for the first steps on the other side. */
static struct thread *switched_from;

static wfp_err stack_create(struct thread *t)
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
	t->asan_bottom = stack;
	t->asan_size = STACK_SIZE;
	return ERR_OK;
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
	BUG_ON(getcontext(&t->context));
	t->context.uc_stack.ss_sp = t->stack;
	t->context.uc_stack.ss_size = t->stack_size;
	makecontext(&t->context, entry, 0);
	/* Else AddressSanitizer forgets what it knows of the whole stack at every switch. */
	t->context.uc_stack = (stack_t){0};
#ifdef BASE_TSAN
	t->tsan_fiber = __tsan_create_fiber(0);
#endif
	*out = t;
	return ERR_OK;
}

void fiber_destroy(struct thread *t)
{
#ifdef BASE_ASAN
	/* The next stack at this address must not inherit what is poisoned in this one. */
	__asan_unpoison_memory_region(t->stack, t->stack_size);
#endif
#ifdef BASE_TSAN
	__tsan_destroy_fiber(t->tsan_fiber);
#endif
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

void fiber_switch(struct thread *from, struct thread *to)
{
	switched_from = from;
#ifdef BASE_ASAN
	__sanitizer_start_switch_fiber(from->done ? NULL : &from->asan_fake_stack, to->asan_bottom,
				       to->asan_size);
#endif
#ifdef BASE_TSAN
	__tsan_switch_to_fiber(to->tsan_fiber, 0);
#endif
	BUG_ON(swapcontext(&from->context, &to->context));
	arrived(from);
}
