/* SPDX-License-Identifier: MIT */
/*
 * flow_cache - what a cached classify costs, for ever more flows in random order.
 *
 * A packet is five numbers that are put into the values before each classify, as a worker does;
 * the baseline does only that.  All flows are in the cache when the clock starts.
 */
#include "bench.h"
#include "policy.h"

#include "base/mem.h"
#include "base/rcu.h"
#include "base/rng.h"
#include "engine/flow_cache.h"

#include <stdio.h>

struct tuple {
	uint32_t local, remote;
	uint16_t local_port, remote_port;
	uint8_t protocol;
};

struct flows {
	struct policy *policy;
	struct engine_flow_cache *cache; /* NULL: only the values are made */
	unsigned n;
	struct tuple *packets; /* n, each twice on the way to its place */
	int16_t field[5];
	struct model_value values[64];
	struct engine_flow_cache_stats warm; /* when the clock starts */
};

static void show(struct flows *f, const struct tuple *t)
{
	f->values[f->field[0]] = (struct model_value){MODEL_UINT32, {.u32 = t->local}};
	f->values[f->field[1]] = (struct model_value){MODEL_UINT32, {.u32 = t->remote}};
	f->values[f->field[2]] = (struct model_value){MODEL_UINT16, {.u16 = t->local_port}};
	f->values[f->field[3]] = (struct model_value){MODEL_UINT16, {.u16 = t->remote_port}};
	f->values[f->field[4]] = (struct model_value){MODEL_UINT8, {.u8 = t->protocol}};
}

static void make_values(void *ctx, uint64_t rounds)
{
	struct flows *f = ctx;

	for (uint64_t i = 0; i < rounds; i++) {
		show(f, &f->packets[i % f->n]);
		__asm__ volatile("" ::"r"(f->values) : "memory");
	}
}

static void classify(void *ctx, uint64_t rounds)
{
	struct flows *f = ctx;
	struct engine_verdict v;
	const struct engine_indication ind = {.layer = POLICY_LAYER,
					      .n_values = f->policy->n_values,
					      .values = f->values,
					      .cache = f->cache};

	for (uint64_t i = 0; i < rounds; i++) {
		show(f, &f->packets[i % f->n]);
		engine_classify(f->policy->engine, &ind, &v);
		__asm__ volatile("" ::"r"(&v) : "memory");
	}
}

static void find_fields(struct flows *f)
{
	static const char *const names[] = {"IP_LOCAL_ADDRESS", "IP_REMOTE_ADDRESS",
					    "IP_LOCAL_PORT", "IP_REMOTE_PORT", "IP_PROTOCOL"};

	for (unsigned i = 0; i < 5; i++)
		f->field[i] = (int16_t)model_field_index(model_layer_by_id(POLICY_LAYER),
							 model_condition_key(names[i]));
}

static struct flows *flows_create(struct policy *p, unsigned n, bool cached)
{
	struct flows *f = mem_zalloc(sizeof(*f));
	struct rng r;

	BUG_ON(!f);
	f->policy = p;
	f->n = n;
	f->packets = mem_zalloc_array(n, sizeof(*f->packets));
	BUG_ON(!f->packets);
	find_fields(f);
	rng_seed(&r, n);
	for (unsigned i = 0; i < n; i++)
		f->packets[i] = (struct tuple){rng_u32(&r), 0x0a000000u | rng_below(&r, 1 << 20),
					       (uint16_t)rng_u32(&r), (uint16_t)rng_u32(&r),
					       rng_below(&r, 2) ? 6 : 17};
	if (cached) {
		BUG_ON(engine_flow_cache_create(&f->cache, p->engine, ENGINE_FLOW_CACHE_ENTRIES) !=
		       ERR_OK);
		classify(f, 16 * (uint64_t)n);
		f->warm = engine_flow_cache_stats(f->cache);
	}
	return f;
}

static void flows_destroy(struct flows *f)
{
	engine_flow_cache_destroy(f->cache);
	mem_free(f->packets);
	mem_free(f);
}

/* One filter that looks at the rest of the tuple, too, so that the key is the whole of it. */
static void add_local(struct policy *p)
{
	static const struct model_sublayer sublayer = {.key = {.a = 0xcac4e}, .weight = 1};
	struct model_condition conditions[2] = {
		{.field_key = *model_condition_key("IP_LOCAL_ADDRESS"),
		 .match = MODEL_MATCH_EQUAL,
		 .value = {MODEL_UINT32, {.u32 = 1}}},
		{.field_key = *model_condition_key("IP_LOCAL_PORT"),
		 .match = MODEL_MATCH_EQUAL,
		 .value = {MODEL_UINT16, {.u16 = 1}}},
	};
	const struct model_filter draft = {.id = 1,
					   .layer = POLICY_LAYER,
					   .sublayer = sublayer.key,
					   .action = MODEL_ACTION_BLOCK,
					   .name = (char *)(uintptr_t) "bench",
					   .n_conditions = 2,
					   .conditions = conditions};
	struct model_filter *f;
	const struct engine_delta delta = {.add_filters = &f,
					   .n_add_filters = 1,
					   .add_sublayers = &sublayer,
					   .n_add_sublayers = 1};

	BUG_ON(model_filter_create(&f, &draft) != ERR_OK);
	BUG_ON(engine_commit(p->engine, &delta) != ERR_OK);
	model_filter_put(f);
}

int main(void)
{
	static const unsigned sizes[] = {16, 256, 1000, 4000, 16000};
	struct bench_case cases[2 * ARRAY_LEN(sizes)];
	struct policy *p;
	char name[64];

	rcu_thread_enter();
	p = policy_create(100, 7);
	add_local(p);
	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		cases[2 * i] = (struct bench_case){.run = make_values,
						   .ctx = flows_create(p, sizes[i], false)};
		cases[2 * i + 1] = (struct bench_case){.run = classify,
						       .ctx = flows_create(p, sizes[i], true)};
	}
	bench_run(cases, ARRAY_LEN(cases), 20000, 31);
	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		struct flows *f = cases[2 * i + 1].ctx;
		const struct engine_flow_cache_stats s = engine_flow_cache_stats(f->cache);

		snprintf(name, sizeof(name), "cached, %u flows", sizes[i]);
		bench_print(name, cases[2 * i + 1].ns, "values alone", cases[2 * i].ns);
		printf("  %.3f %% misses\n",
		       100.0 * (double)(s.misses - f->warm.misses) /
			       (double)(s.hits - f->warm.hits + s.misses - f->warm.misses));
		flows_destroy(f);
		flows_destroy(cases[2 * i].ctx);
	}
	policy_destroy(p);
	rcu_thread_leave();
	return 0;
}
