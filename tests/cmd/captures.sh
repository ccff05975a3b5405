#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Real captures, ordinary and malformed, which are not part of the project: OPENWFP_CAPTURES names a folder
# of them. Each runs through the drivers without harm, and every packet gets its verdict.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
captures=${OPENWFP_CAPTURES:-../shared/captures}
[ -d "$captures" ] || skip_all "no folder of captures (OPENWFP_CAPTURES)"
run() {
	local status=0
	timeout 60 "$BLDROOT/cmd/wfp" replay "$1" --driver "$BLDROOT/examples/firewall.so" --driver "$BLDROOT/examples/antivirus.so" \
		--driver "$BLDROOT/examples/logger.so" --seed 1 --json >"$tmp/out" 2>"$tmp/err" || status=$?
	case $status in
	0) python3 -c 'import json, sys; o = json.load(open(sys.argv[1])); assert o["summary"]["held_at_end"] == 0, o["summary"]
assert all(p["verdict"] in ("permit", "block", "passed") for p in o["packets"])' "$tmp/out" ;;
	2) [ -s "$tmp/err" ] ;; # refused with a sentence
	*) echo "status $status"; cat "$tmp/err"; return 1 ;;
	esac
}
for f in "$captures"/*.pcap; do point "$(basename "$f" .pcap)" run "$f"; done
finish
