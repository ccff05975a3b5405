#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An engine of one's own: whoever runs wfpd may manage it, root or not, and others may not.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
[ "$(id -u)" = 0 ] || skip_all "needs root, to be two other users"
command -v setpriv >/dev/null || skip_all "no setpriv"
cp "$BLDROOT/cmd/wfpd" "$BLDROOT/cmd/wfp" "$tmp" && chmod 755 "$tmp" && mkdir -m 777 "$tmp/run"
as() { local uid=$1; shift; (cd "$tmp" && setpriv --reuid="$uid" --regid="$uid" --clear-groups -- "$@"); }
export OPENWFP_SOCKET=$tmp/run/bfe.sock
# exec, so that the pid is that of wfpd and it ends with us
start() { (cd "$tmp" && exec setpriv --reuid=65534 --regid=65534 --clear-groups -- ./wfpd --path none \
		--socket "$OPENWFP_SOCKET") >"$tmp/out" 2>&1 & processes+=($!)
	eventually as 65534 ./wfp show stats >/dev/null 2>&1 || { cat "$tmp/out"; return 1; }; }
refused() { ! as 65533 ./wfp add sublayer mine >"$tmp/answer" 2>&1 && grep -q ERROR_ACCESS_DENIED "$tmp/answer"; }
point an_engine_starts_without_root start
point its_user_adds_to_it as 65534 ./wfp add sublayer mine
point another_user_may_not refused
point root_may "$tmp/wfp" add sublayer roots
finish
