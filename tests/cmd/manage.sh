#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# wfp against a running engine: what is added is shown, what is wrong is said, and nothing happens by halves.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
wfp=$BLDROOT/cmd/wfp
export OPENWFP_SOCKET=$tmp/bfe.sock
start() { "$BLDROOT/cmd/wfpd" --path none --socket "$OPENWFP_SOCKET" --store "$tmp/store.db" >"$tmp/wfpd" 2>&1 & daemon=$!
	processes+=("$daemon"); eventually "$wfp" show stats || { cat "$tmp/wfpd"; return 1; }; }
stop() { kill -TERM "$daemon"; wait "$daemon"; }
# says STATUS PATTERN COMMAND...: ends with this status, and says this on either stream
says() {
	local want=$1 pattern=$2 status=0
	shift 2
	"$@" >"$tmp/out" 2>&1 || status=$?
	[ "$status" = "$want" ] && { [ -z "$pattern" ] || grep -qE -- "$pattern" "$tmp/out"; } && return 0
	echo "status $status, wanted $want and /$pattern/:"
	cat "$tmp/out"
	return 1
}
# holds EXPRESSION: of o, the JSON in $tmp/json, and f, its filters by name
holds() { python3 - "$tmp/json" "$1" <<-'EOF'
	import json, sys
	o = json.load(open(sys.argv[1]))
	f = {x["displayData"]["name"]: x for x in o.get("filters", [])}
	assert eval("(" + sys.argv[2] + ")", {"o": o, "f": f, "json": json}), o
	EOF
}
shown() { "$wfp" show "$1" "${@:3}" --json >"$tmp/json" && holds "$2"; }
add() { "$wfp" add "$@" >"$tmp/out" 2>&1 || { cat "$tmp/out"; return 1; }; }

point without_an_engine_it_says_so says 3 'does not run.*wfpd' "$wfp" show filters
point the_engine_starts start
point nothing_is_there_at_first shown filters 'o == {"filters": []}'
point a_filter_as_people_type_it add filter "web off" --layer ale-auth-connect-v4 --app /usr/bin/env \
	--remote-port 80,443,8000-8080 --protocol tcp --user root --remote-address 10.0.0.0/8 --action block --hard --weight 9
point its_conditions_are_what_was_typed shown filters '{(c["fieldKey"][15:], c["matchType"][10:],
	json.dumps({k: v for k, v in c["conditionValue"].items() if k != "type"}))
	for c in f["web off"]["filterCondition"]} == {
	("IP_REMOTE_PORT", "EQUAL", "{\"uint16\": 80}"), ("IP_REMOTE_PORT", "EQUAL", "{\"uint16\": 443}"),
	("IP_REMOTE_PORT", "RANGE", "{\"rangeValue\": {\"valueLow\": {\"type\": \"FWP_UINT16\", \"uint16\": 8000}, "
	 "\"valueHigh\": {\"type\": \"FWP_UINT16\", \"uint16\": 8080}}}"),
	("IP_PROTOCOL", "EQUAL", "{\"uint8\": 6}"), ("ALE_USER_ID", "EQUAL", "{\"sd\": \"O:SYG:SYD:(A;;CC;;;S-1-22-1-0)\"}"),
	("IP_REMOTE_ADDRESS", "EQUAL", "{\"v4AddrMask\": {\"addr\": \"10.0.0.0\", \"mask\": \"255.0.0.0\"}}"),
	("ALE_APP_ID", "EQUAL", json.dumps({"byteBlob": ("/usr/bin/env" + chr(0)).encode("utf-16-le").hex()}))}'
point its_flags_and_weight_are_shown shown filters 'f["web off"]["flags"] == ["FWPM_FILTER_FLAG_CLEAR_ACTION_RIGHT"] and
	f["web off"]["weight"] == {"type": "FWP_UINT8", "uint8": 9} and int(f["web off"]["effectiveWeight"]["uint64"]) >> 60 == 9'
