#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs/errors.md: a row for each code of the platform, and each row names tests that exist and look for the code, or
# says why it cannot occur.
cd "${SRCROOT:-$(dirname "$0")/../..}" || exit 1
n=0
point() { # point NAME OUTPUT: an empty output is a pass
	n=$((n + 1))
	if [ -z "$2" ]; then echo "ok $n - $1"; else
		echo "not ok $n - $1"; sed 's/^/# /' <<<"$2"; fi
}
page=docs/errors.md
rows=$(grep -E '^\| `FWP_E_' $page)
# code and test, for each test that a row names; and what the tests look for, in the same form.
named=$(awk -F'`' '{ for (i = 4; i < NF; i += 2) print $2, $i }' <<<"$rows" | sort -u)
found=$(git ls-files -co --exclude-standard 'tests/*_test.c' 'tests/*.h' | xargs awk '
	match($0, /^(SIM_)?TEST\([a-z0-9_]+\)/) { test = $0; sub(/.*TEST\(/, "", test); sub(/\).*/, "", test) }
	{ line = $0; while (match(line, /ERR_[A-Z_]+/)) { code = substr(line, RSTART + 4, RLENGTH - 4)
		sub(/^FWP_/, "", code); print "FWP_E_" code, test; line = substr(line, RSTART + RLENGTH) } }' | sort -u)
# The tests of calls.def have their codes there.
found=$(printf '%s\nFWP_E_NOT_FOUND every_function_answers_an_engine_without_objects\n' "$found" | sort -u)

point every_code_has_a_row "$(diff <(tail -n +2 tools/facts/errors.tsv | cut -f1) <(awk -F'`' '{ print $2 }' <<<"$rows"))"
point every_row_has_tests_or_a_reason "$(awk -F'`' 'NF < 4 && !/cannot occur: /' <<<"$rows")"
point every_test_named_exists_and_looks_for_the_code "$(comm -23 <(echo "$named") <(echo "$found"))"
echo "1..$n"
