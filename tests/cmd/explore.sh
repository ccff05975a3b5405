#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# wfp explore, from end to end: what it claims, what it finds, that a trace has it again, and bad input.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
wfp=$BLDROOT/cmd/wfp drivers=$BLDROOT/examples kb=tests/scenarios/kb979278.scn
explore() { "$wfp" explore "$@" --trace-dir "$tmp"; }
field() { python3 -c '
import json, sys
o = json.load(open(sys.argv[1]))
f = o["findings"]
assert eval(sys.argv[2]), o' "$tmp/out" "$1"; }
# exits STATUS COMMAND...
exits() { local want=$1 got; shift; "$@" >"$tmp/out" 2>"$tmp/err"; got=$?
	[ $got = "$want" ] || { echo "status $got, not $want"; cat "$tmp/out" "$tmp/err"; return 1; }; }
says() { grep -qF -- "$1" "$tmp/err" || { cat "$tmp/err"; return 1; }; }
refused() { local sentence=$1; shift; exits 2 explore "$@" && says "$sentence"; }
wrong_line() { printf 'name x\npacket up tcp\n' >"$tmp/bad.scn"; refused "line 2: 'up'" "$tmp/bad.scn" --driver "$drivers/firewall.so"; }

both() { exits 0 explore $kb --driver "$drivers/firewall.so" --driver "$drivers/antivirus.so" --bound 1 --json; }
clumsy() { exits 1 explore $kb --driver "$drivers/firewall.so" --driver "$drivers/clumsy.so" --bound 1 --no-shrink --json; }
traces() { python3 -c 'import json, sys; print(*[f["trace"] for f in json.load(open(sys.argv[1]))["findings"]], sep="\n")' "$tmp/out" >"$tmp/traces"
	[ -s "$tmp/traces" ]; }
ten_of_ten() { local t i; while read -r t; do for i in 1 2 3 4 5 6 7 8 9 10; do
	exits 1 explore --replay "$t" --json || return 1
	field "o['found_again'] and o['verdict'] in '$t'" || return 1; done; done <"$tmp/traces"; }
same_bytes() { local t; t=$(head -1 "$tmp/traces")
	explore --replay "$t" --picture "$tmp/a.txt" >/dev/null; explore --replay "$t" --picture "$tmp/b.txt" >/dev/null
	cmp "$tmp/a.txt" "$tmp/b.txt"; }
page() { explore --replay "$(head -1 "$tmp/traces")" --picture "$tmp/a.html" >/dev/null; grep -q '</html>' "$tmp/a.html"; }

point two_good_drivers_are_explored_up_to_one_preemption both
point the_claim_says_how_far field "'up to 1 preemption' in o['claim'] and o['bound'] == 1"
point nothing_is_found_in_them field "o['verdict'] == 'none' and f == [] and o['as_expected']"
point the_faults_of_a_clumsy_driver_are_found_by_rule clumsy
point each_has_a_trace_and_a_sentence field "all(x['trace'] and 'clumsy' in x['sentence'] for x in f) and len({x['rule'] for x in f}) > 1"
point it_is_said_that_nothing_was_expected field "not o['as_expected']"
point there_are_traces traces
point a_trace_has_it_again_ten_times_of_ten ten_of_ten
point a_replay_draws_the_same_picture_twice same_bytes
point a_picture_is_a_page_as_well page
point a_wrong_scenario_is_refused_with_its_line wrong_line
point a_missing_scenario_is_refused refused "nowhere.scn" nowhere.scn
point no_scenario_is_refused refused "one scenario is expected" --all
point no_driver_is_refused refused "no driver is named" $kb
point a_file_that_is_no_driver_is_refused refused "tap.sh" $kb --driver tests/tap.sh
point two_strategies_are_refused refused "more than one of" $kb --all --bound 2
point a_broken_trace_is_refused refused "README.md" --replay README.md
finish