point a_layer_without_a_family_is_both add filter both --layer connect --remote-port 22 --action permit
point both_are_there shown filters 'len([x for x in o["filters"] if x["displayData"]["name"] == "both"]) == 2'
point both_or_none says 2 'IPv6' "$wfp" add filter x --layer connect --remote-address 10.0.0.1 --action block
point a_provider add provider "acme" --service acmed --provider-data 0aff --persistent
point a_sublayer_of_it add sublayer "guard" --weight 65000 --provider acme --persistent --key 11111111-2222-3333-4444-555555555555
point its_provider_must_exist says 2 'no such provider: nobody' "$wfp" add sublayer s --provider nobody
point a_callout_and_who_asks_it add callout "asker" --layer ale-auth-connect-v4
point a_filter_that_asks add filter asks --layer ale-auth-connect-v4 --callout asker --action callout-terminating --sublayer guard
point its_action_names_the_callout shown filters \
	'f["asks"]["action"]["type"] == "FWP_ACTION_CALLOUT_TERMINATING" and f["asks"]["subLayerKey"].startswith("{11111111")'
point a_provider_context add context ctx --data 00ff
point contexts_are_shown shown contexts 'any(c["displayData"]["name"] == "ctx" and c["dataBuffer"] == "00ff"
	for c in o["providerContexts"])'
point the_answer_has_key_and_id says 0 '^\{"added":\[\{"object":"filter","key":"\{.*"id":[0-9]+.*"FWPM_LAYER_STREAM_V4"' \
	"$wfp" add filter s --layer stream-v4 --action continue --json

point wrong_layer says 2 'no such layer: ale-auth-conect-v4; did you mean ale-auth-connect-v4\?' \
	"$wfp" add filter --layer ale-auth-conect-v4 --action block
point no_layer says 2 '--layer is missing' "$wfp" add filter --action block
point no_action says 2 '--action is missing' "$wfp" add filter --layer stream-v4
point wrong_field says 2 'no field mac-local-address; it has ' \
	"$wfp" add filter --layer stream-v4 --action block --condition 'mac-local-address == 1'
point wrong_object says 2 'no such object: fliter; did you mean filter\?' "$wfp" add fliter
point wrong_option says 2 'no such option: --colour' "$wfp" add sublayer x --colour red
point callout_without_its_action says 2 'expected --callout' "$wfp" add filter --layer stream-v4 --action callout-terminating
point the_engine_names_its_refusal says 2 'FWP_E_ALREADY_EXISTS \(0x80320009\)' \
	"$wfp" add sublayer again --key 11111111-2222-3333-4444-555555555555
point an_object_needs_a_name says 2 'needs a name' "$wfp" add provider

point listings_narrow shown filters '[*f] == ["web off"]' --layer ale-auth-connect-v4 --remote-port 443 --overlapping --action block
point the_best_match_is_one shown filters 'len(f) >= 1' --layer ale-auth-connect-v4 --remote-port 22 --best
point tables_are_aligned says 0 '^WEIGHT +KEY +PROVIDER +NAME' "$wfp" show sublayers
point stats_are_numbers shown stats 'o["stats"]["requests"] > 0'
point options_are_named shown options 'o["options"]["FWPM_ENGINE_COLLECT_NET_EVENTS"] == 1'
point options_are_set says 0 '' "$wfp" set option collect-net-events off
point and_keep_their_value shown options 'o["options"]["FWPM_ENGINE_COLLECT_NET_EVENTS"] == 0'
point and_set_again says 0 '' "$wfp" set option FWPM_ENGINE_COLLECT_NET_EVENTS 1
point wrong_option_name says 2 'did you mean' "$wfp" set option colect-net-events on
point sessions_show_ourselves shown sessions 'any(s["displayData"]["name"] == "wfp show" for s in o["sessions"] if s["displayData"])'
point ports_are_listed shown ports '"FWPM_SYSTEM_PORT_TEREDO" in o["systemPorts"]'
point descriptors_are_set says 0 '' "$wfp" set security sublayer guard 'D:(A;;GA;;;BA)(A;;GR;;;WD)'
point and_shown says 0 'GR;;;WD|0x.*WD' "$wfp" show security sublayer guard
point wrong_descriptors_are_refused says 2 'no security descriptor: character' "$wfp" set security engine 'D:(A'
point xml_where_there_is_one says 2 'no XML form' "$wfp" show layers --xml
for what in state filters sublayers layers callouts providers contexts sessions connections netevents subscriptions options ports stats; do
	point "show_${what}_says_something" says 0 '' "$wfp" show "$what"
	point "show_${what}_as_json" shown "$what" 'type(o) is dict and len(o) >= 1'
