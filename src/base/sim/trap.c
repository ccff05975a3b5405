/* SPDX-License-Identifier: MIT */
/*
 * trap - signals of the controlled world: the first write to a remembered page goes on, everything
 * else is the end of the run.
 *
 * The handlers run on a stack of their own, because the stack they interrupt may be what cannot be
 * written to.  They leave it by switching to the explorer and never return there.  A crash of the
 * explorer itself, on its stack or where its controller is asked, is no verdict about the program:
 * the default action follows.
 */
#include "base/proc.h"
#include "base/sim/blocks.h"
#include "base/sim/control.h"
#include "base/sim/world.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>

#define STACK_SIZE ((size_t)64 << 10)

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

static struct saved {
	struct sigaction actions[ARRAY_LEN(signals)];
	stack_t stack;
	char *own_stack;
} * saved;

static void note_place(const ucontext_t *uc)
{
#if defined(__x86_64__)
	control->crash_pc = (void *)uc->uc_mcontext.gregs[REG_RIP];
	control->crash_frame = (void *)uc->uc_mcontext.gregs[REG_RBP];
#elif defined(__aarch64__)
	control->crash_pc = (void *)uc->uc_mcontext.pc;
	control->crash_frame = (void *)uc->uc_mcontext.regs[29];
#else
	(void)uc;
#endif
}

static bool may_be_write(int signal, const void *address)
{
	return (signal == SIGSEGV || signal == SIGBUS) && !blocks_forbid(address);
}

static enum sim_end end_by(int signal, const void *address)
{
	if (may_be_write(signal, address) && snapshot_overflowed(&control->snapshot, address))
		return SIM_END_MEMORY;
	return signal == SIGABRT ? SIM_END_BUG : SIM_END_CRASHED;
}

/* The next one of its kind does what it did before there was a world. */
static void give_back(int signal)
{
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (signals[i] == signal)
			sigaction(signal, &saved->actions[i], NULL);
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
	int error = errno;

	if (may_be_write(signal, info->si_addr) &&
	    snapshot_touched(&control->snapshot, info->si_addr)) {
		errno = error;
		return;
	}
	if (!control_on || control->asked) {
		give_back(signal);
		if (info->si_code <= 0)
			raise(signal);
		return;
	}
	control->crash = (struct sim_crash){
		.signal = signal,
		.address = signal == SIGSEGV || signal == SIGBUS ? info->si_addr : NULL,
		.text = "",
		.thread = world.self->id,
	};
	note_place(context);
	if (control->breaks)
		proc_break();
	control_leave(end_by(signal, info->si_addr));
}

/* SA_NODEFER: the handler is left by a switch, so nothing must stay blocked. */
static void actions_begin(void)
{
	struct sigaction action = {.sa_sigaction = on_signal,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		BUG_ON(sigaction(signals[i], &action, &saved->actions[i]) != 0);
}

wfp_err trap_begin(void)
{
	stack_t own = {.ss_size = STACK_SIZE};

	saved = calloc(1, sizeof(*saved));
	if (!saved)
		return ERR_NO_MEMORY;
	saved->own_stack = malloc(STACK_SIZE);
	own.ss_sp = saved->own_stack;
	if (!saved->own_stack || sigaltstack(&own, &saved->stack) != 0) {
		free(saved->own_stack);
		free(saved);
		saved = NULL;
		return ERR_NO_MEMORY;
	}
	actions_begin();
	return ERR_OK;
}

void trap_end(void)
{
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaction(signals[i], &saved->actions[i], NULL);
	sigaltstack(&saved->stack, NULL);
	free(saved->own_stack);
	free(saved);
	saved = NULL;
}
