# SPDX-License-Identifier: MIT
"""What the scripts beside it share: where things are, a search's result, and points of TAP."""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(os.environ.get("SRCROOT", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("BLDROOT", ROOT / "build" / "gcc"))
SCENARIOS = ROOT / "tests" / "scenarios"

points = 0


def point(name, passed, why=""):
    global points
    points += 1
    print(f"{'ok' if passed else 'not ok'} {points} - {name}")
    for line in str(why).splitlines() if not passed else []:
        print(f"# {line}")
    sys.stdout.flush()


def explore(*args):
    """The result, as a program reads it; None when there is none."""
    run = subprocess.run([BUILD / "cmd" / "wfp", "explore", *map(str, args), "--json"], capture_output=True,
                         text=True, timeout=600, check=False)
    try:
        return json.loads(run.stdout)
    except ValueError:
        print(f"# {run.stdout}{run.stderr}".rstrip())
        return None


def plan():
    """After the last point."""
    print(f"1..{points}")
