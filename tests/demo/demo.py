#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The main job: two independent callout drivers on real packets, and nothing lost.

Starts wfpd with the firewall and the antivirus in a namespace of its own, lets several hundred
connections run through it in both directions, unloads and loads each driver meanwhile, closes
endpoints while their authorization is pended, and compares what the two ends of the traffic saw
with what the policy says (plan.py, judge.py). Without root or without a kernel queue it says so and
does the same on a capture that it makes (recorded.py).
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import judge as judging
import plan
import recorded
import topology

HERE = pathlib.Path(__file__).resolve().parent
DRIVERS = ("firewall", "antivirus")
# What a run must have reached, besides nothing held, lost, duplicated or wrong.
AT_LEAST = {"packets": 20000, "connections": 500, "joined": 100, "endpoints_closed_while_pended": 1,
            "drivers_reloaded": len(DRIVERS), "completed_before_return": 1, "absorbed": 1, "injected": 1, "blocked": 1}
MUST_BE_ZERO = ("held_at_end", "lost", "duplicated", "wrong_verdicts")


class Failure(Exception):
    pass


class Daemon:
    """wfpd in the host's namespace; its events are JSON lines on standard output."""

    def __init__(self, topo, build, log):
        argv = [build / "cmd/wfpd", "--path", "nfqueue", "--no-socket", "--json", "--queues", "2"]
        for d in DRIVERS:
            argv += ["--driver", build / f"examples/{d}.so"]
        self.log = open(log, "w", encoding="utf-8")
        self.p = subprocess.Popen(topo.inside("host", argv), stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.events, self.changed = [], threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.p.stdout:
            with self.changed:
                self.events.append(json.loads(line))
                self.changed.notify_all()
        with self.changed:
            self.events.append({"event": "end"})
            self.changed.notify_all()

    def wait_for(self, event, times=1, seconds=30):
        deadline = time.monotonic() + seconds
        with self.changed:
            while sum(e.get("event") == event for e in self.events) < times:
                if any(e.get("event") == "end" for e in self.events) or time.monotonic() > deadline:
                    raise Failure(f"wfpd said no '{event}'; its log: {self.log.name}")
                self.changed.wait(0.2)

    def reload_drivers(self):
        self.p.send_signal(signal.SIGHUP)

    def stop(self):
        self.p.send_signal(signal.SIGTERM)
        self.wait_for("summary", seconds=60)
        if self.p.wait(30) != 0:
            raise Failure(f"wfpd ended with {self.p.returncode}; its log: {self.log.name}")
        return next(e for e in self.events if e.get("event") == "summary")

    def kill(self):
        if self.p.poll() is None:
            self.p.kill()
        self.p.wait()
        self.log.close()


class End:
    def __init__(self, topo, side, log):
        self.log = open(log, "w", encoding="utf-8")
        # ip netns exec hides nothing that an end needs; -u: the answers must not wait in a buffer.
        self.p = subprocess.Popen(topo.inside(side, [sys.executable, "-u", HERE / "end.py", side]),
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)

    def say(self, *words):
        self.p.stdin.write(" ".join(map(str, words)) + "\n")
        self.p.stdin.flush()

    def hear(self, what):
        line = self.p.stdout.readline().strip()
        if line != what:
            raise Failure(f"a traffic end said '{line}' for '{what}'; its log: {self.log.name}")

    def result(self):
        self.say("stop")
        return json.loads(self.p.stdout.readline())

    def kill(self):
        if self.p.poll() is None:
            self.p.kill()
        self.p.wait()
        self.log.close()


def phase(ends, flows, work, meanwhile=lambda: None):
    path = work / "plan.json"
    path.write_text(json.dumps(flows), encoding="ascii")
    for word, answer in (("plan", "planned"), ("start", "done")):
        for end in ends.values():
            end.say(word, path)
        if word == "start":
            meanwhile()
        for end in ends.values():
            end.hear(answer)


def reload_all(daemon, rounds):
    for i in range(1, rounds + 1):
        time.sleep(0.5)
        daemon.reload_drivers()
        daemon.wait_for("driver_reloaded", i * len(DRIVERS))


def live(build, work, seed, say):
    phases = [plan.flows(1, 330, seed, plan.NORMAL + plan.FORBIDDEN),
              plan.flows(1001, 360, seed + 1, plan.NORMAL),
              plan.flows(2001, 330, seed + 2, plan.NORMAL + plan.FORBIDDEN)]
    with topology.Topology() as topo:
        daemon = Daemon(topo, build, work / "wfpd.log")
        ends = {}
        try:
            daemon.wait_for("ready")
            for side in ("host", "peer"):
                ends[side] = End(topo, side, work / f"{side}.log")
                ends[side].hear("ready")
            say("phase 1 of 3: both drivers decide")
            phase(ends, phases[0], work)
            say("phase 2 of 3: each driver is unloaded and loaded again in mid-traffic")
            phase(ends, phases[1], work, lambda: reload_all(daemon, 2))
            say("phase 3 of 3: and both decide again")
            phase(ends, phases[2], work)
            seen = {side: end.result() for side, end in ends.items()}
            summary = daemon.stop()
        finally:
            for process in [*ends.values(), daemon]:
                process.kill()
    flows = [f for p in phases for f in p]
    return flows, judging.judge(flows, seen), summary


def report(flows, found, summary):
    """The demo's one object: the first part from wfpd, the last from the two ends."""
    out = {"packets": summary["packets"],
           "connections": sum(f["proto"] in ("tcp", "udp") for f in flows)}
    for key in ("pended", "joined", "completed_before_return", "resumed", "absorbed", "injected", "blocked",
                "held_at_end"):
        out[key] = summary[key]
    out.update({key: len(found[key]) for key in ("lost", "duplicated", "wrong_verdicts")})
    out["drivers_reloaded"] = summary["drivers_reloaded"]
    out["endpoints_closed_while_pended"] = summary["endpoints_closed_while_pended"]
    return out


def shortcomings(out, at_least):
    bad = [f"{k} is {out[k]}, not 0" for k in MUST_BE_ZERO if out[k]]
    bad += [f"{k} is {out[k]}, below {n}" for k, n in at_least.items() if out[k] < n]
    bad += [f"{d} pended nothing" for d in DRIVERS if not out["pended"].get(d)]
    return bad


def why_not_live(build):
    """None, or why this machine cannot show live packets."""
    if os.geteuid() != 0:
        return "not root"
    try:
        with topology.Topology() as topo:
            p = subprocess.run(topo.inside("host", [build / "cmd/wfpd", "--path", "nfqueue", "--probe"]),
                               capture_output=True, text=True, check=False)
            return None if p.returncode == 0 else p.stderr.strip() or f"wfpd --probe ended with {p.returncode}"
    except (OSError, subprocess.CalledProcessError) as e:
        return f"no network namespaces: {getattr(e, 'stderr', None) or e}"


def main():
    args = argparse.ArgumentParser(description="two callout drivers on real packets")
    args.add_argument("--build", type=pathlib.Path, required=True)
    args.add_argument("--json", action="store_true", help="end with one JSON object")
    args.add_argument("--seed", type=int, default=7)
    args.add_argument("--recorded", action="store_true", help="use a capture even where live packets could be had")
    args = args.parse_args()
    build = args.build.resolve()

    def say(text):
        print("demo:", text, file=sys.stderr, flush=True)

    work = pathlib.Path(tempfile.mkdtemp(prefix="openwfp-demo-"))
    reason = "asked for" if args.recorded else why_not_live(build)
    at_least = AT_LEAST
    try:
        if reason:
            say(f"live packets cannot be had here ({reason}): the same on a capture")
            flows, found, summary = recorded.run(build, work, args.seed, say)
            at_least = recorded.AT_LEAST
        else:
            say("live packets, in two network namespaces")
            flows, found, summary = live(build, work, args.seed, say)
    except Failure as e:
        say(str(e))
        return 4
    out = report(flows, found, summary)
    bad = shortcomings(out, at_least)
    for kind, sentences in found.items():
        for sentence in sentences[:10]:
            say(f"{kind}: {sentence}")
    for sentence in bad:
        say(sentence)
    if args.json:
        print(json.dumps(out))
    else:
        for key, value in out.items():
            print(f"{key.replace('_', ' '):32} {value}")
        print("nothing lost" if not bad else "FAILED")
    if not bad:
        for path in work.iterdir():
            path.unlink()
        work.rmdir()
    else:
        say(f"logs are in {work}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
