/* SPDX-License-Identifier: MIT */
/*
 * shapes - rule sets of the three kinds that the literature measures with.
 *
 * The seeds of ClassBench (Taylor and Turner) say of real access lists, firewalls and ip chains
 * how often which port classes, protocols and pairs of prefix lengths come together.  The tables
 * below are the largest of these shares of acl1, fw1 and ipc1, rounded, per mille; what is rarer is
 * left out.  Lengths are blurred a little, as the literature's runs do, or a set of 100 000 would
 * not have enough different rules.  Addresses come from a tree with heavy and light branches, so
 * networks nest and are shared, as in real sets.
 */
#include "ruleset.h"

#include "base/compiler.h"

#include <string.h>

/* The five classes of a port range. */
enum port_class { WC, HI, LO, AR, EM }; /* any, 1024 and up, below, some range, one port */
#define ANY_PROTOCOL 256

struct length_row {
	uint16_t share;
	uint8_t src, dst;
};

struct shape_row {
	uint16_t share;
	uint8_t sport, dport; /* enum port_class */
	uint16_t protocol;
	const struct length_row *lengths; /* ends with a share of 0 */
};

/* acl: pairs of hosts, and the services of servers between them. */
static const struct length_row acl_wild[] = {
	{489, 32, 32}, {112, 32, 24}, {99, 23, 32}, {81, 32, 22}, {54, 23, 16},
	{27, 31, 32},  {18, 30, 22},  {18, 30, 32}, {9, 31, 22},  {9, 23, 31},
	{4, 0, 13},    {4, 0, 0},     {76, 23, 28}, {0, 0, 0},
};
static const struct length_row acl_range[] = {{953, 32, 32}, {35, 31, 32}, {12, 23, 32}, {0, 0, 0}};
static const struct length_row acl_port[] = {
	{847, 32, 32}, {42, 32, 22}, {28, 23, 32}, {26, 31, 32}, {16, 32, 31},
	{14, 30, 22},  {12, 32, 30}, {7, 31, 22},  {8, 23, 28},	 {0, 0, 0},
};
static const struct shape_row acl[] = {
	{570, WC, EM, 6, acl_port},  {188, WC, WC, 6, acl_wild},
	{116, WC, AR, 6, acl_range}, {85, WC, WC, ANY_PROTOCOL, acl_wild},
	{31, WC, WC, 1, acl_wild},   {10, WC, EM, 17, acl_port},
	{0, 0, 0, 0, NULL},
};

/* fw: a network behind a wall: one side is nearly always anybody. */
static const struct length_row fw_wild[] = {
	{183, 32, 0}, {117, 0, 0},  {83, 30, 0},  {67, 21, 0},	{67, 23, 0},
	{67, 27, 0},  {67, 28, 32}, {67, 32, 28}, {67, 30, 32}, {67, 32, 30},
	{33, 28, 0},  {33, 29, 0},  {82, 16, 0},  {0, 0, 0},
};
static const struct length_row fw_high[] = {{353, 0, 32}, {353, 32, 32}, {294, 32, 21}, {0, 0, 0}};
static const struct length_row fw_to[] = {{881, 0, 32}, {62, 0, 0},  {25, 32, 32}, {19, 32, 0},
					  {6, 0, 27},	{6, 26, 21}, {0, 0, 0}};
static const struct length_row fw_from[] = {{821, 32, 0}, {107, 0, 32}, {71, 0, 0}, {0, 0, 0}};
static const struct length_row fw_both[] = {{333, 0, 32}, {333, 32, 0}, {333, 28, 28}, {0, 0, 0}};
static const struct shape_row fw[] = {
	{428, WC, EM, 6, fw_to},   {138, WC, EM, 17, fw_to},  {106, WC, WC, 6, fw_wild},
	{99, EM, WC, 17, fw_from}, {57, WC, WC, 47, fw_wild}, {39, WC, WC, 1, fw_wild},
	{39, HI, HI, 6, fw_high},  {21, HI, HI, 17, fw_high}, {21, EM, EM, 17, fw_both},
	{18, HI, EM, 17, fw_high}, {18, EM, HI, 17, fw_from}, {11, WC, WC, ANY_PROTOCOL, fw_wild},
	{4, HI, AR, 17, fw_high},  {4, AR, HI, 17, fw_from},  {0, 0, 0, 0, NULL},
};

/* ipc: chains of a router: networks with networks, hosts with services. */
static const struct length_row ipc_wild[] = {
	{223, 24, 24}, {78, 23, 24}, {74, 24, 16},  {50, 26, 24}, {49, 16, 24},
	{47, 24, 26},  {30, 0, 24},  {30, 24, 0},   {24, 24, 28}, {24, 22, 24},
	{20, 17, 24},  {18, 23, 16}, {120, 28, 26}, {0, 0, 0},
};
static const struct length_row ipc_high[] = {{811, 32, 32}, {63, 24, 32}, {27, 0, 32}, {27, 16, 32},
					     {27, 23, 32},  {18, 30, 32}, {0, 0, 0}};
