/* SPDX-License-Identifier: MIT */
/*
 * key_box - a filter's conditions as boxes around its keys.
 *
 * A field's words, read as one number, have the order of its values, so a condition is a span of
 * such numbers: exactly, or with others among them.  Conditions on one field are ORed: their spans,
 * joined where that loses nothing, and then the nearest ones until few enough are left.  The
 * field whose spans leave most of their surroundings out becomes several boxes, every other one the
 * span around its own.  Called when a commit adds a filter; no memory, any thread.
 */
#include "engine/key.h"

#include <string.h>

/* A field's words as one number, the first word on top. */
__extension__ typedef unsigned __int128 wide;

struct span {
	wide lo, hi; /* inclusive */
	bool exact;  /* the conditions are true for all of it */
};

/* More than boxes: values that come in no order may yet close the gaps between others. */
#define SPANS_MAX 64u

struct span_set {
	unsigned n;
	struct span spans[SPANS_MAX + 1]; /* sorted, apart */
};

/* ---- one condition ---------------------------------------------------------------------------
 */

/* The greatest number of a field. */
static wide field_max(const struct key_field *f)
{
	return ~(wide)0 >> (128 - 32 * f->words);
}

/* The bits below a value: its number is the first of this many and one. */
static wide field_step(const struct key_field *f)
{
	return ((wide)1 << f->shift) - 1;
}

static wide number_of(const struct key_plan *plan, const struct key_field *f,
		      const struct model_value *v)
{
	uint32_t words[4];
	wide n = 0;

	key_value_words(words, plan, f, v);
	for (unsigned i = 0; i < f->words; i++)
		n = n << 32 | words[i];
	return n;
}

/* Are the bits of n all below its highest one that is set? */
static bool is_low_bits(wide n)
{
	return (n & (n + 1)) == 0;
}

static struct span span_of_flags(uint8_t match, wide bits, wide max)
{
	switch (match) {
	case MODEL_MATCH_FLAGS_ALL_SET:
		return (struct span){bits, max, is_low_bits(max & ~bits)};
	case MODEL_MATCH_FLAGS_ANY_SET:
		return (struct span){bits & -bits, max, false};
	default:
		return (struct span){0, max & ~bits, is_low_bits(max & ~bits)};
	}
}

/* A comparison that nothing passes has the span of what comes closest. */
static struct span span_of_number(uint8_t match, wide n, wide step, wide max)
{
	const wide last = n | step;

	switch (match) {
	case MODEL_MATCH_EQUAL:
		return (struct span){n, last, true};
	case MODEL_MATCH_GREATER:
		return last == max ? (struct span){n, max, false}
				   : (struct span){last + 1, max, true};
	case MODEL_MATCH_LESS:
		return n == 0 ? (struct span){0, last, false} : (struct span){0, n - 1, true};
	case MODEL_MATCH_GREATER_OR_EQUAL:
		return (struct span){n, max, true};
	case MODEL_MATCH_LESS_OR_EQUAL:
		return (struct span){0, last, true};
	case MODEL_MATCH_FLAGS_ALL_SET:
	case MODEL_MATCH_FLAGS_ANY_SET:
	case MODEL_MATCH_FLAGS_NONE_SET:
		return span_of_flags(match, n, max);
	default:
		return (struct span){0, max, false};
	}
}

/* Hashes have no order, and an equal one proves nothing. */
static struct span span_of_hash(const struct key_plan *plan, const struct key_field *f,
				const struct model_condition *c)
{
	wide n;

	if (c->match != MODEL_MATCH_EQUAL || c->value.type != f->type)
		return (struct span){0, field_max(f), false};
	n = number_of(plan, f, &c->value);
	return (struct span){n, n, false};
}

static struct span span_of_v6(const struct key_plan *plan, const struct key_field *f,
			      const struct model_v6_mask *m)
{
	struct model_bytes16 addr;
	const wide below = m->prefix ? field_max(f) >> (m->prefix - 1) >> 1 : field_max(f);
	wide n;

	memcpy(addr.b, m->addr, sizeof(addr.b));
	n = number_of(plan, f, &(struct model_value){f->type, {.bytes16 = &addr}});
	return (struct span){n & ~below, n | below, true};
}

/* What is not about the field's own type: masks, ranges, descriptors, nothing. */
static struct span span_of_condition(const struct key_plan *plan, const struct key_field *f,
				     const struct model_condition *c)
{
	const wide step = field_step(f), max = field_max(f);
	const struct model_v4_mask *v4 = c->value.v4mask;
	const struct model_range *range = c->value.range;

	if (c->value.type == MODEL_EMPTY)
		return (struct span){0, step, false}; /* no value has the words 0 */
	if (f->form == KEY_HASH)
		return span_of_hash(plan, f, c);
	if (c->match == MODEL_MATCH_NOT_EQUAL)
		return (struct span){0, max, false};
	switch (c->value.type) {
	case MODEL_V4_ADDR_MASK:
		return (struct span){v4->addr & v4->mask, v4->addr | ~v4->mask, true};
	case MODEL_V6_ADDR_MASK:
		return span_of_v6(plan, f, c->value.v6mask);
	case MODEL_RANGE_TYPE:
		return (struct span){number_of(plan, f, &range->low),
				     number_of(plan, f, &range->high) | step, true};
	default:
		return span_of_number(c->match, number_of(plan, f, &c->value), step, max);
	}
}

/* ---- the conditions on one field -------------------------------------------------------------
 */

static bool is_inside(const struct span *x, const struct span *y)
{
	return y->lo <= x->lo && x->hi <= y->hi;
}

