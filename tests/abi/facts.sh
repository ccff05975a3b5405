#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every name of tools/facts is defined by the public headers with the value of the facts, and the
# generated files are what the generator makes of them. The check reads the facts itself and shares
# no code with the generator.
root=$1
. "$(dirname "$0")/tap.bash"

point generated_files_are_current "$(python3 tools/gen/generate.py --check 2>&1)"

for schema in 2026 2024; do
	python3 tests/abi/facts_check.py tools/facts $schema >"$tmp/facts.c" || exit 1
	for cc in gcc clang; do
		for side in km um; do
			entry=$([ $side = km ] && echo fwpmk.h || echo fwpmu.h)
			# shellcheck disable=SC2086
			$cc -std=c17 $strict -DENTRY="\"$entry\"" -DSIDE_$side -DOPENWFP_LAYER_SCHEMA=$schema \
				-Iinclude/$side $driver_flags "$tmp/facts.c" -o "$tmp/facts" 2>"$tmp/err" &&
				"$tmp/facts" >>"$tmp/err" 2>&1
			point "every_fact_has_its_value_${side}_${schema}_$cc" "$(grep -E 'error|wrong' "$tmp/err")"
		done
	done
done
plan