static const struct length_row ipc_to[] = {
	{459, 32, 32}, {165, 24, 32}, {65, 0, 32},  {52, 23, 32}, {38, 24, 0},
	{20, 0, 24},   {20, 23, 24},  {20, 16, 32}, {20, 24, 24}, {17, 26, 32},
	{13, 32, 16},  {12, 32, 24},  {0, 0, 0},
};
static const struct length_row ipc_from[] = {
	{264, 32, 24}, {146, 32, 26}, {118, 32, 32}, {77, 24, 32}, {73, 0, 32},	 {49, 32, 0},
	{45, 32, 25},  {45, 23, 32},  {24, 16, 32},  {24, 28, 16}, {24, 28, 26}, {0, 0, 0},
};
static const struct shape_row ipc[] = {
	{345, WC, WC, ANY_PROTOCOL, ipc_wild},
	{220, WC, EM, 17, ipc_to},
	{132, WC, EM, 6, ipc_to},
	{73, EM, WC, 17, ipc_from},
	{72, EM, WC, 6, ipc_from},
	{65, WC, HI, 17, ipc_high},
	{22, WC, WC, 6, ipc_wild},
	{18, WC, AR, 6, ipc_to},
	{17, AR, WC, 6, ipc_from},
	{11, WC, WC, 1, ipc_wild},
	{6, WC, AR, 17, ipc_to},
	{4, HI, WC, 17, ipc_from},
	{3, EM, EM, 17, ipc_to},
	{3, WC, WC, 47, ipc_wild},
	{0, 0, 0, 0, NULL},
};

/*
 * What a set of each kind knows of ports: acl many services of databases, the others the common
 * ones.  A handful of ranges; the earlier in a list the more often.
 */
static const uint16_t acl_ports[] = {1521, 1526, 1221, 1433, 1525, 135,	 14753, 1712, 1711, 1704,
				     1708, 5555, 1705, 6000, 80,   443,	 22,	25,   1550, 7000,
				     7100, 8443, 3306, 5432, 2049, 3389, 111,	389,  636,  9000};
static const uint16_t common_ports[] = {80,  25,  22, 53, 123, 443, 161, 21,   1433, 69, 514,
					110, 143, 23, 88, 139, 137, 162, 2105, 119,  67, 389};
static const uint16_t acl_ranges[][2] = {
	{1600, 1649},  {1300, 1349}, {7500, 7599},   {2200, 2210},   {1025, 65535}, {1700, 1750},
	{5001, 65535}, {8000, 8100}, {32200, 32207}, {61700, 61709}, {6000, 6063},  {1300, 1350}};
static const uint16_t common_ranges[][2] = {{20, 23},	  {20, 21},	  {109, 110},
					    {1645, 1646}, {33434, 33600}, {1812, 1813},
					    {5000, 5001}, {20, 2511}};

/*
 * Where addresses branch: how many of 256 nodes of the tree have two branches, for each byte from
 * the root, and how many of 256 walks take the light one.  As counted in sets of the seeds: the
 * hosts of acl stand in a few hundred networks and talk to very few servers, those of fw are
 * anywhere, those of ipc in between.
 */
struct tree_row {
	uint8_t branching[4];
	uint8_t light;
};

static const struct shape {
	const char *name;
	const struct shape_row *rows;
	struct tree_row src, dst;
	const uint16_t *ports;
	const uint16_t (*ranges)[2];
	uint8_t n_ports, n_ranges;
} shapes[] = {
	{"acl",
	 acl,
	 {{220, 8, 30, 160}, 110},
	 {{250, 30, 8, 40}, 40},
	 acl_ports,
	 acl_ranges,
	 ARRAY_LEN(acl_ports),
	 ARRAY_LEN(acl_ranges)},
	{"fw",
	 fw,
	 {{255, 255, 60, 60}, 110},
	 {{255, 255, 60, 60}, 110},
	 common_ports,
	 common_ranges,
	 ARRAY_LEN(common_ports),
	 ARRAY_LEN(common_ranges)},
	{"ipc",
	 ipc,
	 {{150, 80, 30, 80}, 80},
	 {{170, 80, 40, 80}, 80},
	 common_ports,
	 common_ranges,
	 ARRAY_LEN(common_ports),
	 ARRAY_LEN(common_ranges)},
};

unsigned ruleset_shapes(void)
{
	return ARRAY_LEN(shapes);
}

