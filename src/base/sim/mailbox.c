/* SPDX-License-Identifier: MIT */
/*
 * mailbox - sleeping and waking of a consumer in sim.
 */
#include "base/mailbox.h"

#include "base/mailbox_wake.h"
#include "base/sim/control.h"

wfp_err mailbox_init(struct mailbox *m, const char *name)
{
	atomptr_init(&m->newest, NULL);
	m->name = name;
	sim_waitq_init(&m->waiting, "mail in", name);
	return ERR_OK;
}

void mailbox_destroy(struct mailbox *m)
{
	BUG_ON(atomptr_load(&m->newest) || !list_empty(&m->waiting.threads));
}

void mailbox_wake(struct mailbox *m)
{
	sim_wake_all(&m->waiting);
}

void mailbox_sleep(struct mailbox *m)
{
	(void)m;
}

/* No scheduling point lies between the look and the wait, so no wake-up falls between them. */
bool mailbox_wait_until(struct mailbox *m, uint64_t deadline)
{
	const struct sim_op look = {.what = "atomic",
				    .object = &m->newest,
				    .access = SIM_READ,
				    .sync = SIM_SYNC_ACQUIRE};

	while (!atomptr_load(&m->newest))
		if (!sim_wait(&m->waiting, deadline, &look))
			return atomptr_load(&m->newest) != NULL;
	return true;
}

int mailbox_fd(const struct mailbox *m)
{
	(void)m;
	return -1;
}
