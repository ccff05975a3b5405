#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The classification benchmark: runs bench_classify for each set, says which of the numbers are met, draws a picture.

Every figure comes from the program, one line of JSON each; here is only what they mean. Whoever wants to know how a
figure is made reads bench/measure_*.c; how to read it, docs/numbers.md."""
import argparse
import datetime
import json
import math
import pathlib
import subprocess
import sys

SHAPES = ["acl", "fw", "ipc"]
SIZES = [1000, 10000, 100000]
LAYERS = ["openwfp ALE", "openwfp transport"]
# Limits in nanoseconds, for sets of at most so many rules.
ONE_AT_A_TIME = [(10000, 80), (1 << 20, 130)]
ATTACK = [(10000, 1000), (1 << 20, 3000)]
FLOWS = 16000

USAGE = """\
The default run takes about five minutes on two quiet cores: acl, fw and ipc sets of 1 000, 10 000 and 100 000 rules,
the engine beside rte_acl, a tuple space search and a linear search; commits and classifies meanwhile; the attacks.
With --rules, that set alone, in the format of ClassBench. Every verdict is compared with a linear search; one that
differs makes the run fail. A number that is missed does not: it is printed."""


class Figures:
    """What the program has printed: (set, rules, contender, what) and a value."""

    def __init__(self):
        self.lines = []
        self.failed = []

    def run(self, argv):
        p = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, text=True, check=False)
        lines = [json.loads(line) for line in p.stdout.splitlines()]
        self.lines += lines
        if p.returncode != 0:
            self.failed.append(f"{' '.join(map(str, argv[1:]))}: exit {p.returncode}")
        return lines

    def get(self, name, rules, contender, what):
        for line in self.lines:
            if (line["set"], line["rules"], line["contender"], line["what"]) == (name, rules, contender, what):
                return line["value"]
        return None

    def worst(self, name, rules, what):
        """Of the two layers."""
        values = [self.get(name, rules, layer, what) for layer in LAYERS]
        return max(v for v in values if v is not None) if any(v is not None for v in values) else None

    def wrong(self):
        return int(sum(l["value"] for l in self.lines if l["unit"] == "verdicts"))

    def checked(self):
        return sum(int(l["what"].split()[-1]) for l in self.lines if l["unit"] == "verdicts")

    def attacks(self):
        return [(l["set"], l["rules"], l["value"]) for l in self.lines if l["what"] == "slowest header"]


def limit(limits, n):
    return next(ns for most, ns in limits if n <= most)


def number(which, what, value, most, unit, **beside):
    verdict = "not measured" if value is None or most is None else "pass" if value <= most else "miss"
    return {"number": which, "what": what, "value": value, "limit": most, "unit": unit, "verdict": verdict,
            "beside": {k: v for k, v in beside.items() if v is not None}}


def speed(f, sets):
    for name, n in sets:
        yield number(1, f"{name} {n}, bursts of 32, not slower than rte_acl", f.worst(name, n, "burst of 32"),
                     f.get(name, n, "rte_acl", "burst of 32"), "ns",
                     rte_acl_256=f.get(name, n, "rte_acl", "burst of 256"), ours_256=f.worst(name, n, "burst of 256"))
        yield number(1, f"{name} {n}, one at a time", f.worst(name, n, "single"), limit(ONE_AT_A_TIME, n), "ns",
                     one_after_the_other=f.worst(name, n, "one after the other"),
                     memory_4_MB=f.get("memory", 0, "memory", "4096 KB"))


def attacks(f, updated):
    for name, n, value in f.attacks():
        yield number(2, f"{name} {n}, slowest header", value, limit(ATTACK, n), "ns",
                     mean=f.get(name, n, "openwfp", "mean"))
    for name, n in updated:
        yield number(2, f"CONTINUE chain of 16 in {n}", f.get(name, n, "openwfp", "CONTINUE chain of 16"),
                     limit(ATTACK, n), "ns", step=f.get(name, n, "openwfp", "CONTINUE step, chain of 16"))
        yield number(2, f"flood of updates in {n}, 99 of 100 headers", f.get(name, n, "openwfp", "p99, flood"),
                     limit(ATTACK, n), "ns", replaced_a_second=f.get(name, n, "openwfp", "replaced, flood"),
                     memory_grown_MB=f.get(name, n, "openwfp", "memory grown by the flood"))


def updates(f, updated):
    for name, n in updated:
        yield number(4, f"one filter replaced in {n}", f.get(name, n, "openwfp", "one filter replaced"), 10000, "ns",
                     rte_acl_rebuild_ms=f.get(name, n, "rte_acl", "built"))
        if n == max(size for _, size in updated):
            yield number(4, f"1000 filters into {n}", f.get(name, n, "openwfp", "1000 filters added"), 5, "ms",
                         deleted=f.get(name, n, "openwfp", "1000 filters deleted"),
                         rte_acl_rebuild_ms=f.get(name, n, "rte_acl", "built"))


def tail(f, updated):
    for name, n in updated:
        quiet = f.get(name, n, "openwfp", "p99.9, quiet, before 10000/s")
        yield number(6, f"p99.9 while 10000 filters a second are replaced in {n}, three times the quiet one",
                     f.get(name, n, "openwfp", "p99.9, 10000/s"), 3 * quiet if quiet else None, "ns",
                     quiet=quiet, replaced_a_second=f.get(name, n, "openwfp", "replaced, 10000/s"),
                     p50=f.get(name, n, "openwfp", "p50, 10000/s"), p99=f.get(name, n, "openwfp", "p99, 10000/s"))


def numbers(f, sets, updated):
    """The numbers of the design, each with its limit."""
    rows = [*speed(f, sets), *attacks(f, updated)]
    rows += [number(3, f"cached, {FLOWS} flows, in {name} {n}", f.worst(name, n, f"cached, {FLOWS} flows"), 20, "ns",
                    burst=f.worst(name, n, f"cached, {FLOWS} flows, burst of 32"),
                    hits=f.get(name, n, "openwfp ALE", f"cached, {FLOWS} flows, hits"),
                    flows_1000=f.worst(name, n, "cached, 1000 flows"))
             for name, n in sets]
    rows += updates(f, updated)
    rows += [number(5, f"a filter in {name} {n}, everything included",
                    f.get(name, n, "openwfp", "a filter, everything"), 256, "bytes")
             for name, n in sets if n == max(size for _, size in sets)]
    rows += tail(f, updated)
    return rows


# ---- the picture ---------------------------------------------------------------------------------

LINES = [("openwfp ALE", "burst of 32", "#1f5fbf", ""), ("openwfp ALE", "single", "#1f5fbf", "5 4"),
         ("openwfp transport", "burst of 32", "#2a9d8f", ""), ("rte_acl", "burst of 32", "#c0392b", ""),
         ("tuple space", "single", "#8e6c00", ""), ("linear", "single", "#777777", "")]
LOW, HIGH = 10, 1000000  # ns
PANEL, TOP, LEFT, HEIGHT = 270, 40, 70, 300


def y_of(ns):
    return TOP + HEIGHT * (1 - (math.log10(min(max(ns, LOW), HIGH)) - math.log10(LOW)) / math.log10(HIGH / LOW))


def panel(f, name, sizes, at):
    x = {n: at + 20 + i * (PANEL - 60) / max(1, len(sizes) - 1) for i, n in enumerate(sizes)}
    yield f'<text x="{at + PANEL / 2 - 10}" y="{TOP - 12}" text-anchor="middle" font-weight="bold">{name}</text>'
    decade = LOW
    while decade <= HIGH:
        yield f'<line x1="{at}" x2="{at + PANEL - 20}" y1="{y_of(decade)}" y2="{y_of(decade)}" stroke="#ddd"/>'
        decade *= 10
    for n in sizes:
        yield f'<text x="{x[n]}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{n:,}</text>'.replace(",", " ")
    for contender, what, colour, dash in LINES:
        points = [(x[n], y_of(v)) for n in sizes if (v := f.get(name, n, contender, what)) is not None]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
        yield from (f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in points)


def picture(f, sets, machine):
    """One panel a shape: nanoseconds a header over the number of rules, both logarithmic."""
    names = list(dict.fromkeys(name for name, _ in sets))
    width, height = LEFT + PANEL * len(names), TOP + HEIGHT + 130
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="white"/>']
    decade = LOW
    while decade <= HIGH:
        label = f"{decade} ns" if decade < 1000 else f"{decade // 1000} us" if decade < 1000000 else "1 ms"
        out.append(f'<text x="{LEFT - 8}" y="{y_of(decade) + 4}" text-anchor="end">{label}</text>')
        decade *= 10
    for i, name in enumerate(names):
        out += panel(f, name, sorted(n for s, n in sets if s == name), LEFT + i * PANEL)
    for i, (contender, what, colour, dash) in enumerate(LINES):
        x, y = LEFT + (i % 3) * 230, TOP + HEIGHT + 48 + (i // 3) * 20
        out += [f'<line x1="{x}" x2="{x + 30}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>',
                f'<text x="{x + 36}" y="{y + 4}">{contender}, {what}</text>']
    out += [f'<text x="{LEFT}" y="{height - 12}" fill="#555">a header, over the rules in the set; {machine}</text>', "</svg>"]
    return "\n".join(out) + "\n"


# ---- the run -------------------------------------------------------------------------------------

class Run:
    def __init__(self, build, args):
        self.program = build / "bench/bench_classify"
        self.peer = build / "bench/acl_peer.so"
        self.args = args
        self.figures = Figures()
        self.sets, self.updated = [], []
        if not self.peer.exists():
            print("rte_acl: not measured: libdpdk-dev is not installed", file=sys.stderr)

    def measure(self, *what):
        argv = [self.program, "--seed", self.args.seed]
        argv += ["--quick"] if self.args.quick else []
        argv += ["--peer", self.peer] if self.peer.exists() else []
        print(f"  {' '.join(map(str, what))}", file=sys.stderr, flush=True)
        return self.figures.run([*argv, *what])

    def from_file(self):
        lines = self.measure("file", self.args.rules, *([self.args.trace] if self.args.trace else []))
        if lines:
            self.sets.append((lines[0]["set"], lines[0]["rules"]))

    def made(self):
        self.sets = [(shape, n) for shape in self.args.shapes for n in self.args.sizes]
        for shape, n in self.sets:
            self.measure("set", shape, n)
        large = [n for n in self.args.sizes if n >= 10000] or self.args.sizes
        self.updated = [(self.args.shapes[0], n) for n in large]
        for shape, n in self.updated:
            self.measure("update", shape, n)
        names = subprocess.run([self.program, "attacks"], check=True, capture_output=True, text=True).stdout
        for name in names.splitlines():
            for n in large:
                self.measure("attack", name, n)

    def all(self):
        self.measure("latency")
        if self.args.rules:
            self.from_file()
        else:
            self.made()
        return self.figures


def options(argv):
    p = argparse.ArgumentParser(prog="./dev bench classify", description=USAGE,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rules", type=pathlib.Path, metavar="FILE", help="a rule set in the format of ClassBench")
    p.add_argument("--trace", type=pathlib.Path, metavar="FILE", help="its headers; else uniform in the rules")
    p.add_argument("--shapes", type=lambda s: s.split(","), default=SHAPES, metavar="LIST", help="of acl,fw,ipc")
    p.add_argument("--sizes", type=lambda s: [int(n) for n in s.split(",")], metavar="LIST", help="numbers of rules")
    p.add_argument("--seed", type=int, default=1, help="of the sets, traces and attacks (default 1)")
    p.add_argument("--quick", action="store_true", help="1 000 rules, few repeats: to see that it works")
    p.add_argument("--json", action="store_true", help="print the report as JSON instead of tables")
    p.add_argument("--out", type=pathlib.Path, metavar="DIR", help="for classify.json and classify.svg (build/bench)")
    args = p.parse_args(argv)
    if args.trace and not args.rules:
        p.error("--trace needs --rules")
    args.sizes = args.sizes or ([1000] if args.quick else SIZES)
    return args


def amount(value, unit):
    return "-" if value is None else f"{value:.4g} {unit}"


def print_report(f, report):
    for line in f.lines:
        print(f"{line['set']:22} {line['rules']:7} {line['contender']:40} {line['what']:34} {line['value']:12.5g} {line['unit']}")
    print()
    for row in report["numbers"]:
        beside = ", ".join(f"{k} {v:.4g}" for k, v in row["beside"].items())
        print(f"{row['number']}  {row['verdict']:12} {row['what']:66} {amount(row['value'], row['unit']):>12}"
              f"  (at most {amount(row['limit'], row['unit'])})  {beside}")
    print(f"\nverdicts: {report['checked']} compared with the reference, {report['wrong']} wrong")


def measure(build, argv, machine):
    """The report, and whether all verdicts were right."""
    args = options(argv)
    run = Run(build, args)
    f = run.all()
    report = {"date": str(datetime.date.today()), "machine": machine, "seed": args.seed, "quick": args.quick,
              "numbers": numbers(f, run.sets, run.updated) if run.sets else [], "checked": f.checked(),
              "wrong": f.wrong(), "failed": f.failed, "figures": f.lines}
    out = args.out or build.parent / "bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "classify.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (out / "classify.svg").write_text(picture(f, run.sets, machine), encoding="utf-8")
    if args.json:
        print(json.dumps(report, indent=1))
    else:
        print_report(f, report)
    for what in f.failed:
        print(f"failed: {what}", file=sys.stderr)
    return report


def rows(build, machine):
    """For bench/run.py: each number that was measured beside its limit."""
    for row in measure(build, [], machine)["numbers"]:
        if row["value"] is not None and row["limit"] is not None:
            yield {"name": f"classify, {row['what']}", "value": row["value"], "unit": row["unit"],
                   "baseline": "the most it may be", "baseline_value": row["limit"]}


def main(build, argv, machine):
    report = measure(build, argv, machine)
    return 1 if report["wrong"] or report["failed"] else 0
