#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs/rules.md: each row names the tests that check its rule, and each of these exists.
cd "${SRCROOT:-$(dirname "$0")/../..}" || exit 1
n=0
point() { # point NAME OUTPUT: an empty output is a pass
	n=$((n + 1))
	if [ -z "$2" ]; then echo "ok $n - $1"; else
		echo "not ok $n - $1"; sed 's/^/# /' <<<"$2"; fi
}
page=docs/rules.md
# The rows without heads and rules; a row's tests are the names in its last cell.
rows=$(grep -n '^|' $page | grep -vE '^[0-9]+:\|(---|.*\| tests \|$)')
names=$(awk -F'|' '{ print $(NF - 1) }' <<<"$rows" | grep -oE '`[a-z0-9_]+`' | tr -d '`' | sort -u)
tests=$(git ls-files -co --exclude-standard 'tests/*_test.c' | xargs sed -nE 's/^(SIM_)?TEST\((\w+)\).*/\2/p'
	git ls-files -co --exclude-standard 'tests/*.sh' | xargs sed -nE 's/^\s*point (\w+) .*/\1/p')

point the_page_has_rows "$([ "$(wc -l <<<"$rows")" -gt 100 ] || echo "$page: rows are missing")"
point every_rule_has_a_test "$(awk -F'|' '$(NF - 1) !~ /`[a-z0-9_]+`/' <<<"$rows" | cut -c -90)"
point every_rule_has_a_source "$(awk -F'|' '$(NF - 2) !~ /`|ours/' <<<"$rows" | cut -c -90)"
point every_test_named_exists "$(comm -23 <(echo "$names") <(sort -u <<<"$tests"))"
echo "1..$n"
