/* SPDX-License-Identifier: MIT */
/*
 * sig - a handler that sets a bit and writes to an eventfd; both may be done in a handler.
 */
#include "base/sig.h"

#include "base/atomic.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const struct {
	int signal;
	enum sig_event event;
} rows[] = {
	{SIGTERM, SIG_EVENT_STOP},
	{SIGINT, SIG_EVENT_STOP},
	{SIGHUP, SIG_EVENT_RELOAD},
	{SIGUSR1, SIG_EVENT_REPORT},
};

static struct atom32 events;
static int fd = -1;

void sig_post(enum sig_event event)
{
	const uint64_t one = 1;

	atom32_or(&events, event);
	/* It fails only when the counter is full, and then the descriptor is readable already. */
	(void)!write(fd, &one, sizeof(one));
}

static void on_signal(int signal)
{
	int saved = errno;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].signal == signal)
			sig_post(rows[i].event);
	errno = saved;
}

wfp_err sig_watch(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return err_from_errno(errno);
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (sigaction(rows[i].signal, &action, NULL) != 0)
			return err_from_errno(errno);
	return ERR_OK;
}

int sig_fd(void)
{
	return fd;
}

uint32_t sig_take(void)
{
	uint64_t count;

	/* The descriptor first: a signal in between leaves it readable, for the next turn. */
	(void)!read(fd, &count, sizeof(count));
	return atom32_exchange(&events, 0);
}
