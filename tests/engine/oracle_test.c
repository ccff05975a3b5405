/* SPDX-License-Identifier: MIT */
/*
 * The engine against the reference on random policies and packets: every layer, every match type
 * that its fields allow, five sublayers, callouts that answer anything, and transactions between
 * the packets, some of which fail.
 *
 * ORACLE_CLASSIFIES is how many packets (a million; fewer under the simulator), ORACLE_WORLD the
 * number of the first world, ORACLE_BITS how many rules of an index are in bits at most (any).
 * Each world searches by the next of the instruction sets that the processor has.  A difference is
 * printed, and made small unless ORACLE_SHRINK is 0.
 */
#include "harness.h"

#include "engine/index.h"
#include "engine/match.h"
#include "oracle_shrink.h"

#define STEPS	25u /* transactions in one world */
#define PACKETS 20u /* after each of them */
#ifdef BASE_SIM
#define CLASSIFIES 200000u
#else
#define CLASSIFIES 1000000u
#endif

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

/* Most policies are small; a few have thousands in each sublayer. */
static unsigned any_size(struct dice *d)
{
	static const unsigned sizes[] = {8, 40, 40, 40, 100, 100, 200, 400};

	if (dice_one_in(d, 150))
		return 3000 * (1 + dice_below(d, ORACLE_SUBLAYERS));
	return sizes[dice_below(d, ARRAY_LEN(sizes))];
}

/* So that tables and trees are met in small policies, too. */
static void any_limit_of_bits(struct dice *d)
{
	static const uint32_t limits[] = {0, 0, 0, 8, 64, BITS_MAX, BITS_MAX};

	const uint32_t limit = limits[dice_below(d, ARRAY_LEN(limits))];

	index_limit_bits((uint32_t)number_from("ORACLE_BITS", limit));
}

static uint64_t outcomes[4];

static void run_world(uint64_t number)
{
	static struct packet packet;
	static struct world w;
	struct dice d = dice_from_seed(test_seed() * 1000000007 + number);

	any_limit_of_bits(&d);
	world_choose_isa(number);
	world_begin(&w, &d, any_size(&d));
	for (unsigned step = 0; step < STEPS; step++) {
		world_step(&w);
		for (unsigned i = 0; i < PACKETS; i++) {
			world_packet(&w, &packet);
			if (!world_agrees(&w, &packet)) {
				if (number_from("ORACLE_SHRINK", 1))
					world_explain(&w, &packet, stdout);
				CHECK_SAY("ORACLE_WORLD=%" PRIu64 ", step %u, packet %u: %s",
					  number, step, i, w.why);
			}
			outcomes[w.expected.verdict.outcome]++;
		}
	}
	world_end(&w);
}

TEST(the_engine_agrees_with_the_reference_on_random_policies_and_packets)
{
	uint64_t first = number_from("ORACLE_WORLD", 0);
	uint64_t worlds = number_from("ORACLE_CLASSIFIES", CLASSIFIES) / (STEPS * PACKETS) + 1;

	oracle_pools_make();
	for (uint64_t i = 0; i < worlds; i++)
		run_world(first + i);
	/* The dice must not have left an outcome out. */
	for (unsigned i = ENGINE_PERMIT; i <= ENGINE_ABSORB; i++)
		CHECK(worlds < 50 || outcomes[i] > worlds);
	oracle_pools_free();
	CHECK_EQ_U(mem_live(), 0);
}

TEST(every_type_and_match_type_agrees_with_the_reference)
{
	static const uint32_t types[] = {
		MODEL_UINT8,
		MODEL_UINT16,
		MODEL_UINT32,
		MODEL_UINT64,
		MODEL_INT8,
		MODEL_INT16,
		MODEL_INT32,
		MODEL_INT64,
		MODEL_FLOAT,
		MODEL_DOUBLE,
		MODEL_BYTE_ARRAY16_TYPE,
		MODEL_BYTE_ARRAY6_TYPE,
		MODEL_BYTE_BLOB_TYPE,
		MODEL_SID,
		MODEL_UNICODE_STRING_TYPE,
		MODEL_TOKEN_ACCESS_INFORMATION_TYPE,
	};

	static struct slot condition_slot, value_slot;
	struct dice d = dice_from_seed(test_seed());

	oracle_pools_make();
	for (unsigned i = 0; i < 300000; i++) {
		uint32_t type = types[dice_below(&d, ARRAY_LEN(types))];
		bool address = type == MODEL_UINT32 || type == MODEL_BYTE_ARRAY16_TYPE;
		const struct style style = {.shape = dice_below(&d, ORACLE_SHAPES)};
		struct model_condition c;

		any_condition(&d, &style, type, address, &condition_slot, &c);
		if (dice_one_in(&d, 2))
			slot_fill_near(&d, &value_slot, &c);
		else
			slot_fill(&d, &value_slot, style.shape, dice_one_in(&d, 50) ? 0 : type);
		if (engine_match_condition(&c, &value_slot.value) !=
		    reference_condition(&c, &value_slot.value))
			CHECK_SAY("%s of %s, value of %s, round %u", model_match_name(c.match),
				  model_type_name((enum model_type)c.value.type),
				  model_type_name((enum model_type)value_slot.value.type), i);
	}
	oracle_pools_free();
}
