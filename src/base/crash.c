/* SPDX-License-Identifier: MIT */
/*
 * crash - a handler that writes one line and lets the signal do its work.
 */
#include "base/crash.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

static bool (*describe)(struct crash_note *out);

static void put(const char *s)
{
	(void)!write(STDERR_FILENO, s, strlen(s));
}

/* SA_RESETHAND: what follows has the default action again. */
static void on_crash(int signal)
{
	struct crash_note note;

	if (describe(&note)) {
		put("crash in ");
		put(note.who);
		put(", in ");
		put(note.what);
		put("\n");
	}
	raise(signal);
}

static wfp_err watch_signal(int signal)
{
	struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_RESETHAND | SA_NODEFER};
	struct sigaction old;

	if (sigaction(signal, NULL, &old) != 0)
		return err_from_errno(errno);
	if (old.sa_handler != SIG_DFL)
		return ERR_OK;
	return sigaction(signal, &action, NULL) == 0 ? ERR_OK : err_from_errno(errno);
}

wfp_err crash_watch(bool (*note)(struct crash_note *out))
{
	wfp_err err = ERR_OK;

	describe = note;
	for (size_t i = 0; i < ARRAY_LEN(signals) && !err; i++)
		err = watch_signal(signals[i]);
	return err;
}
