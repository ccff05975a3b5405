# SPDX-License-Identifier: MIT
"""One run of SPIN: makes a verifier from a model, runs it over every state, and says what it found."""

import pathlib
import re
import resource
import shutil
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
MEMORY = 6 << 30  # a verifier that needs more has no claim


class Outcome:
    """complete: every state was visited and nothing was wrong; error: what was wrong, or why there is no claim."""

    def __init__(self):
        self.states = self.transitions = self.depth = 0
        self.seconds = 0.0
        self.error = None
        self.found = False  # an assertion, a cycle, a bad end: the model is wrong
        self.lines = []     # what the verifier printed of the relation

    @property
    def complete(self):
        return self.error is None


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def call(argv, cwd, timeout):
    return subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=timeout, preexec_fn=limit,
                          errors="replace", check=False)


def number(pattern, text):
    m = re.search(pattern, text, re.MULTILINE)
    return int(float(m.group(1))) if m else 0


def read_report(text, out):
    """pan ends with its totals; an error comes first, and a search that was cut has no claim."""
    out.states = number(r"^\s*([\d.e+]+) states, stored", text)
    out.transitions = number(r"^\s*([\d.e+]+) transitions", text)
    out.depth = number(r"depth reached (\d+)", text)
    errors = re.search(r"errors: (\d+)", text)
    wrong = re.search(r"^pan:\d*:? (?!ltl|elapsed|rate|wrote)(.*)$", text, re.MULTILINE)
    if wrong:
        out.error = wrong.group(1)
        out.found = bool(errors) and errors.group(1) != "0"
    elif not errors or re.search(r"max search depth too small|out of memory|Search not completed", text):
        out.error = "the search did not end"
    out.lines = sorted(l[len("relation: "):] for l in text.splitlines() if l.startswith("relation: "))


def check(work, model, defines=(), ltl=None, timeout=1500, source=MODELS, table=None, short=False):
    """Runs models/<model>.pml from `source` (a mutant's copies) in the directory `work`; short: compiling costs most."""
    out, start = Outcome(), time.monotonic()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for path in source.glob("*.pml"):
        shutil.copy(path, work)
    if table is not None:
        (work / "pend_table.pml").write_text(table, encoding="utf-8")
    flags = ["-DNFAIR=4"] if ltl else ["-DSAFETY"]
    search = ["-a", "-f", "-N", ltl] if ltl else []
    steps = [["spin", *[f"-D{d}" for d in defines], "-a", f"{model}.pml"],
             ["gcc", "-O0" if short else "-O1", "-w", "-DMEMLIM=5500", *flags, "-o", "pan", "pan.c"],
             ["./pan", "-m1000000", "-w24", *search]]
    try:
        for argv in steps:
            p = call(argv, work, timeout)
            if argv[0] != "./pan" and (p.returncode != 0 or "Error" in p.stdout):
                out.error = f"{argv[0]}: " + (p.stderr or p.stdout).strip()[:400]
                break
        else:
            read_report(p.stdout, out)
    except subprocess.TimeoutExpired:
        out.error = f"no end within {timeout} s"
    out.seconds = time.monotonic() - start
    return out
