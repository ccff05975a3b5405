#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the figures of docs/proof.md with the result of `./dev prove`.

usage: figures.py check | compare RESULT | write RESULT

A figure of the page is written `12 345<!--states:pend 2-->`: the number, then where result.json has it, as path parts
between colons (`states:NAME` is short for `searches:NAME:states`). write puts the result's numbers into the page.
"""

import json
import pathlib
import re
import sys

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "proof.md"
MARK = re.compile(r"(\d[\d ]*\d|\d)<!--([^>]*?)-->")


def lookup(result, name):
    parts = name.split(":")
    if parts[0] == "states":
        parts = ["searches", parts[1], "states"]
    for p in parts:
        result = result[p]
    return result


def spaced(number):
    return f"{number:,}".replace(",", " ")


def main(argv):
    text = PAGE.read_text(encoding="utf-8")
    marks = MARK.findall(text)
    loose = len(re.findall(r"<!--[^>]*?:[^>]*?-->", text)) - sum(":" in m[1] for m in marks)
    if argv[:1] == ["check"]:
        print(f"{len(marks)} figures, {loose} marks without a number")
        return 1 if loose or not marks else 0
    result, wrong = json.loads(pathlib.Path(argv[1]).read_text(encoding="utf-8")), 0
    if argv[0] == "write":
        text = MARK.sub(lambda m: f"{spaced(lookup(result, m.group(2)))}<!--{m.group(2)}-->", text)
        PAGE.write_text(text, encoding="utf-8")
        return 0
    for number, name in marks:
        try:
            value = lookup(result, name)
        except KeyError:
            value = None
        if value is None or number.replace(" ", "") != str(value):
            print(f"{name}: the page says {number}, ./dev prove says {value}")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
