/* SPDX-License-Identifier: MIT */
/*
 * finding - what is wrong with a run, under a rule's name.
 *
 * In the run that finds it a finding is little more than rule, culprit and a sentence; the run is
 * then repeated from its trace to fill in the stacks (explain.c).  Two findings are the same when
 * rule, driver and places are: that is what the search counts, and what shrinking must keep.
 */
#pragma once

#include "base/compiler.h"

enum explore_rule {
#define EXPLORE_RULE(name, bugcheck, text) EXPLORE_##name,
#include "explore/rules.def"
	EXPLORE_RULES
};

#define EXPLORE_FRAMES	 24u
#define EXPLORE_SENTENCE 240u

struct explore_stack {
	uint32_t thread; /* 0: there is none */
	char thread_name[32];
	uint32_t n;
	void *frames[EXPLORE_FRAMES]; /* innermost first */
};

/* Plain data: it is copied out of the run. */
struct explore_finding {
	enum explore_rule rule;
	char platform_rule[32]; /* engine_rule_name when the platform reported it; else "" */
	char driver[32];	/* whose; "" when nobody's in particular */
	char sentence[EXPLORE_SENTENCE]; /* "firewall completed an operation a second time" */
	struct explore_stack here,
		there;	/* where it showed; the other side: who freed, holds, wrote */
	uint64_t place; /* hash of rule, driver and the innermost frames in drivers */
};

/*
 * Thread: any of the run, or the explorer's after it.  Copies f out.  Unless the rule is one that a
 * run survives (`mild`: the platform has refused the call and goes on), the run ends here.
 */
void explore_found(const struct explore_finding *f, bool mild);

const char *explore_rule_name(enum explore_rule rule);
const char *explore_rule_text(enum explore_rule rule);
/* As a bug check of Windows that it would have been: "0xC4 DRIVER_VERIFIER_DETECTED_VIOLATION"; or
 * "". */
const char *explore_rule_bugcheck(enum explore_rule rule);
