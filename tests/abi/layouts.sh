#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every structure that a management client passes or receives has the size and the offsets of 64-bit
# Windows, as the public metadata of its API tells them.
root=$1
. "$(dirname "$0")/tap.bash"

python3 tests/abi/layouts_check.py tools/facts >"$tmp/layouts.c" || exit 1
for cc in gcc clang; do
	# shellcheck disable=SC2086
	point "every_structure_of_the_facts_has_its_layout_$cc" \
		"$($cc -std=c17 $strict $client_flags -fsyntax-only "$tmp/layouts.c" 2>&1 | grep error | head -10)"
done

# A structure that is left out of the facts would not be checked at all.
structures=$(sed -nE 's/^\} ((FWP_|FWPM_|IPSEC_|IKEEXT_)[A-Z0-9_]+);$/\1/p' include/shared/{fwp,fwpm,ike,ipsec}types*.h \
	include/um/*.h | sort -u)
known=$(awk -F'\t' 'NR > 1 { print $1 }' tools/facts/um-layouts.tsv | sort -u)
point the_facts_know_every_structure_of_the_headers "$(comm -23 <(echo "$structures") <(echo "$known"))"
plan
