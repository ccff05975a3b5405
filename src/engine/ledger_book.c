/* SPDX-License-Identifier: MIT */
/*
 * ledger_book - what goes over all entries of an engine: reclaim, listing, counters.
 *
 * A walk keeps the entry it looks at, so that it stays in the list until the next one is found, and
 * calls back with no lock held.
 */
#include "engine/ledger_book.h"

#include "base/mem.h"
#include "engine/ledger_entry.h"
#include "engine/report.h"
#include "engine/state.h"

wfp_err ledger_book_create(struct ledger_book **out, struct engine *e)
{
	struct ledger_book *book = mem_zalloc(sizeof(*book));

	if (!book)
		return ERR_NO_MEMORY;
	book->engine = e;
	spin_init(&book->spin, "ledger book", ENGINE_RANK_LEDGER);
	list_init(&book->entries);
	*out = book;
	return ERR_OK;
}

void ledger_book_destroy(struct ledger_book *book)
{
	if (!book)
		return;
	BUG_ON(!list_empty(&book->entries));
	spin_destroy(&book->spin);
	mem_free(book);
}

void ledger_book_count(struct ledger_book *book, struct engine_counters *out)
{
	out->absorbed_now = atom64_load_relaxed(&book->absorbed_now);
	out->injected = atom64_load_relaxed(&book->injected);
	out->discarded = atom64_load_relaxed(&book->discarded);
	out->reclaimed = atom64_load_relaxed(&book->reclaimed);
}

/* The next entry, kept; `after` (NULL: the first) is let go. */
static struct ledger_entry *next_entry(struct ledger_book *book, struct ledger_entry *after)
{
	struct ledger_entry *found = NULL;
	struct list *link;

	spin_take(&book->spin);
	link = after ? after->link.next : book->entries.next;
	for (; link != &book->entries && !found; link = link->next) {
		struct ledger_entry *l = LIST_ENTRY(link, struct ledger_entry, link);

		if (ledger_entry_get(l))
			found = l;
	}
	spin_drop(&book->spin);
	if (after)
		ledger_entry_put(after);
	return found;
}

void ledger_reclaim(struct engine *e, uint32_t driver, uint64_t older_than)
{
	struct ledger_book *book = engine_ledger_book(e);
	uint32_t lost[LEDGER_HOLDERS];
	struct ledger_entry *l = NULL;

	while ((l = next_entry(book, l))) {
		unsigned n = ledger_entry_reclaim(l, driver, older_than, lost);

		atom64_add_relaxed(&book->reclaimed, n);
		for (unsigned i = 0; i < n; i++)
			engine_report(e, ENGINE_RULE_PacketLost, lost[i], NULL, 0);
	}
}

void ledger_list(struct engine *e, void (*each)(void *ctx, const struct ledger_info *info),
		 void *ctx)
{
	struct ledger_book *book = engine_ledger_book(e);
	struct ledger_info rows[LEDGER_HOLDERS];
	struct ledger_entry *l = NULL;

	while ((l = next_entry(book, l))) {
		unsigned n = ledger_entry_list(l, rows);

		for (unsigned i = 0; i < n; i++)
			each(ctx, &rows[i]);
	}
}
