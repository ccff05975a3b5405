#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every figure of docs/proof.md is the one that the last `./dev prove` printed; without one only its marks are checked.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh

result=build/prove/result.json
point every_mark_names_a_figure python3 tools/prove/figures.py check
if [ -f "$result" ] && grep -q '"how": "full"' "$result"; then
	point the_figures_are_those_of_the_last_proof python3 tools/prove/figures.py compare "$result"
else
	n=$((n + 1)); echo "ok $n - the_figures_are_those_of_the_last_proof # SKIP ./dev prove was not run"
fi
finish
