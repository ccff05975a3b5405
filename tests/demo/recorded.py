# SPDX-License-Identifier: MIT
"""The demo where live packets cannot be had: the same kinds of traffic, crafted as a capture, run through
`wfp replay` with both drivers, each unloaded and loaded again in mid-capture.

A capture has no two live ends; in their place stand the packets that were recorded (what was sent) and
the verdict of each (what went on). The recording took place without drivers, so a connection whose SYN is
blocked goes on in the capture: its later packets must be blocked as well.
"""
import json
import pathlib
import subprocess
import sys

import plan

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tools"))
from craft_pcap import Capture, echo, udp

# Fewer things can happen: endpoints are closed by a reset in the capture, at fixed times.
AT_LEAST = {"packets": 20000, "connections": 500, "joined": 100, "drivers_reloaded": 2,
            "completed_before_return": 1, "absorbed": 1, "injected": 1, "blocked": 1,
            "endpoints_closed_while_pended": 1}
QUIET = 400000  # microseconds without forbidden traffic around the reloads, which stand in the middle


def addresses(flow):
    family = flow["family"]
    return plan.ADDRESS[flow["from"], family], plan.ADDRESS[plan.other(flow["from"]), family]


def add_tcp(c, flow, time):
    client, server = addresses(flow)
    exchanges = []
    for seq in range(flow["count"]):
        exchanges += [("client", plan.payload(flow, seq)), ("server", plan.payload(flow, seq))]
    if flow["expect"] == "either":
        return c.connection(time, (client, 10000 + flow["id"]), (server, flow["port"]), [], gap=300, end="abort")
    return c.connection(time, (client, 10000 + flow["id"]), (server, flow["port"]), exchanges,
                        note=lambda who, i: (flow, i // 2))


def add_udp(c, flow, time):
    client, server = addresses(flow)
    for seq in range(flow["count"]):
        body = plan.payload(flow, seq)
        c.add(time, udp(client, 10000 + flow["id"], server, flow["port"], body), (flow, seq))
        c.add(time + 5000, udp(server, flow["port"], client, 10000 + flow["id"], body), (flow, seq))
        time += 12000


def add_icmp(c, flow, time):
    client, server = addresses(flow)
    for seq in range(flow["count"]):
        body = plan.payload(flow, seq)
        c.add(time, echo(client, server, False, flow["id"], seq, body), (flow, seq))
        c.add(time + 4000, echo(server, client, True, flow["id"], seq, body), (flow, seq))
        time += 12000


ADD = {"tcp": add_tcp, "udp": add_udp, "icmp": add_icmp}


def craft(flows, path):
    """Three stretches of time, as in the live demo; the reloads (milliseconds) fall into the middle one, which
    has no forbidden traffic. The notes of the packets, and the reloads."""
    c, start, reloads = Capture(), 0, []
    for stretch, part in enumerate(flows):
        for i, flow in enumerate(part):
            ADD[flow["proto"]](c, flow, start + i * 6000)
        if stretch == 1:
            reloads = [(start + i * 600000) // 1000 for i in (1, 2)]
        start = max(t for t, _, _ in c.packets) + QUIET
    c.write(path)
    return [note for _, _, note in c.packets], reloads


def must_pass(flow, seq):
    """True, False, or None: it may, but need not."""
    if flow["expect"] == "either":
        return None
    if flow["expect"] == "block" or plan.carries_pattern(flow, seq):
        return False
    return True


def judge(notes, rows):
    found = {"lost": [], "duplicated": [], "wrong_verdicts": []}
    times = [0] * (len(notes) + 1)
    verdicts = {}
    for row in rows:
        if 0 < row["n"] <= len(notes):
            times[row["n"]] += 1
            verdicts[row["n"]] = row["verdict"]
    for n, note in enumerate(notes, 1):
        if times[n] == 0:
            found["lost"].append(f"packet {n} has no verdict")
        elif times[n] > 1:
            found["duplicated"].append(f"packet {n} has {times[n]} verdicts")
        elif note and must_pass(*note) is not None and (verdicts[n] == "permit") != must_pass(*note):
            flow, seq = note
            found["wrong_verdicts"].append(f"packet {n} (flow {flow['id']} {flow['proto']} {flow['expect']} "
                                           f"message {seq}): {verdicts[n]}")
    return found


def run(build, work, seed, say):
    flows = [plan.flows(1, 330, seed, plan.NORMAL + plan.FORBIDDEN),
             plan.flows(1001, 360, seed + 1, plan.NORMAL),
             plan.flows(2001, 330, seed + 2, plan.NORMAL + plan.FORBIDDEN)]
    notes, reloads = craft(flows, work / "demo.pcap")
    argv = [build / "cmd/wfp", "replay", work / "demo.pcap", "--seed", seed, "--json"]
    for side in (plan.ADDRESS["host", 4], plan.ADDRESS["host", 6]):
        argv += ["--local", side]
    for ms in reloads:
        argv += ["--reload", ms]
    for driver in ("firewall", "antivirus"):
        argv += ["--driver", build / f"examples/{driver}.so"]
    say(f"{len(notes)} packets through wfp replay")
    p = subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=False)
    if p.returncode:
        raise RuntimeError(f"wfp replay ended with {p.returncode}: {p.stderr.strip()[-2000:]}")
    out = json.loads(p.stdout)
    return [f for part in flows for f in part], judge(notes, out["packets"]), out["summary"]
