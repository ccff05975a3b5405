/* SPDX-License-Identifier: MIT */
/*
 * cells - making and changing tables of cells.
 *
 * For index.c, by the holder of the turn; engine_maintain builds beside the turns what nobody sees
 * yet.  A change copies the root and one page, each once an edit.
 */
#include "engine/cells.h"

#include "engine/cells_walk.h"
#include "base/rng.h"

#include <string.h>

static uint32_t page_count(const struct cells *c)
{
	return (c->lines + CELLS_PAGE_LINES - 1) / CELLS_PAGE_LINES;
}

/* All pages are full ones, or there is one. */
static uint32_t page_lines(const struct cells *c)
{
	return c->lines < CELLS_PAGE_LINES ? c->lines : CELLS_PAGE_LINES;
}

static size_t page_size(const struct cells *c)
{
	return CELLS_PAGE_BYTES(page_lines(c));
}

static size_t root_size(uint32_t pages)
{
	return sizeof(struct cells) + pages * sizeof(struct cells_page *);
}

/* More than a page: up to a whole number of pages. */
static uint32_t lines_for(size_t expected)
{
	const size_t lines = expected / CELLS_LOAD + 1;

	if (lines <= CELLS_PAGE_LINES)
		return (uint32_t)lines;
	return (uint32_t)((lines + CELLS_PAGE_LINES - 1) / CELLS_PAGE_LINES * CELLS_PAGE_LINES);
}

void cells_secret_draw(struct cells_secret *out)
{
	struct rng rng;

	rng_seed(&rng, entropy_u64());
	for (size_t i = 0; i < ARRAY_LEN(out->words); i++)
		out->words[i] = rng_u32(&rng);
	out->spread = rng_u64(&rng) | 1;
}

static wfp_err add_pages(struct cells *c, struct edit *e)
{
	for (uint32_t i = 0; i < page_count(c); i++) {
		struct cells_page *page = edit_alloc(e, page_size(c));

		if (!page)
			return ERR_NO_MEMORY;
		c->pages[i] = page;
	}
	return ERR_OK;
}

wfp_err cells_create(struct cells **out, struct edit *e, const struct cells_mask *mask,
		     unsigned words, size_t expected)
{
	const uint32_t lines = lines_for(expected);
	struct cells *c =
		edit_alloc(e, root_size((lines + CELLS_PAGE_LINES - 1) / CELLS_PAGE_LINES));
	wfp_err err;

	if (!c)
		return ERR_NO_MEMORY;
	c->words = words;
	c->lines = lines;
	c->n_rules = 0;
	c->max_rules = lines * CELLS_LOAD * 3 / 2;
	c->best = (struct rule_order){0, 0};
	memcpy(c->mask, mask->words, sizeof(c->mask));
	cells_secret_draw(&c->secret);
	err = add_pages(c, e);
	if (err)
		return err;
	*out = c;
	return ERR_OK;
}

/*
 * The bits from the highest one in which the bounds differ down are not fixed; so all of the mask
 * must be above that one.  An empty mask word minus 1 is above everything.
 */
bool cells_fits(const struct cells *c, const struct index_rule *r)
{
	const uint32_t *lo = rule_lo(r), *hi = rule_hi(r);
	bool fits = true;

	for (unsigned w = 0; w < c->words; w++)
		fits &= (lo[w] ^ hi[w]) <= (c->mask[w] & (0 - c->mask[w])) - 1;
	return fits;
}

/* Where a rule is or would be. */
struct place {
	uint32_t page, line;
	uintptr_t slot;
};

static struct place place_of(const struct cells *c, const struct index_rule *r)
{
	const uint32_t hash = cells_hash(c->mask, &c->secret, c->words, rule_lo(r));
	const uint32_t n = cells_line_number(hash, c->lines);

	return (struct place){n / CELLS_PAGE_LINES, n % CELLS_PAGE_LINES,
			      (uintptr_t)r | cells_tag(hash)};
}

/* Which slot of the line has it; CELLS_SLOTS: none. */
static unsigned slot_of(const struct cells *c, const struct place *at)
{
	const struct cells_line *line = &c->pages[at->page]->lines[at->line];
	unsigned i = 0;

	while (i < CELLS_SLOTS && line->slots[i] != at->slot)
		i++;
	return i;
}

/* Makes root and page this edit's own; *c becomes the root when both are. */
static wfp_err own_line(struct cells **c, struct edit *e, const struct place *at,
			struct cells_line **out)
{
	struct cells *root = edit_own(e, *c);
	struct cells_page *page;

	if (!root)
		return ERR_NO_MEMORY;
	page = edit_own(e, root->pages[at->page]);
	if (!page)
		return ERR_NO_MEMORY;
	root->pages[at->page] = page;
	*c = root;
	*out = &page->lines[at->line];
	return ERR_OK;
}

/* The last slot is free. */
static void insert(struct cells_line *line, uintptr_t slot)
{
	const struct rule_order order = cells_rule(slot)->order;
	unsigned i = CELLS_SLOTS - 1;

	for (; i > 0; i--) {
		const uintptr_t before = line->slots[i - 1];

		if (before && !rule_before(order, cells_rule(before)->order))
			break;
		line->slots[i] = before;
	}
	line->slots[i] = slot;
}

/* Many rules with the same bits would all be read, one after the other: the tree is better. */
static bool has_room(const struct cells *c, const struct place *at)
{
	const struct cells_line *line = &c->pages[at->page]->lines[at->line];
	const uint32_t tag = at->slot & CELLS_TAG_BITS;

	return !line->slots[CELLS_SLOTS - 1] &&
	       __builtin_popcount(cells_tagged(line, tag)) < (int)CELLS_SAME;
}

wfp_err cells_add(struct cells **c, struct edit *e, const struct index_rule *r, bool *added)
{
	const struct place at = place_of(*c, r);
	struct cells_line *line;
	wfp_err err;

	if ((*c)->n_rules >= (*c)->max_rules || !has_room(*c, &at)) {
		*added = false;
		return ERR_OK;
	}
	err = own_line(c, e, &at, &line);
	if (err)
		return err;
	insert(line, at.slot);
	(*c)->n_rules++;
	if (rule_before(r->order, (*c)->best))
		(*c)->best = r->order;
	*added = true;
	return ERR_OK;
}

bool cells_has(const struct cells *c, const struct index_rule *r)
{
	struct place at;

	if (!cells_fits(c, r))
		return false;
	at = place_of(c, r);
	return slot_of(c, &at) < CELLS_SLOTS;
}

wfp_err cells_remove(struct cells **c, struct edit *e, const struct index_rule *r)
{
	const struct place at = place_of(*c, r);
	const unsigned i = slot_of(*c, &at);
	struct cells_line *line;
	wfp_err err;

	BUG_ON(i == CELLS_SLOTS);
	err = own_line(c, e, &at, &line);
	if (err)
		return err;
	memmove(&line->slots[i], &line->slots[i + 1],
		(CELLS_SLOTS - 1 - i) * sizeof(line->slots[0]));
	line->slots[CELLS_SLOTS - 1] = 0;
	(*c)->n_rules--;
	return ERR_OK;
}

void cells_free(struct cells *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < page_count(c); i++)
		edit_free_part(c->pages[i]);
	edit_free_part(c);
}

size_t cells_bytes(const struct cells *c)
{
	return root_size(page_count(c)) + page_count(c) * page_size(c);
}
