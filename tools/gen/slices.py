# SPDX-License-Identifier: MIT
"""Divides the 60 bits of an automatic filter weight among the fields of each layer.

The facts are the slots that fields share and the order of the slots, found by comparing the weights
that real systems print; what is not observed has a default. docs/design/bfe.md explains both.
"""

import itertools

import facts
import tables

BITS = 60
# The logarithm of a type's width: the share of a slot that ranges can fill.
SHARE = {"UINT8": 3, "UINT16": 4, "UINT32": 5, "BYTE_ARRAY16_TYPE": 7}


def slots():
    """slot of each field, and the slots that ranges can fill."""
    rows = facts.read("autoweight-slots")
    slot_of = {facts.cut(r["field"], "FWPM_CONDITION_"): r["slot"] for r in rows}
    return slot_of, {r["slot"] for r in rows if r["fill"] == "range"}


def order_of(layer):
    """The slots that come first, of the most specific row for the layer."""
    rows = [r for r in facts.read("autoweight-order") if layer.startswith(r["layers"])]
    return max(rows, key=lambda r: len(r["layers"]))["slots"].split("|")


def ordered(layer, fields, slot_of):
    """(slot, its fields): those of order_of first, the others as the layer's first field has them."""
    members = {}
    for f in fields:
        members.setdefault(slot_of.get(f["name"], f["name"]), []).append(f)
    first = [s for s in order_of(layer) if s in members]
    return [(s, members[s]) for s in first + [s for s in members if s not in first]]


def divide(layer, fields, slot_of, ranged):
    """(bits, fields) of each slot, high to low.

    A slot for single values holds the sum of one per field. What these leave is divided by the
    logarithm of the widths; the cumulated shares are rounded, halves down, as real systems do.
    """
    groups = ordered(layer, fields, slot_of)
    units = [sum(SHARE[f["data_type"]] for f in m) if s in ranged else 0 for s, m in groups]
    left = BITS - sum(len(m).bit_length() for (_, m), u in zip(groups, units) if not u)
    total = sum(units) or 1
    ends = [(2 * u * left + total - 1) // (2 * total) for u in itertools.accumulate(units)]
    for (_, m), u, begin, end in zip(groups, units, [0] + ends, ends):
        yield (end - begin if u else len(m).bit_length()), m


def layer_rows(layer, fields, slot_of, ranged):
    rows, top = {}, BITS
    for bits, members in divide(layer, fields, slot_of, ranged):
        top -= bits
        assert top >= 0 and (1 << bits) > len(members), f"{layer}: the fields do not fit"
        for f in members:
            rows[f["index"][2026]] = (f'SLICE({layer}, {f["index"][2026]}, {f["name"]}, {top}, '
                                      f"{bits}, {len(members)})")
    return [rows[i] for i in sorted(rows)]


def slices():
    slot_of, ranged = slots()
    current = [f for f in facts.fields() if f["index"][2026] >= 0]
    rows = []
    for layer, fields in itertools.groupby(current, key=lambda f: f["layer"]):
        rows += layer_rows(layer, list(fields), slot_of, ranged)
    return tables.table([
        "SLICE(layer, index, condition, shift, bits, sharers)",
        "",
        "Where in the 60 bits of an automatic weight a field of a layer (index of schema 2026)",
        "counts: the slot's lowest bit, its width, and how many fields of the layer share it.",
    ], rows)


OUTPUTS = {"src/bfe/tables/slices.def": slices}
