/* SPDX-License-Identifier: MIT */
/*
 * autoweight_rank - automatic weights order filters as those of real systems do.
 *
 * The facts are filters that three real systems listed, with the weights they gave (see
 * tools/facts/README.md).  Of each system and layer every pair whose weights differ there is
 * weighed here as well; the share of pairs that come out in the same order is printed as a comment
 * of the TAP output, and each kind of pair that does not.
 */
#include "harness.h"

#include "base/file.h"
#include "bfe/autoweight.h"
#include "model/catalogue.h"

#define FACTS	       "tools/facts/autoweight-observations.tsv"
#define FACTS_MAX      (1u << 20)
#define ROWS_MAX       1024
#define CONDITIONS_MAX 16
#define TEXT_MAX       1024
#define LEAST_PERCENT  95

typedef unsigned __int128 u128;

/* A filter that a real system listed. */
struct row {
	const char *dump, *layer;
	char *conditions;
	uint64_t theirs, ours, filters;
};

/* A filter as bfe_autoweight wants it: only what has weight. */
struct draft {
	struct model_filter filter;
	struct model_condition conditions[CONDITIONS_MAX];
	struct model_range ranges[CONDITIONS_MAX];
	struct model_bytes16 tops[CONDITIONS_MAX];
};

struct tally {
	uint64_t pairs, agreed, filter_pairs, filter_agreed;
};

static const struct model_bytes16 zero;
static const uint64_t zero64;

/* ---- reading the facts -------------------------------------------------------------------------
 */

static u128 decimal(const char *text)
{
	u128 x = 0;

	for (; *text; text++)
		x = x * 10 + (unsigned)(*text - '0');
	return x;
}

static int type_named(const char *name)
{
	for (int i = 0; i < 256; i++) {
		const char *known = model_type_name((enum model_type)i);

		if (known && strcmp(known + strlen("FWP_"), name) == 0)
			return i;
	}
	CHECK_SAY("%s is no type", name);
	return -1;
}

static int match_named(const char *name)
{
	for (int i = 0; i < MODEL_MATCHES; i++)
		if (strcmp(model_match_name((enum model_match)i) + strlen("FWP_MATCH_"), name) == 0)
			return i;
	CHECK_SAY("%s is no match type", name);
	return -1;
}

/* From 0 to span, as a value of the type. */
static void set_range(struct draft *d, unsigned i, int type, u128 span)
{
	struct model_value *low = &d->ranges[i].low, *high = &d->ranges[i].high;

	low->type = high->type = (uint32_t)type;
	if (type == MODEL_UINT16)
		high->u16 = (uint16_t)span;
	else if (type == MODEL_UINT32)
		high->u32 = (uint32_t)span;
	else
		CHECK_EQ_U(type, MODEL_BYTE_ARRAY16_TYPE);
	if (type == MODEL_BYTE_ARRAY16_TYPE) {
		for (unsigned b = 16; b-- > 0; span >>= 8)
			d->tops[i].b[b] = (uint8_t)span;
		low->bytes16 = &zero;
		high->bytes16 = &d->tops[i];
	}
	d->conditions[i].value =
		(struct model_value){.type = MODEL_RANGE_TYPE, .range = &d->ranges[i]};
}

/* "FIELD:MATCH:TYPE:SPAN"; the text is cut up. */
static void set_condition(struct draft *d, const struct model_layer *layer, char *text)
{
	unsigned i = d->filter.n_conditions++;
	struct model_condition *c = &d->conditions[i];
	char *rest, *name = strtok_r(text, ":", &rest), *match = strtok_r(NULL, ":", &rest);
	int type = type_named(strtok_r(NULL, ":", &rest));

	CHECK(i < CONDITIONS_MAX);
	c->field_key = *model_condition_key(name);
	c->field = (int16_t)model_field_index(layer, &c->field_key);
	CHECK(c->field >= 0);
	c->match = (uint8_t)match_named(match);
	c->value.type = (uint32_t)type;
	if (type == MODEL_UINT64)
		c->value.u64 = &zero64;
	if (c->match == MODEL_MATCH_RANGE)
		set_range(d, i, type, decimal(rest));
}

static int by_field(const void *a, const void *b)
{
	return ((const struct model_condition *)a)->field -
	       ((const struct model_condition *)b)->field;
}

static uint64_t weigh(const struct row *r)
{
	const struct model_layer *layer = model_layer_by_name(r->layer);
	struct draft d = {.filter = {.conditions = d.conditions}};
	char text[TEXT_MAX], *rest = text, *one;

	CHECK(layer && strlen(r->conditions) < sizeof(text));
	d.filter.layer = layer->id;
	strcpy(text, strcmp(r->conditions, "-") ? r->conditions : "");
	while ((one = strsep(&rest, "|")) != NULL && *one)
		set_condition(&d, layer, one);
	qsort(d.conditions, d.filter.n_conditions, sizeof(d.conditions[0]), by_field);
	return bfe_autoweight(&d.filter);
}

