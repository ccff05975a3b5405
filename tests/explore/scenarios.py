#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every scenario that is shipped, explored for a while: what is found is what it expects, nothing else.

The budget is a number of runs, far less than a search would take: this is the test that the scenarios say what
they mean and that their drivers are there.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(os.environ.get("SRCROOT", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("BLDROOT", ROOT / "build" / "gcc"))
FOLDERS = [BUILD / "examples", BUILD / "examples" / "races", BUILD / "tests" / "guests"]
LIMITS = ["--runs", "3000", "--steps", "6000", "--no-shrink"]  # the longest run that ends has 2,100 steps


def drivers_of(text):
    """Those of its statements; without one, those that its comments run it with."""
    named = re.findall(r"^driver (\S+)$", text, re.MULTILINE)
    return named or re.findall(r"--driver (\S+)\.so", text)


def file_of(driver):
    for folder in FOLDERS:
        if (folder / f"{driver}.so").exists():
            return folder / f"{driver}.so"
    raise SystemExit(f"{driver}.so is in none of {', '.join(map(str, FOLDERS))}")


def explore(path, work):
    argv = [BUILD / "cmd" / "wfp", "explore", path, *LIMITS, "--json"]
    for driver in drivers_of(path.read_text(encoding="utf-8")):
        argv += ["--driver", file_of(driver)]
    run = subprocess.run(argv, capture_output=True, text=True, timeout=600, check=False, cwd=work)
    try:
        return json.loads(run.stdout), run.stderr
    except ValueError:
        return None, run.stdout + run.stderr


def main():
    files = sorted((ROOT / "tests" / "scenarios").glob("*.scn"))
    readme = (ROOT / "tests" / "scenarios" / "README.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as work:
        for n, path in enumerate(files, 1):
            result, said = explore(path, work)
            passed = result and result["as_expected"]
            print(f"{'ok' if passed else 'not ok'} {n} - {path.stem}_is_as_it_expects")
            if result:
                found = ", ".join(f"{f['rule']} ({f['sentence']})" for f in result["findings"])
                print(f"# {result['claim']}: {result['runs']} runs, {result['seconds']:.1f} s; {found or 'nothing'}")
            else:
                print("\n".join(f"# {line}" for line in said.splitlines()[:20]))
            sys.stdout.flush()
    missing = [p.stem for p in files if f"`{p.stem}`" not in readme]
    print(f"{'not ok' if missing else 'ok'} {len(files) + 1} - every_scenario_is_in_the_readme")
    for stem in missing:
        print(f"# {stem}")
    print(f"1..{len(files) + 1}")


main()
