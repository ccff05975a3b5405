#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The main job, as ./dev demo runs it: live where this machine can, and once on its capture.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
demo() { python3 tests/demo/demo.py --build "$BLDROOT" --json "$@" 2>"$tmp/err" >"$tmp/out" || { cat "$tmp/err" "$tmp/out"; return 1; }; }
one_object() { python3 -c '
import json, sys
o = json.loads(open(sys.argv[1]).read().splitlines()[-1])
keys = """packets connections pended joined completed_before_return resumed absorbed injected blocked held_at_end lost
duplicated wrong_verdicts drivers_reloaded endpoints_closed_while_pended""".split()
missing = [k for k in keys if k not in o]
sys.exit(f"missing: {missing}" if missing else 0)' "$tmp/out"; }
if [ "$(id -u)" = 0 ]; then
	point two_drivers_on_live_packets_and_nothing_lost demo
	point ends_with_one_json_object one_object
	if grep -q 'cannot be had here' "$tmp/err"; then
		n=$((n + 1)); echo "ok $n - live # SKIP $(grep -o 'live packets cannot.*' "$tmp/err")"
	fi
else
	n=1; echo "ok 1 - live # SKIP needs root"
fi
point two_drivers_on_a_capture_and_nothing_lost demo --recorded
point the_recorded_demo_ends_with_the_same_object one_object
left() { ip netns list 2>/dev/null | grep -E "^openwfp-demo-" ; }
nothing_left() { ! left; }
point no_namespace_is_left nothing_left
finish
