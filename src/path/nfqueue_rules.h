/* SPDX-License-Identifier: MIT */
/*
 * nfqueue_rules - the nftables table that sends packets to our queues, and nothing else.
 *
 *	table inet openwfp { comment "queues A-B"
 *		chain input   { type filter hook input priority 10;   queue num A-B }
 *		chain output  { type filter hook output priority 10;
 *				meta mark & M == M accept; queue num A-B }
 *		chain forward { type filter hook forward priority 10; queue num A-B }
 *	}
 *
 * The priority is behind the filter chains of other people (0): the platform sees what they let
 * through.  Installing is one transaction, which also replaces a table that a killed process left.
 * Where the kernel has no queue expression (ENOENT), the NFQUEUE target of xtables does the same.
 * Tables of other names are never read or written.  Thread: the one that opens and runs the path.
 */
#pragma once

#include "base/buf.h"
#include "path/nfqueue.h"

/*
 * Either all is installed or nothing was changed; `why` says what is missing.  ERR_BUSY: the table
 * is that of a platform that runs (nfqueue_owner.h).  The queues must be bound already.
 */
MUST_CHECK wfp_err nfqueue_rules_install(const struct nfqueue_options *options, struct buf *why);

/* Removes our table, of every family, in this network namespace.  Fine when there is none. */
MUST_CHECK wfp_err nfqueue_rules_clean(const char *table, struct buf *why);
