# SPDX-License-Identifier: MIT
"""Mutants of the C code for the explorer: one for each step that matters of the pend protocol, classify handles, the
ledger, flow contexts, the callouts' rundown and snapshots.

An edit is (file, old text, new text); the old text must occur exactly once, so that no refactoring disarms a mutant
unnoticed. `subjects` are the programs of tests/explore/subjects of which at least one must find it. A mutant of the same
name in mutants.py is the same mistake in the model.
"""

import collections

from mutants import Edit

Mutant = collections.namedtuple("Mutant", "name what subjects edits")

ENGINE = "src/engine/"


def code(file, old, new):
    return Edit(ENGINE + file, old, new)


# Who finds the mutants of the table that mutants.py lists.
TABLE_SUBJECTS = {
    "classify-hold": ["pend"],
    "post-twice": ["pend"],
    "post-never": ["pend"],
    "revoke-never-posts": ["pend-close-forget"],
    "all-early": ["pend"],
    "classified-inline": ["pend"],
    "pend-without-hold": ["pend"],
    "cancel-after-result": ["pend-close-alone"],
    "cancel-without-mark": ["pend-close-alone"],
    "same-life": ["pend-double-twice"],
    "double-complete": ["pend-double"],
    "late-complete": ["pend-close-alone"],
}

