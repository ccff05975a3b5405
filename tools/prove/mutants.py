# SPDX-License-Identifier: MIT
"""Mutants: one for each step of the protocols that matters. Whoever is named must find it; one that lives is a failure.

A mutant is a list of edits, each of one file, whose old text must occur there exactly once. Edits of
src/engine/pend_table.def change code and model alike; those of `model` are for SPIN alone, as those of code_mutants.py
are for the explorer. `run` is the search of runs.py that kills it, by its defines alone.
"""

import collections
import sys

Mutant = collections.namedtuple("Mutant", "name what table model run", defaults=((), (), ()))
Edit = collections.namedtuple("Edit", "file old new")


def edited(text, edits, name):
    """The text with the edits made; an old text that does not occur once ends the program."""
    for e in edits:
        if text.count(e.old) != 1:
            sys.exit(f"mutant {name}: {e.file} has {text.count(e.old)} times: {e.old}")
        text = text.replace(e.old, e.new)
    return text


TABLE = "src/engine/pend_table.def"


def row(old, new):
    return Edit(TABLE, f"PEND_ROW({old})", f"PEND_ROW({new})" if new else "")


def pml(name, old, new):
    return Edit(f"models/{name}.pml", old, new)


def run(model, *defines):
    return (model, defines)


PEND = run("pend", "N=2", "FLOWS=2", "BUDGET=0")
SPLIT = run("pend", "N=2", "FLOWS=1", "BUDGET=0", "SPLIT")


def pend(budget, *kinds):
    return run("pend", "N=2", "FLOWS=2", f"BUDGET={budget}", *kinds)


LEDGER = run("ledger", "OP")
RECLAIM = run("ledger", "RECLAIM")
FLOWS = run("flowctx", "SMALL")
RUNDOWN = run("rundown", "SMALL")
SNAPSHOT = run("snapshot", "COMMITS=2")

