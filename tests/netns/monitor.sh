#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# wfp monitor on live packets: a line for each drop, with the names of the filter and the layer, and only what was asked for.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
[ "$(id -u)" = 0 ] || skip_all "needs root"
wfp=$BLDROOT/cmd/wfp
export OPENWFP_SOCKET=$tmp/bfe.sock
two_hosts || skip_all "no namespaces here"
in_host "$BLDROOT/cmd/wfpd" --path nfqueue --probe 2>/dev/null || skip_all "no kernel queue here"
ip netns exec "$host" "$BLDROOT/cmd/wfpd" --path nfqueue --socket "$OPENWFP_SOCKET" --store "$tmp/store.db" >"$tmp/wfpd" 2>&1 &
daemon=$!
processes+=("$daemon")
eventually "$wfp" show stats
add() { "$wfp" add filter "$@" >/dev/null; }
watch() { "$wfp" monitor "${@:2}" >"$tmp/$1" 2>"$tmp/$1.err" & watcher=$!; processes+=("$watcher")
	eventually subscribed; }
subscribed() { "$wfp" show subscriptions | grep -q '^net event '; }
ended() { kill -INT "$watcher"; wait "$watcher"; }
knock() { in_peer ping -c1 -W1 10.97.0.1 >/dev/null 2>&1; in_host timeout 1 bash -c "echo >/dev/tcp/10.97.0.2/$1" 2>/dev/null; true; }

point a_filter_is_added add "no telnet" --layer connect --remote-port 23 --action block
point text watch text --drops
knock 23
dropped() { grep -E ' drop +tcp .*10\.97\.0\.2:23 +ale-auth-connect-v4 +[0-9]+ no telnet +universal ' "$tmp/text"; }
point a_drop_is_a_line_with_names eventually dropped
point it_ends_cleanly ended
point json watch json --json --remote-port 23
knock 23
knock 24
shown() { [ -s "$tmp/json" ] && python3 - "$tmp/json" <<-'EOF'
	import json, sys
	for line in open(sys.argv[1]):
	    o = json.loads(line)
	    assert o["header"]["remotePort"] == 23, o
	    assert o["classifyDrop"] and o["filter"].endswith(" no telnet") and o["layer"] == "ale-auth-connect-v4", o
	EOF
}
point lines_of_json_are_what_was_asked_for eventually shown
ended
listed() { "$wfp" show netevents --remote-port 23 | grep -q 'no telnet'; }
point past_events_are_listed listed
document() { "$wfp" show netevents --xml | grep -q '<type>FWPM_NET_EVENT_TYPE_CLASSIFY_DROP</type>'; }
point as_a_document_too document
connected() { "$wfp" show connections --json | grep -q '"connections":\['; }
point connections_are_listed connected
kill -TERM $daemon; wait $daemon
finish
