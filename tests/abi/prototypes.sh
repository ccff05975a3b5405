#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every function and callback type of the management API is declared with its documented types, and
# the names without a version mean what they mean on each Windows.
root=$1
. "$(dirname "$0")/tap.bash"

python3 tests/abi/prototypes_check.py tools/facts >"$tmp/prototypes.c" || exit 1
for cc in gcc clang; do
	for windows in VISTA WIN7 WIN8 WIN10 WIN10_RS3 WIN10_RS4 WIN10_RS5 WIN10_CO WIN11_ZN; do
		# shellcheck disable=SC2086
		point "every_function_has_its_types_and_version_${windows}_$cc" \
			"$($cc -std=c17 $strict $client_flags -DNTDDI_VERSION=NTDDI_$windows -fsyntax-only \
				"$tmp/prototypes.c" 2>&1 | grep error | head -10)"
	done
done

# The facts are complete: the headers export no function of the platform that is not in them.
# gcc lists the prototypes that it saw.
echo '#include <fwpmu.h>' >"$tmp/all.c"
# shellcheck disable=SC2086
gcc $client_flags -fsyntax-only -aux-info "$tmp/seen" "$tmp/all.c"
declared=$(sed -nE 's/^\/\* include\/um\/fwpmu.*\bextern [^(]*[ *]([A-Za-z0-9_]+) \(.*/\1/p' "$tmp/seen" | sort)
known=$(awk -F'\t' '$2 == "function" { print $1 }' tools/facts/um-functions.tsv | sort)
point fwpmu_declares_the_functions_of_the_facts_and_no_more "$(diff <(echo "$known") <(echo "$declared"))"
plan
