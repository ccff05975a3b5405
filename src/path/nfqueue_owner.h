/* SPDX-License-Identifier: MIT */
/*
 * nfqueue_owner - whose table it is that we are about to replace.
 *
 * Our table carries the numbers of its queues as a comment, which nft shows.  A table whose queues
 * nobody has bound was left by a killed process; one with a bound queue belongs to a platform that
 * runs, and replacing it would take its packets away.
 */
#pragma once

#include "base/buf.h"
#include "path/nfqueue.h"

#include <libmnl/libmnl.h>

struct netlink;

/* Adds the comment to a message that makes the table. */
void nfqueue_owner_put(struct nlmsghdr *h, const struct nfqueue_options *o);

/*
 * ERR_BUSY, with a sentence in `why`: there is such a table of any family, and one of its queues is
 * bound by somebody else.  The options' own queues must have been bound before.
 */
MUST_CHECK wfp_err nfqueue_owner_check(struct netlink *nl, const struct nfqueue_options *o,
				       struct buf *why);
