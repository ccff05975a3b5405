#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A step of the C code that the model does not take ends the search with a finding.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh

subjects=${BLDROOT:-build/gcc}/tests/explore/explore_subjects
[ -x "$subjects" ] || skip_all no explore_subjects

explored() { "$subjects" pend-close-alone --all "$@" >"$tmp/log"; }
# What was seen is a relation, too: of this subject alone.
writes_its_steps() { explored --steps "$tmp/steps" && [ "$(wc -l <"$tmp/steps")" -gt 40 ]; }
accepts_them() { explored --relation "$tmp/steps" && grep -q '^steps: .* 0 refused' "$tmp/log"; }
refuses() {
	local step=$1
	grep -vxF -- "$step" "$tmp/steps" >"$tmp/fewer"
	! explored --relation "$tmp/fewer" && grep -q '^steps: .* 1 refused' "$tmp/log" ||
		{ echo "$step"; cat "$tmp/log"; return 1; }
}
refuses_each() {
	local step
	while read -r step; do refuses "$step" || return 1; done <"$tmp/steps"
}
says_which() {
	refuses "$(grep 'classified -> P2' "$tmp/steps" | head -1)" &&
		grep -q 'PlatformBug: not a step of the model: P1.* classified -> P2' "$tmp/log"
}
refuses_another_file() { ! explored --relation "$0" && grep -q '^error: line 1 is no step' "$tmp/log"; }

point the_steps_of_a_search_are_written writes_its_steps
point a_search_accepts_its_own_steps accepts_them
point each_step_that_is_taken_out_is_a_finding refuses_each
point the_finding_says_which_step_it_is says_which
point another_file_is_an_error refuses_another_file
finish
