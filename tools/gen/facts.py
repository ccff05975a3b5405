# SPDX-License-Identifier: MIT
"""The inputs of the generators: tools/facts/*.tsv read into plain rows.

A fact file is a header line and tab separated rows. Nothing here knows what is generated from it;
names are cut to the part that varies (FWPM_LAYER_STREAM_V4 -> STREAM_V4) and numbers become ints.
"""

import csv
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FACTS = ROOT / "tools" / "facts"
SCHEMAS = (2026, 2024)


def read(name):
    with open(FACTS / f"{name}.tsv", encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


def cut(name, prefix):
    assert name.startswith(prefix), f"{name} does not start with {prefix}"
    return name[len(prefix):]


def guid_initializer(text):
    a, b, c, d, e = text.split("-")
    tail = ",".join(f"0x{h}" for h in (d[:2], d[2:], *(e[i:i + 2] for i in range(0, 12, 2))))
    return f"{{0x{a}, 0x{b}, 0x{c}, {{{tail}}}}}"


def guids(kind=None):
    """(name, guid) rows; a name the SDK lacks carries a remark in brackets, which is dropped."""
    rows = [(g["name"].split(" ")[0], g["guid"], g["kind"]) for g in read("guids")]
    return [r for r in rows if kind in (None, r[2])]


def layers():
    """Layer rows by id; the two layers the SDK does not name take their name from the GUID list."""
    name_of = {guid: name for name, guid, _ in guids("layer")}
    rows = []
    for r in read("layers"):
        rows.append({
            "id": int(r["layerId"]),
            "name": cut(name_of[r["guid"]], "FWPM_LAYER_"),
            "guid": r["guid"],
            "mode": r["mode"],
            "flags": r["flags"].split("|"),
            "sublayer": cut(r["defaultSubLayer"], "FWPM_SUBLAYER_"),
            "display": r["displayName"],
        })
    return sorted(rows, key=lambda r: r["id"])


def fields():
    """Field rows in layer order; index[schema] is -1 where that schema lacks the field.

    Rows that only an older schema has stand behind the current ones of their layer.
    """
    id_of = {"FWPM_LAYER_" + x["name"]: x for x in layers()}
    id_of.update({"{" + x["guid"] + "}": x for x in layers()})
    rows = []
    for r in read("layer-fields"):
        layer = id_of[r["layer"]]
        rows.append({
            "layer": layer["name"],
            "layer_id": layer["id"],
            "name": cut(r["field"], "FWPM_CONDITION_"),
            "index": {s: int(r[f"index_schema_{s}"] or -1) for s in SCHEMAS},
            "field_type": r["fieldType"],
            "data_type": cut(r["dataType"], "FWP_"),
        })
    big = 1 << 16
    return sorted(rows, key=lambda r: (r["layer_id"], r["index"][2026] % big, r["index"][2024]))


def constants():
    """(name, value, group) rows; an expression over other names keeps its text as the value."""
    rows = []
    for r in read("constants"):
        value = int(r["value_dec"]) if r["value_hex"] else r["value_dec"]
        rows.append((r["name"], value, r["group"], r["source"]))
    return rows
