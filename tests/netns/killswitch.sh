#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The kill switch on live connections: what it blocks and permits, that it survives the death of
# wfpd and holds from the first packet on, and that nothing of it stays when it is switched off.
#
#	host 10.97.0.1 fd97::1   ---wire---   10.97.0.2 fd97::2 peer      what is beside the tunnel
#	     10.64.0.1 fd64::1   ---tun0---   10.64.0.2 fd64::2           the tunnel
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
wfpd=$BLDROOT/cmd/wfpd clients=$BLDROOT/examples/clients
[ "$(id -u)" = 0 ] || skip_all "needs root"
two_hosts || skip_all "no network namespaces"
in_host "$wfpd" --path nfqueue --probe >/dev/null 2>"$tmp/probe" || skip_all "$(cat "$tmp/probe")"
export OPENWFP_SOCKET=$tmp/socket
port=5001 server=51820 flooded=5999

tunnel() {
	local i=0 ns
	ip link add tun0 netns "$host" type veth peer name tun0 netns "$peer" || return 1
	for ns in "$host" "$peer"; do
		i=$((i + 1))
		ip -n "$ns" addr add "10.64.0.$i/24" dev tun0
		ip -n "$ns" addr add "fd64::$i/64" dev tun0 nodad
		ip -n "$ns" link set tun0 up
	done
}
background() { # background NAMESPACE OUTPUT COMMAND...: in_host and in_peer would hide the pid
	local ns=$1 out=$2
	shift 2
	ip netns exec "$ns" "$@" >"$out" 2>&1 &
	processes+=("$!")
}
servers() {
	background "$peer" "$tmp/peer" python3 tests/netns/traffic.py serve $port $server
	background "$host" "$tmp/host" python3 tests/netns/traffic.py serve $port
	eventually grep -q ready "$tmp/peer" && eventually grep -q ready "$tmp/host"
}
# A process that is asked by lines: converse FD... ; then ask N, and the answer is in $answer.
converse() { # converse NAME IN_FD OUT_FD NAMESPACE COMMAND...
	local name=$1 in=$2 out=$3 ns=$4
	shift 4
	mkfifo "$tmp/$name.in" "$tmp/$name.out" && eval "exec $in<>'$tmp/$name.in' $out<>'$tmp/$name.out'"
	ip netns exec "$ns" "$@" <"$tmp/$name.in" >"$tmp/$name.out" 2>"$tmp/$name.err" &
	processes+=("$!")
	read -t 10 -r answer <&"$out" # "open" or "ready"
}
ask() { echo >&"$1" && read -t 10 -r answer <&"$2"; }

# With what data/wfpd.service leaves of root.
capabilities=$(sed -n 's/^CapabilityBoundingSet=//p' data/wfpd.service.in | tr 'A-Z' 'a-z' | sed 's/cap_/+/g; s/ /,/g')
launch() {
	ip netns exec "$host" setpriv --bounding-set "-all,$capabilities" --no-new-privs "$wfpd" --path nfqueue --json \
		--store "$tmp/policy.db" --socket "$OPENWFP_SOCKET" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	processes+=("$pid")
}
ready() { eventually grep -q '"ready"' "$tmp/out" || { cat "$tmp/err"; return 1; }; }
start() { : >"$tmp/out"; launch; ready; }
kill_it() { kill -9 "$pid"; wait "$pid" 2>/dev/null; true; }
client() { local name=$1; shift; ip netns exec "$host" timeout 20 "$clients/$name" "$@"; }

# direction place address port
places="
out wire4 10.97.0.2 $port
out wire6 fd97::2 $port
out server4 10.97.0.2 $server
out server6 fd97::2 $server
out tunnel4 10.64.0.2 $port
out tunnel6 fd64::2 $port
out loopback4 127.0.0.1 $port
out loopback6 ::1 $port
in wire4 10.97.0.1 $port
in wire6 fd97::1 $port
in tunnel4 10.64.0.1 $port
in tunnel6 fd64::1 $port
"
try() { # try DIRECTION PLACE ADDRESS PORT KIND: one line into its file
	local ns=$host
	[ "$1" = in ] && ns=$peer
	ip netns exec "$ns" timeout 20 python3 tests/netns/traffic.py try "$5" "$3" "$4" >/dev/null &&
		echo passes >"$tmp/try/$1 $5 $2" || echo blocked >"$tmp/try/$1 $5 $2"
}
# Everything passes but what is named: TCP and UDP, in both directions, all at once.
only_blocked() {
	local direction place address port kind tries=() f want bad=0
	rm -rf "$tmp/try" && mkdir "$tmp/try"
	while read -r direction place address port; do
		[ -n "$direction" ] || continue
		for kind in tcp udp; do
			try "$direction" "$place" "$address" "$port" "$kind" &
			tries+=("$!")
		done
	done <<<"$places"
	wait "${tries[@]}"
	for f in "$tmp"/try/*; do
		want=passes
		for place in "$@"; do [ "${f##* }" = "$place" ] && want=blocked; done
		[ "$(cat "$f")" = "$want" ] || { echo "${f##*/}: $(cat "$f")"; bad=1; }
	done
	return "$bad"
}

