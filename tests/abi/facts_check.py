# SPDX-License-Identifier: MIT
"""Prints a C program that fails to compile, or prints what is wrong, unless the public headers
define every name of tools/facts with its value.

usage: facts_check.py FACTS SCHEMA
"""
import csv
import re
import sys


def rows(name):
    with open(f"{sys.argv[1]}/{name}.tsv", encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


def same(name, value):
    print(f'_Static_assert((unsigned long long)(long long)({name}) == {value}, "{name}");')


def same32(name, value):
    print(f'_Static_assert((unsigned)({name}) == {value}u, "{name}");')


def main():
    schema = sys.argv[2]
    print('#include <initguid.h>\n#include ENTRY\n#include <ntstatus.h>\n#include <winerror.h>')
    print('#ifdef SIDE_km\n#include <fwpsk.h>\n#endif\n#include <stdio.h>')
    for r in rows("constants"):
        value = r["value_dec"] + "ULL" if r["value_hex"] else f'({r["value_dec"]})'
        same(r["name"], value)
    for r in rows("errors"):
        same32(r["name"], r["value"])
        same32(r["name"].replace("FWP_E_", "STATUS_FWP_"), r["value"].replace("0x8032", "0xC022"))
    for r in rows("ntstatus"):
        same32(r["name"], r["value"])

    print("#ifdef SIDE_km")
    name_of = {g["guid"]: g["name"].split(" ")[0] for g in rows("guids") if g["kind"] == "layer"}
    for r in rows("layers"):
        same(name_of[r["guid"]].replace("FWPM_", "FWPS_"), r["layerId"])
    count = {}
    for r in rows("layer-fields"):
        layer = name_of.get(r["layer"].strip("{}"), r["layer"]).replace("FWPM_LAYER_", "")
        if r[f"index_schema_{schema}"] and not layer.endswith("_DISCARD"):
            count[layer] = count.get(layer, 0) + 1
    for layer, n in count.items():
        same(f"FWPS_FIELD_{layer}_MAX", n)
    for r in rows("fwps-fields"):
        layer = r["layer"].replace("NETWORK_POLICY", "NETWORK_CONNECTION_POLICY")
        if "_BITMAP_" in r["enumerator"] or int(r["index"]) >= min(
                count[layer], next(int(x["index"]) for x in rows_of[r["layer"]]
                                   if x["enumerator"].endswith("_MAX"))):
            continue
        shift = sum("_BITMAP_" in x["enumerator"] and int(x["index"]) < int(r["index"])
                    for x in rows_of[r["layer"]])
        same(r["enumerator"], int(r["index"]) - shift)
    print("#endif")

    print("static int wrong;\nstatic void key(const char *name, const GUID *g, const char *text)\n{")
    print("\tchar s[40];\n\tconst UINT8 *d = g->Data4;\n"
          '\tsnprintf(s, sizeof(s), "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", g->Data1,\n'
          "\t\t g->Data2, g->Data3, d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]);\n"
          '\tif (strcmp(s, text)) {\n\t\tprintf("wrong: %s is %s\\n", name, s);\n\t\twrong = 1;\n\t}\n}')
    print("int main(void)\n{")
    for g in rows("guids"):
        name = re.sub(" .*", "", g["name"])
        print(f'\tkey("{name}", &{name}, "{g["guid"]}");')
    print("\treturn wrong;\n}")


rows_of = {}
for row in rows("fwps-fields"):
    rows_of.setdefault(row["layer"], []).append(row)
main()
