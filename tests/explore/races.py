#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The four drivers of examples/races, explored as their authors would: with the default settings.

Each race is found within so many runs, shrunk to the two or three switches that matter, and found again by ten of
ten replays. Compiled for the race detector, the fixed driver reaches the claim of all traces, and nothing is found; the
same search finds the race in the other one. The limits count runs, not seconds, because machines differ.
"""
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True

from wfp_explore import BUILD, SCENARIOS, explore, plan, point  # noqa: E402

RACES = BUILD / "examples" / "races"
INSTRUMENTED = BUILD / "examples" / "instrumented"  # accesses between two calls are no choices: they must be watched

FOUND_WITHIN = 1000  # runs; it takes 7 to 26
ALL_WITHIN = 100000  # runs; it takes 235 to 11,000
PREEMPTIONS, SWITCHES = 1, 3  # of a shrunk trace
REPLAYS = 10


def scenario(name):
    return SCENARIOS / f"race-{name}.scn"


def schedule(trace):
    """The lines of a trace's choices."""
    lines = pathlib.Path(trace).read_text(encoding="utf-8").splitlines()
    return lines[lines.index("schedule") + 1:lines.index("end", lines.index("schedule"))]


def switches(lines):
    """How often another thread goes on; those that are preempted, and all."""
    threads = [line.split()[1] for line in lines if line[0] in "-!"]
    return (sum(line.startswith("!") for line in lines),
            sum(a != b for a, b in zip(threads, threads[1:])))


def check_trace(name, case):
    few, all_of_them = switches(schedule(case["trace"]))
    point(f"{name}_is_shrunk_to_{SWITCHES}_switches_at_most", few <= PREEMPTIONS and all_of_them <= SWITCHES,
          f"{few} preemptions, {all_of_them} switches: {case['shrunk']}")
    again = [explore("--replay", case["trace"]) for _ in range(REPLAYS)]
    same = [r for r in again if r and r["findings"] and
            all(r["findings"][0][key] == case[key] for key in ("rule", "driver", "sentence", "stacks"))]
    point(f"{name}_is_found_again_by_{REPLAYS}_of_{REPLAYS}_replays", len(same) == REPLAYS, again[0])


def check_race(name, work):
    result = explore(scenario(name), "--driver", RACES / f"{name}.so", "--runs", FOUND_WITHIN, "--findings", "1",
                     "--trace-dir", work)
    found = result["findings"] if result else []
    point(f"{name}_is_found_within_{FOUND_WITHIN}_runs", found and result["as_expected"], result)
    if not found:
        return
    case = found[0]
    print(f"# {case['rule']} in run {case['run']}: {case['sentence']}; {case['shrunk']}")
    point(f"{name}_has_two_stacks", len(case["stacks"]) == 2, case["stacks"])
    point(f"{name}_has_a_trace", case["trace"], case)
    if case["trace"]:
        check_trace(name, case)


def check_all_traces(name, work):
    racy, fixed = (explore(scenario(name), "--driver", f"{name}={INSTRUMENTED / file}", "--all", "--runs", ALL_WITHIN,
                           "--no-shrink", "--trace-dir", work) for file in (f"{name}.so", f"{name}-fixed.so"))
    point(f"{name}_is_found_among_all_traces", racy and racy["findings"] and racy["as_expected"], racy)
    point(f"{name}_fixed_passes_all_traces", fixed and not fixed["findings"] and fixed["claim"] == "all traces",
          fixed)
    if fixed:
        print(f"# {fixed['claim']}: {fixed['runs']} runs, {fixed['seconds']:.1f} s")


CROWD = """\
name a race in a crowd
driver logger
driver publish
driver list
packet out udp 10.0.0.1:40001 > 10.0.0.2:53 data "question"
packet in udp 10.0.0.2:53 > 10.0.0.1:40001 data "answer"
packet out tcp 10.0.0.1:40000 > 10.0.0.2:5001 syn seq 100
disturb close packet 1
"""


def check_crowd(work):
    """What has nothing to do with the race is gone from its trace."""
    path = pathlib.Path(work) / "crowd.scn"
    path.write_text(CROWD, encoding="utf-8")
    result = explore(path, "--driver", BUILD / "examples" / "logger.so", "--driver", RACES / "publish.so",
                     "--driver", f"list={RACES / 'list-fixed.so'}", "--findings", "1", "--runs", ALL_WITHIN,
                     "--trace-dir", work)
    found = result["findings"] if result else []
    left = "1 of 3 drivers, 1 of 3 packets, 0 of 1 disturbances"
    point("a_race_in_a_crowd_is_shrunk_to_its_driver_and_a_packet",
          found and found[0]["driver"] == "publish" and found[0]["shrunk"].startswith(left), result)


def main():
    with tempfile.TemporaryDirectory() as work:
        for name in ("publish", "complete", "list", "unload"):
            check_race(name, work)
            check_all_traces(name, work)
        check_crowd(work)
    plan()


main()
