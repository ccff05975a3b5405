#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The short searches of the models find nothing, and SPIN kills every mutant of them.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
command -v spin >/dev/null || skip_all no spin

work=build/prove-quick
prove() { python3 tools/prove/prove.py quick --work "$work" >"$tmp/log" 2>&1 || { tail -5 "$tmp/log"; return 1; }; }
alive() { ! grep -q LIVES "$tmp/log" || { grep LIVES "$tmp/log"; return 1; }; }
claims() { python3 - "$work/result.json" <<'END'
import json, sys
r = json.load(open(sys.argv[1]))
bad = [n for n, s in r["searches"].items() if not s["complete"]]
print(*bad)
sys.exit(bool(bad) or len(r["searches"]) < 8)
END
}
# Two callouts: a line that is not there is a step too much, one that is missing a step not seen.
relation_accepts_itself() { python3 tools/prove/relation.py compare "$work/relation-2.txt" "$work/relation-2.txt"; }
relation_refuses_a_step() {
	{ cat "$work/relation-2.txt"; echo "P2C0H1F1 H,E classified -> P3C0H0F1 H,E"; } >"$tmp/more"
	! python3 tools/prove/relation.py compare "$work/relation-2.txt" "$tmp/more" &&
		python3 tools/prove/relation.py compare "$work/relation-2.txt" "$tmp/more" | grep -q '^not in the model: P2C0H1F1'
}
relation_names_what_is_missing() {
	head -n -1 "$work/relation-2.txt" >"$tmp/fewer"
	python3 tools/prove/relation.py compare "$work/relation-2.txt" "$tmp/fewer" | grep -q '^not seen: '
}

point the_models_hold prove
point every_search_has_a_claim claims
point spin_kills_every_mutant alive
point the_relation_accepts_itself relation_accepts_itself
point the_relation_refuses_a_step_the_model_does_not_take relation_refuses_a_step
point the_relation_names_what_was_not_seen relation_names_what_is_missing
finish