MUTANTS = [
    # ---- the table -------------------------------------------------------------------------------------------
    Mutant("classify-hold", "the classify has no hold of its own: the engine of KB 979278",
           [row("CLASSIFYING, PEND,       UNTOUCHED, CLASSIFYING, HOLD | MARK_HELD",
                "CLASSIFYING, PEND,       UNTOUCHED, CLASSIFYING, MARK_HELD"),
            row("CLASSIFYING, COMPLETE,   TWO_HOLDS, CLASSIFYING, DROP | COUNT_EARLY",
                "CLASSIFYING, COMPLETE,   ONE_HOLD, RESUMING, DROP | POST)\nPEND_ROW("
                "CLASSIFYING, COMPLETE,   TWO_HOLDS, CLASSIFYING, DROP | COUNT_EARLY")], run=PEND),
    Mutant("post-twice", "a drop that is not the last one posts, too",
           [row("PENDED,      COMPLETE,   TWO_HOLDS, PENDED,      DROP",
                "PENDED,      COMPLETE,   TWO_HOLDS, PENDED,      DROP | POST")], run=PEND),
    Mutant("post-never", "the last complete does not post",
           [row("PENDED,      COMPLETE,   ONE_HOLD,  RESUMING,    DROP | POST",
                "PENDED,      COMPLETE,   ONE_HOLD,  RESUMING,    DROP")], run=PEND),
    Mutant("revoke-never-posts", "the last revocation does not post",
           [row("PENDED,      REVOKE,     ONE_HOLD,  RESUMING,    DROP | POST",
                "PENDED,      REVOKE,     ONE_HOLD,  RESUMING,    DROP")], run=pend(1, "CLOSE")),
    Mutant("all-early", "an operation that all have completed early waits for somebody",
           [row("CLASSIFYING, CLASSIFIED, ONE_HOLD,  RESUMING,    DROP | POST",
                "CLASSIFYING, CLASSIFIED, ONE_HOLD,  PENDED,      DROP")], run=PEND),
    Mutant("classified-inline", "the classify answers inline although somebody holds",
           [row("CLASSIFYING, CLASSIFIED, TWO_HOLDS, PENDED,      DROP",
                "CLASSIFYING, CLASSIFIED, TWO_HOLDS, PENDED,      DROP | INLINE")], run=PEND),
    Mutant("pend-without-hold", "a second pend takes no hold",
           [row("CLASSIFYING, PEND,       TWO_HOLDS, CLASSIFYING, HOLD | MARK_JOINED | COUNT_JOINED",
                "CLASSIFYING, PEND,       TWO_HOLDS, CLASSIFYING, MARK_JOINED | COUNT_JOINED")], run=PEND),
    Mutant("cancel-after-result", "a cancel counts although the result was read",
           [row("RESUMING,    CANCEL,     TAKEN,     RESUMING,    NOTHING", None)], run=pend(1, "CLOSE")),
    Mutant("cancel-without-mark", "a cancel revokes, but leaves no mark",
           [row("CLASSIFYING, CANCEL,     ALWAYS,    CLASSIFYING, MARK_CANCEL | REVOKE_ALL",
                "CLASSIFYING, CANCEL,     ALWAYS,    CLASSIFYING, REVOKE_ALL")], run=pend(1, "CLOSE")),
    Mutant("same-life", "the slot's next life has the generation of the last",
           [row("RESUMING,    END,        ALWAYS,    FREE,        NEXT_LIFE",
                "RESUMING,    END,        ALWAYS,    FREE,        NOTHING")], run=PEND),
    Mutant("double-complete", "a record that was completed can be completed again",
           [Edit(TABLE, "RECORD_ROW(HELD,    COMPLETE, DONE)",
                 "RECORD_ROW(HELD,    COMPLETE, DONE)\nRECORD_ROW(DONE,    COMPLETE, DONE)")], run=pend(1, "DOUBLE")),
    Mutant("late-complete", "a record that was revoked can be completed",
           [Edit(TABLE, "RECORD_ROW(HELD,    COMPLETE, DONE)",
                 "RECORD_ROW(HELD,    COMPLETE, DONE)\nRECORD_ROW(REVOKED, COMPLETE, DONE)")],
           run=pend(2, "CLOSE", "DOUBLE")),
    # ---- the steps around it --------------------------------------------------------------------------------------
    Mutant("drop-not-atomic", "the word is stored without looking whether it is still the one that was loaded",
           model=[pml("pend", ":: pend_ok && word == seen -> change", ":: pend_ok -> change")], run=SPLIT),
    Mutant("no-record", "a complete drops a hold without winning a record: holds are only counted",
           model=[pml("pend", ":: won -> budget--; r = tried;", ":: true -> budget--; r = tried;")],
           run=pend(1, "DOUBLE")),
    Mutant("stale-context", "the generation of a context is not looked at",
           model=[pml("pend", "#define TRY(tried, gen, when)", "#define TRY(tried, ignored, when)"),
                  pml("pend", "record(tried, gen, REV_COMPLETE);  ", "record(tried, W_GEN(word), REV_COMPLETE);"),
                  pml("pend", "r = tried; g = gen; goto won_it", "r = tried; g = ignored; goto won_it")],
           run=pend(1, "STALE")),
    Mutant("no-look-at-marks", "who pends does not look for a cancel or a stop after showing its record",
           model=[pml("pend", ":: W_CANCEL(word) != 0 -> revoke(r, W_GEN(word))", ":: W_CANCEL(word) != 0"),
                  pml("pend", ":: stopping -> revoke(r, W_GEN(word))", ":: stopping")], run=pend(1, "CLOSE")),
    Mutant("no-look-at-stop", "who pends looks for a cancel alone",
           model=[pml("pend", ":: stopping -> revoke(r, W_GEN(word))", ":: stopping")], run=pend(1, "STOP")),
    Mutant("stop-marks-late", "a stop walks first and marks then",
           model=[pml("pend", "	stopping = true;\n	walk(ALL_OF_THEM);", "	walk(ALL_OF_THEM);\n	stopping = true;")],
           run=pend(1, "STOP")),
    Mutant("cancel-without-walk", "a cancel marks, but revokes nothing",
           model=[pml("pend", ":: i < RECORDS -> revoke(i, g); i++\n			:: else -> i = 0; break\n			od;\n			none_left()",
                      ":: else -> i = 0; break\n			od;\n			none_left()")], run=pend(1, "CLOSE")),
    Mutant("recall-drops-twice", "a hold that was completed and is recalled is dropped again",
           model=[pml("pend", ":: won && was == R_HELD -> let_go", ":: won -> let_go")], run=pend(1, "NOABSORB")),
    Mutant("post-before-drop", "the classify posts the operation although somebody holds it",
           model=[pml("pend", "assert(did != REFUSED);\n		if\n		:: did == POSTS -> post(W_GEN(word))",
                      "assert(did != REFUSED);\n		if\n		:: did == POSTS || did == STEPPED -> post(W_GEN(word))")], run=PEND),
    Mutant("pend-on-reauth", "a reauthorization can be pended",
           model=[pml("pend", ":: op && !reauth ->\n		if\n		:: stopping", ":: op ->\n		if\n		:: stopping")], run=PEND),
    Mutant("end-while-closing", "the owner ends an operation although somebody cancels it",
           model=[pml("pend", "atomic { !closing -> in_life = false }", "in_life = false")], run=pend(1, "CLOSE")),
    Mutant("walk-without-spin", "a walk looks at an operation that may end meanwhile",
           model=[pml("pend", "		atomic { !spin -> spin = true }\n		see(whose);\n		spin = false;",
                      "		see(whose);")], run=pend(2, "WATCHDOG", "POLITE")),
    Mutant("unpin-before-end", "an operation lets its callouts go before it has ended",
           model=[pml("pend", "	atomic { !closing -> in_life = false }\n	atomic { step(EV_END, did); assert(did != REFUSED) }\n"
                              "	atomic { !spin -> i = 0 } /* pend_slots_give */\n",
                      "	atomic { !closing -> in_life = false }\n	atomic { step(EV_END, did); assert(did != REFUSED) }\n")],
           run=pend(2, "WATCHDOG", "POLITE")),
    Mutant("record-without-pin", "a record does not pin its callout",
           model=[pml("pend", "assert(refs[i] > 0); refs[i]++; cholds[i]++", "assert(refs[i] > 0); cholds[i]++"),
                  pml("pend", "assert(refs[rec_callout[i]] > 0); refs[rec_callout[i]]--; rec_callout[i] = 0; i++",
                      "rec_callout[i] = 0; i++")], run=pend(1, "FORCED")),
    Mutant("unregister-without-grace", "unregistering does not wait for the calls in flight",
           model=[pml("pend", "	!grace;		   /* rcu_wait */\n", "")], run=pend(1, "POLITE")),
    Mutant("polite-does-not-look", "a polite unregistration does not look at holds",
           model=[pml("pend", ":: cholds[u] == 0 /* STATUS_DEVICE_BUSY until then */", ":: true")], run=pend(1, "POLITE")),
    Mutant("forced-without-revoke", "a forced unregistration leaves the holds",
           model=[pml("pend", ":: cholds[u] > 0 -> walk(u)", ":: cholds[u] > 0")], run=pend(1, "FORCED")),
    Mutant("never-resumed", "nothing ends the hold of a driver that does not complete",
           model=[pml("pend", "	:: walk(ALL_OF_THEM)\n#endif\n	od", "	:: walk(N + 2)\n#endif\n	od")],
           run=run("pend", "N=2", "FLOWS=1", "BUDGET=1", "WATCHDOG", "LIVE", "ltl=resumed")),
    # ---- the ledger ---------------------------------------------------------------------------------------------------
    Mutant("ledger-decides-twice", "a decision does not look whether there is one",
           model=[pml("ledger", ":: state == HELD && !IS_HELD ->", ":: !IS_HELD ->")], run=LEDGER),
    Mutant("ledger-forgets-discard", "a packet that somebody discarded goes on",
           model=[pml("ledger", ":: discarded -> decide(DROPPED, DROP)", ":: discarded -> decide(WENT, GO)")], run=LEDGER),
    Mutant("ledger-sends-twice", "the last clone goes, and the owner is told to send the packet, too",
           model=[pml("ledger", ":: how == LAST -> what = NOTHING /* the caller is told, not `decided` */", ":: how == LAST")],
           run=LEDGER),
    Mutant("ledger-keeps-nothing", "a call lets the entry go before it has told the owner",
           model=[pml("ledger", "inline finish()\n{\n	if", "inline finish()\n{\n	put();\n	if"),
                  pml("ledger", "	put();\n	what = NOTHING", "	what = NOTHING")], run=LEDGER),
    Mutant("ledger-walk-keeps-nothing", "a walk does not keep the entry it looks at",
           model=[pml("ledger", "keepers = keepers + found", "skip"),
                  pml("ledger", "		put(); /* next_entry lets go of the one before */\n", "")], run=RECLAIM),
    Mutant("ledger-walk-without-spin", "a walk goes over the list without the book's spin",
           model=[pml("ledger", "again:	atomic { !book_spin -> book_spin = true }", "again:	skip;"),
                  pml("ledger", "	book_spin = false;\n", "")], run=RECLAIM),
    # ---- flow contexts ---------------------------------------------------------------------------------------------------
    Mutant("flow-take-out-not-atomic", "a slot is freed by a store: two threads delete one context",
           model=[pml("flowctx", "took = word[s] == w;", "took = true;")], run=FLOWS),
    Mutant("flow-busy-deleted", "a context is deleted while a classify runs with it",
           model=[pml("flowctx", "again:	take_out(s, SLOT_LIVE);", "again:	take_out(s, STATE(word[s]));")], run=FLOWS),
    Mutant("flow-doomed-forgotten", "the classify that a removal has left the deletion to forgets it",
           model=[pml("flowctx", "word[s] = WORD(SLOT_LIVE, c)\n				:: else\n				fi\n			}\n			if\n			:: !took ->",
                      "word[s] = WORD(SLOT_LIVE, c)\n				:: else\n				fi\n			}\n			if\n			:: false ->")],
           run=FLOWS),
    Mutant("flow-not-leaving", "a callout that leaves can still get contexts",
           model=[pml("flowctx", "	leaving[0] = true;\n", "")], run=FLOWS),
    Mutant("flow-no-wait", "unregistering does not wait for deletions that run",
           model=[pml("flowctx", "	atomic { contexts[0] == 0 && !locked -> skip }\n", "")], run=FLOWS),
    Mutant("flow-open-while-closing", "a flow that closes still has a handle",
           model=[pml("flowctx", "	TAKE;\n	open = false;\n	UNLOCK;", "	open = false;")], run=FLOWS),
    # ---- registrations -----------------------------------------------------------------------------------------------------
    Mutant("rundown-without-grace", "an unregistration does not wait for the calls in flight",
           model=[pml("rundown", "	atomic { assert(!slot_freed); callable = NONE }\n	wait_for_readers();",
                      "	atomic { assert(!slot_freed); callable = NONE }")], run=RUNDOWN),
    Mutant("rundown-frees-at-once", "a registration is freed although somebody has looked it up",
           model=[pml("rundown", ":: c != NONE -> d_step { TOUCH(c); refs[c]++ }\n	:: else\n	fi;\n	UNLOCK;",
                      ":: c != NONE\n	:: else\n	fi;\n	UNLOCK;"),
                  pml("rundown", ":: c != NONE -> TOUCH(c); unpin(c)", ":: c != NONE -> TOUCH(c)")], run=RUNDOWN),
    Mutant("rundown-without-turn", "two threads unregister one callout at once",
           model=[pml("rundown", "again:	TURN;", "again:	skip;")], run=RUNDOWN),
    Mutant("rundown-pin-late", "a lookup pins the callout after it has let go of the registry's lock",
           model=[pml("rundown", ":: c != NONE -> d_step { TOUCH(c); refs[c]++ }\n	:: else\n	fi;\n	UNLOCK;",
                      ":: true\n	fi;\n	UNLOCK;\n	if\n	:: c != NONE -> d_step { TOUCH(c); refs[c]++ }\n	:: else\n	fi;")],
           run=RUNDOWN),
    Mutant("filter-freed-early", "a filter lets its callout's slot go before the readers have gone",
           model=[pml("rundown", "		filter = false;\n		wait_for_readers();", "		filter = false;")], run=RUNDOWN),
    # ---- snapshots ------------------------------------------------------------------------------------------------------------
    Mutant("snapshot-without-grace", "the old snapshot is freed while a classify may use it",
           model=[pml("snapshot", "	!grace[0];\n	!grace[1];\n", "")], run=SNAPSHOT),
    Mutant("snapshot-generation-first", "the generation grows before the snapshot is visible",
           model=[pml("snapshot", "	current = next;\n	generation[l]++;", "	generation[l]++;\n	current = next;")], run=SNAPSHOT),
    Mutant("snapshot-frees-shared", "a layer that both snapshots share is freed",
           model=[pml("snapshot", "replaced = LAYER(old, l);", "replaced = LAYER(old, 1 - l);")], run=SNAPSHOT),
    Mutant("snapshot-without-turn", "two threads commit at once",
           model=[pml("snapshot", "again:	atomic { !turn -> turn = true }", "again:	turn = true;")], run=SNAPSHOT),
    Mutant("snapshot-tells-early", "a deletion is told before the grace period",
           model=[pml("snapshot", "	atomic { grace[0] = reading[0]; grace[1] = reading[1] }",
                      "	atomic { data_freed[replaced] = true; grace[0] = reading[0]; grace[1] = reading[1] }")],
           run=SNAPSHOT),
]
