#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A replay under gdb stops where the finding is, with the stack of whoever did it. The faults that the
# simulator takes for itself (the first write to a page) must not stop it.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
command -v gdb >/dev/null || skip_all no gdb
build=${BLDROOT:-build/gcc}
program=$build/tests/explore_eventlog_test_sim
[ -x "$program" ] || skip_all "no $program"
under_gdb() {
	CK_FORK=no timeout 120 gdb -nx -batch -ex 'handle SIGSEGV SIGBUS nostop noprint pass' \
		-ex run -ex bt -ex kill --args "$@" 2>&1
}
under_gdb "$program" a_finding_stops >"$tmp/finding"
grep -q 'ptrace: Operation not permitted' "$tmp/finding" && skip_all gdb may not trace here
under_gdb "$program" a_crash_stops >"$tmp/crash"
stops_at() { # stops_at FILE FUNCTION...
	local file=$1 f
	shift
	grep -q 'received signal SIGTRAP' "$file" || { cat "$file"; return 1; }
	for f in "$@"; do grep -qE "^#[0-9]+ .*\b$f \(" "$file" || { cat "$file"; return 1; }; done
}
point a_finding_stops_on_the_stack_of_its_thread stops_at "$tmp/finding" racers_read
point a_crash_stops_with_the_stack_that_crashed stops_at "$tmp/crash" write_to_nowhere

# The whole way: found, written down, and replayed under gdb, which shows the driver's function.
find_a_race() {
	"$build/cmd/wfp-explore" tests/scenarios/race-publish.scn --bound 1 --trace-dir "$tmp" \
		--driver "$build/examples/races/publish.so" >"$tmp/found"
	[ -s "$tmp"/race-publish-*.trace ] || { cat "$tmp/found"; return 1; }
}
point a_race_is_found find_a_race
under_gdb "$build/cmd/wfp-explore" --replay "$tmp"/race-publish-*.trace --trace-dir "$tmp" \
	--driver "$build/examples/races/publish.so" >"$tmp/replay"
point a_replay_stops_in_the_driver stops_at "$tmp/replay" Classify
finish
