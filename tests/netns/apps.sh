#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Two copies of one program on a host with wfpd: a filter on the application blocks the one and not the
# other, when they connect and when they are connected to.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
wfpd=$BLDROOT/cmd/wfpd
[ "$(id -u)" = 0 ] || skip_all "needs root"
python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))') || skip_all "needs python3"
home=$(python3 -c 'import sys; print(sys.base_prefix)')

id_of() { # id_of PATH: as in a policy file: UTF-16 with its NUL, in hexadecimal
	python3 -c 'import sys; print((sys.argv[1] + "\0").encode("utf-16-le").hex())' "$1"
}
filters() { # filters LAYER...: one each that blocks the program "blocked"
	local layer between=""
	echo '{"filters": ['
	for layer in "$@"; do
		echo "$between"'{"name": "not this one", "layer": "'"$layer"'", "action": "FWP_ACTION_BLOCK",
			"conditions": [{"field": "ALE_APP_ID", "value": "'"$(id_of "$tmp/blocked")"'"}]}'
		between=,
	done
	echo ']}'
}
start() { # start LAYER...
	filters "$@" >"$tmp/policy.json"
	ip netns exec "$host" "$wfpd" --path nfqueue --no-socket --json --policy "$tmp/policy.json" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	processes+=("$pid")
	eventually grep -q '"ready"' "$tmp/out" || { cat "$tmp/err"; return 1; }
}
stop() { kill -TERM "$pid" && wait "$pid"; }
cat >"$tmp/talk.py" <<'END'
"""talk.py serve ADDRESS PORT | talk.py tcp|udp ADDRESS PORT: says a word, and must get it back."""
import socket, sys
how, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
family = socket.AF_INET6 if ":" in address else socket.AF_INET

def serve():
    udp = socket.socket(family, socket.SOCK_DGRAM)
    tcp = socket.socket(family, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    udp.bind((address, port))
    tcp.bind((address, port))
    tcp.listen(8)
    import select
    while True:
        for ready in select.select([udp, tcp], [], [])[0]:
            if ready is udp:
                word, peer = udp.recvfrom(100)
                udp.sendto(word, peer)
            else:
                with tcp.accept()[0] as c:
                    c.sendall(c.recv(100))

if how == "serve":
    serve()
s = socket.socket(family, socket.SOCK_DGRAM if how == "udp" else socket.SOCK_STREAM)
s.settimeout(2)
try:
    s.connect((address, port))
    s.sendall(b"word")
    word = s.recv(100)
except OSError as e:
    sys.exit(str(e))
sys.exit(0 if word == b"word" else "another word")
END
run() { # run NAMESPACE PROGRAM ARGUMENTS...
	local ns=$1 program=$2
	shift 2
	PYTHONHOME=$home timeout 20 ip netns exec "$ns" "$tmp/$program" -S "$tmp/talk.py" "$@"
}
serve() { # serve NAMESPACE PROGRAM ADDRESS PORT
	PYTHONHOME=$home ip netns exec "$1" "$tmp/$2" -S "$tmp/talk.py" serve "$3" "$4" &
	processes+=("$!")
	eventually run "$1" allowed tcp "$3" "$4"
}
refused() { ! run "$@"; }

for copy in blocked allowed; do cp "$python" "$tmp/$copy"; done
two_hosts >/dev/null 2>&1 || skip_all "no network namespaces"
in_host "$wfpd" --path nfqueue --probe >/dev/null 2>"$tmp/probe" || skip_all "$(cat "$tmp/probe")"
serve "$peer" allowed 10.97.0.2 700 && serve "$peer" allowed fd97::2 700 &&
	serve "$host" blocked 10.97.0.1 701 && serve "$host" allowed 10.97.0.1 702 &&
	serve "$host" blocked fd97::1 701 && serve "$host" allowed fd97::1 702 || skip_all "the programs do not run"

point starts_with_filters_on_connecting start ALE_AUTH_CONNECT_V4 ALE_AUTH_CONNECT_V6
for address in 10.97.0.2 fd97::2; do
	for how in tcp udp; do
		point "one_program_may_connect_by_${how}_$address" run "$host" allowed "$how" "$address" 700
		point "the_other_may_not_by_${how}_$address" refused "$host" blocked "$how" "$address" 700
	done
done
point the_blocked_one_may_be_connected_to run "$peer" allowed tcp 10.97.0.1 701
mv "$tmp/blocked" "$tmp/renamed"
point what_has_another_name_is_another_program run "$host" renamed tcp 10.97.0.2 700
mv "$tmp/renamed" "$tmp/blocked"
point stops stop
point starts_with_filters_on_accepting start ALE_AUTH_RECV_ACCEPT_V4 ALE_AUTH_RECV_ACCEPT_V6
for address in 10.97.0.1 fd97::1; do
	for how in tcp udp; do
		point "one_program_may_be_connected_to_by_${how}_$address" run "$peer" allowed "$how" "$address" 702
		point "the_other_may_not_be_by_${how}_$address" refused "$peer" allowed "$how" "$address" 701
	done
done
point the_blocked_one_may_connect run "$host" blocked tcp 10.97.0.2 700
rm "$tmp/blocked"
point a_program_whose_file_is_gone_is_still_blocked refused "$peer" allowed tcp 10.97.0.1 701
point stops_again stop
finish
