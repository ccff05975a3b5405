#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An include may only point down (tools/layers.txt), public headers stay at the border, and the two
# hinges are the only ways through: engine_commit from the bfe, port.h and stack.h from a datapath.
cd "${SRCROOT:-$(dirname "$0")/../..}" || exit 1
n=0
point() { # point NAME OUTPUT: an empty output is a pass
	n=$((n + 1))
	if [ -z "$2" ]; then echo "ok $n - $1"; else
		echo "not ok $n - $1"; sed 's/^/# /' <<<"$2"; fi
}
files() { git ls-files -co --exclude-standard "$@"; }

point includes_point_down "$(awk '
	FILENAME ~ /layers.txt$/ { if ($1 !~ /^#/ && NF) { m = $1; sub(":", "", m); known[m] = ok[m, m] = 1
		for (i = 2; i <= NF; i++) ok[m, $i] = 1 } next }
	/^#include "/ { split(FILENAME, f, "/"); inc = $2; gsub(/"/, "", inc); k = split(inc, g, "/")
		if (k > 1 && (g[1] in known) && !((f[2], g[1]) in ok))
			printf "%s:%d: %s may not include %s\n", FILENAME, FNR, f[2], inc }
	' tools/layers.txt $(files 'src/*.c' 'src/*.h'))"
point every_module_is_listed "$(for m in src/*/; do m=$(basename "$m")
	grep -q "^$m:" tools/layers.txt || echo "src/$m is not in tools/layers.txt"; done)"
point public_headers_only_at_the_border "$(grep -nE '#include [<"](fwp|ntddk|wdm|ndis|windows)' \
	$(files 'src/*.c' 'src/*.h') | grep -vE '^src/(ntshim|client)/')"
point only_the_bfe_and_tests_commit_policy "$(grep -n 'engine_commit(' $(files 'src/*.c' 'cmd/*.c') |
	grep -vE '^src/(engine|bfe)/')"
point a_datapath_sees_the_stack_through_its_border_only "$(grep -nE '#include "(stack|engine)/' \
	$(files 'src/path/*.c' 'src/path/*.h') |
	grep -vE '"(stack/(stack|port|packet|headers|flow|checksum)\.h|engine/engine\.h)"')"
echo "1..$n"
