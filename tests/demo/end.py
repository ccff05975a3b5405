#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One end of the demo's traffic: runs in its namespace, starts the flows that begin here, serves those
that begin at the other end, and writes down every message that it saw, and how often.

Orders come as lines on standard input: "start FILE" (a JSON list of flows: the ones that begin here are
started), "stop". Answers on standard output: "ready", "done" when every started flow has ended, and after
"stop" one JSON object: {"got": {flow: {seq: times}}, "echoed": {...}, "refused": [flows that could not connect]}.
"""
import collections
import concurrent.futures
import json
import socket
import struct
import sys
import threading
import time

from plan import ADDRESS, PORTS, carries_pattern, other, payload

PATIENCE = 20.0       # for what must arrive
IMPATIENCE = 1.0      # for what must not
GAP = 0.002           # between two datagrams of a flow: the receiver's buffer is not under test
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}


class Record:
    """How often each message of each flow was seen; guarded by one lock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seen = collections.defaultdict(lambda: collections.Counter())

    def add(self, flow, seq):
        with self.lock:
            self.seen[flow][seq] += 1

    def count(self, flow):
        with self.lock:
            return len(self.seen[flow]) if flow in self.seen else 0

    def as_json(self):
        with self.lock:
            return {str(f): {str(s): n for s, n in c.items()} for f, c in self.seen.items()}


got, echoed, refused, corrupt = Record(), Record(), [], []
side = sys.argv[1]
plans = {}  # flow id -> flow, for checking contents


def checked(body):
    """(flow, seq) of a message, or None: its contents are not what was sent."""
    try:
        flow, seq = (int(x) for x in body.split(b" ", 2)[:2])
    except ValueError:
        flow = seq = None
    if flow in plans and body == payload(plans[flow], seq):
        return flow, seq
    if flow is None or flow in plans:
        corrupt.append(body[:40].decode("latin1"))
        return None
    return flow, seq  # a flow whose plan has not reached this end yet


def serve_udp(sock):
    while True:
        body, peer = sock.recvfrom(65536)
        name = checked(body)
        if name:
            got.add(*name)
            sock.sendto(body, peer)


def frames(conn):
    """Messages on a stream: two bytes of length, then the body."""
    data = b""
    while True:
        while len(data) >= 2 and len(data) >= 2 + struct.unpack(">H", data[:2])[0]:
            size = struct.unpack(">H", data[:2])[0]
            yield data[2:2 + size]
            data = data[2 + size:]
        more = conn.recv(65536)
        if not more:
            return
        data += more


def framed(body):
    return struct.pack(">H", len(body)) + body


def serve_connection(conn):
    try:
        with conn:
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for body in frames(conn):
                name = checked(body)
                if name:
                    got.add(*name)
                    conn.sendall(framed(body))
    except OSError:
        pass  # a client that gave up


def serve_tcp(sock):
    while True:
        conn, _ = sock.accept()
        threading.Thread(target=serve_connection, args=(conn,), daemon=True).start()


def listen():
    for family in FAMILY:
        for proto, ports in PORTS.items():
            for port in ports:
                kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
                s = socket.socket(FAMILY[family], kind)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
                s.bind((ADDRESS[side, family], port))
                if proto == "tcp":
                    s.listen(1024)
                threading.Thread(target=serve_tcp if proto == "tcp" else serve_udp, args=(s,), daemon=True).start()


def patience(flow):
    return IMPATIENCE if flow["expect"] in ("block", "pattern") else PATIENCE


def expected(flow):
    """How many echoes may come back."""
    if flow["expect"] != "pattern":
        return flow["count"]
    if flow["proto"] == "tcp":
        return next(s for s in range(flow["count"] + 1) if s == flow["count"] or carries_pattern(flow, s))
    return sum(not carries_pattern(flow, s) for s in range(flow["count"]))