static void parse_row(struct row *r, char *line)
{
	char *rest = line;

	r->dump = strsep(&rest, "\t");
	r->layer = strsep(&rest, "\t");
	r->conditions = strsep(&rest, "\t");
	r->theirs = strtoull(strsep(&rest, "\t"), NULL, 16);
	r->filters = strtoull(rest, NULL, 10);
	r->ours = weigh(r);
}

/* The rows point into *text. */
static unsigned read_facts(struct row rows[ROWS_MAX], struct buf *text)
{
	char path[1024], *rest, *line;
	unsigned n = 0;

	snprintf(path, sizeof(path), "%s/%s", getenv("SRCROOT"), FACTS);
	CHECK_OK(file_read_all(path, FACTS_MAX, text));
	rest = (char *)(uintptr_t)buf_str(text); /* ends it with a zero */
	CHECK(strsep(&rest, "\n") != NULL);	 /* the header */
	while ((line = strsep(&rest, "\n")) != NULL && *line) {
		CHECK(n < ROWS_MAX);
		parse_row(&rows[n++], line);
	}
	CHECK(n > 500);
	return n;
}

/* ---- comparing ---------------------------------------------------------------------------------
 */

/* The conditions of one that the other lacks: what makes the difference. */
static void print_own(const struct row *r, const struct row *other)
{
	char text[TEXT_MAX], theirs[TEXT_MAX + 2], one[TEXT_MAX + 2], *rest = text, *part;

	snprintf(text, sizeof(text), "%s", r->conditions);
	snprintf(theirs, sizeof(theirs), "|%s|", other->conditions);
	while ((part = strsep(&rest, "|")) != NULL) {
		snprintf(one, sizeof(one), "|%s|", part);
		if (!strstr(theirs, one))
			printf(" %s", part);
	}
}

static void print_difference(const struct row *heavy, const struct row *light)
{
	printf("#   differs: above there, %s here:",
	       heavy->ours == light->ours ? "equal" : "below");
	print_own(heavy, light);
	printf(" <->");
	print_own(light, heavy);
	printf("\n");
}

static void count_pair(struct tally *t, const struct row *a, const struct row *b)
{
	const struct row *heavy = a->theirs > b->theirs ? a : b, *light = heavy == a ? b : a;
	uint64_t filters = a->filters * b->filters;
	bool agreed = heavy->ours > light->ours;

	if (a->theirs == b->theirs)
		return;
	t->pairs++;
	t->agreed += agreed;
	t->filter_pairs += filters;
	t->filter_agreed += agreed ? filters : 0;
	if (!agreed)
		print_difference(heavy, light);
}

static bool same_layer(const struct row *a, const struct row *b)
{
	return strcmp(a->dump, b->dump) == 0 && strcmp(a->layer, b->layer) == 0;
}

static void print_tally(const char *dump, const char *layer, const struct tally *t)
{
	printf("# %s %s: %" PRIu64 " of %" PRIu64 " pairs agree (%.1f %%)\n", dump, layer,
	       t->agreed, t->pairs, 100.0 * (double)t->agreed / (double)t->pairs);
}

static void add_tally(struct tally *sum, const struct tally *t)
{
	sum->pairs += t->pairs;
	sum->agreed += t->agreed;
	sum->filter_pairs += t->filter_pairs;
	sum->filter_agreed += t->filter_agreed;
}

/* Rows of one layer stand together. */
static unsigned compare_layer(const struct row *rows, unsigned n, struct tally *t)
{
	unsigned end = 1;

	while (end < n && same_layer(&rows[0], &rows[end]))
		end++;
	for (unsigned i = 0; i < end; i++)
		for (unsigned k = i + 1; k < end; k++)
			count_pair(t, &rows[i], &rows[k]);
	return end;
}

TEST(filters_rank_as_on_real_systems)
{
	static struct row rows[ROWS_MAX];
	struct buf text = {0};
	unsigned n = read_facts(rows, &text);
	struct tally sum = {0};

	for (unsigned i = 0; i < n;) {
		struct tally t = {0};
		const struct row *first = &rows[i];

		i += compare_layer(first, n - i, &t);
		if (t.pairs)
			print_tally(first->dump, first->layer, &t);
		if (t.agreed * 100 < t.pairs * LEAST_PERCENT)
			CHECK_SAY("%s %s ranks otherwise", first->dump, first->layer);
		add_tally(&sum, &t);
	}
	print_tally("all", "layers", &sum);
	printf("# %" PRIu64 " of %" PRIu64 " pairs of filters\n", sum.filter_agreed,
	       sum.filter_pairs);
	fflush(stdout);
	CHECK(sum.pairs > 5000);
	buf_free(&text);
}
