/* SPDX-License-Identifier: MIT */
/*
 * autoweight - the more specific filter is the heavier one, and ranges weigh what the formula says.
 */
#include "bfe_world.h"

#include "base/rng.h"
#include "bfe/autoweight.h"

#include <math.h>

#define PORTS MODEL_LAYER_ALE_RESOURCE_ASSIGNMENT_V4

/* A filter's conditions as they are put together. */
struct conditions {
	struct model_condition c[16];
	struct model_range ranges[16];
	struct model_v4_mask masks[16];
	unsigned n;
};

static struct model_condition *add(struct conditions *x, const char *field)
{
	struct model_condition *c = &x->c[x->n++];

	*c = (struct model_condition){.field_key = *model_condition_key(field)};
	return c;
}

static void add_port(struct conditions *x, const char *field, uint16_t low, uint16_t high)
{
	struct model_condition *c = add(x, field);
	struct model_range *r = &x->ranges[x->n];

	r->low = (struct model_value){.type = MODEL_UINT16, .u16 = low};
	r->high = (struct model_value){.type = MODEL_UINT16, .u16 = high};
	if (low == high) {
		c->value = r->low;
		return;
	}
	c->match = MODEL_MATCH_RANGE;
	c->value = (struct model_value){.type = MODEL_RANGE_TYPE, .range = r};
}

static void add_net(struct conditions *x, const char *field, unsigned prefix)
{
	struct model_condition *c = add(x, field);
	struct model_v4_mask *m = &x->masks[x->n];

	*m = (struct model_v4_mask){.addr = 0x0a000000,
				    .mask = prefix ? UINT32_MAX << (32 - prefix) : 0};
	c->value = (struct model_value){.type = MODEL_V4_ADDR_MASK, .v4mask = m};
}

static void add_protocol(struct conditions *x, uint8_t protocol)
{
	add(x, "IP_PROTOCOL")->value = (struct model_value){.type = MODEL_UINT8, .u8 = protocol};
}

static bool has_field(const struct model_layer *l, int index)
{
	for (unsigned i = 0; i < l->n_fields; i++)
		if (l->fields[i].index[MODEL_SCHEMA_2026] == index)
			return true;
	return false;
}

static uint64_t weigh_as(struct conditions *x, uint16_t layer, struct model_value requested)
{
	struct model_filter *f, d = draft(0);
	uint64_t weight;

	d.layer = layer;
	d.conditions = x->c;
	d.n_conditions = x->n;
	d.requested_weight = requested;
	CHECK_OK(model_filter_create(&f, &d));
	weight = bfe_filter_weight(f);
	model_filter_put(f);
	return weight;
}

static uint64_t weigh(struct conditions *x, uint16_t layer)
{
	return weigh_as(x, layer, (struct model_value){.type = MODEL_EMPTY});
}

TEST(no_conditions_weigh_nothing)
{
	struct conditions x = {.n = 0};

	CHECK_EQ_U(weigh(&x, CONNECT), 0);
}

TEST(every_layer_divides_sixty_bits_without_overlap)
{
	for (unsigned i = 0; i < model_layer_count(); i++) {
		const struct model_layer *l = model_layer_at(i);
		unsigned owner[BFE_AUTOWEIGHT_BITS] = {
			0}; /* where the slice of a bit begins, plus 1 */

		for (unsigned f = 0; f < l->n_fields; f++) {
			int index = l->fields[f].index[MODEL_SCHEMA_2026];
			unsigned shift, bits;

			if (index < 0)
				continue;
			bits = bfe_autoweight_slice(l->id, (unsigned)index, &shift);
			CHECK(bits > 0 && shift + bits <= BFE_AUTOWEIGHT_BITS);
			for (unsigned b = shift; b < shift + bits; b++) {
				CHECK(owner[b] == 0 || owner[b] == shift + 1);
				owner[b] = shift + 1;
			}
		}
	}
}

