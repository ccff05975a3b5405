#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The tables that the model and the base include agree with the public headers.
root=$1
. "$(dirname "$0")/tap.bash"

for cc in gcc clang; do
	# shellcheck disable=SC2086
	$cc -std=c17 $strict $driver_flags -Isrc tests/abi/tables.c -o "$tmp/tables" 2>"$tmp/err" &&
		"$tmp/tables" >>"$tmp/err"
	point "tables_agree_with_the_headers_$cc" "$(grep -E 'error|wrong' "$tmp/err" | head -10)"
done
plan
