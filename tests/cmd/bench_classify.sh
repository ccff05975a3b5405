#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The classification benchmark in small: it agrees with its reference and says something about each number. No time
# is looked at.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
program=$BLDROOT/bench/bench_classify
bench() { python3 bench/run.py --build "$BLDROOT" classify --quick --out "$tmp/out" "$@"; }
quick_run() { bench --json --shapes acl,fw >"$tmp/report" 2>"$tmp/log" || { cat "$tmp/log"; return 1; }; }
report() { python3 -c '
import json, sys
o = json.load(open(sys.argv[1]))
assert eval(sys.argv[2], {"o": o, "rows": o["numbers"]}), [(r["number"], r["what"], r["value"]) for r in o["numbers"]]' \
	"$tmp/report" "$1"; }
same_file() { cmp <(python3 -m json.tool "$tmp/report") <(python3 -m json.tool "$tmp/out/classify.json"); }
picture() { python3 -c 'import sys, xml.dom.minidom as d; d.parse(sys.argv[1])' "$tmp/out/classify.svg"; }
write_set() { "$program" --seed 5 --headers 500 --write "$tmp/rules" set ipc 300; }
from_files() { bench --rules "$tmp/rules" --trace "$tmp/rules_trace" >"$tmp/report" 2>"$tmp/log" &&
	grep -q 'compared with the reference, 0 wrong' "$tmp/report" && grep -q 'wrong of 500' "$tmp/report"; }
same_again() { "$program" --seed 5 --headers 500 --write "$tmp/again" set ipc 300 &&
	cmp "$tmp/rules" "$tmp/again" && cmp "$tmp/rules_trace" "$tmp/again_trace"; }
refuses() { local want=$1; shift; "$program" "$@" >"$tmp/o" 2>"$tmp/e"; [ $? = 2 ] && grep -q "$want" "$tmp/e"; }
bad_file() { printf '@10.0.0.0/8 10.0.0.0/8 0 : 1 2 : 1 6/255\n' >"$tmp/bad"; refuses 'line 1: expected the dest' file "$tmp/bad"; }
quick_zipf() { "$program" --quick --zipf 100 --headers 2000 set fw 200 | grep -q 'burst of 32'; }

point a_quick_run_succeeds quick_run
point every_verdict_was_the_references report 'o["wrong"] == 0 and o["checked"] > 20000 and not o["failed"]'
point every_number_is_spoken_of report '{r["number"] for r in rows} == {1, 2, 3, 4, 5, 6}'
point a_number_is_passed_missed_or_not_measured \
	report 'all(r["verdict"] in ("pass", "miss", "not measured") for r in rows)'
point what_is_the_engines_alone_is_measured report 'all(r["value"] for r in rows if r["number"] in (1, 2, 4, 5, 6))'
point every_attack_is_in_the_report report 'sum(r["number"] == 2 for r in rows) == 7 + 2'
point the_report_is_kept same_file
point the_picture_is_well_formed picture
point a_set_is_written write_set
point the_same_seed_writes_the_same_set same_again
point rules_and_trace_are_read_from_files from_files
point a_trace_of_few_flows_is_made quick_zipf
point a_bad_file_is_refused_with_its_line bad_file
point a_missing_file_is_refused refuses 'no-such-file' file "$tmp/no-such-file"
point an_unknown_shape_is_refused refuses 'no such shape' set acm 1000
point an_unknown_attack_is_refused refuses 'no such attack' attack boredom 1000
point a_wrong_command_line_gets_the_usage refuses 'usage' set acl
finish
