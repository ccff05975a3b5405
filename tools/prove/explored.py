# SPDX-License-Identifier: MIT
"""What `./dev prove` explores of the C code: one row for each subject of tests/explore/subjects and each scenario.

Each step that a subject's operations take is looked up among those of the model (`relation`); a step that is not
there is a finding. What the rows with relation-2 have seen together must be all of it.
"""

import collections
import json
import pathlib
import re
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path("tests/explore/explore_subjects")
SECONDS = 900  # of one search; without a claim by then it fails

Row = collections.namedtuple("Row", "name how what relation quick subject")


def all_traces(subject, what, quick=False, relation="relation-2"):
    return Row(subject, ["--all"], what, relation, quick, subject)


def bounded(subject, what, bound, relation="relation-3", quick=False):
    return Row(f"{subject} bounded", ["--bound", str(bound)], what, relation, quick, subject)


def at_random(subject, what, depth, runs):
    return Row(f"{subject} depth {depth}", ["--pct", str(depth), "--runs", str(runs)], what, "relation-2", False, subject)


SUBJECTS = [
    all_traces("pend", "2 callouts", True),
    all_traces("pend-double", "2 callouts, both complete twice", True),
    all_traces("pend-double-twice", "1 callout completes twice, an operation follows in the slot", True),
    bounded("pend-close", "2 callouts, the endpoint closes", 3, "relation-2"),
    all_traces("pend-close-forget", "the same, nobody completes", True),
    all_traces("pend-close-alone", "1 callout, the endpoint closes", True),
    all_traces("pend-close-permit", "nobody pends, the endpoint closes", True),
    all_traces("pend-forced", "2 callouts, the first unregistered by force"),
    all_traces("pend-forced-last", "2 callouts, the second unregistered by force"),
    all_traces("pend-forced-forget", "1 callout, by force, nobody completes", True),
    all_traces("pend-polite-first", "2 callouts, the first unregistered politely"),
    all_traces("pend-polite-last", "2 callouts, the second unregistered politely"),
    all_traces("pend-polite", "1 callout, politely", True),
    all_traces("pend-watchdog", "2 callouts, the watchdog fires"),
    all_traces("pend-watchdog-alone", "1 callout, the watchdog fires", True),
    all_traces("pend-stop", "2 callouts, the engine stops"),
    all_traces("pend-stop-forget", "the same, nobody completes", True),
    all_traces("pend-stop-alone", "1 callout, the engine stops", True),
    all_traces("pend-no-absorb", "2 callouts, the first returns Permit", True),
    all_traces("pend-no-absorb-last", "2 callouts, the second returns Permit", True),
    all_traces("pend-no-absorb-alone", "1 callout returns Permit", True),
    all_traces("pend-watchdog-forget", "2 callouts that both forget, the watchdog", relation="relation-2-pairs"),
    # One order stands for all that commute, but between two steps that do the state of both together is another:
    # other searches see these.
    bounded("pend-no-absorb-last", "2 callouts, the second returns Permit", 3, "relation-2", True),
    at_random("pend-close", "2 callouts, the endpoint closes", 3, 600000),
    at_random("pend-close", "2 callouts, the endpoint closes", 4, 600000),
    at_random("pend-close", "2 callouts, the endpoint closes", 6, 800000),
    at_random("pend-close", "2 callouts, the endpoint closes", 10, 600000),
    bounded("pend-3", "3 callouts", 3),
    bounded("pend-3-double", "3 callouts, all complete twice", 2),
    bounded("pend-3-close", "3 callouts, the endpoint closes", 2),
    bounded("pend-3-forced", "3 callouts, one unregistered by force", 2),
    bounded("pend-3-polite", "3 callouts, one unregistered politely", 2),
    bounded("pend-3-watchdog", "3 callouts, the watchdog fires", 2),
    bounded("pend-3-stop", "3 callouts, the engine stops", 2),
    bounded("pend-3-no-absorb", "3 callouts, one returns Permit", 3),
]

Scenario = collections.namedtuple("Scenario", "name drivers what relation quick", defaults=("relation-2", True))

# Over the whole platform: the stack, its work and the drivers.
SCENARIOS = [
    Scenario("kb979278", ("examples/firewall", "examples/antivirus"), "two drivers hold one connection"),
    Scenario("close-while-pended", ("tests/guests/pender",), "an endpoint closes while pended"),
    Scenario("complete-inside", ("tests/guests/inside", "tests/guests/pender"), "completed inside classifyFn, two drivers"),
    Scenario("complete-early", ("tests/guests/pender",), "completed before classifyFn returns"),
    Scenario("second-datagram", ("tests/guests/holder",), "a second datagram while the first is held"),
    Scenario("policy-moves", ("tests/guests/pender",), "the policy changes while pended", quick=False),
]


class Explored:
    """What one search said."""

    def __init__(self, how, claim, runs, seconds, finding):
        self.how, self.claim, self.runs, self.seconds, self.finding = how, claim, runs, seconds, finding

    @property
    def complete(self):
        """It claims what was asked for."""
        wanted = {"--all": "all traces", "--bound": f"all schedules up to {self.how[-1]} preemption", "--pct": "random"}
        return not self.finding and wanted[self.how[0]] in self.claim


def call(argv, cwd):
    start = time.monotonic()
    p = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    return p, time.monotonic() - start


def files(row, work):
    """(the model's relation, where the steps go)"""
    steps = work / "steps"
    steps.mkdir(parents=True, exist_ok=True)
    return work / f"{row.relation}.txt", steps / f"{row.name}.txt"


def subject(build, row, work):
    """Explores one; its steps are left in work/steps/NAME.txt."""
    model, steps = files(row, work)
    p, seconds = call([build / PROGRAM, row.subject, *row.how, "--seconds", str(SECONDS), "--relation", model, "--steps",
                       steps], work)
    said = re.search(r"^\S+: (.*?); (\d+) runs", p.stdout, re.MULTILINE)
    wrong = None
    if p.returncode or not said:
        wrong = next((l for l in p.stdout.splitlines() if l.startswith(("found", "error"))), p.stdout + p.stderr)
    return Explored(row.how, said.group(1) if said else "nothing is claimed", int(said.group(2)) if said else 0, seconds, wrong)


def scenario(build, row, work):
    model, steps = files(row, work)
    argv = [build / "cmd" / "wfp", "explore", ROOT / "tests" / "scenarios" / f"{row.name}.scn", "--all", "--json",
            "--seconds", str(SECONDS), "--relation", model, "--pend-steps", steps]
    for d in row.drivers:
        argv += ["--driver", build / f"{d}.so"]
    p, seconds = call(argv, work)
    try:
        r = json.loads(p.stdout)
    except ValueError:
        return Explored(["--all"], "nothing is claimed", 0, seconds, p.stdout + p.stderr)
    return Explored(["--all"], r["claim"], r["runs"], seconds, None if r["verdict"] == "none" else r["verdict"])
