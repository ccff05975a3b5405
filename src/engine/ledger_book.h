/* SPDX-License-Identifier: MIT */
/*
 * ledger_book - all ledger entries of one engine: the part that struct engine owns.
 *
 * The engine creates one book, hands it out with engine_ledger_book and forwards
 * engine_counters_get.  Everybody else uses ledger.h.
 */
#pragma once

#include "engine/engine.h"

struct ledger_book;

MUST_CHECK wfp_err ledger_book_create(struct ledger_book **out, struct engine *e);
/* Every entry must be gone.  NULL is fine. */
void ledger_book_destroy(struct ledger_book *book);
/* Fills absorbed_now, injected, discarded and reclaimed. */
void ledger_book_count(struct ledger_book *book, struct engine_counters *out);

/* Implemented by the engine. */
struct ledger_book *engine_ledger_book(const struct engine *e);