done

point a_name_may_be_anything add sublayer $'evil\e[2J'
harmless() { "$wfp" show sublayers >"$tmp/out"; grep -q 'evil?\[2J' "$tmp/out" && ! grep -q $'\e' "$tmp/out"; }
point but_does_not_steer_the_terminal harmless

point delete_by_name says 0 '' "$wfp" delete filter asks
point delete_says_what_is_in_use says 2 'FWP_E_IN_USE' "$wfp" delete provider acme
point delete_by_key says 0 '' "$wfp" delete sublayer 11111111-2222-3333-4444-555555555555
point two_of_one_name_are_told_apart says 2 '2 filters are called both' "$wfp" delete filter both
point several_or_none says 2 'nothing was deleted' "$wfp" delete filter "web off" "no such thing"
point nothing_went shown filters '"web off" in f'
point delete_what_is_not_there says 2 'no such filter: nothing' "$wfp" delete filter nothing
point a_builtin_stays says 2 'FWP_E_BUILTIN_OBJECT' "$wfp" delete sublayer universal

point persistent_objects_survive add filter kept --layer ale-auth-connect-v6 --action block --persistent
stop && start
point a_restart shown filters '[*f] == ["kept"]'

# same_filters A B: two documents hold the same filters, but for ids and effective weights
same_filters() { python3 - "$1" "$2" <<-'EOF'
	import re, sys, xml.etree.ElementTree as ET
	def flat(e): return (e.tag, (e.text or "").strip(), tuple(flat(c) for c in e))
	def filters(path):
	    text = re.sub(r"<\?xml[^>]*\?>", "", open(path, encoding="utf-8-sig").read())
	    found = {}
	    for item in (i for f in ET.fromstring("<x>" + text + "</x>").iter("filters") for i in f):
	        parts = {c.tag: c for c in item if c.tag not in ("filterId", "effectiveWeight")}
	        found[item.findtext("filterKey")] = {k: sorted(map(flat, c)) if k in ("filterCondition", "flags") else flat(c)
	                                             for k, c in parts.items()}
	    return found
	a, b = filters(sys.argv[1]), filters(sys.argv[2])
	assert a and a == b, [(k, a.get(k), b.get(k)) for k in a.keys() | b.keys() if a.get(k) != b.get(k)][:2]
	EOF
}
imports() { "$wfp" import "$@" --json >"$tmp/json"; }
clear_filters() { "$wfp" show filters --json | python3 -c '
import json, sys
print(*[f["filterKey"] for f in json.load(sys.stdin)["filters"]])' | xargs "$wfp" delete filter; }

point a_clean_engine clear_filters
point a_dry_run_says_what_would_happen says 0 'nothing was changed' "$wfp" import examples/policy.xml --dry-run
point and_does_nothing shown filters 'f == {}'
point a_document_is_imported imports examples/policy.xml
point everything_in_it_was_added holds '[len(o[k]) for k in ("added", "standIns", "refused", "problems", "different")] == [9, 0, 0, 0, 0]
	and o["committed"] and o["leftOut"] == 0'
point old_ids_lead_to_new_ones holds 'all(x["oldId"] and x["id"] for x in o["added"] if x["object"] == "filter")'
point what_is_exported_has_the_same_filters eval '"$wfp" export "$tmp/out.xml" && same_filters examples/policy.xml "$tmp/out.xml"'
point a_second_time_all_is_equal eval 'imports examples/policy.xml && holds "len(o[\"equal\"]) == 9 and not o[\"added\"]"'
sed 's/names, from one place/renamed/; s/<weight>65000</<weight>64000</' examples/policy.xml >"$tmp/changed.xml"
point what_differs_is_named says 1 'different: weight$' "$wfp" import "$tmp/changed.xml"
point field_by_field says 1 'filter.*renamed: exists.*different: displayData$' "$wfp" import "$tmp/changed.xml"

"$wfp" show filters --xml >"$tmp/filters.xml"
"$wfp" show filters --json >"$tmp/before"
order() { python3 -c 'import json, sys
print([f["displayData"]["name"] for f in json.load(open(sys.argv[1]))["filters"]])' "$1"; }
stop; rm -f "$tmp"/store.db*; start
point filters_alone_bring_what_they_need imports "$tmp/filters.xml"
point as_stand_ins holds 'sorted(x["object"] for x in o["standIns"]) == ["callout", "sublayer", "sublayer"]
	and all(x["name"].startswith("imported: ") for x in o["standIns"]) and not o["refused"]'
point in_the_same_order eval '"$wfp" show filters --json >"$tmp/after" && [ "$(order "$tmp/before")" = "$(order "$tmp/after")" ]'
point and_are_the_same eval '"$wfp" show filters --xml >"$tmp/again.xml" && same_filters "$tmp/filters.xml" "$tmp/again.xml"'
stop; rm -f "$tmp"/store.db*; start
point weights_are_kept_on_demand eval 'imports "$tmp/filters.xml" --keep-weights && shown filters "all(
	x[\"weight\"] == x[\"effectiveWeight\"] for x in o[\"filters\"])"'
sed 's/FWPM_LAYER_ALE_AUTH_RECV_ACCEPT_V6/FWPM_LAYER_ALE_AUTH_LISTEN_V6/' "$tmp/filters.xml" | sed 's/5a0e0000-/5a0e0001-/g' >"$tmp/bad.xml"
point what_the_engine_refuses_is_named says 1 'refused: FWP_E_' "$wfp" import "$tmp/bad.xml"
sed 's/<fieldKey>FWPM_CONDITION_IP_PROTOCOL</<fieldKey>FWPM_CONDITION_NO_SUCH</; s/5a0e0000-/5a0e0002-/g' "$tmp/filters.xml" >"$tmp/odd.xml"
point what_cannot_be_read_is_named says 1 'odd.xml:[0-9]+: .*NO_SUCH' "$wfp" import "$tmp/odd.xml"
point no_document says 2 'nowhere.xml' "$wfp" import "$tmp/nowhere.xml"
echo '<policy/>' >"$tmp/other.xml"
point another_document says 2 'wfpstate' "$wfp" import "$tmp/other.xml"
echo '<wfpstate>' >"$tmp/cut.xml"
point a_document_that_is_cut_off says 2 'cut.xml: line' "$wfp" import "$tmp/cut.xml"

subscribed() { "$wfp" show subscriptions | grep -q "^$1 "; }
changes() { "$wfp" monitor changes >"$tmp/changes" 2>&1 & local m=$!; processes+=("$m")
	eventually subscribed filter || return 1
	add sublayer watched && "$wfp" delete sublayer watched
	eventually grep -q '^delete sublayer' "$tmp/changes"; kill -INT $m; wait $m || return 1
	grep -qE '^add +sublayer \{.*' "$tmp/changes" || { cat "$tmp/changes"; return 1; }; }
point monitor_shows_changes_and_ends_cleanly changes
gone() { "$wfp" monitor >"$tmp/gone" 2>&1 & local m=$! status=0; processes+=("$m")
	eventually subscribed 'net event' || return 1
	stop; wait $m || status=$?
	[ $status = 3 ] && grep -q 'the engine has ended it' "$tmp/gone" || { echo "status $status"; cat "$tmp/gone"; return 1; }; }
point monitor_says_when_the_engine_goes gone

# completes LINE CANDIDATE: as bash would be told
completes() { (PATH="$BLDROOT/cmd:$PATH"; . cmd/wfp/wfp.bash; compopt() { :; }
	read -r -a COMP_WORDS <<<"$1"; [ "${1% }" = "$1" ] || COMP_WORDS+=("")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=(); _wfp
	printf '%s\n' "${COMPREPLY[@]}" | grep -qx -- "$2" || { printf 'not %s:\n' "$2"; printf '%s\n' "${COMPREPLY[@]}"; return 1; }); }
point subcommands_complete completes 'wfp sh' show
point objects_complete completes 'wfp add fi' filter
point options_complete completes 'wfp add filter --remote-p' --remote-port
point layers_complete completes 'wfp add filter --layer ale-auth-c' ale-auth-connect-v4
point actions_complete completes 'wfp add filter --action ' block
point engine_options_complete completes 'wfp set option coll' collect-net-events
finish
