/* SPDX-License-Identifier: MIT */
/*
 * poll - ppoll with deadlines in place of durations.
 */
#include "base/poll.h"

#include "base/host/time_left.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

static uint32_t ready_mask(const struct pollfd *polled, unsigned n)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < n; i++)
		if (polled[i].revents)
			mask |= UINT32_C(1) << i;
	return mask;
}

uint32_t poll_wait(const int *fds, unsigned n, uint64_t deadline)
{
	struct pollfd polled[POLL_MAX];
	struct timespec left;
	int ready;

	BUG_ON(n > POLL_MAX);
	for (unsigned i = 0; i < n; i++)
		polled[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	do
		ready = ppoll(polled, n, time_left(deadline, &left), NULL);
	while (ready < 0 && (errno == EINTR || errno == EAGAIN));
	BUG_ON(ready < 0);
	return ready > 0 ? ready_mask(polled, n) : 0;
}