/* One value per field is the most a filter can ask for. */
TEST(all_fields_at_once_stay_below_sixty_bits)
{
	for (unsigned i = 0; i < model_layer_count(); i++) {
		const struct model_layer *l = model_layer_at(i);
		struct model_condition c[64] = {0};
		struct model_filter f = {.layer = l->id, .conditions = c};
		uint64_t weight = 0;

		CHECK(l->n_fields <= ARRAY_LEN(c));
		for (int16_t index = 0; has_field(l, index); index++) {
			c[index] =
				(struct model_condition){.field = index, .value.type = MODEL_SID};
			f.n_conditions++;
			CHECK(bfe_autoweight(&f) > weight);
			weight = bfe_autoweight(&f);
		}
		CHECK_EQ_U(weight >> BFE_AUTOWEIGHT_BITS, 0);
	}
}

/* round((2^n - 1) * (1 - log2(s) / 16)), with the logarithms worked out by hand. */
TEST(a_range_weighs_what_the_formula_says)
{
	static const struct {
		uint16_t low, high;
		double log;
	} rows[] = {{80, 80, 0},
		    {80, 81, 1},
		    {80, 100, 4.392317422778761},
		    {0, 32767, 15},
		    {1, 65535, 15.999977986052736}};
	unsigned shift,
		bits = bfe_autoweight_slice(PORTS, 4, &shift); /* FWPM_CONDITION_IP_LOCAL_PORT */
	double brim = (double)((UINT64_C(1) << bits) - 1);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct conditions x = {.n = 0};
		uint64_t want = (uint64_t)(brim * (1 - rows[i].log / 16) + 0.5);

		add_port(&x, "IP_LOCAL_PORT", rows[i].low, rows[i].high);
		CHECK_EQ_U(weigh(&x, PORTS) >> shift, want ? want : 1);
	}
}

TEST(any_range_weighs_what_the_formula_says)
{
	struct rng rng;
	unsigned shift, bits = bfe_autoweight_slice(PORTS, 4, &shift);
	double brim = (double)((UINT64_C(1) << bits) - 1);

	rng_seed(&rng, test_seed());
	for (int i = 0; i < 5000; i++) {
		struct conditions x = {.n = 0};
		uint32_t size = 2 + rng_below(&rng, 65535 - 2);
		uint16_t low = (uint16_t)rng_below(&rng, 65536 - size);
		double want = brim * (1 - log2(size) / 16);

		add_port(&x, "IP_LOCAL_PORT", low, (uint16_t)(low + size - 1));
		CHECK(fabs((double)(weigh(&x, PORTS) >> shift) - (want < 1 ? 1 : want)) < 0.51);
	}
}

TEST(a_range_of_everything_weighs_nothing)
{
	struct conditions x = {.n = 0}, y = {.n = 0};

	add_port(&x, "IP_LOCAL_PORT", 0, 65535);
	CHECK_EQ_U(weigh(&x, PORTS), 0);
	add_net(&y, "IP_REMOTE_ADDRESS", 0);
	CHECK_EQ_U(weigh(&y, CONNECT), 0);
}

TEST(a_longer_prefix_is_heavier)
{
	uint64_t last = 0;

	for (unsigned prefix = 1; prefix <= 32; prefix++) {
		struct conditions x = {.n = 0};
		uint64_t weight;

		add_net(&x, "IP_REMOTE_ADDRESS", prefix);
		weight = weigh(&x, CONNECT);
		CHECK(weight > last);
		last = weight;
	}
}

TEST(a_value_that_is_repeated_counts_once)
{
	struct conditions one = {.n = 0}, two = {.n = 0};

	add_port(&one, "IP_LOCAL_PORT", 80, 80);
	add_port(&two, "IP_LOCAL_PORT", 80, 80);
	add_port(&two, "IP_LOCAL_PORT", 443, 443);
	CHECK_EQ_U(weigh(&one, PORTS), weigh(&two, PORTS));
}

TEST(ranges_of_one_field_add_up_to_one_value_at_most)
{
	struct conditions one = {.n = 0}, two = {.n = 0}, three = {.n = 0}, full = {.n = 0};

	add_net(&one, "IP_REMOTE_ADDRESS", 4);
	add_net(&two, "IP_REMOTE_ADDRESS", 4);
	add_net(&two, "IP_REMOTE_ADDRESS", 24);
	for (int i = 0; i < 3; i++)
		add_net(&three, "IP_REMOTE_ADDRESS", 24);
	add_net(&full, "IP_REMOTE_ADDRESS", 32);
	CHECK(weigh(&one, CONNECT) < weigh(&two, CONNECT));
	CHECK(weigh(&two, CONNECT) < weigh(&three, CONNECT));
	CHECK_EQ_U(weigh(&three, CONNECT), weigh(&full, CONNECT));
}

