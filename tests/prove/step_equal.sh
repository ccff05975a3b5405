#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The step functions in C and in the model agree on every phase, mark, number of holds, set of flags and event.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
command -v spin >/dev/null || skip_all no spin

agree() {
	"$BLDROOT/tests/prove/step_print" >"$tmp/c" &&
		(cd "$tmp" && spin -T -B "$OLDPWD/models/step_table.pml") | grep -E '^(word|record)' >"$tmp/model" &&
		[ "$(wc -l <"$tmp/c")" -eq $((4 * 2 * 5 * 8 * 8 + 16)) ] && diff "$tmp/c" "$tmp/model"
}
point the_step_functions_of_code_and_model_are_equal agree
finish
