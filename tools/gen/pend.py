# SPDX-License-Identifier: MIT
"""Reads src/engine/pend_table.def and writes its two other readers: the Promela transition functions
(models/pend_table.pml) and the table in docs/design/pend.md.

The numbers are those of the C enumerations, so that the model's step can be compared with C's.
"""

import re

import facts

DEF = "src/engine/pend_table.def"
MODEL = "models/pend_table.pml"
PAGE = "docs/design/pend.md"
BEGIN, END = "<!-- pend_table.def: begin -->", "<!-- pend_table.def: end -->"


def source(name):
    return (facts.ROOT / name).read_text(encoding="utf-8")


def rows(macro, text=None):
    """The arguments of each PEND_ROW or RECORD_ROW, in order."""
    found = re.findall(rf"^{macro}\(([^.]*?)\)$", text or source(DEF), re.MULTILINE)
    return [[a.strip() for a in args.split(",")] for args in found]


def enum(name, prefix, header):
    """The members of a C enumeration as (name, value); counts (PEND_PHASES) are left out."""
    body = re.search(rf"enum {name} \{{(.*?)\}};", source(header), re.DOTALL).group(1)
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL)
    out, value = [], -1
    for item in filter(None, (i.strip() for i in body.split(","))):
        member, _, given = (x.strip() for x in item.partition("="))
        value = eval(given) if given else value + 1  # pylint: disable=eval-used
        if member.startswith(prefix):
            out.append((member[len(prefix):], value))
    return out


def numbers():
    step, record = "src/engine/pend_step.h", "src/engine/pend_record.h"
    groups = [("P_", enum("pend_phase", "PEND_", step)), ("EV_", enum("pend_event", "PEND_EV_", step)),
              ("DO_", enum("pend_action", "PEND_DO_", step)), ("FLAG_", enum("pend_flag", "PEND_FLAG_", step)),
              ("R_", enum("pend_record_state", "PEND_RECORD_", record)),
              ("REV_", enum("pend_record_event", "PEND_RECORD_EV_", record))]
    out = []
    for prefix, members in groups:
        out += [f"#define {prefix}{n} {v}" for n, v in members if n not in ("PHASES", "RECORD_STATES", "STATES")]
        out.append("")
    return out


def group(table):
    """Rows by their first column, then by their second, in the order of the table."""
    out = {}
    for first, second, *rest in table:
        out.setdefault(first, {}).setdefault(second, []).append(rest)
    return out


def chosen(guards, i):
    """The condition under which row i is the first whose guard holds."""
    return " && ".join([f"!IF_{g}(w)" for g in guards[:i]] + [f"IF_{guards[i]}(w)"])


def step_of_event(event, options):
    guards = [o[0] for o in options]
    out = [f"\t\t:: ev == EV_{event} ->", "\t\t\tif"]
    for i, (_, to, actions) in enumerate(options):
        names = [a.strip() for a in actions.split("|")]
        then = "skip" if "REFUSE" in names else f"pend_becomes(w, P_{to}, {' | '.join('DO_' + a for a in names)})"
        out.append(f"\t\t\t:: {chosen(guards, i)} -> {then}")
    return out + ["\t\t\t:: else", "\t\t\tfi"]


def step(text):
    out = ["/* What the event makes of the word w: pend_ok, pend_did, pend_next.  Only inside a d_step. */",
           "inline pend_step(w, ev)", "{", "\tpend_ok = false; pend_did = DO_NOTHING; pend_next = w;", "\tif"]
    for phase, events in group(rows("PEND_ROW", text)).items():
        out += [f"\t:: W_PHASE(w) == P_{phase} ->", "\t\tif"]
        for event, options in events.items():
            out += step_of_event(event, options)
        out += ["\t\t:: else", "\t\tfi"]
    return out + ["\tfi", "}", ""]


def record_step(text):
    out = ["/* The same for the state s of a record: rec_ok, rec_next. */",
           "inline record_step(s, ev)", "{", "\trec_ok = false; rec_next = s;", "\tif"]
    out += [f"\t:: s == R_{state} && ev == REV_{event} -> rec_ok = true; rec_next = R_{to}"
            for state, event, to in rows("RECORD_ROW", text)]
    return out + ["\t:: else", "\tfi", "}", ""]


def model(text=None):
    """The Promela of a table: of the repository's, or of the text of another (a mutant's)."""
    return "\n".join(["/* SPDX-License-Identifier: MIT */",
                      f"/* Written by tools/gen/generate.py from {DEF}: do not edit.  pend_word.pml says the rest. */",
                      "", *numbers(), '#include "pend_word.pml"', "", *step(text), *record_step(text)])


def words(names):
    return names.replace("_", " ").lower()


def table():
    out = ["| phase | event | if | then | and |", "|---|---|---|---|---|"]
    for phase, event, guard, to, actions in rows("PEND_ROW"):
        names = [words(a.strip()) for a in actions.split("|")]
        refused = "refuse" in names
        out.append(f"| {phase} | {event} | {'' if guard == 'ALWAYS' else words(guard)} | "
                   f"{'' if refused else to} | {'refused' if refused else ', '.join(names)} |")
    out += ["", "| record | event | then |", "|---|---|---|"]
    return out + [f"| {state} | {event} | {to} |" for state, event, to in rows("RECORD_ROW")]


def page():
    before, rest = source(PAGE).split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n" + "\n".join(table()) + f"\n{END}{after}"


OUTPUTS = {MODEL: model, PAGE: page}
