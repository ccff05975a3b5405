/* SPDX-License-Identifier: MIT */
/*
 * measure - the figures of the classification benchmark, each printed as one line of JSON.
 *
 * A line says which set, how many rules, who, what and how much; bench/classify.py makes tables,
 * verdicts and a picture of them.  Whoever finds a verdict that is not the reference's counts it in
 * `wrong`, and the program fails.  One thread, but for the writers of measure_update.c.
 */
#pragma once

#include "attacks.h"
#include "peer.h"
#include "subject.h"

struct measure {
	const char *set; /* "acl", or the file's name */
	const struct ruleset *rules;
	const struct ruletrace *trace;
	const struct peer_ops *acl; /* NULL: there is no rte_acl */
	uint64_t seed;
	bool quick;
	uint64_t wrong; /* out: verdicts that differ from the reference's */
};

#define MEASURE_ENGINE "openwfp"
#define MEASURE_FLOWS  16000u /* in the flow cache, when it is measured */

void measure_say(const struct measure *m, const char *contender, const char *what, double value,
		 const char *unit);

/* Headers that there is time to ask the linear reference about. */
uint32_t measure_sample(const struct measure *m, const struct ruletrace *t);
/* Compares out[0..n) with the reference, says how many are wrong. */
void measure_compare(struct measure *m, const struct ruletrace *t, const char *contender,
		     const uint32_t *out, uint32_t n);
/* The engine's verdicts at that layer, without and with a flow cache, compared. */
void measure_check_engine(struct measure *m, struct subject *s, enum subject_layer_name layer,
			  const struct ruletrace *t);

/* The engine at both layers and its peers on the measure's trace, interleaved; what each needs. */
void measure_set(struct measure *m);
/* Commits, and steps of CONTINUE. */
void measure_updates(struct measure *m);
/* Percentiles of a classify, alone and while filters are replaced. */
void measure_tail(struct measure *m);
/* The slowest header of an attack. */
void measure_attack(struct measure *m, const struct attack *a);
/* A chain of dependent loads over several sizes: what this machine's memory takes. */
void measure_latency(struct measure *m);
