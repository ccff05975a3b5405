#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The benchmarks: each figure as a ratio to a named baseline of the same run, interleaved and repeated,
because these machines are noisy. The result goes to the terminal and to build/bench/results.json."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/demo"), str(ROOT / "tools")]
import classify
import plan
import topology
from craft_pcap import Capture

PAIRS, SECONDS = 5, 2
PORT = {"rate": 5201, "stream": 5202}


def machine():
    model = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo", encoding="ascii") if "model name" in l), "?")
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


def micro(build, name):
    out = subprocess.run([build / "bench" / f"bench_{name}"], check=True, capture_output=True, text=True).stdout
    for line in out.splitlines():
        r = json.loads(line)
        yield {"name": r["name"], "value": r["ns"], "unit": "ns", "baseline": r["baseline"],
               "baseline_value": r["baseline_ns"]}


def replay_capture(path):
    c = Capture()
    for i in range(2000):
        body = bytes(200)
        c.connection(i * 500, ("10.97.0.1", 10000 + i), ("10.97.0.2", 80), [("client", body), ("server", body)], gap=100)
    c.write(path)
    return len(c.packets)


def replay(build):
    """Packets a second of wfpd on a capture: no driver is the baseline of one and of two."""
    with tempfile.TemporaryDirectory() as d:
        path = pathlib.Path(d) / "bench.pcap"
        n = replay_capture(path)
        sets = {"no driver": [], "logger": ["logger"], "logger and firewall": ["logger", "firewall"]}
        best = {}
        for _ in range(PAIRS):
            for name, drivers in sets.items():
                argv = [build / "cmd/wfpd", "--path", f"replay:{path}", "--local", "10.97.0.1", "--json"]
                for driver in drivers:
                    argv += ["--driver", build / f"examples/{driver}.so"]
                out = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
                seconds = json.loads(out.splitlines()[-1])["path"]["seconds"]
                best[name] = max(best.get(name, 0), n / seconds)
        for name in sets:
            yield {"name": f"replay, {name}", "value": best[name], "unit": "packets/s", "baseline": "no driver",
                   "baseline_value": best["no driver"]}