const char *ruleset_shape_name(unsigned i)
{
	return shapes[i].name;
}

int ruleset_shape_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_LEN(shapes); i++)
		if (strcmp(shapes[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* ---- one rule ------------------------------------------------------------------------------- */

static const struct shape_row *pick_row(const struct shape_row *rows, struct rng *rng)
{
	uint32_t sum = 0, at;

	for (unsigned i = 0; rows[i].share; i++)
		sum += rows[i].share;
	at = rng_below(rng, sum);
	for (; at >= rows->share; rows++)
		at -= rows->share;
	return rows;
}

static const struct length_row *pick_lengths(const struct length_row *rows, struct rng *rng)
{
	uint32_t sum = 0, at;

	for (unsigned i = 0; rows[i].share; i++)
		sum += rows[i].share;
	at = rng_below(rng, sum);
	for (; at >= rows->share; rows++)
		at -= rows->share;
	return rows;
}

/* As it is in three of four; else a bit or two shorter or longer. */
static uint8_t blur(uint8_t len, struct rng *rng)
{
	uint32_t by = rng_below(rng, 16);
	int moved = (int)(by < 12 ? 0 : by < 15 ? 1 : 2);

	if (len == 32 || (len > 2 && rng_below(rng, 2)))
		moved = -moved;
	return (uint8_t)(len + moved > 32 ? 32 : len + moved);
}

static uint64_t node_hash(uint64_t tree, uint32_t prefix, unsigned depth)
{
	uint64_t x = tree + prefix * UINT64_C(0x9e3779b97f4a7c15) + depth;

	x = (x ^ (x >> 31)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 29)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 32);
}

/* A walk down a tree that exists only as a hash of each node's prefix. */
static uint32_t address(const struct tree_row *tree, uint64_t seed, unsigned len, struct rng *rng)
{
	uint32_t prefix = 0;

	for (unsigned depth = 0; depth < len; depth++) {
		uint64_t node = node_hash(seed, prefix, depth);
		uint32_t heavy = (node >> 8) & 1;

		if ((node & 0xff) < tree->branching[depth / 8] && rng_below(rng, 256) < tree->light)
			heavy ^= 1;
		prefix = prefix << 1 | heavy;
	}
	return len ? prefix << (32 - len) : 0;
}

/* A place in a list of n; the first ones often. */
static uint32_t early(uint32_t n, struct rng *rng)
{
	return rng_below(rng, 1 + rng_below(rng, n));
}

static void pick_ports(uint16_t *lo, uint16_t *hi, const struct shape *shape, unsigned class,
		       struct rng *rng)
{
	const uint16_t *range = shape->ranges[early(shape->n_ranges, rng)];
	uint16_t port = shape->ports[early(shape->n_ports, rng)];
	const uint16_t bounds[][2] = {[WC] = {0, UINT16_MAX},
				      [HI] = {1024, UINT16_MAX},
				      [LO] = {0, 1023},
				      [AR] = {range[0], range[1]},
				      [EM] = {port, port}};

	*lo = bounds[class][0];
	*hi = bounds[class][1];
}

static struct bench_rule make_rule(const struct shape *shape, uint64_t seed, struct rng *rng)
{
	const struct shape_row *row = pick_row(shape->rows, rng);
	const struct length_row *lengths = pick_lengths(row->lengths, rng);
	struct bench_rule r;

	memset(&r, 0, sizeof(r)); /* compared and hashed as bytes */
	r.any_protocol = row->protocol == ANY_PROTOCOL;
	r.protocol = r.any_protocol ? 0 : (uint8_t)row->protocol;
	r.src_len = blur(lengths->src, rng);
	r.dst_len = blur(lengths->dst, rng);
	r.src = address(&shape->src, 2 * seed, r.src_len, rng);
	r.dst = address(&shape->dst, 2 * seed + 1, r.dst_len, rng);
	pick_ports(&r.sport_lo, &r.sport_hi, shape, row->sport, rng);
	pick_ports(&r.dport_lo, &r.dport_hi, shape, row->dport, rng);
	return r;
}

wfp_err ruleset_make(struct ruleset *out, unsigned shape, uint32_t n, uint64_t seed)
{
	struct ruleset_draft d;
	wfp_err err = ruleset_draft_begin(&d, n);
	struct ruleset s;
	struct rng rng;

	if (err)
		return err;
	rng_seed(&rng, seed);
	while (d.set.n < n) {
		struct bench_rule r = make_rule(&shapes[shape], seed, &rng);

		(void)ruleset_draft_add(&d, &r);
	}
	s = ruleset_draft_end(&d);
	err = ruleset_sort(&s);
	if (err)
		ruleset_free(&s);
	else
		*out = s;
	return err;
}
