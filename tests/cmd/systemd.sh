#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The units: systemd understands them, wfpd knows every option that they give it, and both sides of
# the socket mean the same one.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
wfpd=$(realpath "$BLDROOT/cmd/wfpd")
service=$BLDROOT/data/wfpd.service socket=data/wfpd.socket

# The unit names the place where wfpd will be installed; here it is where it was built.
accepted() {
	sed "s|^ExecStart=[^ ]*|ExecStart=$wfpd|" "$service" >"$tmp/wfpd.service" && cp "$socket" "$tmp" || return 1
	systemd-analyze verify --man=no --recursive-errors=no "$tmp/wfpd.service" "$tmp/wfpd.socket" >"$tmp/out" 2>&1
	local status=$?
	cat "$tmp/out"
	[ "$status" = 0 ] && ! grep -q "^$tmp\|Unknown" "$tmp/out"
}
known() {
	local o bad=
	"$wfpd" --help >"$tmp/help"
	for o in $(grep '^ExecStart=' "$service" | grep -oE -- '--[a-z-]+'); do
		grep -qE "^ +$o( |\$)" "$tmp/help" || bad="$bad $o"
	done
	[ -z "$bad" ] || { echo "wfpd does not know$bad"; return 1; }
}
same_socket() {
	local path
	path=$(sed -n 's/^#define RPC_SOCKET_DEFAULT "\(.*\)"/\1/p' src/rpc/client.h)
	[ -n "$path" ] && grep -qx "ListenStream=$path" "$socket" && grep -q -- "--socket $path\$" "$service"
}
# What the unit takes away is what the programs of the platform do not do.
strict() { for o in ProtectSystem=strict NoNewPrivileges=yes "CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW"; do
	grep -qx "$o" "$service" || { echo "no $o"; return 1; }; done; }

if command -v systemd-analyze >/dev/null; then point systemd_accepts_the_units accepted
else n=$((n + 1)); echo "ok $n - systemd_accepts_the_units # SKIP no systemd-analyze"; fi
if "$wfpd" --help | grep -q -- --store; then point wfpd_knows_the_options_of_the_unit known
else n=$((n + 1)); echo "ok $n - wfpd_knows_the_options_of_the_unit # SKIP this wfpd keeps no policy"; fi
point the_socket_is_the_one_that_clients_use same_socket
point the_unit_is_hardened strict
finish
