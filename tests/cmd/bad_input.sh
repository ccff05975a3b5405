#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bad input and a machine that cannot: the agreed exit status, a sentence that names what is wrong, nothing left.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
wfp=$BLDROOT/cmd/wfp wfpd=$BLDROOT/cmd/wfpd drivers=$BLDROOT/examples bad=$BLDROOT/tests/cmd
# says STATUS PATTERN COMMAND...: ends with this status, and says this on standard error
says() {
	local want=$1 pattern=$2 status=0
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err" || status=$?
	[ "$status" = "$want" ] && grep -qiE "$pattern" "$tmp/err" && return 0
	echo "status $status, wanted $want and /$pattern/:"
	cat "$tmp/err"
	return 1
}
replay() { "$wfp" replay examples/web.pcap "$@"; }
policy() { printf '%s' "$2" >"$tmp/policy.json"; says 2 "$1" replay --policy "$tmp/policy.json"; }

point no_subcommand says 2 'usage' "$wfp"
point unknown_subcommand says 2 'no such subcommand: fly' "$wfp" fly
point unknown_option says 2 'no such option: --fly' "$wfp" replay --fly
point option_without_its_value says 2 'needs a value' "$wfp" replay --seed
point seed_that_is_no_number says 2 'expected' "$wfp" replay examples/web.pcap --seed x
point no_capture says 2 'capture' "$wfp" replay
point capture_that_is_not_there says 2 'nowhere.pcap' "$wfp" replay nowhere.pcap
echo "this is text" >"$tmp/text.pcap"
point capture_that_is_none says 2 'text.pcap' "$wfp" replay "$tmp/text.pcap"
point output_that_cannot_be_written says 2 'no/such' replay --out "$tmp/no/such/dir.pcapng"
point local_that_is_no_address says 2 'address' replay --local there
point driver_that_is_not_there says 2 'nowhere.so' replay --driver "$tmp/nowhere.so"
echo "no object" >"$tmp/text.so"
point driver_that_is_no_object says 2 'text.so' replay --driver "$tmp/text.so"
point driver_without_driverentry says 2 'DriverEntry' replay --driver "$bad/bad_noentry.so"
point driver_whose_driverentry_fails says 2 'bad_fails.so.*0x' replay --driver "$bad/bad_fails.so"
crashes() { "$wfp" replay examples/web.pcap --driver "$bad/bad_crashes.so" >"$tmp/out" 2>"$tmp/err"
	[ $? -ge 128 ] && grep -q 'bad_crashes.so' "$tmp/err" || { cat "$tmp/err"; return 1; }; }
point driver_that_crashes_in_driverentry_is_named crashes
point driver_whose_thread_does_not_end_stays_and_is_named says 1 'bad_endless.so.*still runs' replay --driver "$bad/bad_endless.so"
point policy_that_is_not_there says 2 'nowhere.json' replay --policy "$tmp/nowhere.json"
point policy_that_is_no_json policy 'policy.json:1' '{ "filters": [ }'
point policy_that_names_no_layer policy 'FWPM_LAYER_NOWHERE' '{"filters":[{"name":"x","layer":"FWPM_LAYER_NOWHERE","action":"FWP_ACTION_BLOCK"}]}'
point policy_that_names_no_field policy 'FWPM_CONDITION_NOTHING' \
	'{"filters":[{"name":"x","layer":"FWPM_LAYER_ALE_AUTH_CONNECT_V4","action":"FWP_ACTION_BLOCK","conditions":[{"field":"FWPM_CONDITION_NOTHING","match":"FWP_MATCH_EQUAL","value":1}]}]}'
point policy_with_an_unknown_key policy 'colour' '{"filters":[{"name":"x","colour":"red"}]}'
point daemon_without_a_path says 2 'path' "$wfpd"
point daemon_with_an_unknown_path says 2 'carrier-pigeon' "$wfpd" --path carrier-pigeon
if [ "$(id -u)" = 0 ]; then
	as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }
	cp "$wfpd" "$tmp/wfpd"; chmod 755 "$tmp" "$tmp/wfpd"
	point no_root_says_what_is_missing says 3 'CAP_NET_ADMIN|root' as_nobody "$tmp/wfpd" --path nfqueue
	if two_hosts && in_host "$wfpd" --path nfqueue --probe 2>/dev/null; then
		ip netns exec "$host" "$wfpd" --path nfqueue --no-socket --json >"$tmp/first" 2>&1 & processes+=($!)
		first=$!
		eventually grep -q ready "$tmp/first"
		rules=$(in_host nft list ruleset)
		unchanged() { [ "$(in_host nft list ruleset)" = "$rules" ]; }
		point queue_number_in_use says 3 'queue 0' in_host "$wfpd" --path nfqueue
		point the_first_one_keeps_its_rules unchanged
		kill -TERM $first; wait $first
	else
		n=$((n + 1)); echo "ok $n - queue_number_in_use # SKIP no namespaces or no kernel queue"
	fi
else
	n=$((n + 1)); echo "ok $n - no_root_says_what_is_missing # SKIP needs root to become nobody"
fi
finish
