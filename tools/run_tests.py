#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs every test program, counts the points of their TAP output, and closes with
"N passed, N failed, N skipped".

A test is a program that prints TAP: the unit tests of the builds (listed by Meson), the scripts under
tests/lint, tests/abi, tests/engine, tests/cmd, tests/rpc, tests/client, tests/prove, tests/explore and tests/netns, and
the fuzz targets. Which build runs which suites is the table PLANS. A program that dies or is silent counts as one failure.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORES = max(2, os.cpu_count() or 2)
LOG = ROOT / "build" / "tests"

# build: (suites or None for all, environment). Sanitizers are slow: they run fewer rounds.
FEWER = {"ORACLE_CLASSIFIES": "60000", "SEEDS": "5", "RANDOM_OPERATIONS": "50000", "CONCURRENT_ROUNDS": "1000",
         "KILLED_RUNS": "100", "WFPD_KILLED_RUNS": "20", "HOSTILE_PERCENT": "20",
         "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0",
         "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
         "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1"}
PLANS = {
    "gcc": (None, {}),
    "clang": (None, {"SEEDS": "5", "ORACLE_CLASSIFIES": "300000", "RANDOM_OPERATIONS": "200000",
                      "HOSTILE_PERCENT": "50"}),
    # Not explore: there is no controlled world beside clang's sanitizers. gcc's has one.
    "asan": ({"base", "model", "engine", "stack", "rpc", "bfe", "path", "ntshim", "cmd", "client", "import", "bench", "fuzz"},
             FEWER),
    "tsan": ({"base", "engine", "stack", "rpc", "bfe", "ntshim", "client"}, FEWER),
    "asan-gcc": ({"base", "engine", "explore"}, FEWER),
    "tsan-gcc": ({"engine"}, FEWER),
}
SCRIPTS = ["tests/lint", "tests/abi", "tests/engine", "tests/cmd", "tests/rpc", "tests/client", "tests/prove", "tests/explore",
           "tests/netns"]
FUZZ_SECONDS = 30


class Test:
    def __init__(self, name, argv, env=None, timeout=900, alone=False):
        self.name, self.argv, self.env = name, [str(a) for a in argv], env or {}
        self.timeout, self.alone = timeout, alone


def unit_tests(build, suites, env):
    """The programs that Meson knows in one build directory."""
    path = ROOT / "build" / build
    text = subprocess.run(["meson", "introspect", "--tests", str(path)], check=True,
                          capture_output=True, text=True).stdout
    for t in json.loads(text):
        suite = t["suite"][0].split(":")[-1]
        if suites is None or suite in suites:
            yield Test(f"{build}: {t['name']}", t["cmd"], {**t["env"], **env}, t["timeout"])


def script_tests(build="gcc"):
    for folder in SCRIPTS:
        for path in sorted((ROOT / folder).glob("*")):
            if path.suffix in (".sh", ".py") and os.access(path, os.X_OK):
                env = {"SRCROOT": str(ROOT), "BLDROOT": str(ROOT / "build" / build)}
                yield Test(f"{folder}/{path.name}", [path], env, 900, folder == "tests/netns")


def fuzz_names():
    return sorted(p.stem for p in (ROOT / "fuzz").glob("*.c") if p.stem != "standalone")


def fuzz_test(name, seconds):
    work = LOG / f"fuzz-{name}"
    work.mkdir(parents=True, exist_ok=True)
    corpus = ROOT / "fuzz" / "corpus" / name
    argv = [ROOT / "build/fuzz/fuzz" / f"fuzz_{name}", f"-max_total_time={seconds}", "-timeout=10",
            "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={work}/", work]
    if corpus.is_dir():
        argv.append(corpus)
    wrapped = ["sh", "-c", 'if "$@" >"$0" 2>&1; then echo "ok 1 - ' + name + '"; else tail -40 "$0"; '
               'echo "not ok 1 - ' + name + '"; fi', str(work / "log"), *map(str, argv)]
    return Test(f"fuzz: {name}", wrapped, {}, seconds + 120)


POINT = re.compile(r"^(not )?ok\b(.*)$")


def count(output):
    passed = failed = skipped = 0
    for line in output.splitlines():
        m = POINT.match(line)
        if not m:
            continue
        if m.group(1):
            failed += 1
        elif re.search(r"# *skip", m.group(2), re.I):
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def run(test):
    """(output, status): status is None when the time ran out."""
    p = subprocess.Popen(test.argv, cwd=ROOT, env={**os.environ, **test.env}, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                         stdin=subprocess.DEVNULL, errors="replace")
    try:
        return p.communicate(timeout=test.timeout)[0], p.returncode
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        return p.communicate()[0], None


class Tally:
    def __init__(self):
        self.lock = threading.Lock()
        self.passed = self.failed = self.skipped = 0

    def add(self, test):
        start = time.monotonic()
        output, status = run(test)
        p, f, s = count(output)
        if status is None or (status != 0 and f == 0) or p + f + s == 0:
            f += 1
        with self.lock:
            self.passed, self.failed, self.skipped = self.passed + p, self.failed + f, self.skipped + s
            self.show(test, output, status, (p, f, s), time.monotonic() - start)

    @staticmethod
    def show(test, output, status, counts, seconds):
        p, f, s = counts
        print(f"{'FAIL' if f else 'ok  '} {test.name}: {p} passed, {f} failed"
              f"{f', {s} skipped' if s else ''} ({seconds:.1f} s)", flush=True)
        name = re.sub(r"[^A-Za-z0-9]+", "-", test.name).strip("-")
        (LOG / f"{name}.log").write_text(output)
        if f:
            print(f"     {' '.join(test.argv)}: "
                  f"{'time ran out' if status is None else f'exit {status}'}")
            lines = [l for l in output.splitlines() if not l.startswith("ok ")]
            print("\n".join("     | " + l for l in lines[-60:]), flush=True)
        elif s:
            for line in output.splitlines():
                if re.search(r"# *skip", line, re.I):
                    print("     | " + line)


def run_all(tests):
    LOG.mkdir(parents=True, exist_ok=True)
    tally = Tally()
    queue = [t for t in tests if not t.alone]
    lock = threading.Lock()

    def worker():
        while True:
            with lock:
                if not queue:
                    return
                test = queue.pop(0)
            tally.add(test)

    threads = [threading.Thread(target=worker) for _ in range(CORES)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for test in tests:
        if test.alone:
            tally.add(test)
    skipped = f", {tally.skipped} skipped" if tally.skipped else ""
    print(f"{tally.passed} passed, {tally.failed} failed{skipped}")
    return 1 if tally.failed or not tally.passed else 0


def selection(what, args):
    if what == "check":
        return [t for t in script_tests() if t.name.startswith("tests/lint")]
    if what == "fuzz":
        if args[0] not in fuzz_names():
            sys.exit(f"run_tests: no such fuzz target: {args[0]} (there are: {' '.join(fuzz_names())})")
        return [fuzz_test(args[0], int(args[1]))]
    tests = list(unit_tests("gcc", *PLANS["gcc"])) + list(script_tests())
    if what == "one":
        return [t for t in tests if args[0] in t.name]
    if what == "all":
        for build, (suites, env) in PLANS.items():
            if build != "gcc":
                tests += unit_tests(build, suites, env)
        tests += [fuzz_test(name, FUZZ_SECONDS) for name in fuzz_names()]
    return tests


if __name__ == "__main__":
    sys.exit(run_all(selection(sys.argv[1], sys.argv[2:])))
