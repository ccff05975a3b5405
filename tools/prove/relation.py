#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the steps that the explorer has seen the C code take with those of the model.

usage: relation.py compare MODEL SEEN

Both files have the lines of models/README.md. Prints which steps are not in the model (then it fails), the share of the
model's steps that was seen, and which were not. Steps of operations with more records than the model's are counted,
but cannot be compared.
"""

import pathlib
import sys


def steps(path):
    return {l.strip() for l in pathlib.Path(path).read_text(encoding="utf-8").splitlines()
            if l.strip() and not l.startswith("#")}


def records(step):
    """Of how many records a line speaks."""
    return step.split(" ")[1].count(",") + 1


def compared(model, seen):
    """(steps that the model does not take, steps of the model that were not seen, steps it cannot say anything of)."""
    width = max((records(s) for s in model), default=0)
    beyond = {s for s in seen if records(s) > width}
    return sorted(seen - beyond - model), sorted(model - seen), beyond


def main(argv):
    if len(argv) != 3 or argv[0] != "compare":
        sys.exit(__doc__)
    model, seen = steps(argv[1]), steps(argv[2])
    foreign, missing, beyond = compared(model, seen)
    width = max((records(s) for s in model), default=0)
    for s in foreign:
        print(f"not in the model: {s}")
    for s in missing:
        print(f"not seen: {s}")
    if beyond:
        print(f"{len(beyond)} steps of operations with more than {width} records")
    share = 100 * (len(model) - len(missing)) / len(model) if model else 0
    print(f"{'refused' if foreign else 'accepted'}: {len(seen) - len(beyond)} steps seen, "
          f"{len(model) - len(missing)} of {len(model)} of the model's ({share:.1f} %)")
    return 1 if foreign or not model else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
