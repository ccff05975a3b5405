# SPDX-License-Identifier: MIT
"""What `./dev prove` runs, and `./dev prove quick`: one row for each search.

BUDGET is how many deeds of the disturbances one run of the model holds; a search takes every choice of so many, of
every kind, at every moment. So "any 2" holds each disturbance, each pair of them, and each twice.
"""

import collections

EVERY = ("DOUBLE", "STALE", "CLOSE", "POLITE", "FORCED", "POLICY", "WATCHDOG", "STOP", "NOABSORB", "NOMEM")
# The watchdog of the liveness runs walks for ever and costs nothing; what a worker forgets is then its to end.
COOPERATIVE = tuple(d for d in EVERY if d != "WATCHDOG")

Run = collections.namedtuple("Run", "name model callouts what defines ltl quick")


def pend(name, n, budget, flows, what, quick, ltl=None, kinds=EVERY, more=()):
    defines = [f"N={n}", f"BUDGET={budget}", f"FLOWS={flows}", *kinds, *(["LIVE"] if ltl else []), *more]
    return Run(name, "pend", n, what, defines, ltl, quick)


def other(name, what, quick, *defines):
    return Run(name, name.split(" ")[0], 0, what, list(defines), None, quick)


RUNS = [
    pend("pend 2", 2, 1, 2, "any 1 disturbance", True),
    pend("pend 2, load and swap apart", 2, 1, 1, "any 1 disturbance, each load and swap a step", True, more=["SPLIT"]),
    pend("pend 2, any 2", 2, 2, 2, "any 2 disturbances", False),
    pend("pend 2, any 2, one flow", 2, 2, 1, "any 2 disturbances, no next operation", False),
    pend("pend 3", 3, 1, 2, "any 1 disturbance", False),
    pend("pend 3, one flow", 3, 1, 1, "any 1 disturbance, no next operation", True),
    pend("pend 4", 4, 1, 1, "any 1 disturbance, no next operation", False),
    pend("resumed 2", 2, 1, 2, "a pended operation is resumed, drivers complete", True, "resumed", COOPERATIVE),
    pend("resumed 2, watchdog", 2, 1, 1, "a pended operation is resumed, drivers may not complete", False, "resumed"),
    pend("resumed 3", 3, 1, 1, "a pended operation is resumed, drivers complete", False, "resumed", COOPERATIVE),
    pend("done 2", 2, 1, 1, "everything ends, drivers complete", False, "done", COOPERATIVE),
    other("ledger", "two reinjecting callouts, one operation", True, "OP"),
    other("ledger with watchdog", "two reinjecting callouts, one operation, a watchdog", False, "OP", "RECLAIM"),
    other("flowctx", "associate, remove, classify, close, unregister", False),
    other("flowctx small", "the same, fewer of each", True, "SMALL"),
    other("rundown", "register, call, find, unregister twice, register again", False),
    other("rundown small", "the same, one reader", True, "SMALL"),
    other("snapshot", "3 commits, 2 readers", False, "COMMITS=3"),
    other("snapshot small", "2 commits, 2 readers", True, "COMMITS=2"),
]

# What the explorer's steps are compared with: every abstract step of one operation.
RELATIONS = [
    pend("relation-2", 2, 1, 1, "abstract steps, any 1 disturbance", True, more=["RELATION"]),
    pend("relation-2-stack", 2, 1, 1, "the same, closed by the owner's thread alone", True, more=["RELATION", "LATE"]),
    pend("relation-2-pairs", 2, 2, 1, "abstract steps, any 2 disturbances", False, more=["RELATION"]),
    pend("relation-3", 3, 1, 1, "abstract steps of three callouts, any 1 disturbance", False, more=["RELATION"]),
]
