/* SPDX-License-Identifier: MIT */
/*
 * pend_steps - the steps that pended operations take in the runs: looked up in the model's
 * relation, and written down for tools/prove.
 */
#include "wfp-explore/explore.h"

#include "base/file.h"
#include "explore/coverage.h"

#define RELATION_MAX (4u << 20) /* bytes */

static wfp_err open_with_relation(struct explore_job *job)
{
	struct buf relation = {0};
	wfp_err err = file_read_all(job->options.relation, RELATION_MAX, &relation);

	if (err)
		buf_printf(&job->why, "%s: %s", job->options.relation, err_text(err));
	else
		err = explore_coverage_open(&job->coverage, buf_str(&relation), relation.len,
					    &job->why);
	buf_free(&relation);
	return err;
}

wfp_err explore_pend_steps_open(struct explore_job *job)
{
	if (job->options.relation)
		return open_with_relation(job);
	if (job->options.pend_steps)
		return explore_coverage_open(&job->coverage, NULL, 0, &job->why);
	return ERR_OK;
}

static wfp_err write_steps(struct explore_job *job)
{
	struct buf text = {0};
	wfp_err err = explore_coverage_print(job->coverage, &text);

	if (!err)
		err = file_write_all(job->options.pend_steps, text.data, text.len);
	if (err)
		buf_printf(&job->why, "%s: %s", job->options.pend_steps, err_text(err));
	buf_free(&text);
	return err;
}

wfp_err explore_pend_steps_close(struct explore_job *job)
{
	wfp_err err = ERR_OK;

	if (!job->coverage)
		return ERR_OK;
	if (job->options.pend_steps)
		err = write_steps(job);
	explore_coverage_close(job->coverage);
	job->coverage = NULL;
	return err;
}
