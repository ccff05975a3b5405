/* SPDX-License-Identifier: MIT */
/*
 * acl_peer - DPDK's rte_acl as a contender: a plain shared object, so that nothing else needs DPDK.
 *
 * Without rte_eal_init the library does not work; it is asked for no huge pages, no devices, no
 * files, and afterwards the thread may run where it could before.
 */
#include "peer.h"

#include <rte_acl.h>
#include <rte_eal.h>

#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BURST_MAX 256u
#define FIELDS	  5

/* What rte_acl looks at; its first field has one byte, the others follow in fours. */
struct acl_key {
	uint8_t protocol;
	uint8_t addresses[8]; /* network order */
	uint8_t ports[4];
	uint8_t unused[3];
};
#define KEY_SRC	  1u
#define KEY_DST	  5u
#define KEY_SPORT 9u
#define KEY_DPORT 11u

static const struct rte_acl_field_def fields[FIELDS] = {
	{RTE_ACL_FIELD_TYPE_BITMASK, 1, 0, 0, 0},
	{RTE_ACL_FIELD_TYPE_MASK, 4, 1, 1, KEY_SRC},
	{RTE_ACL_FIELD_TYPE_MASK, 4, 2, 2, KEY_DST},
	{RTE_ACL_FIELD_TYPE_RANGE, 2, 3, 3, KEY_SPORT},
	{RTE_ACL_FIELD_TYPE_RANGE, 2, 4, 3, KEY_DPORT},
};

RTE_ACL_RULE_DEF(acl_rule, FIELDS);

struct acl {
	struct rte_acl_ctx *ctx;
	struct acl_key *keys;
	const char *how;
};

static void fail(const char *what)
{
	fprintf(stderr, "bench_classify: rte_acl: %s failed\n", what);
	exit(1);
}

static void start_once(void)
{
	static const char *const argv[] = {"bench_classify",
					   "--no-huge",
					   "--no-pci",
					   "--no-telemetry",
					   "--no-shconf",
					   "--log-level=error",
					   "-m",
					   "2048",
					   "-l",
					   "0"};
	static char *copies[sizeof(argv) / sizeof(argv[0]) + 1];
	static int started;
	cpu_set_t before;

	if (started)
		return;
	for (size_t i = 0; i < sizeof(argv) / sizeof(argv[0]); i++)
		copies[i] = strdup(argv[i]);
	sched_getaffinity(0, sizeof(before), &before);
	if (rte_eal_init((int)(sizeof(argv) / sizeof(argv[0])), copies) < 0)
		fail("rte_eal_init");
	sched_setaffinity(0, sizeof(before), &before);
	started = 1;
}

static struct acl_rule to_acl(const struct bench_rule *r, uint32_t place, uint32_t n)
{
	struct acl_rule a;

	memset(&a, 0, sizeof(a));
	a.data.category_mask = 1;
	a.data.priority = (int32_t)(n - place);
	a.data.userdata = place + 1;
	a.field[0].value.u8 = r->protocol;
	a.field[0].mask_range.u8 = r->any_protocol ? 0 : 0xff;
	a.field[1].value.u32 = r->src;
	a.field[1].mask_range.u32 = r->src_len;
	a.field[2].value.u32 = r->dst;
	a.field[2].mask_range.u32 = r->dst_len;
	a.field[3].value.u16 = r->sport_lo;
	a.field[3].mask_range.u16 = r->sport_hi;
	a.field[4].value.u16 = r->dport_lo;
	a.field[4].mask_range.u16 = r->dport_hi;
	return a;
}

static struct acl_key to_key(const struct bench_header *h)
{
	uint32_t addresses[2] = {htonl(h->src), htonl(h->dst)};
	uint16_t ports[2] = {htons(h->sport), htons(h->dport)};
	struct acl_key k = {.protocol = h->protocol};

	memcpy(k.addresses, addresses, sizeof(addresses));
	memcpy(k.ports, ports, sizeof(ports));
	return k;
}

/* The widest code that this processor can run. */
static const char *choose(struct rte_acl_ctx *ctx)
{
	static const struct {
		enum rte_acl_classify_alg alg;
		const char *name;
	} ways[] = {{RTE_ACL_CLASSIFY_AVX512X32, "AVX-512, 32 lanes"},
		    {RTE_ACL_CLASSIFY_AVX512X16, "AVX-512, 16 lanes"},
		    {RTE_ACL_CLASSIFY_AVX2, "AVX2"},
		    {RTE_ACL_CLASSIFY_NEON, "NEON"},
		    {RTE_ACL_CLASSIFY_SSE, "SSE"}};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (rte_acl_set_ctx_classify(ctx, ways[i].alg) == 0)
			return ways[i].name;
	return "scalar";
}

static void build(struct acl *a, const struct ruleset *s)
{
	struct rte_acl_param param = {.name = "bench",
				      .socket_id = SOCKET_ID_ANY,
				      .rule_size = RTE_ACL_RULE_SZ(FIELDS),
				      .max_rule_num = s->n};
	struct rte_acl_config config = {.num_categories = 1, .num_fields = FIELDS};
	char name[32];
	static unsigned made;

	snprintf(name, sizeof(name), "bench%u", made++);
	param.name = name;
	a->ctx = rte_acl_create(&param);
	if (!a->ctx)
		fail("rte_acl_create");
	for (uint32_t i = 0; i < s->n; i++) {
		struct acl_rule r = to_acl(&s->rules[i], i, s->n);

		if (rte_acl_add_rules(a->ctx, (const struct rte_acl_rule *)&r, 1) != 0)
			fail("rte_acl_add_rules");
	}
	memcpy(config.defs, fields, sizeof(fields));
	if (rte_acl_build(a->ctx, &config) != 0)
		fail("rte_acl_build");
}

static void *create(const struct ruleset *s, const struct ruletrace *t)
{
	struct acl *a = calloc(1, sizeof(*a));

	start_once();
	if (!a)
		fail("calloc");
	a->keys = calloc(t->n + 1, sizeof(*a->keys));
	if (!a->keys)
		fail("calloc");
	for (uint32_t i = 0; i < t->n; i++)
		a->keys[i] = to_key(&t->headers[i]);
	build(a, s);
	a->how = choose(a->ctx);
	return a;
}

static void destroy(void *peer)
{
	struct acl *a = peer;

	rte_acl_free(a->ctx);
	free(a->keys);
	free(a);
}

static void classify(void *peer, uint32_t first, uint32_t n, unsigned burst, uint32_t *out)
{
	const struct acl *a = peer;
	const uint8_t *data[BURST_MAX];
	uint32_t at, k;

	if (burst > BURST_MAX)
		burst = BURST_MAX;
	for (at = 0; at < n; at += k) {
		k = n - at < burst ? n - at : burst;
		for (uint32_t i = 0; i < k; i++)
			data[i] = (const uint8_t *)&a->keys[first + at + i];
		if (rte_acl_classify(a->ctx, data, out + at, k, 1) != 0)
			fail("rte_acl_classify");
	}
}

static const char *how(void *peer)
{
	return ((struct acl *)peer)->how;
}

__attribute__((visibility("default"))) extern const struct peer_ops peer_acl;
const struct peer_ops peer_acl = {
	.name = "rte_acl", .create = create, .destroy = destroy, .classify = classify, .how = how};
