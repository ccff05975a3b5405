#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes everything that is generated from tools/facts and from the pend protocol's table; with --check
compares instead.

usage: generate.py [--check]
"""

import sys

sys.dont_write_bytecode = True

import facts  # noqa: E402
import headers  # noqa: E402
import names  # noqa: E402
import pend  # noqa: E402
import slices  # noqa: E402
import tables  # noqa: E402

OUTPUTS = {**tables.OUTPUTS, **slices.OUTPUTS, **headers.OUTPUTS, **names.OUTPUTS, **pend.OUTPUTS}


def main(argv):
    check = argv == ["--check"]
    if argv and not check:
        sys.exit(__doc__)
    stale = 0
    for name, make in OUTPUTS.items():
        path, text = facts.ROOT / name, make()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if check:
            print(f"{name} is not what its source generates: run tools/gen/generate.py")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {name}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