class Wfpd:
    def __init__(self, topo, build):
        self.p = subprocess.Popen(topo.inside("host", [build / "cmd/wfpd", "--path", "nfqueue", "--no-socket", "--json"]),
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if json.loads(self.p.stdout.readline()).get("event") != "ready":
            raise RuntimeError("wfpd did not start")

    def stop(self):
        self.p.send_signal(signal.SIGTERM)
        self.p.communicate(timeout=30)


def live(build):
    """Connections and bytes a second from the host to the peer, with and without wfpd, in pairs."""
    connect = build / "bench/bench_connect"
    figures = {("rate", True): [], ("rate", False): [], ("stream", True): [], ("stream", False): []}
    with topology.Topology() as topo:
        servers = [subprocess.Popen(topo.inside("peer", [connect, how, port]), stdout=subprocess.PIPE, text=True)
                   for how, port in (("accept", PORT["rate"]), ("swallow", PORT["stream"]))]
        try:
            for server in servers:
                server.stdout.readline()
            for _ in range(PAIRS):
                for what in ("rate", "stream"):
                    for with_wfpd in (False, True):
                        daemon = Wfpd(topo, build) if with_wfpd else None
                        out = subprocess.run(topo.inside("host", [connect, what, plan.ADDRESS["peer", 4], PORT[what], SECONDS]),
                                             check=True, capture_output=True, text=True).stdout
                        if daemon:
                            daemon.stop()
                        figures[what, with_wfpd].append(float(out))
                        time.sleep(0.1)
        finally:
            for server in servers:
                server.kill()
                server.wait()
    for what, unit in (("rate", "connections/s"), ("stream", "bytes/s")):
        yield {"name": f"live {unit}, wfpd without drivers", "value": statistics.median(figures[what, True]),
               "unit": unit, "baseline": "no wfpd", "baseline_value": statistics.median(figures[what, False])}


def bfe(build):
    """The engine itself, then a client of a daemon that keeps a store."""
    yield from micro(build, "commit")
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as d:
        socket, store = f"{d}/sock", f"{d}/store.db"
        p = subprocess.Popen([build / "cmd/wfpd", "--path", "none", "--json", "--socket", socket, "--store", store],
                             stdout=subprocess.PIPE, text=True)
        try:
            if json.loads(p.stdout.readline()).get("event") != "ready":
                raise RuntimeError("wfpd did not start")
            out = subprocess.run([build / "bench/bench_manage", socket, d], check=True, capture_output=True, text=True)
            yield from map(json.loads, out.stdout.splitlines())
        finally:
            p.send_signal(signal.SIGTERM)
            p.communicate(timeout=60)


def live_or_why_not(build):
    if os.geteuid() != 0:
        print("live: skipped: not root", file=sys.stderr)
        return []
    try:
        return list(live(build))
    except (RuntimeError, OSError, subprocess.SubprocessError) as e:
        print(f"live: skipped: {e}", file=sys.stderr)
        return []


EXPLORED = {
    "two": ["firewall", "antivirus"], "three": ["firewall", "antivirus", "races/publish-fixed"],
    "racy": ["races/publish"], "small": ["races/publish-fixed", "races/list-fixed"],
}
CLOSE = """name the connection's endpoint goes away while two drivers hold it
packet out tcp 10.0.0.1:40000 > 10.0.0.2:5001 syn seq 100
disturb close packet 1
"""


def explored(build, scenario, drivers, *options):
    """The result of one search as wfp explore prints it, and how long the program ran."""
    argv = [build / "cmd/wfp-explore", scenario, "--json", "--trace-dir", build / "bench", *options]
    for driver in EXPLORED[drivers]:
        argv += ["--driver", build / f"examples/{driver}.so"]
    begun = time.monotonic()
    out = subprocess.run(argv, capture_output=True, text=True, check=False)
    if out.returncode > 1:
        raise RuntimeError(out.stderr)
    return json.loads(out.stdout), time.monotonic() - begun


def explore(build):
    """Schedules a second, beside what a program for each schedule would do; then how long whole searches take."""
    scenarios = ROOT / "tests/scenarios"
    kb = scenarios / "kb979278.scn"
    for drivers, name in (("two", "firewall and antivirus"), ("small", "two small drivers")):
        rates, alone = [], []
        for _ in range(PAIRS):
            r, _ = explored(build, kb, drivers, "--bound", "9", "--seconds", str(SECONDS), "--jobs", "2")
            rates.append(r["runs"] / r["seconds"])
            alone.append(1 / explored(build, kb, drivers, "--bound", "1", "--runs", "1", "--jobs", "1")[1])
        yield {"name": f"explore, KB 979278, {name}", "value": max(rates), "unit": "schedules/s",
               "baseline": "a program for each", "baseline_value": max(alone)}
    with tempfile.TemporaryDirectory() as d:
        close = pathlib.Path(d) / "close.scn"
        close.write_text(CLOSE, encoding="utf-8")
        whole = {"all traces": (kb, "two", ["--all"], 60), "all traces, endpoint closed": (close, "two", ["--all"], 60),
                 "three drivers, 3 preemptions": (kb, "three", ["--bound", "3", "--jobs", "2"], 600)}
        for name, (scenario, drivers, options, most) in whole.items():
            r, seconds = explored(build, scenario, drivers, *options)
            print(f"  {name}: {r['claim']}, {r['runs']} schedules, {r['memory'] / 2**20:.1f} MiB", file=sys.stderr)
            yield {"name": f"explore, {name}", "value": seconds, "unit": "s", "baseline": "the most it may take",
                   "baseline_value": most}
    r, _ = explored(build, scenarios / "race-publish.scn", "racy", "--bound", "2", "--findings", "1", "--no-shrink")
    yield {"name": "explore, a race between two threads", "value": r["findings"][0]["run"], "unit": "schedules",
           "baseline": "the most it may take", "baseline_value": 100}


BENCHES = {"classify": lambda b: classify.rows(b, machine()), "commit": lambda b: micro(b, "commit"),
           "pend": lambda b: micro(b, "pend"), "explore": explore, "bfe": bfe, "replay": replay, "live": live_or_why_not}


def main():
    args = argparse.ArgumentParser(description="the benchmarks", add_help="classify" not in sys.argv)
    args.add_argument("name", nargs="?", choices=sorted(BENCHES))
    args.add_argument("--build", type=pathlib.Path, required=True)
    args, more = args.parse_known_args()
    if args.name == "classify":
        sys.exit(classify.main(args.build.resolve(), more, machine()))
    if more:
        sys.exit(f"run.py: unknown: {' '.join(more)}")
    print(f"{datetime.date.today()}, {machine()}")
    rows = []
    for name, run in BENCHES.items():
        if args.name in (None, name):
            for row in run(args.build.resolve()):
                ratio = row["value"] / row["baseline_value"] if row["baseline_value"] else float("nan")
                print(f"{row['name']:46} {row['value']:14.4g} {row['unit']:14} {ratio:8.2f} x {row['baseline']}"
                      f" ({row['baseline_value']:.4g})", flush=True)
                rows.append({**row, "ratio": ratio})
    out = ROOT / "build" / "bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps({"date": str(datetime.date.today()), "machine": machine(),
                                                  "results": rows}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
