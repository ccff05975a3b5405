/* SPDX-License-Identifier: MIT */
/*
 * sig - a handler that sets a flag and writes to an eventfd; both may be done in a handler.
 */
#include "base/sig.h"

#include "base/atomic.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct atom32 stop_requested;
static int stop_fd = -1;

static void on_stop(int signal)
{
	const uint64_t one = 1;
	int saved = errno;

	(void)signal;
	atom32_store(&stop_requested, 1);
	/* It fails only when the counter is full, and then the descriptor is readable already. */
	(void)!write(stop_fd, &one, sizeof(one));
	errno = saved;
}

wfp_err sig_stop_on_term(void)
{
	struct sigaction action = {.sa_handler = on_stop, .sa_flags = SA_RESTART};

	stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (stop_fd < 0)
		return err_from_errno(errno);
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGTERM, &action, NULL) != 0 || sigaction(SIGINT, &action, NULL) != 0)
		return err_from_errno(errno);
	return ERR_OK;
}

bool sig_stop_requested(void)
{
	return atom32_load(&stop_requested) != 0;
}

int sig_stop_fd(void)
{
	return stop_fd;
}
