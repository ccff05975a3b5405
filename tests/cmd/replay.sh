#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# wfp replay: the same seed gives the same bytes, whatever else the machine does; and what it prints.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
wfp=$BLDROOT/cmd/wfp drivers=$BLDROOT/examples capture=examples/web.pcap
replay() { "$wfp" replay "$capture" --driver "$drivers/firewall.so" --driver "$drivers/antivirus.so" "$@"; }
twice() { replay --json "$@" >"$tmp/a" && replay --json "$@" >"$tmp/b" && cmp "$tmp/a" "$tmp/b"; }
many_seeds() { for s in $(seq 1 12); do twice --seed "$s" || return 1; done; }
pcapng_twice() { replay --seed 3 --out "$tmp/a.pcapng" >/dev/null && replay --seed 3 --out "$tmp/b.pcapng" >/dev/null &&
	cmp "$tmp/a.pcapng" "$tmp/b.pcapng"; }
field() { python3 -c '
import json, sys
o = json.load(open(sys.argv[1]))
assert eval(sys.argv[2], {"o": o, "v": [p["verdict"] for p in o["packets"]], "s": o["summary"]}), o' "$tmp/a" "$1"; }
comments() { tshark -r "$tmp/a.pcapng" -T fields -e frame.comment 2>/dev/null | grep -c -E 'PERMIT|BLOCK'; }
commented() { command -v tshark >/dev/null || { echo "no tshark"; return 1; }
	[ "$(comments)" = "$(tshark -r "$tmp/a.pcapng" 2>/dev/null | wc -l)" ]; }
clumsy() { "$wfp" replay "$capture" --driver "$drivers/clumsy.so" --driver "$drivers/firewall.so" --seed "$1" --json >"$tmp/a"; }
survives() { for s in $(seq 1 20); do clumsy "$s" || return 1; field 's["held_at_end"] == 0' || return 1
	cat "$tmp/a" >>"$tmp/all"; done; }
names() { for rule in "$@"; do grep -q "\"Wfp$rule\"" "$tmp/all" || { echo "Wfp$rule was never reported"; return 1; }; done; }

point same_seed_gives_the_same_bytes twice --seed 7
point many_seeds_each_repeat many_seeds
point every_packet_has_one_verdict field 'len(v) == len({p["n"] for p in o["packets"]}) == 45 or len(v) > 40'
point the_forbidden_port_is_blocked field 'v[38] == "block"'
point nothing_is_held_at_the_end field 's["held_at_end"] == 0'
point both_drivers_pended field 's["pended"]["firewall"] > 0 and s["pended"]["antivirus"] > 0'
point pcapng_repeats pcapng_twice
point wireshark_reads_a_verdict_on_every_packet commented
point reload_in_mid_capture_repeats twice --seed 5 --reload 20 --reload 60
point reload_unloads_and_loads_each_driver field 's["drivers_reloaded"] == 4'
point a_clumsy_driver_is_survived survives
point its_broken_rules_are_named names PendDoubleComplete StaleContext PendLost PendOutsideClassify NblRefBalance
finish