MUTANTS = [
    # ---- pended operations -----------------------------------------------------------------------------------------
    Mutant("drop-not-atomic", "the word is stored without looking whether it is still the one that was loaded", ["pend"],
           [code("pend.c", "	} while (next.ok && !atom64_cas(&op->word, &word, next.word));\n",
                 "	} while (0);\n	if (next.ok)\n		atom64_store(&op->word, next.word);\n")]),
    Mutant("record-not-atomic", "two who complete a record both win it", ["pend-close-alone", "pend-watchdog"],
           [code("pend_record.c",
                 "	} while (legal && !atom64_cas(&r->word, &word, make_word(generation, next, answer)));\n",
                 "	} while (0);\n	if (legal)\n		atom64_store(&r->word, make_word(generation, next, answer));\n")]),
    Mutant("no-record", "a complete drops a hold without winning a record: holds are only counted", ["pend-double"],
           [code("pend_driver.c",
                 "					answer, &was)) {\n", "					answer, &was) || true) {\n")]),
    Mutant("stale-context", "the generation of a context is not looked at", ["pend-double-twice"],
           [code("pend_record.c", "	if (word >> 40 != (generation & PEND_GENERATION_MASK))\n		return PEND_RECORD_EMPTY;\n",
                 "	if (word >> 40 == 0)\n		return PEND_RECORD_EMPTY;\n")]),
    Mutant("no-look-at-marks", "who pends does not look for a cancel or a stop after showing its record",
           ["pend-close-forget", "pend-stop-forget"],
           [code("pend_driver.c", "	revoke_if_marked(pool, op, record);\n	return ERR_OK;", "	return ERR_OK;")]),
    Mutant("no-look-at-stop", "who pends looks for a cancel alone", ["pend-stop-forget"],
           [code("pend_driver.c", "	else if (atom32_load(&pool->stopping))\n", "	else if (0)\n")]),
    Mutant("look-before-showing", "who pends looks for a stop, and shows its record then", ["pend-stop-forget"],
           [code("pend_driver.c", "	fill_record(op, &op->records[record], frame);\n	*context = pend_op_context(op, record);\n"
                                  "	revoke_if_marked(pool, op, record);\n",
                 "	revoke_if_marked(pool, op, record);\n	fill_record(op, &op->records[record], frame);\n"
                 "	*context = pend_op_context(op, record);\n")]),
    Mutant("stop-marks-late", "a stop walks first and marks then", ["pend-stop-forget"],
           [code("pend_pool.c", "	atom32_store(&pool->stopping, 1);\n	walk(pool, stop_one, NULL);\n",
                 "	walk(pool, stop_one, NULL);\n	atom32_store(&pool->stopping, 1);\n")]),
    Mutant("stop-does-not-walk", "a stop marks, but revokes nothing", ["pend-stop-forget"],
           [code("pend_pool.c", "	walk(pool, stop_one, NULL);\n", "	(void)stop_one;\n")]),
    Mutant("cancel-without-walk", "a cancel marks, but revokes nothing", ["pend-close-forget"],
           [code("pend.c", "		pend_op_revoke(op, i, generation, reason);\n", "		(void)generation;\n")]),
    Mutant("watchdog-does-not-revoke", "the watchdog reports a hold, but leaves it", ["pend-watchdog-forget"],
           [code("pend_pool.c", "	if (revoke(pool, h, PEND_REASON_TIMEOUT))\n", "	if (h->context)\n")]),
    Mutant("recall-drops-twice", "a hold that was completed and is recalled is dropped again", ["pend-no-absorb"],
           [code("pend.c", "PEND_RECORD_EV_RECALL, &answer, &was) &&\n	    was == PEND_RECORD_HELD)\n",
                 "PEND_RECORD_EV_RECALL, &answer, &was))\n")]),
    Mutant("no-absorb-keeps-hold", "who pended without absorbing keeps its hold", ["pend-no-absorb"],
           [code("pend.c", "	if (kept_protocol(frame))\n		return true;\n", "	if (kept_protocol(frame) || true)\n		return true;\n")]),
    Mutant("post-before-drop", "the operation is posted before the last hold is gone", ["pend"],
           [code("pend.c", "	BUG_ON(!pend_op_step(op, event, PEND_REASON_NONE, &did));\n	if (did & PEND_DO_POST)\n"
                           "		op->ops->post(op->owner, op);\n",
                 "	if (pend_word_holds(atom64_load(&op->word)) == 1)\n		op->ops->post(op->owner, op);\n"
                 "	BUG_ON(!pend_op_step(op, event, PEND_REASON_NONE, &did));\n")]),
    Mutant("count-after-drop", "a hold's callout is touched after the hold was dropped", ["pend-forced", "pend-polite"],
           [code("pend.c", "	engine_callout_count_hold(r->callout, -1);\n	BUG_ON(!pend_op_step(op, event, PEND_REASON_NONE, &did));\n",
                 "	BUG_ON(!pend_op_step(op, event, PEND_REASON_NONE, &did));\n	engine_callout_count_hold(r->callout, -1);\n")]),
    Mutant("record-without-pin", "a record does not pin its callout", ["pend-polite", "pend-forced"],
           [code("pend_driver.c", "	engine_callout_pin(frame->callout);\n", ""),
            code("pend.c", "		engine_callout_unpin(pinned[i]);\n", "		(void)pinned[i];\n")]),
    Mutant("pin-kept", "the end of an operation does not let go of its callouts", ["pend"],
           [code("pend.c", "		engine_callout_unpin(pinned[i]);\n", "		(void)pinned[i];\n")]),
    Mutant("slot-given-early", "a slot is free for others before its life has ended", ["pend-slots"],
           [code("pend.c", "	BUG_ON(!pend_op_step(op, PEND_EV_END, PEND_REASON_NONE, &did));\n	pend_slots_give(&pool->ops, &op->slot);\n",
                 "	pend_slots_give(&pool->ops, &op->slot);\n	BUG_ON(!pend_op_step(op, PEND_EV_END, PEND_REASON_NONE, &did));\n")]),
    Mutant("slot-given-twice", "a slot is put into the list of free ones twice", ["pend-slots"],
           [code("pend.c", "	pend_slots_give(&pool->ops, &op->slot);\n",
                 "	pend_slots_give(&pool->ops, &op->slot);\n	pend_slots_give(&pool->ops, &op->slot);\n")]),
    Mutant("polite-does-not-look", "a polite unregistration does not look at holds", ["pend-polite"],
           [code("callout.c", "	else if (had_contexts || atom32_load(&c->holds) > 0)\n", "	else if (had_contexts)\n")]),
    Mutant("forced-without-revoke", "a forced unregistration leaves the holds", ["pend-forced-forget"],
           [code("callout.c", "		pend_revoke_callout(e, c->id, PEND_REASON_UNREGISTERED);\n", "")]),
    # ---- classify handles ------------------------------------------------------------------------------------------
    Mutant("ticket-get-not-atomic", "a call keeps a ticket without looking whether it changed", ["ticket", "ticket-stale"],
           [code("pend_ticket.c", "	} while (!atom64_cas(&t->word, &word, word + 1));\n", "	} while (0);\n	atom64_store(&t->word, word + 1);\n")]),
    Mutant("ticket-put-not-atomic", "the end of a call does not look whether the ticket changed", ["ticket", "ticket-double"],
           [code("pend_ticket.c", "	} while (!atom64_cas(&t->word, &word, next));\n", "	} while (0);\n	atom64_store(&t->word, next);\n")]),
    Mutant("ticket-drop-not-atomic", "a reference is dropped without looking whether the ticket changed", ["ticket", "ticket-double"],
           [code("pend_ticket.c", "	} while (!atom64_cas(&t->word, &word, word & ~ref));\n", "	} while (0);\n	atom64_store(&t->word, word & ~ref);\n")]),
    Mutant("ticket-same-life", "a ticket's next life has the generation of the last", ["ticket-forced", "ticket-stale", "ticket"],
           [code("pend_ticket.c", "(uint64_t)(word_generation(word) + 1) << GENERATION_SHIFT", "(uint64_t)word_generation(word) << GENERATION_SHIFT"),
            code("pend_ticket.c", "|| (uint32_t)word == 0)\n			return NULL;", ")\n			return NULL;")]),
    Mutant("ticket-without-pin", "a ticket does not pin its callout", ["ticket"],
           [code("pend_ticket.c", "	engine_callout_pin(t->callout);\n", "")]),
    Mutant("ticket-left", "what a callout that goes has not released stays", ["ticket-kept"],
           [code("callout.c", "	pend_pool_callout_gone(e->pends, c);\n", "")]),
    Mutant("ticket-given-by-each", "every call that ends gives the slot back", ["ticket"],
           [code("pend_ticket.c", "	if ((uint32_t)next != 0)\n		return;\n", "")]),
    # ---- the ledger ------------------------------------------------------------------------------------------------
    Mutant("ledger-decides-twice", "a decision does not look whether there is one", ["ledger-op-modified"],
           [code("ledger.c", "	if (l->state != LEDGER_HELD || is_held(l))\n", "	if (is_held(l))\n")]),
    Mutant("ledger-forgets-discard", "a packet that somebody discarded goes on", ["ledger"],
           [code("ledger.c", "	if (l->discarded)\n		return decide(", "	if (0)\n		return decide(")]),
    Mutant("ledger-sends-twice", "the last clone goes, and the owner is told to send the packet, too", ["ledger"],
           [code("ledger.c", "	*o = (struct outcome){0};\n	return LEDGER_INJECT_LAST;", "	return LEDGER_INJECT_LAST;")]),
    Mutant("ledger-released-first", "a call lets go of the entry before it has told the owner", ["ledger"],
           [code("ledger.c", "	if (o.decided)\n		l->ops->decided(l->packet, o.decision, o.by_callout);\n	ledger_entry_put(l);\n",
                 "	const struct ledger_owner_ops *ops = l->ops;\n	void *packet = l->packet;\n\n	ledger_entry_put(l);\n"
                 "	if (o.decided)\n		ops->decided(packet, o.decision, o.by_callout);\n")]),
    Mutant("ledger-keeps-nothing", "an entry is freed although a call keeps it", ["ledger", "ledger-reclaim"],
           [code("ledger.c", "	last = l->keepers == 0 && l->total_claims == 0 && !l->op_holds;\n",
                 "	last = l->total_claims == 0 && !l->op_holds;\n")]),
    Mutant("ledger-walk-keeps-nothing", "a walk does not keep the entry it looks at", ["ledger-reclaim"],
           [code("ledger_book.c", "		if (ledger_entry_get(l))\n			found = l;\n", "		found = l;\n"),
            code("ledger_book.c", "	if (after)\n		ledger_entry_put(after);\n", "")]),
    Mutant("ledger-walk-revives", "a walk keeps an entry that is on its way out", ["ledger-reclaim"],
           [code("ledger.c", "	alive = l->keepers > 0 || l->total_claims > 0 || l->op_holds;\n", "	alive = true;\n")]),
    Mutant("ledger-not-settled", "holders that let go during the classify are waited for", ["ledger"],
           [code("ledger.c", "	settle_holders(l, pended);\n", "")]),
    Mutant("ledger-decides-open", "who lets go during the classify decides", ["ledger"],
           [code("ledger.c", "	if (c->count == 0 && l->state == LEDGER_HELD) {\n", "	if (c->count == 0) {\n		l->state = LEDGER_HELD;\n")]),
    Mutant("ledger-late-clone-goes", "a clone goes on although the packet was dropped", ["ledger-reclaim", "ledger-modified", "ledger"],
           [code("ledger.c", "	if (o->decision == LEDGER_DROP)\n		return LEDGER_INJECT_VOID;\n", "")]),
    # ---- flow contexts ----------------------------------------------------------------------------------------------
    Mutant("flow-take-out-not-atomic", "a slot is freed by a store: two threads delete one context", ["flowctx-close", "flowctx"],
           [code("flowctx.c", "	return atom64_cas(&s->word, &word, WORD(SLOT_FREE, 0, 0));\n",
                 "	atom64_store(&s->word, WORD(SLOT_FREE, 0, 0));\n	return true;\n")]),
    Mutant("flow-busy-deleted", "a context is deleted while a classify runs with it", ["flowctx"],
           [code("flowctx.c", "		if (slot_take_out(s, SLOT_LIVE, out))\n			return ERR_OK;\n",
                 "		if (slot_take_out(s, SLOT_LIVE, out) || slot_take_out(s, SLOT_BUSY, out))\n			return ERR_OK;\n")]),
    Mutant("flow-doomed-forgotten", "the classify that a removal has left the deletion to forgets it", ["flowctx"],
           [code("flowctx.c", "	if (slot_take_out(s, SLOT_DOOMED, &farewell))\n		say_farewell(f->engine->flows, &farewell);\n",
                 "	(void)farewell;\n")]),
    Mutant("flow-enter-not-atomic", "a classify takes a context that is removed meanwhile", ["flowctx"],
           [code("flowctx.c", "	if (!s || !atom64_cas(&s->word, &word, WORD_WITH(word, SLOT_BUSY)))\n		return NULL;\n",
                 "	if (!s || atom64_load(&s->word) != word)\n		return NULL;\n	atom64_store(&s->word, WORD_WITH(word, SLOT_BUSY));\n")]),
    Mutant("flow-leave-not-atomic", "a classify that lets go overlooks a removal", ["flowctx"],
           [code("flowctx.c", "	if (WORD_STATE(word) == SLOT_BUSY &&\n	    atom64_cas(&s->word, &word, WORD_WITH(word, SLOT_LIVE)))\n		return;\n",
                 "	if (WORD_STATE(word) == SLOT_BUSY) {\n		atom64_store(&s->word, WORD_WITH(word, SLOT_LIVE));\n		return;\n	}\n")]),
    Mutant("flow-doom-not-atomic", "a removal overlooks that the classify has let go", ["flowctx"],
           [code("flowctx.c", "		if (WORD_STATE(word) == SLOT_BUSY &&\n		    atom64_cas(&s->word, &word, WORD_WITH(word, SLOT_DOOMED)))\n			return ERR_IO_PENDING;\n",
                 "		if (WORD_STATE(word) == SLOT_BUSY) {\n			atom64_store(&s->word, WORD_WITH(word, SLOT_DOOMED));\n			return ERR_IO_PENDING;\n		}\n")]),
    Mutant("flow-not-leaving", "a callout that leaves can still get contexts", ["flowctx-forced-associate"],
           [code("flowctx.c", "	c->leaving = true;\n", "")]),
    Mutant("flow-no-wait", "unregistering does not wait for deletions that run", ["flowctx-forced-remove"],
           [code("callout.c", "	engine_flows_wait(e, c);\n", "")]),
    Mutant("flow-open-while-closing", "a flow that closes still has a handle", ["flowctx-close", "flowctx-associate-2"],
           [code("flowctx.c", "	lock_take(&t->lock);\n	entry_drop(t, f);\n	lock_drop(&t->lock);\n	for (s = next_slot(&f->slots); s; s = next) {",
                 "	for (s = next_slot(&f->slots); s; s = next) {"),
            code("flowctx.c", "		mem_free(s);\n	}\n	mem_free(f);\n",
                 "		mem_free(s);\n	}\n	lock_take(&t->lock);\n	entry_drop(t, f);\n	lock_drop(&t->lock);\n	mem_free(f);\n")]),
    # ---- registrations ----------------------------------------------------------------------------------------------
    Mutant("rundown-without-grace", "an unregistration does not wait for the calls in flight", ["rundown"],
           [code("callout.c", "	rcu_wait();\n	engine_retired_free(e);\n", "	engine_retired_free(e);\n")]),
    Mutant("rundown-waits-first", "an unregistration waits for calls, and stops new ones then", ["rundown"],
           [code("callout.c", "	rcu_publish(&slot->callable, NULL);\n	if (c->cacheable)", "	rcu_wait();\n	rcu_publish(&slot->callable, NULL);\n	if (c->cacheable)"),
            code("callout.c", "	rcu_wait();\n	engine_retired_free(e);\n", "	engine_retired_free(e);\n")]),
    Mutant("rundown-without-turn", "two threads unregister one callout at once", ["rundown-two"],
           [code("callout.c", "	struct callout_slot *slot;\n	wfp_err err = engine_turn_begin(e);\n", "	struct callout_slot *slot;\n	wfp_err err = ERR_OK;\n"),
            code("callout.c", "	err = c ? unregister_in_turn(e, slot, how) : ERR_CALLOUT_NOT_FOUND;\n	engine_turn_end(e);\n",
                 "	err = c ? unregister_in_turn(e, slot, how) : ERR_CALLOUT_NOT_FOUND;\n")]),
    Mutant("rundown-releases-early", "the driver is told of the end before calls have returned", ["rundown", "rundown-forced"],
           [code("callout.c", "	rcu_wait();\n	engine_retired_free(e);\n",
                 "	if (c->ops->released)\n		c->ops->released(c->ctx);\n	rcu_wait();\n	engine_retired_free(e);\n"),
            code("callout.c", "	if (c->ops->released)\n		c->ops->released(c->ctx);\n	engine_callout_unpin(c);\n", "	engine_callout_unpin(c);\n")]),
    Mutant("rundown-pin-late", "a lookup pins the callout after it has let go of the registry's lock",
           ["flowctx-forced-associate"],
           [code("registry.c", "	if (c)\n		engine_callout_pin(c);\n	lock_drop(&e->registry->lock);\n	return c;\n",
                 "	lock_drop(&e->registry->lock);\n	if (c)\n		engine_callout_pin(c);\n	return c;\n")]),
    # ---- snapshots --------------------------------------------------------------------------------------------------
    Mutant("classify-without-section", "a classify reads the policy outside of any section", ["snapshot", "rundown"],
           [code("classify.c", "	rcu_read_begin();\n	walk_snapshot(w, rcu_load", "	walk_snapshot(w, rcu_load"),
            code("classify.c", "	walk_snapshot(w, rcu_load(&w->e->snapshot));\n	rcu_read_end();\n", "	walk_snapshot(w, rcu_load(&w->e->snapshot));\n")]),
    Mutant("snapshot-without-grace", "the old snapshot is freed while a classify may use it", ["snapshot"],
           [code("commit.c", "		rcu_wait();\n		notify_deleted(c->removed, c->n_removed);\n",
                 "		notify_deleted(c->removed, c->n_removed);\n")]),
    Mutant("snapshot-freed-first", "the old snapshot is freed before the grace period", ["snapshot"],
           [code("commit.c", "		rcu_wait();\n		notify_deleted(c->removed, c->n_removed);\n		release_slots(c);\n"
                             "		engine_retired_free(c->e);\n",
                 "		notify_deleted(c->removed, c->n_removed);\n		release_slots(c);\n		engine_retired_free(c->e);\n"
                 "		rcu_wait();\n")]),
    Mutant("snapshot-waits-first", "the grace period is waited for before the new snapshot is visible", ["snapshot"],
           [code("commit.c", "	rcu_publish(&c->e->snapshot, c->next);\n", "	rcu_wait();\n	rcu_publish(&c->e->snapshot, c->next);\n"),
            code("commit.c", "		rcu_wait();\n		notify_deleted(c->removed, c->n_removed);\n",
                 "		notify_deleted(c->removed, c->n_removed);\n")]),
    Mutant("retired-freed-first", "what commits have left is freed before the grace period that an unregistration waits for",
           ["snapshot-retired"],
           [code("callout.c", "	rcu_wait();\n	engine_retired_free(e);\n", "	engine_retired_free(e);\n	rcu_wait();\n")]),
    Mutant("snapshot-generation-first", "the generation grows before the snapshot is visible", ["snapshot"],
           [code("commit.c", "	rcu_publish(&c->e->snapshot, c->next);\n	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)\n"
                             "		if (c->touched[i])\n			atom64_add(&c->e->generations[i], 1);\n",
                 "	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)\n		if (c->touched[i])\n"
                 "			atom64_add(&c->e->generations[i], 1);\n	rcu_publish(&c->e->snapshot, c->next);\n")]),
    Mutant("snapshot-frees-filters-early", "filters that were removed are freed before the grace period", ["snapshot"],
           [code("commit.c", "		rcu_wait();\n		notify_deleted(c->removed, c->n_removed);\n		release_slots(c);\n",
                 "		notify_deleted(c->removed, c->n_removed);\n		release_slots(c);\n"
                 "		while (!list_empty(&c->change->filters)) {\n			struct list *l = c->change->filters.next;\n"
                 "			list_del(l);\n			policy_filter_free(LIST_ENTRY(l, struct policy_filter, link));\n		}\n"
                 "		rcu_wait();\n")]),
    Mutant("snapshot-without-turn", "two threads commit at once", ["snapshot-writers"],
           [code("commit.c", "	struct commit c = {.e = e, .d = delta};\n	wfp_err err = engine_turn_begin(e);\n",
                 "	struct commit c = {.e = e, .d = delta};\n	wfp_err err = ERR_OK;\n"),
            code("commit.c", "		err = commit_in_turn(&c);\n	engine_turn_end(e);\n", "		err = commit_in_turn(&c);\n")]),
]

# Mutants that a scenario over the whole platform finds as well: scenario, drivers, and in how many schedules.
PLATFORM = {"classify-hold": ("kb979278", ["firewall", "antivirus"], 100)}

# A few that stand for the rest, for the everyday tests.
QUICK = ["classify-hold", "drop-not-atomic", "ledger-sends-twice", "flow-take-out-not-atomic", "rundown-without-grace",
         "snapshot-generation-first"]
