#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each finding has a trace, and each trace has its finding again, ten times of ten.

So for every mistake of examples/clumsy, alone and beside drivers that behave, by the default settings and for the KB
race over all traces; and for a race between two plain accesses, which only --accesses shows, and a replay sets again.
"""
import pathlib
import re
import sys
import tempfile

sys.dont_write_bytecode = True

from wfp_explore import BUILD, SCENARIOS, explore, plan, point  # noqa: E402

EXAMPLES = BUILD / "examples"
REPLAYS = 10

KB = {"DoubleCompletion WfpPendDoubleComplete", "BrokenRule WfpPendOnReauth"}
UNLOAD = KB | {"BrokenRule WfpPendOutsideClassify", "BrokenRule WfpPendNoAbsorb", "BrokenRule WfpNblRefBalance",
               "BrokenRule WfpSpinLock", "BrokenRule WfpBadPointer", "BrokenRule WfpBadAction",
               "BrokenRule WfpAbsorbNotAllowed", "IrqlViolation WfpIrql"}
# scenario, drivers, options, rules; shrinking a dozen findings of thirteen packets takes minutes
CASES = [
    ("kb979278", ["clumsy"], [], KB),
    ("kb979278", ["clumsy"], ["--all"], KB),
    ("kb979278", ["firewall", "antivirus", "clumsy"], [], KB),
    ("kb979278", ["firewall", "antivirus", "clumsy"], ["--all"], KB),
    ("clumsy", ["clumsy"], ["--no-shrink"], UNLOAD | {"StaleCompletion WfpStaleContext", "LostPacket None"}),
    ("clumsy-unload", ["clumsy"], ["--bound", "1", "--runs", "500", "--no-shrink"],
     UNLOAD | {"LeakAtUnload WfpNblRefBalance"}),
]
ONE_DATAGRAM = 'name a slot that two empty\npacket out udp 10.0.0.1:40000 > 10.0.0.2:53 data "question"\n'


def rules(result):
    return {f"{f['rule']} {f['platform_rule']}" for f in result["findings"]}


def same(a, b):
    """Addresses within a driver's file are not the same in each process."""
    return (a["rule"], a["driver"]) == (b["rule"], b["driver"]) and \
        re.sub(r"0x[0-9a-f]+", "", a["sentence"]) == re.sub(r"0x[0-9a-f]+", "", b["sentence"])


def check_traces(name, result):
    """Ten times the same finding, and the same event log byte for byte."""
    bad, logs = [], []
    for case in result["findings"]:
        written = [pathlib.Path(f"{case['trace']}.{i}.log") for i in range(REPLAYS)]
        again = [explore("--replay", case["trace"], "--log", log) for log in written]
        if len({log.read_bytes() for log in written}) != 1 or not written[0].read_bytes():
            logs.append(case["trace"])
        good = [r for r in again if r["found_again"] and any(same(f, case) for f in r["findings"])]
        if len(good) != REPLAYS:
            bad.append(f"{len(good)} of {REPLAYS}: {case['trace']}")
    point(f"{name}: each_trace_has_it_again_{REPLAYS}_times_of_{REPLAYS}", not bad, "\n".join(bad))
    point(f"{name}: each_replay_has_the_same_event_log", not logs, "\n".join(logs))


def check_clumsy(work):
    for n, (scenario, drivers, options, wanted) in enumerate(CASES):
        name = " ".join([scenario, *drivers, *options])
        argv = [a for d in drivers for a in ("--driver", EXAMPLES / f"{d}.so")]
        result = explore(SCENARIOS / f"{scenario}.scn", *argv, *options, "--trace-dir", work / str(n))
        print(f"# {result['claim']}: {result['runs']} runs, {result['seconds']:.1f} s")
        point(f"{name}: its_faults_are_found_by_rule", rules(result) == wanted, rules(result) ^ wanted)
        blamed = {f["driver"] for f in result["findings"]} - {"clumsy", None}
        point(f"{name}: nobody_else_is_blamed", not blamed, blamed)
        point(f"{name}: each_has_a_trace", all(f["trace"] for f in result["findings"]))
        if scenario != "clumsy-unload":  # it has nearly the traces of clumsy
            check_traces(name, result)


def functions(case):
    return [{frame.split(" ")[0] for frame in stack["frames"]} for stack in case["stacks"]]


def check_accesses(work):
    scenario = work / "taken.scn"
    scenario.write_text(ONE_DATAGRAM, encoding="utf-8")
    argv = (scenario, "--driver", BUILD / "tests" / "guests" / "taken.so", "--trace-dir", work / "taken")
    for options in (["--bound", "2"], ["--all"]):
        name = " ".join(["accesses", *options])
        coarse, fine = explore(*argv, *options), explore(*argv, *options, "--accesses")
        point(f"{name}: the_race_is_found_in_any_case", rules(coarse) == {"DataRace None"}, rules(coarse))
        point(f"{name}: both_places_are_named", coarse["findings"] and
              all("EmptyOnThread" in stacks[0] | stacks[1] and "Classify" in stacks[0] | stacks[1]
                  for stacks in map(functions, coarse["findings"]) if len(stacks) == 2), coarse)
        point(f"{name}: a_switch_between_two_accesses_frees_twice",
              rules(fine) == {"DataRace None", "BrokenRule WfpBadPointer"}, rules(fine))
        if options != ["--all"]:
            check_traces(name, fine)


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        check_clumsy(work)
        check_accesses(work)
    plan()


main()
