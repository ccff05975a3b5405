/* SPDX-License-Identifier: MIT */
/*
 * steps - who did what with which object, and from where: the last steps of one run.
 *
 * For the run that explains a finding.  Written on the stack of the running thread, read when the
 * finding is made or after the run; memory of sim_control_alloc.  Quiet locks and plain accesses
 * are left out.
 */
#pragma once

#include "base/err.h"
#include "explore/finding.h"
#include "explore/search.h"

#define STEPS_KEPT 16384u

struct step {
	const char *what; /* "KeSetEvent": never freed */
	const void *object;
	struct explore_stack stack; /* without the thread's name */
};

struct steps {
	uint64_t n; /* since the run began; the last STEPS_KEPT of them are here */
	struct step kept[STEPS_KEPT]; /* a ring */
	char names[64][32];	      /* of threads, by id; "" when never seen */
};

MUST_CHECK wfp_err steps_create(struct steps **out);
void steps_destroy(struct steps *s);
/* What a watcher calls. */
void steps_begin(struct steps *s);
void steps_add(struct steps *s, uint32_t thread, const struct sim_op *op);
void steps_name(struct steps *s, const struct sim_view *v);

/* The step `back` before the last one; NULL: there is none any more. */
const struct step *steps_back(const struct steps *s, uint64_t back);
/* The last one by this thread, or, thread 0, by any, that `what` contains; NULL: none. */
const struct step *steps_last(const struct steps *s, uint32_t thread, const char *what);
/* The last one on the same object that comes before `before`; NULL: none. */
const struct step *steps_before(const struct steps *s, const struct step *before);
/* "driver", or "" for 0 and who was never seen. */
const char *steps_name_of(const struct steps *s, uint32_t thread);
