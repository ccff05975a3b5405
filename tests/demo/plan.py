# SPDX-License-Identifier: MIT
"""The traffic of the demo: which flows there are, and what the policy says of each.

A flow is a dict: id, proto (tcp, udp, icmp), family (4, 6), from (host, peer), port, count (messages),
expect. The two drivers' rules are simple enough to be written down here a second time, on purpose:
the firewall blocks BLOCKED_PORT, the antivirus blocks any packet that carries PATTERN. Nothing of
openwfp is consulted.

expect: "permit"   every message arrives at the other end exactly once, and its echo comes back
        "block"    no message arrives
        "pattern"  as permit, but the messages that carry PATTERN never arrive (for TCP: nor do those
                   behind them, the stream stands still there)
        "either"   the endpoint is closed at once, perhaps while its authorization is pended
"""
import random

BLOCKED_PORT = 4444
PATTERN = b"OPENWFP-ANTIVIRUS-TEST-PATTERN"
TCP_PORT, UDP_PORT = 5001, 5002
PORTS = {"tcp": [TCP_PORT, BLOCKED_PORT], "udp": [UDP_PORT, BLOCKED_PORT]}
ADDRESS = {("host", 4): "10.97.0.1", ("peer", 4): "10.97.0.2",
           ("host", 6): "fd97::1", ("peer", 6): "fd97::2"}


def other(side):
    return "peer" if side == "host" else "host"


def carries_pattern(flow, seq):
    return flow["expect"] == "pattern" and seq % 4 == 2


def payload(flow, seq):
    """What message seq of a flow looks like: both ends can compute it."""
    r = random.Random(flow["id"] * 1000003 + seq)
    body = f"{flow['id']} {seq} ".encode() + bytes(r.choice(b"abcdefghijklmnop") for _ in range(r.randrange(20, 400)))
    if carries_pattern(flow, seq):
        body += PATTERN
    return body


# kind: (proto, expect, share of the flows, messages per flow)
NORMAL = [("tcp", "permit", 52, 6), ("udp", "permit", 30, 16), ("icmp", "permit", 6, 20),
          ("tcp", "either", 14, 1), ("udp", "either", 1, 1)]
FORBIDDEN = [("tcp", "block", 2, 1), ("udp", "block", 1, 4), ("udp", "pattern", 1, 16),
             ("tcp", "pattern", 1, 6)]


def flows(first_id, n, seed, kinds):
    """n flows of the given kinds in random order, in both directions and both families."""
    r = random.Random(seed)
    out = []
    total = sum(k[2] for k in kinds)
    for proto, expect, share, count in kinds:
        for i in range(max(1, n * share // total)):
            port = BLOCKED_PORT if expect == "block" else {"tcp": TCP_PORT, "udp": UDP_PORT, "icmp": 0}[proto]
            out.append({"proto": proto, "family": 4 if i % 2 else 6, "from": "peer" if i // 2 % 2 else "host",
                        "port": port, "count": count, "expect": expect})
    r.shuffle(out)
    for i, flow in enumerate(out):
        flow["id"] = first_id + i
    return out
