#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mutants of the engine's code, each of which the explorer must find.

usage: explorer_mutants.py [quick] [--only TEXT] [--build DIR] [--seconds N] [--work DIR]

For each mutant of code_mutants.py, and for those of the protocol's table in mutants.py: copies of the sources are edited
and compiled as the build compiles them, the program of the subjects is linked with these objects in front of the
libraries, and its subjects are explored. Before that the program as it is must pass the same searches. Prints TAP;
WORK/result.json (WORK: BUILD/mutants) says what became of each. Fails when a mutant lives or the real code is accused.
"""

import argparse
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import code_mutants  # noqa: E402
import mutants  # noqa: E402
import parallel  # noqa: E402

PROGRAM = "tests/explore/explore_subjects"
PLATFORM = "cmd/wfp-explore"
LIBRARY = "libwfp_sim.a.p/"
BOUND = "2"
FOUND = 1


def table_mutants():
    """Those of mutants.py that change the table of the pend protocol, which code and model share."""
    rows = {m.name: m for m in mutants.MUTANTS if m.table}
    unknown = set(rows) ^ set(code_mutants.TABLE_SUBJECTS)
    if unknown:
        sys.exit(f"explorer_mutants: in one list only: {', '.join(sorted(unknown))}")
    return [code_mutants.Mutant(name, m.what, code_mutants.TABLE_SUBJECTS[name], m.table) for name, m in rows.items()]


class Build:
    """How the build compiles a source of the libraries and links the programs."""

    def __init__(self, folder, programs=(PROGRAM, PLATFORM), libraries=(LIBRARY,)):
        self.folder = folder
        commands = json.loads((folder / "compile_commands.json").read_text(encoding="utf-8"))
        self.compile = {c["output"]: shlex.split(c["command"]) for c in commands if c["output"].startswith(libraries)}
        self.source = {c["output"]: (folder / c["file"]).resolve().relative_to(ROOT).as_posix()
                       for c in commands if c["output"] in self.compile}
        self.link = {p: shlex.split(self.ninja("-t", "commands", "-s", p)) for p in programs}
        self.users = self.read_users()

    def ninja(self, *arguments):
        return subprocess.run(["ninja", "-C", str(self.folder), *arguments], check=True, capture_output=True,
                              text=True).stdout

    def read_users(self):
        """file: the objects of the library that are made from it."""
        users = {}
        for block in self.ninja("-t", "deps").split("\n\n"):
            lines = block.strip().splitlines()
            output = lines[0].split(":")[0] if lines else ""
            for line in lines[1:] if output in self.compile else []:
                path = (self.folder / line.strip()).resolve()
                if path.is_relative_to(ROOT / "src"):
                    users.setdefault(path.relative_to(ROOT).as_posix(), set()).add(output)
        return users

    def call(self, argv):
        p = subprocess.run(argv, cwd=self.folder, capture_output=True, text=True, check=False)
        if p.returncode:
            sys.stdout.write(p.stdout + p.stderr)
            raise SystemExit(f"cannot build: {' '.join(argv[:1])}")

    def compile_object(self, output, work):
        """As the build does, but from the edited copy if there is one, which includes edited files first."""
        argv, source = list(self.compile[output]), self.source[output]
        at = next(i for i, a in enumerate(argv) if (self.folder / a).resolve() == ROOT / source)
        edited = work / source
        if edited.exists():
            argv[at] = str(edited)
        target = work / output.replace("/", "+")
        argv[argv.index("-o") + 1] = str(target)
        for flag in ("-MF", "-MQ"):
            argv[argv.index(flag) + 1] = str(target) + ".d"
        self.call([argv[0], f"-I{work / 'src'}", "-Wno-error", "-w", *argv[1:]])
        return target

    def objects(self, mutant, work):
        """Writes the edited copies; what had to be compiled anew."""
        outputs = set()
        for file in {e.file for e in mutant.edits}:
            text = (ROOT / file).read_text(encoding="utf-8")
            copy = work / file
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(mutants.edited(text, [e for e in mutant.edits if e.file == file], mutant.name), encoding="utf-8")
            outputs |= self.users.get(file, set())
        if not outputs:
            raise SystemExit(f"{mutant.name}: nothing is made from what it edits")
        return [self.compile_object(o, work) for o in sorted(outputs)]

    def program(self, which, objects, work):
        """A program of the build with these objects in front of its libraries."""
        argv, target = list(self.link[which]), work / pathlib.PurePath(which).name
        argv[argv.index("-o") + 1] = str(target)
        first = next(i for i, a in enumerate(argv) if a.endswith(".o"))
        self.call([*argv[:first], *map(str, objects), *argv[first:]])
        return target


class Runner:
    def __init__(self, build, work, seconds):
        self.build, self.work, self.seconds, self.lock = build, work, seconds, threading.Lock()
        self.n = self.failed = 0
        self.result = {}

    def explore(self, program, subject):
        p = subprocess.run([program, subject, "--bound", BOUND, "--seconds", str(self.seconds)], capture_output=True,
                           text=True, check=False, timeout=10 * self.seconds + 60)
        return p.returncode, p.stdout + p.stderr

    def explore_platform(self, program, scenario, drivers, work):
        """(how many schedules until something was found, or None; what was said)"""
        files = [f"--driver={self.build.folder}/examples/{d}.so" for d in drivers]
        p = subprocess.run([program, f"{ROOT}/tests/scenarios/{scenario}.scn", *files, "--bound", BOUND, "--findings", "1",
                            "--seconds", str(self.seconds), "--json"], capture_output=True, text=True, check=False,
                           timeout=10 * self.seconds + 60, cwd=work)
        try:
            told = json.loads(p.stdout)
        except ValueError:
            return None, p.stdout + p.stderr
        said = f"{scenario}: {told['claim']}, {told['runs']} runs, verdict {told['verdict']}"
        return told["runs"] if told["findings"] else None, said

    def check_platform(self, name, objects, work):
        """The scenario passes with the real code, and finds the mutant early enough."""
        scenario, drivers, most = code_mutants.PLATFORM[name]
        runs, said = self.explore_platform(self.build.folder / PLATFORM, scenario, drivers, work)
        self.point(runs is None and "runs" in said, f"the_real_code_passes_{scenario}", said)
        program = self.build.program(PLATFORM, objects, work)
        runs, said = self.explore_platform(program, scenario, drivers, work)
        self.result[name].update(platform_runs=runs)
        self.point(runs is not None and runs <= most, f"{name}_is_found_by_{scenario}_in_{most}_schedules", said)

    def point(self, ok, name, comment=""):
        with self.lock:
            self.n += 1
            self.failed += not ok
            print(f"{'ok' if ok else 'not ok'} {self.n} - {name}", flush=True)
            if comment:
                print("# " + comment.strip().replace("\n", "\n# "), flush=True)

    def check_real(self, subject):
        status, said = self.explore(self.build.folder / PROGRAM, subject)
        self.point(status == 0, f"the_real_code_passes_{subject}", said)

    def check_mutant(self, mutant):
        work = self.work / mutant.name
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        objects = self.build.objects(mutant, work)
        program, heard = self.build.program(PROGRAM, objects, work), ""
        for subject in mutant.subjects:
            status, said = self.explore(program, subject)
            heard += said
            if status == FOUND:
                break
        killed = status == FOUND
        run = re.search(r"found in run (\d+): (.*)", heard)
        self.result[mutant.name] = {"what": mutant.what, "killed": killed, "subject": subject,
                                    "runs": int(run.group(1)) if run else None, "by": run.group(2) if run else None}
        self.point(killed, f"{mutant.name}_is_found", f"{mutant.what}\n{heard}")
        if mutant.name in code_mutants.PLATFORM:
            self.check_platform(mutant.name, objects, work)
        shutil.rmtree(work, ignore_errors=True)


def main(argv):
    parser = argparse.ArgumentParser()
    parser.add_argument("how", nargs="?", choices=["quick"])
    parser.add_argument("--only", default="", help="the mutants whose name contains this")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "gcc")
    parser.add_argument("--seconds", type=int, default=20, help="of one search")
    parser.add_argument("--work", type=pathlib.Path)
    args = parser.parse_args(argv)
    work = (args.work or args.build / "mutants").resolve()
    start = time.monotonic()
    told = [m for m in table_mutants() + code_mutants.MUTANTS
            if args.only in m.name and (args.how != "quick" or m.name in code_mutants.QUICK)]
    r = Runner(Build(args.build.resolve()), work, args.seconds)
    parallel.run([lambda s=s: r.check_real(s) for s in sorted({s for m in told for s in m.subjects})])
    parallel.run([lambda m=m: r.check_mutant(m) for m in told])
    killed = sum(m["killed"] for m in r.result.values())
    work.mkdir(parents=True, exist_ok=True)
    (work / "result.json").write_text(
        json.dumps({"killed": killed, "mutants": r.result, "seconds": round(time.monotonic() - start)}, indent="\t") +
        "\n", encoding="utf-8")
    print(f"1..{r.n}\n# {killed} of {len(told)} mutants of the code found by the explorer, "
          f"{time.monotonic() - start:.0f} s")
    return 1 if r.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
