# SPDX-License-Identifier: MIT
"""Prints a C file that compiles only if each structure of tools/facts/um-layouts.tsv has its size
there, and each member its offset and its size.

usage: layouts_check.py FACTS
"""
import csv
import sys


def main():
    print("#define WIN32_LEAN_AND_MEAN\n#include <windows.h>\n#include <fwpmu.h>")
    with open(f"{sys.argv[1]}/um-layouts.tsv", encoding="utf-8", newline="") as f:
        for r in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE):
            struct, member, what = r["struct"], r["member"], f'{r["struct"]}.{r["member"]}'
            if not member:
                print(f'_Static_assert(sizeof({struct}) == {r["size"]}, "{struct}");')
                continue
            print(f'_Static_assert(offsetof({struct}, {member}) == {r["offset"]}, "{what}");')
            print(f'_Static_assert(sizeof((({struct} *)0)->{member}) == {r["size"]}, "{what}");')


main()
