#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The units: systemd understands them, wfpd knows every option that they give it, and the socket is the
# one that wfpd would open itself.
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
# The service leaves the socket to its default: else it would not take the one that systemd passes.
same_socket() {
	local path
	path=$(sed -n 's/^ListenStream=//p' "$socket")
	[ -n "$path" ] && "$wfpd" --help | grep -q -- "--socket.*(default $path)" && ! grep -q -- '--socket' "$service" &&
		grep -qx "#define RPC_SOCKET_DEFAULT \"$path\"" src/rpc/client.h
}
# What the unit takes away is what the programs of the platform do not do.
strict() { for o in ProtectSystem=strict NoNewPrivileges=yes "CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW"; do
	grep -qx "$o" "$service" || { echo "no $o"; return 1; }; done; }

if command -v systemd-analyze >/dev/null; then point systemd_accepts_the_units accepted
else n=$((n + 1)); echo "ok $n - systemd_accepts_the_units # SKIP no systemd-analyze"; fi
point wfpd_knows_the_options_of_the_unit known
point the_socket_is_the_one_of_wfpd same_socket
point the_unit_is_hardened strict
finish
