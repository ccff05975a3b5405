/* SPDX-License-Identifier: MIT */
/*
 * cases - each finding of the search worked up: explained by running it again.
 *
 * A step that fails leaves the case as good as it was before it, says why on stderr, and the next
 * one goes on.
 */
#include "wfp-explore/explore.h"

#include "base/mem.h"
#include "explore/explain.h"

#include <stdio.h>

static void work_up(struct explore_job *job, struct explore_case *c,
		    const struct explore_found_item *item)
{
	struct explore_found_item copy = *item;
	wfp_err err = explore_explain(&job->subject, &copy);

	if (err)
		fprintf(stderr, EXPLORE_NAME ": %s: it cannot be explained: %s\n",
			explore_rule_name(item->finding.rule), err_text(err));
	c->finding = copy.finding;
	c->run = item->run;
	c->times = item->times;
}

wfp_err explore_cases_make(struct explore_job *job)
{
	const struct explore_found_item *item = job->result.found;

	job->cases = mem_zalloc_array(job->result.n_found ? job->result.n_found : 1,
				      sizeof(*job->cases));
	if (!job->cases)
		return ERR_NO_MEMORY;
	for (; item; item = item->next)
		work_up(job, &job->cases[job->n_cases++], item);
	return ERR_OK;
}

void explore_cases_free(struct explore_job *job)
{
	mem_free(job->cases);
}
