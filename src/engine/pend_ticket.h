/* SPDX-License-Identifier: MIT */
/*
 * pend_ticket - a classify handle: what FwpsAcquireClassifyHandle0 gives out.
 *
 * It names the classify it was acquired in and, once that was pended with it, the hold record.  Two
 * references keep it: the acquirer's, dropped by the release, and the pend's, dropped by the
 * completion, in any order and each once.  The operation does not wait for a handle that nobody
 * releases.
 */
#pragma once

#include "engine/pend_op.h"

/* [I] from acquire until the last reference is gone   [A] atomic */
struct pend_ticket {
	struct pend_slot slot;
	struct atom64 word;		/* [A] generation, references */
	uint64_t op_handle;		/* [I] 0: the classify cannot be pended */
	struct engine_callout *callout; /* [I] pinned */
	struct atom32 callout_id;	/* [A] */
	struct atom64 context;		/* [A] of the hold record; 0: never pended */
};
