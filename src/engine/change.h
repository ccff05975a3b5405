/* SPDX-License-Identifier: MIT */
/*
 * change - all that one commit has made and replaced: parts, rules, indexes, filters.
 *
 * While the commit is built it can be undone.  Once published it waits for a grace period, perhaps
 * together with others (retire.c), and frees what it replaced.  Thread: the turn; only
 * engine_maintain builds outside of it, with a change that nobody else knows.
 */
#pragma once

#include "engine/snapshot.h"

struct policy_swap; /* a filter's rules before */

struct policy_change {
	struct list link; /* among those that are retired */
	struct edit edit;
	struct list filters; /* removed ones, by link */
	size_t n_filters;
	size_t index_bytes; /* of what is in indexes */
	struct policy_swap *swaps;
	size_t n_swaps, swaps_room;
	struct index **indexes; /* that others take the place of, whole */
	size_t n_indexes, indexes_room;
};

MUST_CHECK wfp_err policy_change_begin(struct policy_change **out, uint64_t number);
/*
 * The filter has rules by this plan from now on, NULL: none; what it had before is the change's.
 * Rules of a filter that the same commit adds need no change: policy_filter_unadd frees them.
 */
MUST_CHECK wfp_err policy_change_rules(struct policy_change *c, struct policy_filter *f,
				       const struct key_plan *plan);
/* The same in two steps: room for n, then rules that are there already, which cannot fail. */
MUST_CHECK wfp_err policy_change_reserve(struct policy_change *c, size_t n);
void policy_change_swap(struct policy_change *c, struct policy_filter *f, union policy_rules rules,
			uint8_t n);
/* The index is not in the next version, and none of its parts is; NULL is fine. */
MUST_CHECK wfp_err policy_change_drop_index(struct policy_change *c, struct index *ix);
/* Likewise one part; NULL is fine. */
void policy_change_drop(struct policy_change *c, void *part);
/* Everything is as it was before; the change is empty. */
void policy_change_revert(struct policy_change *c);
/* Likewise, and the change is freed. */
void policy_change_undo(struct policy_change *c);
/* The next version is about to be published. */
void policy_change_keep(struct policy_change *c);
/* After a grace period: frees what was replaced, and the change. */
void policy_change_settle(struct policy_change *c);
/* What waits to be freed, about. */
size_t policy_change_bytes(const struct policy_change *c);

/* Makes the rules of a filter: what policy_change_rules is made of, for engine_maintain. */
MUST_CHECK wfp_err policy_rules_make(union policy_rules *out, uint8_t *n,
				     const struct policy_filter *f, const struct key_plan *plan);
void policy_rules_free(union policy_rules *rules, uint8_t n);
/* The rules of a filter as an array. */
static inline const struct index_rule *const *policy_rules_of(const struct policy_filter *f)
{
	return (const struct index_rule *const *)(f->n_rules == 1 ? (void *)&f->rules.one
								  : (void *)f->rules.many);
}
