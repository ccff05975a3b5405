#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Another language gets a client from the .proto file alone: the Python example lists and adds.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
command -v protoc >/dev/null || skip_all "no protoc (Debian: protobuf-compiler)"
# Debian's own python3 knows Debian's packages; the first on the PATH may be another.
for python in python3 /usr/bin/python3 none; do "$python" -c 'import google.protobuf' 2>/dev/null && break; done
[ "$python" != none ] || skip_all "no protocol buffers for Python (Debian: python3-protobuf)"
socket=$tmp/run/socket
generated() { protoc -I src/rpc --python_out="$tmp" src/rpc/wfp.proto src/rpc/ipsec.proto; }
started() {
	mkfifo "$tmp/stop"
	"${BLDROOT:-build/gcc}/tests/rpc/rpc_testd" "$socket" <"$tmp/stop" >"$tmp/ready" &
	processes+=("$!")
	exec 9>"$tmp/stop"
	eventually grep -q ready "$tmp/ready"
}
client() { PYTHONPATH="$tmp${PYTHONPATH:+:$PYTHONPATH}" "$python" examples/clients/list_filters.py --socket "$socket" "$@" >"$tmp/out" 2>&1; }
lists_none() { client && [ ! -s "$tmp/out" ]; }
adds() { client --block-port 443 && grep -q '^added ' "$tmp/out" && grep -q 'block TCP port 443$' "$tmp/out"; }
lists_again() { client && [ "$(grep -c 'block TCP port 443$' "$tmp/out")" = 1 ]; }
refused() { ! client --block-port 70000 && grep -q 'the engine answered 0x80320028' "$tmp/out"; }
unreachable() { local socket=$tmp/none; ! client && grep -q '^list_filters.py: ' "$tmp/out"; }
point classes_are_made_from_the_proto_files generated
point the_engine_listens started
point an_engine_without_filters_lists_none lists_none
point a_filter_is_added_and_listed adds
point a_static_filter_outlives_its_session lists_again
point a_port_out_of_bounds_gets_the_code_of_the_platform refused
point a_missing_engine_is_an_error unreachable
exec 9>&-
point the_engine_ends_in_good_order wait "${processes[0]}"
processes=()
finish