/* The span around two; exact if no number in it is new and none has become unsure. */
static struct span join(const struct span *x, const struct span *y)
{
	struct span s = {.lo = x->lo < y->lo ? x->lo : y->lo, .hi = x->hi > y->hi ? x->hi : y->hi};

	s.exact = (x->exact && y->exact) || (x->exact && is_inside(y, x)) ||
		  (y->exact && is_inside(x, y));
	return s;
}

/* Do they overlap, or is one exactly where the other ends? */
static bool joins(const struct span *x, const struct span *y)
{
	if (x->hi < y->lo)
		return y->lo - x->hi == 1 && x->exact && y->exact;
	if (y->hi < x->lo)
		return x->lo - y->hi == 1 && x->exact && y->exact;
	return true;
}

static void set_join_nearest(struct span_set *set)
{
	unsigned best = 0;

	for (unsigned i = 1; i + 1 < set->n; i++)
		if (set->spans[i + 1].lo - set->spans[i].hi <
		    set->spans[best + 1].lo - set->spans[best].hi)
			best = i;
	set->spans[best].hi = set->spans[best + 1].hi;
	set->spans[best].exact = false;
	set->n--;
	memmove(&set->spans[best + 1], &set->spans[best + 2],
		(set->n - best - 1) * sizeof(set->spans[0]));
}

static void set_add(struct span_set *set, struct span s)
{
	unsigned kept = 0, at = 0;

	for (unsigned i = 0; i < set->n; i++) {
		if (joins(&set->spans[i], &s))
			s = join(&set->spans[i], &s);
		else
			set->spans[kept++] = set->spans[i];
	}
	while (at < kept && set->spans[at].lo < s.lo)
		at++;
	memmove(&set->spans[at + 1], &set->spans[at], (kept - at) * sizeof(s));
	set->spans[at] = s;
	set->n = kept + 1;
	if (set->n > SPANS_MAX)
		set_join_nearest(set);
}

static struct span set_around(const struct span_set *set)
{
	return (struct span){set->spans[0].lo, set->spans[set->n - 1].hi,
			     set->n == 1 && set->spans[0].exact};
}

/* How much of what is around the set is in it. */
static double set_share(const struct span_set *set)
{
	const struct span around = set_around(set);
	double in = 0;

	for (unsigned i = 0; i < set->n; i++)
		in += (double)(set->spans[i].hi - set->spans[i].lo) + 1;
	return in / ((double)(around.hi - around.lo) + 1);
}

/* ---- boxes ----------------------------------------------------------------------------------- */

/*
 * Sets a field's words in a box.  A span whose ends differ in one word is a box only if it takes
 * all of the words below.
 */
static void box_put(struct key_box *box, const struct key_field *f, struct span s)
{
	bool differ = false;

	if (s.hi - s.lo == field_step(f))
		s.hi = s.lo; /* one value is one word, whatever its width */
	box->exact = box->exact && s.exact;
	for (unsigned i = 0; i < f->words; i++) {
		unsigned shift = 32 * (f->words - 1 - i);
		uint32_t lo = (uint32_t)(s.lo >> shift), hi = (uint32_t)(s.hi >> shift);

		if (differ && (lo != 0 || hi != UINT32_MAX))
			box->exact = false;
		box->lo[f->word + i] = differ ? 0 : lo;
		box->hi[f->word + i] = differ ? UINT32_MAX : hi;
		differ = differ || lo != hi;
	}
}

/* What the fields so far say: one box, and one field of which there are several. */
struct draft {
	struct key_box box; /* without the split field */
	const struct key_field *split;
	struct span_set set; /* of the split field */
	double share;
};

static void draft_add(struct draft *d, const struct key_field *f, const struct span_set *set)
{
	const double share = set->n > 1 ? set_share(set) : 1;

	if (set->n == 1 || (d->split && d->share <= share)) {
		box_put(&d->box, f, set_around(set));
		return;
	}
	if (d->split)
		box_put(&d->box, d->split, set_around(&d->set));
	d->split = f;
	d->set = *set;
	d->share = share;
}

static const struct key_field *plan_field(const struct key_plan *plan, int field)
{
	for (unsigned i = 0; i < plan->n_fields; i++)
		if (plan->fields[i].field == field)
			return &plan->fields[i];
	return NULL;
}

/* The conditions from *i on that are on one field; *i moves on to the next. */
static void draft_add_field(struct draft *d, const struct key_plan *plan,
			    const struct model_filter *filter, uint32_t *i)
{
	const struct model_condition *c = &filter->conditions[*i];
	const struct key_field *f = plan_field(plan, c->field);
	struct span_set set;
	const int field = c->field;

	set.n = 0;
	for (; *i < filter->n_conditions && c->field == field; c = &filter->conditions[++*i])
		if (f)
			set_add(&set, span_of_condition(plan, f, c));
	while (set.n > KEY_BOXES_MAX)
		set_join_nearest(&set);
	if (f)
		draft_add(d, f, &set);
	else
		d->box.exact = false;
}

unsigned key_boxes(struct key_box *out, const struct key_plan *plan, const struct model_filter *f)
{
	struct draft d = {.box.exact = true};

	memset(d.box.hi, 0xff, sizeof(d.box.hi));
	for (uint32_t i = 0; i < f->n_conditions;)
		draft_add_field(&d, plan, f, &i);
	out[0] = d.box;
	for (unsigned i = 0; d.split && i < d.set.n; i++) {
		out[i] = d.box;
		box_put(&out[i], d.split, d.set.spans[i]);
	}
	return d.split ? d.set.n : 1;
}
