#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The example clients against a wfpd without packets: what they add, what they leave, what they say.
# (The kill switch has live connections in tests/netns.)
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
wfpd=$BLDROOT/cmd/wfpd clients=$BLDROOT/examples/clients
[ "$(id -u)" = 0 ] || skip_all "needs root: others may not add filters"
export OPENWFP_SOCKET=$tmp/socket
exec 3>&1 # for what is told beside the points

start() {
	: >"$tmp/out"
	"$wfpd" --path none --json --store "$tmp/policy.db" --socket "$OPENWFP_SOCKET" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	processes+=("$pid")
	eventually grep -q '"ready"' "$tmp/out" || { cat "$tmp/err"; return 1; }
}
kill_it() { kill -9 "$pid"; wait "$pid" 2>/dev/null; true; }
client() { local name=$1; shift; timeout 20 "$clients/$name" "$@"; }
says() { # says TEXT COMMAND...: on either output
	local text=$1
	shift
	"$@" >"$tmp/said" 2>&1
	grep -qF -- "$text" "$tmp/said" || { cat "$tmp/said"; return 1; }
}
refused() { # refused STATUS TEXT COMMAND...
	local want=$1 text=$2 status
	shift 2
	"$@" >"$tmp/said" 2>&1
	status=$?
	[ "$status" = "$want" ] && grep -qF -- "$text" "$tmp/said" || { echo "exit $status"; cat "$tmp/said"; return 1; }
}
rows() { # rows FIRST LAST: a table
	local i
	for i in $(seq "$1" "$2"); do echo "row $i | connect-v4 | block | protocol=tcp remote-port=$i"; done
}
ids() { client installer list | sed '$d' | sort; }
same_ids() { ids >"$tmp/now" && cmp "$tmp/ids" "$tmp/now"; }
names() { client installer list | sed '$d; s/^ *[0-9]* *//' | sort; }
names_are() { names >"$tmp/now" && sed '/^#/d; s/ *|.*//' "$1" | sort | cmp - "$tmp/now"; }

# Killed at any moment, the policy is the one table or the other. A commit that was sent may come
# into force after its sender's death, so each look is one list.
killed_in_the_middle() {
	local i table seen=
	rows 1 400 >"$tmp/a" && rows 201 800 >"$tmp/b"
	sed 's/ *|.*//' "$tmp/a" | sort >"$tmp/a.names"
	sed 's/ *|.*//' "$tmp/b" | sort >"$tmp/b.names"
	client installer install "$tmp/a" || return 1
	for i in $(seq 40); do
		table=$([ $((i % 2)) = 1 ] && echo b || echo a)
		"$clients/installer" install "$tmp/$table" >/dev/null 2>&1 &
		sleep "0.0$((RANDOM % 90 + 10))"
		kill -9 $! 2>/dev/null
		wait $! 2>/dev/null
		names >"$tmp/now"
		if cmp -s "$tmp/now" "$tmp/a.names"; then seen+=a; elif cmp -s "$tmp/now" "$tmp/b.names"; then seen+=b
		else echo "round $i, after $seen: $(wc -l <"$tmp/now") filters"; return 1; fi
	done
	echo "# killed 40 times: $seen" >&3
}
bad_tables() {
	refused 2 ":1: expected a layer" client installer install <(echo "x | connect | block |") &&
		refused 2 ":2: expected an action" client installer install <(printf '\nx | connect-v4 | drop |\n') &&
		refused 2 ":1: expected conditions" client installer install <(echo "x | connect-v4 | block | remote-port=9-5") &&
		refused 2 ":1: expected conditions" client installer install <(echo "x | connect-v4 | block | remote-port=65536") &&
		refused 2 ":2: expected a row that is not there" client installer install <(rows 5 5; rows 5 5) &&
		refused 2 ":1: expected a name" client installer install <(echo "| connect-v4 | block |") &&
		refused 2 "expected a file" client installer install "$tmp/none" && same_ids
}
# What a table cannot say, the engine does: nothing of the table is in force then.
half_of_it_refused() {
	{ rows 900 905; echo "wrong | connect-v4 | block | remote-address=fd00::1"; } >"$tmp/wrong"
	refused 1 FWP_E_ client installer install "$tmp/wrong" && same_ids
}

