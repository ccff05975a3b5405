#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the headers declare exists: every exported function of include/km and include/shared is defined by the
# programs that load drivers, and they export nothing else that a driver could lean on.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
# gcc lists the prototypes that it saw; inline functions are static.
for h in ntddk fwpsk fwpmk ndis ntstrsafe; do echo "#include <$h.h>"; done >"$tmp/all.c"
gcc -fshort-wchar -fms-extensions -Iinclude/km -Iinclude/shared -fsyntax-only -aux-info "$tmp/prototypes" "$tmp/all.c"
declared=$(grep -E '^/\* include/(km|shared)/' "$tmp/prototypes" | sed -nE 's/.*\bextern [^(]*[ *]([A-Za-z_][A-Za-z0-9_]*) \(.*/\1/p' | sort -u)
exported() { nm -D --defined-only "$BLDROOT/cmd/$1" | awk '$2 == "T" { print $3 }' | sort -u; }
all_defined() { local missing; missing=$(comm -23 <(echo "$declared") <(exported "$1"))
	[ -z "$missing" ] || { echo "declared, but not in $1:"; echo "$missing"; return 1; }; }
nothing_else() { local more; more=$(comm -13 <(echo "$declared") <(exported "$1") | grep -vE '^(_init|_fini|_start|main|__.*)$')
	[ -z "$more" ] || { echo "exported by $1, but not declared:"; echo "$more"; return 1; }; }
many() { [ "$(wc -l <<<"$declared")" -gt 100 ] || { echo "only these were found:"; echo "$declared"; return 1; }; }
point the_declarations_are_found many
point wfp_replay_defines_every_declared_function all_defined wfp-replay
point wfpd_defines_every_declared_function all_defined wfpd
point wfp_replay_exports_nothing_else nothing_else wfp-replay
point wfpd_exports_nothing_else nothing_else wfpd
finish
