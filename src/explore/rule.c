/* SPDX-License-Identifier: MIT */
/*
 * rule - the names and words of what a run can be found guilty of, from rules.def.
 */
#include "explore/finding.h"

static const struct {
	const char *name, *bugcheck, *text;
} rules[EXPLORE_RULES] = {
#define EXPLORE_RULE(name, bugcheck, text) {#name, bugcheck, text},
#include "explore/rules.def"
};

const char *explore_rule_name(enum explore_rule rule)
{
	return (unsigned)rule < EXPLORE_RULES ? rules[rule].name : "?";
}

const char *explore_rule_text(enum explore_rule rule)
{
	return (unsigned)rule < EXPLORE_RULES ? rules[rule].text : "?";
}

const char *explore_rule_bugcheck(enum explore_rule rule)
{
	return (unsigned)rule < EXPLORE_RULES ? rules[rule].bugcheck : "";
}