background() { # background OUTPUT COMMAND...
	local out=$1
	shift
	"$@" >"$out" 2>&1 &
	last=$!
	processes+=("$last")
}
blocks_while_it_lives() {
	background "$tmp/appblock" "$clients/appblock" /bin/sh /bin/cat
	eventually grep -q '^blocked' "$tmp/appblock" && eventually grep -q 'added  filter [0-9]* /bin/cat' "$tmp/monitor"
}
unblocks_when_killed() {
	kill -9 "$last"
	[ "$(grep -c '/bin/' "$tmp/monitor")" = 8 ] || return 1
	eventually eval '[ "$(grep -c ^gone "$tmp/monitor")" = 8 ]'
}
watches() {
	background "$tmp/monitor" "$clients/monitor" --allows
	monitor=$last
	eventually grep -q watching "$tmp/monitor"
}
ends_by_itself() { kill -INT "$monitor" && wait "$monitor"; }
everything_is_named() {
	local code
	"$clients/killswitch" status >"$tmp/said" 2>&1
	grep -q '^open the engine: EPT_S_NOT_REGISTERED (0x000006D9): .*start wfpd' "$tmp/said" || { cat "$tmp/said"; return 1; }
	for code in $(grep -oE 'FWP_E_[A-Z_]+' include/shared/generated/winerror_values.h); do
		grep -q "CODE($code," examples/clients/codes.c || { echo "$code is not explained"; return 1; }
	done
}

point without_the_engine_they_say_what_to_do everything_is_named
point starts start
point a_policy_is_installed says "installed: 8 added, 0 removed, 0 kept" client installer install examples/clients/policy.txt
ids >"$tmp/ids"
point twice_writes_nothing says "installed: 0 added, 0 removed, 8 kept" client installer install examples/clients/policy.txt
point twice_are_the_same_filters same_ids
point every_row_is_there names_are examples/clients/policy.txt
point a_bad_table_changes_nothing bad_tables
point what_the_engine_refuses_changes_nothing half_of_it_refused
point wfpd_is_killed kill_it
point starts_again start
point the_policy_survived same_ids
point an_upgrade_writes_the_difference says "installed: 1 added, 1 removed, 7 kept" \
	client installer install <(sed 's/remote-port=25 remote-address/remote-port=587 remote-address/' examples/clients/policy.txt)
point killed_in_the_middle_the_policy_is_old_or_new killed_in_the_middle
point is_uninstalled says "filters removed" client installer uninstall
point nothing_is_left says "0 filters" client installer list
point uninstalling_twice_is_fine says "uninstalled: 0 filters removed" client installer uninstall

point the_monitor_watches watches
point a_program_is_blocked_while_its_blocker_lives blocks_while_it_lives
point and_no_longer unblocks_when_killed
point the_monitor_ends_by_ctrl_c ends_by_itself
point no_such_program_is_an_answer refused 1 "ERROR_FILE_NOT_FOUND" client appblock /no/such/program

point the_switch_is_on says on client killswitch on --tunnel-address 192.0.2.1
point a_second_one_replaces_it says on client killswitch on --tunnel-address 2001:db8::1
point a_dynamic_one_does_not refused 1 FWP_E_ALREADY_EXISTS client killswitch on --dynamic
point no_such_interface_is_an_answer refused 2 "--tunnel: no such option, interface" client killswitch on --tunnel nosuch
point no_such_endpoint_is_an_answer refused 2 "--permit-remote" client killswitch on --permit-remote 192.0.2.1
point the_switch_is_off says "off, 30 filters removed" client killswitch off
finish