def run_tcp(flow):
    target = ADDRESS[other(side), flow["family"]], flow["port"]
    with socket.socket(FAMILY[flow["family"]], socket.SOCK_STREAM) as s:
        if flow["expect"] == "either":
            s.setblocking(False)
            s.connect_ex(target)
            time.sleep(0.0003 * (flow["id"] % 6))  # some before it is pended, some while, some after
            return
        s.settimeout(patience(flow))
        try:
            s.connect(target)
        except OSError:
            refused.append(flow["id"])
            return
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))
        answers = frames(s)
        try:
            for seq in range(flow["count"]):
                s.sendall(framed(payload(flow, seq)))
                name = checked(next(answers))
                if name:
                    echoed.add(*name)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 1))
        except (OSError, StopIteration):
            # The ends' records tell what did not arrive. A reset, because the kernel would send what was
            # blocked again and again, until a phase in which a driver is unloaded for a moment.
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def collect(flow, receive):
    """Receives until everything that may come has come, then a little longer for what must not."""
    deadline = time.monotonic() + patience(flow)
    while time.monotonic() < deadline:
        if echoed.count(flow["id"]) >= expected(flow):
            deadline = min(deadline, time.monotonic() + 0.2)
        receive(max(0.01, deadline - time.monotonic()))


def run_udp(flow):
    with socket.socket(FAMILY[flow["family"]], socket.SOCK_DGRAM) as s:
        s.connect((ADDRESS[other(side), flow["family"]], flow["port"]))
        for seq in range(flow["count"]):
            s.send(payload(flow, seq))
            if flow["expect"] == "either":
                return  # closes at once
            time.sleep(GAP)

        def receive(wait):
            s.settimeout(wait)
            try:
                name = checked(s.recv(65536))
                if name:
                    echoed.add(*name)
            except OSError:
                pass
        collect(flow, receive)


def internet_checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data[:len(data) // 2 * 2]))
    total += data[-1] << 8 if len(data) % 2 else 0
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def run_icmp(flow):
    """Echo requests by hand: the other kernel answers, and a second answer is a duplicate."""
    v6 = flow["family"] == 6
    proto = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
    request, reply = (128, 129) if v6 else (8, 0)
    with socket.socket(FAMILY[flow["family"]], socket.SOCK_RAW, proto) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        s.connect((ADDRESS[other(side), flow["family"]], 0))
        ident = flow["id"] & 0xffff
        for seq in range(flow["count"]):
            body = payload(flow, seq)
            head = struct.pack(">BBHHH", request, 0, 0, ident, seq)
            if not v6:  # for ICMPv6 the kernel fills the checksum in
                head = struct.pack(">BBHHH", request, 0, internet_checksum(head + body), ident, seq)
            s.send(head + body)
            time.sleep(GAP)

        def receive(wait):
            s.settimeout(wait)
            try:
                data = s.recv(65536)
            except OSError:
                return
            data = data if v6 else data[(data[0] & 15) * 4:]
            kind, _, _, who, seq = struct.unpack(">BBHHH", data[:8])
            if kind == reply and who == ident:
                name = checked(data[8:])
                if name == (flow["id"], seq):
                    echoed.add(*name)
        collect(flow, receive)


RUN = {"tcp": run_tcp, "udp": run_udp, "icmp": run_icmp}


def run(flow):
    try:
        RUN[flow["proto"]](flow)
    except OSError as e:
        print(f"end {side}: flow {flow['id']}: {e}", file=sys.stderr, flush=True)
        refused.append(flow["id"])


def start(path):
    with open(path, encoding="ascii") as f:
        flows = json.load(f)
    plans.update({f["id"]: f for f in flows})
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        list(pool.map(run, [f for f in flows if f["from"] == side]))


def main():
    listen()
    print("ready", flush=True)
    for line in sys.stdin:
        order = line.split()
        if order[0] == "plan":
            with open(order[1], encoding="ascii") as f:
                plans.update({p["id"]: p for p in json.load(f)})
            print("planned", flush=True)
        elif order[0] == "start":
            start(order[1])
            print("done", flush=True)
        elif order[0] == "stop":
            break
    time.sleep(0.3)  # stragglers: a late duplicate counts
    print(json.dumps({"got": got.as_json(), "echoed": echoed.as_json(), "refused": refused, "corrupt": corrupt}))


if __name__ == "__main__":
    main()
