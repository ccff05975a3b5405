/* SPDX-License-Identifier: MIT */
/*
 * letter - mail to a worker that knows what is to be done when it is opened.
 *
 * Whatever other threads want of a flow or a packet (a resumed operation, a decision of the ledger,
 * an injection, a closed endpoint) lies in the worker's one mailbox as a letter inside the object
 * concerned, so that sending needs no memory and cannot fail.
 */
#pragma once

#include "base/mailbox.h"

struct stack_worker;

struct letter {
	struct mail mail; /* first: a letter is found by its mail */
	/* Thread: the worker's; the letter may be sent again from here on. */
	void (*open)(struct stack_worker *w, struct letter *l);
};
