#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# wfpd on a router between two hosts: what passes through is seen at FORWARD, judged by the policy of
# the forwarding layers, and passes unharmed; the router's own traffic is not queued when only the
# forward hook is asked for.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
wfpd=$BLDROOT/cmd/wfpd
[ "$(id -u)" = 0 ] || skip_all "needs root"
left=openwfp-test-$$-left router=openwfp-test-$$-router right=openwfp-test-$$-right

on() { local ns=$1; shift; ip netns exec "$ns" "$@"; }
wire() { # wire NAMESPACE NUMBER: a wire to the router, on both networks of that number
	ip link add "wire$2" netns "$router" type veth peer name wire netns "$1" || return 1
	ip -n "$router" addr add "10.98.$2.1/24" dev "wire$2"
	ip -n "$router" addr add "fd98:$2::1/64" dev "wire$2" nodad
	ip -n "$1" addr add "10.98.$2.2/24" dev wire
	ip -n "$1" addr add "fd98:$2::2/64" dev wire nodad
	ip -n "$router" link set "wire$2" up && ip -n "$1" link set wire up
	ip -n "$1" route add default via "10.98.$2.1"
	ip -n "$1" -6 route add default via "fd98:$2::1"
}
network() {
	local ns
	for ns in "$left" "$router" "$right"; do
		namespaces+=("$ns")
		ip netns add "$ns" && ip -n "$ns" link set lo up || return 1
	done
	wire "$left" 1 && wire "$right" 2 || return 1
	on "$router" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	eventually on "$left" ping -6 -c1 -W1 fd98:2::2 && on "$left" ping -c1 -W1 10.98.2.2 >/dev/null
}
start() { # start ARGUMENTS...
	ip netns exec "$router" "$wfpd" --path nfqueue --no-socket --json "$@" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	processes+=("$pid")
	eventually grep -q '"ready"' "$tmp/out" || { cat "$tmp/err"; return 1; }
}
stop() { kill -TERM "$pid" && wait "$pid"; }
through4() { on "$left" ping -c2 -i0.2 -W1 10.98.2.2; }
through6() { on "$left" ping -6 -c2 -i0.2 -W1 fd98:2::2; }
blocked4() { ! on "$left" ping -c1 -W1 10.98.2.2; }
to_router() { on "$left" ping -c1 -W1 10.98.1.1; }
# Beside the eight of the two pings only neighbour discovery could be counted, and that is not forwarded.
saw_eight() { python3 - "$tmp/out" <<'END'
import json, sys
path = [json.loads(l) for l in open(sys.argv[1])][-1]["path"]
sys.exit(0 if path["received"] == path["accepted"] == 8 else f"{path}")
END
}
cat >"$tmp/policy.json" <<'END'
{"filters": [{"name": "nothing passes", "layer": "FWPM_LAYER_IPFORWARD_V4", "action": "FWP_ACTION_BLOCK"}]}
END

network >/dev/null 2>&1 || skip_all "no network namespaces"
on "$router" "$wfpd" --path nfqueue --probe >/dev/null 2>"$tmp/probe" || skip_all "$(cat "$tmp/probe")"
point starts_on_the_forward_hook start --hooks forward --queues 2
point packets_pass_through_ipv4 through4
point packets_pass_through_ipv6 through6
point the_router_answers_for_itself to_router
point stops stop
point saw_what_passed_and_nothing_else saw_eight
point starts_with_a_policy start --policy "$tmp/policy.json"
point the_policy_blocks_what_passes blocked4
point other_layers_are_not_concerned to_router
point other_versions_are_not_concerned through6
point stops_again stop
point the_network_is_as_before through4
finish
