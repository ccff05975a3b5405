/* SPDX-License-Identifier: MIT */
/*
 * subjects - explores one of the subjects, or lists them.
 *
 *	explore_subjects
 *	explore_subjects NAME [--bound N | --all | --pct D] [--runs N] [--seconds N]
 *		[--relation FILE] [--steps FILE]
 *
 * --relation: each step of an operation must be a line of the model's relation (models/README.md).
 * --steps: the steps that were taken are written there, as such lines.
 *
 * Two preemptions when nothing is said.  What a subject notes down in variables of its own is no
 * step that the searches know of: --all may leave out orders in which only that differs.
 *
 * Exit status: 0 nothing found, 1 a finding (its rule and sentence are printed), 2 no claim because
 * of an error or a limit.
 */
#include "subject_kit.h"

#include "base/file.h"
#include "explore/coverage.h"
#include "explore/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RELATION_MAX (1u << 20) /* bytes */

enum { CLEAN = 0, FOUND = 1, NO_CLAIM = 2 };

static const struct subject *const tables[] = {pend_subjects,	 ticket_subjects,
					       ledger_subjects,	 flowctx_subjects,
					       rundown_subjects, snapshot_subjects};

static struct {
	const char *name;
	enum explore_strategy strategy;
	struct explore_limits limits;
	const char *relation, *steps;
} options = {.strategy = EXPLORE_BOUND, .limits = {.bound = 2}};

static const struct subject *find(const char *name)
{
	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct subject *s = tables[t]; s->name; s++)
			if (strcmp(s->name, name) == 0)
				return s;
	return NULL;
}

static void list(void)
{
	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct subject *s = tables[t]; s->name; s++)
			printf("%-26s %s\n", s->name, s->about);
}

static wfp_err prepare(void *ctx, UNUSED struct buf *why)
{
	const struct subject *s = ctx;

	s->prepare(s->settings);
	return ERR_OK;
}

static void run(void *ctx)
{
	const struct subject *s = ctx;

	s->run(s->settings);
}

static void check(UNUSED void *ctx, enum sim_end end)
{
	struct explore_finding f = {.rule = EXPLORE_UseAfterFree};
	struct sim_block block;

	if (end != SIM_END_DONE || !sim_block_check_freed(&block))
		return;
	snprintf(f.sentence, sizeof(f.sentence), "a block was written to after it had been freed");
	explore_found(&f, true);
}

/* ---- the steps of the protocol ------------------------------------------------------------- */

static wfp_err open_coverage(struct explore_coverage **out, struct buf *why)
{
	struct buf relation = {0};
	wfp_err err = ERR_OK;

	if (options.relation)
		err = file_read_all(options.relation, RELATION_MAX, &relation);
	if (err)
		buf_printf(why, "%s: %s", options.relation, err_text(err));
	else
		err = explore_coverage_open(out, options.relation ? buf_str(&relation) : NULL,
					    relation.len, why);
	buf_free(&relation);
	return err;
}

static wfp_err write_steps(const struct explore_coverage *c)
{
	struct buf text = {0};
	wfp_err err = explore_coverage_print(c, &text);

	if (!err)
		err = file_write_all(options.steps, text.data, text.len);
	buf_free(&text);
	return err;
}

static void report_steps(const struct explore_coverage *c)
{
	struct explore_coverage_count n;

	explore_coverage_count(c, &n);
	printf("steps: %u different, %u refused", n.seen, n.foreign);
	if (n.model)
		printf(", %u of %u of the model", n.covered, n.model);
	printf("\n");
}

/* ---- the search ----------------------------------------------------------------------------- */

static void report_search(const struct subject *s, const struct explore_result *r)
{
	struct buf claim = {0};

	explore_claim_print(r, &claim);
	printf("%s: %s; %llu runs, %llu cut, %u threads, %u steps, %.1f s\n", s->name,
	       buf_str(&claim), (unsigned long long)r->runs, (unsigned long long)r->cut,
	       r->threads_max, r->steps_max, (double)r->nanoseconds / 1e9);
	if (r->found)
		printf("found in run %llu: %s: %s\n", (unsigned long long)r->found->run,
		       explore_rule_name(r->found->finding.rule), r->found->finding.sentence);
	buf_free(&claim);
}

static int search(const struct subject *s, struct buf *why)
{
	struct explore_subject subject = {(void *)(uintptr_t)s, prepare, run, check};
	struct explore_result r = {0};
	int status = CLEAN;

	switch (explore_search(&subject, options.strategy, &options.limits, NULL, &r, why)) {
	case ERR_OK:
		break;
	case ERR_OPERATION_ABORTED:
		printf("%s: found in run 0: it ended before it was ready\n", s->name);
		buf_reset(why);
		return FOUND;
	default:
		return NO_CLAIM;
	}
	report_search(s, &r);
	if (r.found)
		status = FOUND;
	else if (r.claim == EXPLORE_CLAIM_NONE)
		status = NO_CLAIM;
	explore_result_free(&r);
	return status;
}

static int explore(const struct subject *s)
{
	struct explore_coverage *coverage;
	struct buf why = {0};
	int status = NO_CLAIM;

	if (!open_coverage(&coverage, &why)) {
		status = search(s, &why);
		report_steps(coverage);
		if (options.steps && write_steps(coverage))
			buf_printf(&why, "%s cannot be written", options.steps);
		explore_coverage_close(coverage);
	}
	if (why.len) {
		printf("error: %s\n", buf_str(&why));
		status = NO_CLAIM;
	}
	buf_free(&why);
	return status;
}

/* ---- the command line ----------------------------------------------------------------------- */

static bool parse(const char *name, const char *value)
{
	if (strcmp(name, "--bound") == 0) {
		options.strategy = EXPLORE_BOUND;
		options.limits.bound = (uint32_t)strtoul(value, NULL, 0);
	} else if (strcmp(name, "--pct") == 0) {
		options.strategy = EXPLORE_PCT;
		options.limits.depth = (uint32_t)strtoul(value, NULL, 0);
	} else if (strcmp(name, "--runs") == 0) {
		options.limits.runs = strtoull(value, NULL, 0);
	} else if (strcmp(name, "--seconds") == 0) {
		options.limits.seconds = strtoull(value, NULL, 0);
	} else if (strcmp(name, "--relation") == 0) {
		options.relation = value;
	} else if (strcmp(name, "--steps") == 0) {
		options.steps = value;
	} else {
		return false;
	}
	return true;
}

static bool parse_all(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--all") == 0)
			options.strategy = EXPLORE_ALL;
		else if (argv[i][0] != '-' && !options.name)
			options.name = argv[i];
		else if (i + 1 == argc || !parse(argv[i], argv[i + 1]))
			return false;
		else
			i++;
	}
	return true;
}

int main(int argc, char **argv)
{
	const struct subject *s;

	if (!parse_all(argc, argv) || (options.name && !find(options.name))) {
		fprintf(stderr, "usage: explore_subjects [NAME [--bound N | --all | --pct D] "
				"[--runs N] [--seconds N] [--relation FILE] [--steps FILE]]\n");
		return NO_CLAIM;
	}
	if (!options.name) {
		list();
		return CLEAN;
	}
	if (sim_fix_addresses(argv))
		return NO_CLAIM;
	s = find(options.name);
	return explore(s);
}