TEST(fields_that_share_a_slice_weigh_the_same_and_more_together)
{
	static uint64_t luid = 5;
	struct model_value value = {.type = MODEL_UINT64, .u64 = &luid};
	struct conditions arrival = {.n = 0}, next = {.n = 0}, both = {.n = 0};

	add(&arrival, "IP_ARRIVAL_INTERFACE")->value = value;
	add(&next, "IP_NEXTHOP_INTERFACE")->value = value;
	add(&both, "IP_ARRIVAL_INTERFACE")->value = value;
	add(&both, "IP_NEXTHOP_INTERFACE")->value = value;
	CHECK_EQ_U(weigh(&arrival, CONNECT), weigh(&next, CONNECT));
	CHECK(weigh(&both, CONNECT) > weigh(&next, CONNECT));
}

TEST(one_more_field_is_heavier_whatever_the_others_are)
{
	struct rng rng;

	rng_seed(&rng, test_seed());
	for (int i = 0; i < 2000; i++) {
		struct conditions less = {.n = 0}, more = {.n = 0};
		uint16_t low = (uint16_t)rng_below(&rng, 60000);
		uint16_t high = (uint16_t)(low + rng_below(&rng, 5000));
		unsigned prefix = 1 + rng_below(&rng, 32);

		add_net(&less, "IP_REMOTE_ADDRESS", prefix);
		add_net(&more, "IP_REMOTE_ADDRESS", prefix);
		if (rng_below(&rng, 2))
			add_protocol(&more, 6);
		else
			add_port(&more, "IP_REMOTE_PORT", low, high);
		CHECK(weigh(&more, CONNECT) > weigh(&less, CONNECT));
	}
}

TEST(a_narrower_range_is_never_lighter)
{
	struct rng rng;

	rng_seed(&rng, test_seed());
	for (int i = 0; i < 2000; i++) {
		struct conditions wide = {.n = 0}, narrow = {.n = 0};
		uint16_t low = (uint16_t)rng_below(&rng, 60000);
		uint16_t size = (uint16_t)(2 + rng_below(&rng, 5000));

		add_port(&wide, "IP_LOCAL_PORT", low, (uint16_t)(low + size));
		add_port(&narrow, "IP_LOCAL_PORT", (uint16_t)(low + 1),
			 (uint16_t)(low + 1 + rng_below(&rng, size)));
		CHECK(weigh(&narrow, PORTS) >= weigh(&wide, PORTS));
	}
}

TEST(a_range_weight_is_the_automatic_one_in_its_range)
{
	struct conditions x = {.n = 0};
	uint64_t automatic;

	add_protocol(&x, 6);
	automatic = weigh(&x, CONNECT);
	CHECK(automatic > 0);
	for (uint8_t r = 0; r < 16; r++)
		CHECK_EQ_U(
			weigh_as(&x, CONNECT, (struct model_value){.type = MODEL_UINT8, .u8 = r}),
			(uint64_t)r << 60 | automatic);
}

TEST(a_weight_of_64_bits_is_taken_as_it_is)
{
	struct conditions x = {.n = 0};
	uint64_t asked = UINT64_C(0xfedcba9876543210);

	CHECK_EQ_U(weigh_as(&x, CONNECT, (struct model_value){.type = MODEL_UINT64, .u64 = &asked}),
		   asked);
}

TEST(other_weights_are_refused)
{
	struct world w = world_open();
	struct model_filter f = draft(0);

	f.requested_weight = (struct model_value){.type = MODEL_UINT8, .u8 = 16};
	CHECK_ERR(filter_add(w.s, &f, NULL), ERR_INVALID_WEIGHT);
	f.requested_weight = (struct model_value){.type = MODEL_UINT32, .u32 = 1};
	CHECK_ERR(filter_add(w.s, &f, NULL), ERR_INVALID_WEIGHT);
	world_close(&w);
}
