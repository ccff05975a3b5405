#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mutants of what finds filters, each of which the comparison with the linear reference must find.

usage: index_mutants.py [--only TEXT] [--build DIR] [--classifies N]

For each mutant: copies of the sources are edited and compiled as the build compiles them, the program of the comparison
(tests/engine/oracle_test.c) is linked with these objects in front of the libraries, and runs. It must fail, or end in
an assertion, within N packets. Before that the program as it is must pass. Prints TAP.
"""

import argparse
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import parallel  # noqa: E402
from explorer_mutants import LIBRARY, ROOT, Build  # noqa: E402
from mutants import Edit  # noqa: E402

# Searches are compiled once for each instruction set, into libraries of their own.
LIBRARIES = (LIBRARY, "libwfp_sim_")
PROGRAM = "tests/engine_oracle_test_sim"
Mutant = collections.namedtuple("Mutant", "name what edits")


def code(name, what, file, *changes):
    """changes: old text, new text, old text, new text, ...; each old text occurs once."""
    return Mutant(name, what, [Edit("src/engine/" + file, *pair) for pair in zip(changes[::2], changes[1::2])])


MUTANTS = [
    # ---- matching --------------------------------------------------------------------------------------------------
    code("mask-off-by-one", "an IPv6 prefix is a bit shorter", "match.c",
         ">> (8 - bits) == 0", ">> (9 - bits) == 0"),
    code("range-without-end", "the upper end of a range is not part of it", "match.c",
         "model_value_compare(v, &r->high) <= 0", "model_value_compare(v, &r->high) < 0"),
    code("empty-matches", "a value that is EMPTY matches any condition", "match.c",
         "return v->type == c->value.type;\n	switch", "return v->type == MODEL_EMPTY;\n	switch"),
    code("first-of-set", "of a set of values only the first counts", "match.c",
         "any = any || engine_match_condition", "any = (i == 0 || f->conditions[i - 1].field != field) ? engine_match_condition",
         "(&f->conditions[i], v);\n		if (!any)", "(&f->conditions[i], v) : any;\n		if (!any)"),
    # ---- keys and boxes --------------------------------------------------------------------------------------------
    code("never-loose", "a value that is EMPTY or of another type is taken for 0", "key.c",
         "out->loose = complete && put_numbers(out, plan, values);",
         "out->loose = complete && put_numbers(out, plan, values) && false;"),
    code("five-bytes", "the last byte of a hardware address is not in the key", "key.c",
         "(uint32_t)b[4] << 24 | (uint32_t)b[5] << 16", "(uint32_t)b[4] << 24"),
    code("greater-or-equal", "GREATER takes the value itself", "key_box.c",
         "(struct span){last + 1, max, true}", "(struct span){n, max, true}"),
    code("flags-exact", "any value above a flag has it", "key_box.c",
         "(struct span){bits & -bits, max, false}", "(struct span){bits & -bits, max, true}"),
    code("ends-exact", "a span over several words is a box", "key_box.c",
         "if (differ && (lo != 0 || hi != UINT32_MAX))", "if (false)"),
    code("gaps-exact", "what lies between two values of a large set matches", "key_box.c",
         "set->spans[best].exact = false;", ""),
    code("unplanned-exact", "a condition on a field without a word is forgotten", "key_box.c",
         "	else\n		d->box.exact = false;", ""),
    code("prefix-off-by-one", "the span of an IPv6 prefix is half of what it was", "key_box.c",
         ">> (m->prefix - 1) >> 1", ">> (m->prefix - 1) >> 2"),
    # ---- the order of rules ----------------------------------------------------------------------------------------
    code("older-rule-first", "of equal weights the lower id comes first", "rule.h",
         "x.id > y.id", "x.id < y.id"),
    # ---- trees -----------------------------------------------------------------------------------------------------
    code("best-stays", "a node's best order does not grow with what comes below it", "tree.c",
         "	if (rule_before(item->order, grown.order))\n		grown.order = item->order;\n", ""),
    code("box-stays", "a node's box does not grow with what comes below it", "tree.c",
         "= least(bounds.v[w], item->bounds[w]);", "= bounds.v[w];",
         "most(bounds.v[w + words], item->bounds[w + words]);", "bounds.v[w + words];"),
    code("one-child", "a search looks below one child of a node", "tree_walk.h",
         "level->left &= level->left - 1;", "level->left = 0;"),
    code("bounds-not-moved", "a child's bounds stay when its place changes", "tree_node.c",
         "for (unsigned side = 0; side < 2u * node->words; side++)\n		memmove(", "for (unsigned side = 0; side < node->words; side++)\n		memmove("),
    # ---- cells -----------------------------------------------------------------------------------------------------
    code("line-in-no-order", "rules of a line are in the order in which they came", "cells.c",
         "if (before && !rule_before(order, cells_rule(before)->order))", "if (before)"),
    code("table-best-stays", "a table's best order does not grow", "cells.c",
         "(*c)->best = r->order;", "(void)r;"),
    code("free-bits", "a rule may have four free bits under the mask", "cells.c",
         "(c->mask[w] & (0 - c->mask[w])) - 1", "(c->mask[w] & (0 - c->mask[w])) * 16 - 1"),
    code("first-table-only", "only the first table is searched", "cells_walk.h",
         "if (spots[t].hits && cells_worth(tables[t], best))", "if (t == 0 && spots[t].hits)"),
    # ---- bits ------------------------------------------------------------------------------------------------------
    code("removed-bit-stays", "a rule that is removed is found", "bits.c",
         "own->alive[i / 64] &= ~(UINT64_C(1) << i % 64);", "own->alive[i / 64] &= ~UINT64_C(0);"),
    code("begins-late", "a rule begins one value late", "bits_build.c",
         "(struct flip){lo - 1, i}", "(struct flip){lo, i}"),
    code("equal-hash", "rows of one place in the table are taken for equal", "bits_build.c",
         "while (s->table[at] != NO_ROW && memcmp(s->rows + s->table[at] * numbers, s->now, size))", "while (false)"),
    code("exact-if-loose", "a loose key proves what an exact box says", "walk.h",
         "(exact && !q->key->loose)", "exact"),
    # ---- the index and the cursor ----------------------------------------------------------------------------------
    code("tables-alone-go-on", "after a filter that went on the tree is not searched", "index_search.c",
         "return ix->tree ? collect_tree(ix->tree, q, below, out, n, max) : n;", "return n;"),
    code("collects-once", "after nine matches there are no more", "cursor.c",
         "c->more = c->n_found == ENGINE_CURSOR_AHEAD;", "c->more = false;"),
    code("few-skip-one", "the last filter of a small sublayer is not looked at", "cursor.c",
         "while (c->next < few->n)", "while (c->next + 1 < few->n)"),
    # ---- transactions ----------------------------------------------------------------------------------------------
    code("changes-in-place", "what older versions share is changed in place", "edit.c",
         "	if (old->made_by == e->number)\n		return old;", "	return old;"),
]


class Runner:
    def __init__(self, build, work, classifies):
        self.build, self.work, self.classifies = build, work, classifies
        self.lock, self.n, self.failed = threading.Lock(), 0, 0

    def compare(self, program, settings=()):
        """(did it fail?, what it said)"""
        env = {**os.environ, "ORACLE_CLASSIFIES": str(self.classifies), "ORACLE_SHRINK": "0", "SEED": "1",
               **dict(settings)}
        try:
            p = subprocess.run([program, "random"], capture_output=True, text=True, check=False, timeout=120, env=env)
        except subprocess.TimeoutExpired:
            return True, "it does not end"
        said = re.findall(r"^not ok .*?(?:packets: |packets:)(.*)$", p.stdout, re.M)
        return p.returncode != 0, (said or [p.stdout + p.stderr])[0]

    def point(self, ok, name, comment):
        with self.lock:
            self.n += 1
            self.failed += not ok
            print(f"{'ok' if ok else 'not ok'} {self.n} - {name}", flush=True)
            print("# " + comment.strip().replace("\n", "\n# "), flush=True)

    def check_mutant(self, mutant):
        work = self.work / mutant.name
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        program = self.build.program(PROGRAM, self.build.objects(mutant, work), work)
        # Small policies have tables only if they have no bits.
        cells = any("cells" in str(edit) for edit in mutant.edits)
        found, said = self.compare(program, {"ORACLE_BITS": "0"} if cells else {})
        self.point(found, f"{mutant.name}_is_found", f"{mutant.what}\n{said}")
        shutil.rmtree(work, ignore_errors=True)


def main(argv):
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="the mutants whose name contains this")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "gcc")
    parser.add_argument("--classifies", type=int, default=300000, help="packets for each mutant")
    args = parser.parse_args(argv)
    folder = args.build.resolve()
    r = Runner(Build(folder, (PROGRAM,), LIBRARIES), folder / "index-mutants", args.classifies)
    failed, said = r.compare(folder / PROGRAM)
    r.point(not failed, "the_real_code_agrees_with_the_reference", said)
    parallel.run([lambda m=m: r.check_mutant(m) for m in MUTANTS if args.only in m.name])
    print(f"1..{r.n}")
    return 1 if r.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
