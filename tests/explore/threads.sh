#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The scenarios of the explorer with threads of the system: shaken by delays at the scheduling points, under
# ThreadSanitizer, and under valgrind's DRD. A scenario that expects a finding is left out: its drivers have
# races. What watches is watched as well: each of the two sees a race that was planted.
# THREADS_PERCENT: how much of the usual number of rounds.
cd "${SRCROOT:-$(dirname "$0")/../..}" || exit 1
build=$(dirname "${BLDROOT:-build/gcc}")
percent=${THREADS_PERCENT:-100}
log=$(mktemp); trap 'rm -f "$log"' EXIT
n=0

ok() { n=$((n + 1)); echo "ok $n - $1"; }
not_ok() { n=$((n + 1)); echo "not ok $n - $1"; sed 's/^/# /' "$log" | head -60; }
skip() { n=$((n + 1)); echo "ok $n - $1 # skip $2"; }

# way | build | rounds | delays | what runs the program
ways="
real_threads_and_delays | gcc  | 25 | 8  |
ThreadSanitizer         | tsan | 8  | 16 | env TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
DRD                     | drd  | 1  | 64 | valgrind -q --tool=drd --suppressions=tests/explore/drd.supp --fair-sched=try --error-exitcode=9
"

# Why a way cannot be gone; nothing when it can. The build under test must be there.
missing() { # BUILD RUNNER
	[ "$1" != gcc ] || return
	[ "${2%% *}" != valgrind ] || command -v valgrind >/dev/null || { echo "valgrind is not installed"; return; }
	[ -x "$build/$1/tests/explore/threads_run" ] || echo "build/$1 is not there (./dev build $1)"
}

# The options that name a scenario's drivers; where it names none, two that hold what they are asked about.
driver_options() { # BUILD SCENARIO
	local names name file found
	names=$(sed -n 's/^driver[[:space:]]\+\([^[:space:]]*\).*/\1/p' "$2")
	for name in ${names:-firewall antivirus}; do
		found=$name.so # nowhere: loading it says so
		for file in "$build/$1"/{examples/,examples/races/,tests/guests/}"${name%.so}.so"; do
			[ -f "$file" ] && found=$file && break
		done
		echo "--driver $found"
	done
}

# run BUILD ROUNDS DELAYS RUNNER SCENARIO OPTION...: as the program ends; what it said is in the log
run() {
	local kind=$1 rounds=$2 delays=$3 runner=$4 scenario=$5
	shift 5
	# shellcheck disable=SC2046,SC2086
	$runner "$build/$kind/tests/explore/threads_run" "$scenario" $(driver_options "$kind" "$scenario") \
		--rounds $(((rounds * percent + 99) / 100)) --delays "$delays" "$@" >"$log" 2>&1
}

# The race that --plant brings must be told; where nobody watches it is not.
planted() { # WAY BUILD DELAYS RUNNER
	[ "$2" != gcc ] || return
	if ! run "$2" 1 "$3" "$4" tests/scenarios/kb979278.scn --plant && grep -q 'threads_run.c' "$log"; then
		ok "a_planted_race_is_seen_by_$1"
	else
		not_ok "a_planted_race_is_seen_by_$1"
	fi
}

while IFS='|' read -r way kind rounds delays runner; do
	[ -n "$kind" ] || continue
	way=${way// /} kind=${kind// /} runner=${runner# }
	why=$(missing "$kind" "$runner")
	[ -n "$why" ] || planted "$way" "$kind" "$delays" "$runner"
	for scenario in tests/scenarios/*.scn; do
		name="$(basename "$scenario" .scn)_by_$way"
		if [ -n "$why" ]; then
			skip "$name" "$why"
		elif ! run "$kind" "$rounds" "$delays" "$runner" "$scenario"; then
			not_ok "$name"
		elif reason=$(sed -n 's/^skip: //p' "$log") && [ -n "$reason" ]; then
			skip "$name" "$reason"
		else
			ok "$name"
		fi
	done
done <<<"$ways"
echo "1..$n"
