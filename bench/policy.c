/* SPDX-License-Identifier: MIT */
/*
 * policy - random filters and packets from one seed. A benchmark that cannot be set up ends the
 * program: BUG_ON is its only error handling.
 */
#include "policy.h"

#include "base/mem.h"
#include "base/rng.h"

#include <string.h>

static const struct guid sublayer = {.a = 0x62656e63, .d = {1}};
static const struct guid callout_key = {.a = 0x62656e63, .d = {2}};

static int16_t field(const char *name)
{
	const struct model_layer *layer = model_layer_by_id(POLICY_LAYER);
	int i = model_field_index(layer, model_condition_key(name));

	BUG_ON(i < 0);
	return (int16_t)i;
}

static struct model_condition condition(const char *name, enum model_match match,
					struct model_value v)
{
	return (struct model_condition){.field_key = *model_condition_key(name),
					.field = field(name),
					.match = (uint8_t)match,
					.value = v};
}

static struct model_filter *make_filter(struct rng *r, uint64_t id)
{
	struct model_v4_mask mask = {.mask = 0xffffff00u << rng_below(r, 8)};
	struct model_condition conditions[3];
	struct model_filter draft = {.id = id,
				     .layer = POLICY_LAYER,
				     .sublayer = sublayer,
				     .weight = rng_u64(r),
				     .action = MODEL_ACTION_PERMIT,
				     .name = (char *)"bench",
				     .n_conditions = 3,
				     .conditions = conditions};
	struct model_filter *f;

	mask.addr = (0x0a000000u | rng_below(r, 1 << 20)) & mask.mask;
	conditions[0] =
		condition("IP_REMOTE_ADDRESS", MODEL_MATCH_EQUAL,
			  (struct model_value){.type = MODEL_V4_ADDR_MASK, .v4mask = &mask});
	conditions[1] = condition(
		"IP_PROTOCOL", MODEL_MATCH_EQUAL,
		(struct model_value){.type = MODEL_UINT8, .u8 = rng_below(r, 2) ? 6 : 17});
	conditions[2] = condition(
		"IP_REMOTE_PORT", MODEL_MATCH_EQUAL,
		(struct model_value){.type = MODEL_UINT16, .u16 = (uint16_t)rng_below(r, 1024)});
	draft.requested_weight = (struct model_value){.type = MODEL_UINT64, .u64 = &draft.weight};
	BUG_ON(model_filter_create(&f, &draft) != ERR_OK);
	return f;
}

static void make_packets(struct policy *p, struct rng *r, struct model_filter *const *filters,
			 unsigned n)
{
	const struct model_layer *layer = model_layer_by_id(POLICY_LAYER);
	int16_t address = field("IP_REMOTE_ADDRESS"), protocol = field("IP_PROTOCOL");
	int16_t port = field("IP_REMOTE_PORT");

	p->n_values = layer->n_fields;
	BUG_ON(p->n_values > 64);
	for (unsigned i = 0; i < POLICY_PACKETS; i++) {
		struct model_value *v = p->packets[i].values;

		v[address] = (struct model_value){.type = MODEL_UINT32,
						  .u32 = 0x0a000000u | rng_below(r, 1 << 20)};
		v[protocol] =
			(struct model_value){.type = MODEL_UINT8, .u8 = rng_below(r, 2) ? 6 : 17};
		v[port] = (struct model_value){.type = MODEL_UINT16,
					       .u16 = (uint16_t)rng_below(r, 65536)};
		if (n && rng_below(r, 3) == 0) { /* aim at a filter */
			const struct model_filter *f = filters[rng_below(r, n)];

			for (unsigned c = 0; c < f->n_conditions; c++) {
				const struct model_condition *k = &f->conditions[c];

				v[k->field] = k->value;
				if (k->value.type == MODEL_V4_ADDR_MASK)
					v[k->field] = (struct model_value){
						.type = MODEL_UINT32,
						.u32 = k->value.v4mask->addr | 1};
			}
		}
	}
}

static struct policy *create(void)
{
	struct policy *p = mem_zalloc(sizeof(*p));
	struct engine_config config = {0};

	BUG_ON(!p);
	BUG_ON(engine_create(&p->engine, &config) != ERR_OK);
	return p;
}

static void commit(struct policy *p, struct model_filter **filters, unsigned n)
{
	struct model_sublayer s = {.key = sublayer, .weight = 100};
	struct engine_delta delta = {.add_filters = filters,
				     .n_add_filters = n,
				     .add_sublayers = &s,
				     .n_add_sublayers = 1};

	BUG_ON(engine_commit(p->engine, &delta) != ERR_OK);
}

struct policy *policy_create(unsigned n_filters, uint64_t seed)
{
	struct policy *p = create();
	struct model_filter **filters = mem_zalloc_array(n_filters + 1, sizeof(*filters));
	struct rng r;

	BUG_ON(!filters);
	rng_seed(&r, seed);
	for (unsigned i = 0; i < n_filters; i++)
		filters[i] = make_filter(&r, 65537 + i);
	commit(p, filters, n_filters);
	make_packets(p, &r, filters, n_filters);
	for (unsigned i = 0; i < n_filters; i++)
		model_filter_put(filters[i]);
	mem_free(filters);
	return p;
}

struct policy *policy_callout_create(const struct engine_callout_ops *ops, void *ctx)
{
	struct policy *p = create();
	struct engine_callout_desc desc = {
		.key = callout_key, .driver = 1, .name = "bench", .ops = ops, .ctx = ctx};
	uint64_t weight = 1;
	struct model_filter draft = {.id = 65537,
				     .layer = POLICY_LAYER,
				     .sublayer = sublayer,
				     .weight = weight,
				     .requested_weight = {.type = MODEL_UINT64, .u64 = &weight},
				     .action = MODEL_ACTION_CALLOUT_UNKNOWN,
				     .callout = callout_key,
				     .name = (char *)"bench"};
	struct model_filter *f;
	struct rng r;

	rng_seed(&r, 1);
	BUG_ON(engine_callout_register(p->engine, &desc, &p->callout) != ERR_OK);
	BUG_ON(model_filter_create(&f, &draft) != ERR_OK);
	commit(p, &f, 1);
	model_filter_put(f);
	make_packets(p, &r, NULL, 0);
	return p;
}

void policy_destroy(struct policy *p)
{
	if (p->callout)
		BUG_ON(engine_callout_unregister(p->engine, p->callout, ENGINE_UNREGISTER_FORCED) !=
		       ERR_OK);
	engine_destroy(p->engine);
	mem_free(p);
}

struct engine_indication policy_indication(const struct policy *p, uint64_t i)
{
	return (struct engine_indication){.layer = POLICY_LAYER,
					  .n_values = p->n_values,
					  .values = p->packets[i % POLICY_PACKETS].values,
					  .meta = &p->meta};
}
