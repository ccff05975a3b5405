/* SPDX-License-Identifier: MIT */
/*
 * mailbox - sleeping and waking through an eventfd.
 *
 * The eventfd is a semaphore: one token for each step from empty to not empty.
 */
#include "base/mailbox.h"

#include "base/clock.h"
#include "base/mailbox_wake.h"
#include "base/poll.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

wfp_err mailbox_init(struct mailbox *m, const char *name)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);

	if (fd < 0)
		return err_from_errno(errno);
	atomptr_init(&m->newest, NULL);
	m->name = name;
	m->fd = fd;
	return ERR_OK;
}

void mailbox_destroy(struct mailbox *m)
{
	BUG_ON(atomptr_load(&m->newest));
	close(m->fd);
	m->fd = -1;
}

void mailbox_wake(struct mailbox *m)
{
	const uint64_t token = 1;
	ssize_t done;

	do
		done = write(m->fd, &token, sizeof(token));
	while (done < 0 && errno == EINTR);
	BUG_ON(done != (ssize_t)sizeof(token));
}

/* Waits at most for the producer to get from its swap to its write. */
void mailbox_sleep(struct mailbox *m)
{
	uint64_t token;
	ssize_t done;

	do
		done = read(m->fd, &token, sizeof(token));
	while (done < 0 && errno == EINTR);
	BUG_ON(done != (ssize_t)sizeof(token));
}

bool mailbox_wait_until(struct mailbox *m, uint64_t deadline)
{
	while (!atomptr_load(&m->newest))
		if (poll_wait(&m->fd, 1, deadline) == 0)
			return atomptr_load(&m->newest) != NULL;
	return true;
}

int mailbox_fd(const struct mailbox *m)
{
	return m->fd;
}
