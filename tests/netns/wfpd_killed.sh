#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# wfpd killed in mid-traffic: with fail-open the host keeps its network; the next start leaves no rule
# and no process; rules and marks of others are not touched. Topology: tests/tap.sh, two_hosts.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
wfpd=$BLDROOT/cmd/wfpd
[ "$(id -u)" = 0 ] || skip_all "needs root"
two_hosts || skip_all "no network namespaces"
in_host "$wfpd" --path nfqueue --probe >/dev/null 2>"$tmp/probe" || skip_all "$(cat "$tmp/probe")"

start() { # start ARGUMENTS...: $pid is wfpd when it is ready
	ip netns exec "$host" "$wfpd" --path nfqueue --no-socket --json "$@" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	processes+=("$pid")
	eventually grep -q '"ready"' "$tmp/out" || { cat "$tmp/err"; return 1; }
}
stop() { kill -TERM "$pid" && wait "$pid"; }
kill_it() { kill -9 "$pid"; wait "$pid" 2>/dev/null; true; }
ours() { in_host nft list tables | grep -q openwfp; }
no_rules() { ! ours; }
ping4() { in_host ping -c2 -i0.2 -W1 10.97.0.2 && in_peer ping -c2 -i0.2 -W1 10.97.0.1; }
ping6() { in_host ping -6 -c2 -i0.2 -W1 fd97::2; }
no_ping() { ! in_host ping -c1 -W1 10.97.0.2; }
flood() { in_host ping -f -c 200000 10.97.0.2 >/dev/null 2>&1 & processes+=($!); }
foreign() { in_host nft list table inet somebody; }

in_host nft add table inet somebody
in_host nft 'add chain inet somebody out { type filter hook output priority 0; }'
in_host nft 'add rule inet somebody out meta mark 7 counter accept'
before=$(foreign)
same_foreign() { [ "$(foreign)" = "$before" ] || { foreign; echo "was: $before"; return 1; }; }

point starts_with_fail_open start --fail-open
point its_rules_are_there ours
point packets_pass_both_ways ping4
point packets_pass_ipv6 ping6
flood
point is_killed_in_mid_traffic kill_it
point the_network_stays_without_it ping4
point starts_again_over_what_was_left start --fail-open
point packets_pass_after_the_restart ping4
point stops_cleanly stop
point no_rule_is_left no_rules
point the_network_is_as_before ping4
point foreign_rules_are_untouched same_foreign

point starts_fail_closed start
point packets_pass_while_it_runs ping4
point is_killed kill_it
point nothing_passes_without_it no_ping
point starts_after_a_closed_kill start
point and_stops stop
point no_rule_is_left_after_fail_closed no_rules
point the_network_is_back ping4
no_process() { ! pgrep -f "$wfpd --path nfqueue" | grep -v "^$$\$" | while read -r p; do
	[ "$(ip netns identify "$p")" = "$host" ] && echo "$p"; done | grep -q .; }
point no_process_is_left no_process
finish
