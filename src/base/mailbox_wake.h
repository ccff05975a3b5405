/* SPDX-License-Identifier: MIT */
/*
 * mailbox_wake - the part of a mailbox that differs between host and sim.
 *
 * Called by mailbox.c alone.
 */
#pragma once

#include "base/mailbox.h"

/* The mailbox went from empty to not empty; the producer that did it calls this once. */
void mailbox_wake(struct mailbox *m);

/* The consumer has emptied it; called once for each mailbox_wake, perhaps a moment before it. */
void mailbox_sleep(struct mailbox *m);
