# SPDX-License-Identifier: MIT
# Sourced by the test scripts: TAP points, and namespaces that are gone afterwards, also after a failure.
# Usage: point NAME COMMAND...   the command's success is the point; its output is shown when it fails
n=0
# In this shell, so that what the command sets ($pid) stays.
point() {
	local name=$1
	shift
	n=$((n + 1))
	if "$@" >"$tmp/point" 2>&1; then echo "ok $n - $name"; else
		echo "not ok $n - $name"
		sed 's/^/# /' "$tmp/point"
	fi
}
# skip_all REASON: the whole script cannot be had here
skip_all() {
	echo "1..1"
	echo "ok 1 - $(basename "$0" .sh) # SKIP $*"
	exit 0
}
finish() { echo "1..$n"; }

tmp=$(mktemp -d)
namespaces=()
processes=()
cleanup() {
	local p ns
	for p in "${processes[@]}"; do kill -9 "$p" 2>/dev/null; wait "$p" 2>/dev/null; done
	for ns in "${namespaces[@]}"; do ip netns del "$ns" 2>/dev/null; done
	rm -rf "$tmp"
}
trap cleanup EXIT

# Two namespaces, "$host" (10.97.0.1, fd97::1) and "$peer" (10.97.0.2, fd97::2), and a wire.
two_hosts() {
	host=openwfp-test-$$-host peer=openwfp-test-$$-peer
	namespaces+=("$host" "$peer")
	ip netns add "$host" && ip netns add "$peer" || return 1
	ip link add wire netns "$host" type veth peer name wire netns "$peer" || return 1
	local i=0 ns
	for ns in "$host" "$peer"; do
		i=$((i + 1))
		ip -n "$ns" link set lo up
		ip -n "$ns" addr add "10.97.0.$i/24" dev wire
		ip -n "$ns" addr add "fd97::$i/64" dev wire nodad
		ip -n "$ns" link set wire up
	done
	for i in 1 2 3 4 5 6 7 8 9 10; do
		in_host ping -6 -c1 -W1 fd97::2 >/dev/null 2>&1 && in_host ping -c1 -W1 10.97.0.2 >/dev/null 2>&1 && return 0
	done
	return 1
}
in_host() { ip netns exec "$host" "$@"; }
in_peer() { ip netns exec "$peer" "$@"; }

# Waits until a command succeeds, 10 seconds at most.
eventually() {
	local i
	for i in $(seq 100); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done
	echo "never succeeded: $*"
	return 1
}