switch_on() { client killswitch on "$@" --permit-remote "10.97.0.2:$server" --permit-remote "[fd97::2]:$server"; }
by_address() { switch_on --tunnel-address 10.64.0.1 --tunnel-address fd64::1; }
by_both() { switch_on --tunnel tun0 --tunnel-address 10.64.0.1 --tunnel-address fd64::1; }
by_interface() { switch_on --tunnel tun0; }
status_says() { client killswitch status | tail -1 | grep -q "^$1"; }
# So that loading takes a while; at a layer that the traffic here hardly meets.
long_policy() {
	seq 20000 | sed 's/.*/row & | accept-v6 | block | protocol=tcp local-port=& remote-address=fd99::1/' >"$tmp/table"
	client installer install "$tmp/table"
}
connection_is() { ask 8 9 && [ "$answer" = "$1" ]; }
before_ready() { wait "$early"; } # an answer over loopback came before wfpd said "ready"
none_arrived() { ask 6 7 && [ "$answer" = 0 ] || { echo "$answer datagrams"; return 1; }; }
some_arrived() { fire && sleep 1 && cease && ask 6 7 && [ "$answer" -gt 0 ]; }
fire() {
	background "$host" /dev/null python3 tests/netns/traffic.py flood $flooded 10.97.0.2 fd97::2
	flood=$!
}
cease() { kill "$flood" && wait "$flood" 2>/dev/null; true; }
restart_under_fire() {
	converse count 6 7 "$peer" python3 tests/netns/traffic.py count $flooded && fire || return 1
	: >"$tmp/out"
	background "$host" "$tmp/early" timeout 60 python3 tests/netns/traffic.py before "$tmp/out" '"ready"' 127.0.0.1 $port
	early=$!
	sleep 1 # until it tries
	launch
}
dynamic_dies() {
	background "$host" "$tmp/dynamic" "$clients/killswitch" on --dynamic
	local client=$!
	eventually grep -q '^on' "$tmp/dynamic" && only_blocked $beside $tunnel server4 server6 || return 1
	kill -9 "$client"
	eventually status_says off
}
beside="wire4 wire6" tunnel="tunnel4 tunnel6"

tunnel && servers || skip_all "no tunnel"
point starts start
point everything_passes_at_first only_blocked
point is_off_at_first status_says off
point a_connection_is_open_beside_the_tunnel converse hold 8 9 "$host" python3 tests/netns/traffic.py hold 10.97.0.2 $port
point and_alive connection_is back
point is_switched_on by_both
point only_what_is_beside_the_tunnel_is_blocked only_blocked $beside
point the_open_connection_is_cut connection_is lost
point another_program_adds_much long_policy

point wfpd_is_killed kill_it
point it_starts_again_under_fire restart_under_fire
point the_boot_time_filters_permit_loopback_before_it_is_ready before_ready
point it_is_ready ready
point not_one_datagram_leaked none_arrived
point the_same_is_blocked_as_before only_blocked $beside
point and_still_none_leaked none_arrived
point the_flood_ends cease
point the_other_program_goes client installer uninstall

point the_tunnel_may_be_an_address_alone by_address
point only_what_is_beside_its_addresses_is_blocked only_blocked $beside
point the_tunnel_may_be_an_interface_alone by_interface
point only_what_is_beside_the_interface_is_blocked only_blocked $beside
point wfpd_is_killed_again kill_it
point it_starts_again start
point a_number_does_not_outlive_the_engine only_blocked $beside $tunnel
point it_is_said_again by_interface
point and_the_tunnel_is_back only_blocked $beside

point is_switched_off client killswitch off
point everything_passes_again only_blocked
point a_flood_arrives_now some_arrived
point switching_off_twice_is_fine client killswitch off
point wfpd_is_killed_once_more kill_it
point it_starts_without_a_switch start
point nothing_of_it_came_back only_blocked
point it_says_so status_says off
point a_dynamic_one_dies_with_its_program dynamic_dies
point everything_passes_at_last only_blocked
finish
