/* SPDX-License-Identifier: MIT */
/*
 * mailbox - a stack that producers push on by compare-and-swap and the consumer takes whole.
 *
 * Taking everything at once leaves no room for the ABA problem.  Each step from empty to not empty
 * is one wake-up and each taking of a non-empty stack consumes one, so they pair exactly.
 */
#include "base/mailbox.h"

#include "base/mailbox_wake.h"

void mailbox_push(struct mailbox *m, struct mail *mail)
{
	void *newest = atomptr_load(&m->newest);

	do
		mail->next = newest;
	while (!atomptr_cas(&m->newest, &newest, mail));
	/* From here on the mail belongs to the consumer, which may have freed it already. */
	if (!newest)
		mailbox_wake(m);
}

static struct mail *reverse(struct mail *newest)
{
	struct mail *oldest = NULL;

	while (newest) {
		struct mail *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	return oldest;
}

struct mail *mailbox_take_all(struct mailbox *m)
{
	struct mail *newest;

	if (!atomptr_load(&m->newest))
		return NULL;
	newest = atomptr_exchange(&m->newest, NULL);
	mailbox_sleep(m);
	return reverse(newest);
}
