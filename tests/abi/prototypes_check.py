# SPDX-License-Identifier: MIT
"""Prints a C file that compiles only if the public headers agree with tools/facts/um-functions.tsv:
each function and callback type is declared with the types of the facts, and each name without a
version is, for each Windows, the newest version that it had.

usage: prototypes_check.py FACTS
"""
import csv
import sys

WINDOWS = ["NTDDI_VISTA", "NTDDI_WIN7", "NTDDI_WIN8", "NTDDI_WIN10", "NTDDI_WIN10_RS3", "NTDDI_WIN10_RS4",
           "NTDDI_WIN10_RS5", "NTDDI_WIN10_CO", "NTDDI_WIN11_ZN"]


def since(row):
    return WINDOWS.index(row["since"])


def newest(rows, windows):
    """The version that the name means; a Windows that had none yet is given the oldest."""
    there = [r for r in rows if since(r) <= windows]
    return there[-1] if there else rows[0]


def main():
    with open(f"{sys.argv[1]}/um-functions.tsv", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
    print("#include <fwpmu.h>\n#include <string.h>\n"
          "#define SAME(a, b, what) _Static_assert(__builtin_types_compatible_p(a, b), what)")
    for r in rows:
        name = r["name"]
        ours = f"__typeof__(&{name})" if r["kind"] == "function" else name
        print(f'SAME({ours}, {r["returns"]} (*)({r["parameters"]}), "{name}");')

    families = {}
    for r in rows:
        families.setdefault(r["name"].rstrip("0123456789"), []).append(r)
    print("#define TEXT_(x) #x\n#define TEXT(x) TEXT_(x)")
    for i, windows in enumerate(WINDOWS):
        print(f"#if NTDDI_VERSION == {windows}")
        for family, versions in families.items():
            want = newest(sorted(versions, key=lambda r: (since(r), r["name"])), i)["name"]
            print(f'_Static_assert(__builtin_strcmp(TEXT({family}), "{want}") == 0, "{family}");')
        print("#define CHECKED\n#endif")
    print('#ifndef CHECKED\n#error "this NTDDI_VERSION is not in the table"\n#endif')


main()
