/* SPDX-License-Identifier: MIT */
/*
 * classify - any bytes as a policy, transactions and packets; the engine must agree with the linear
 * reference of tests/engine about each packet.
 *
 * The bytes are the dice of an oracle_world: the first says how large it may become, then steps
 * alternate with packets until the bytes are used up.
 */
#include "fuzz.h"

#include "../tests/engine/oracle_shrink.h"
#include "base/rcu.h"

#define STEPS_MAX   50u
#define PACKETS_MAX 8u

static void step(struct world *w)
{
	static struct packet packet;

	world_step(w);
	for (unsigned n = dice_below(w->dice, PACKETS_MAX + 1); n > 0; n--) {
		world_packet(w, &packet);
		if (!world_agrees(w, &packet)) {
			world_explain(w, &packet, stderr);
			BUG_ON("the engine and the reference differ");
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned sizes[] = {4, 12, 40, 200};
	static bool entered;
	static struct world w;
	struct dice d = {.data = data, .left = size};

	if (!entered)
		rcu_thread_enter();
	entered = true;
	if (size == 0)
		return 0;
	oracle_pools_make();
	world_choose_isa(size);
	world_begin(&w, &d, sizes[dice_below(&d, ARRAY_LEN(sizes))]);
	for (unsigned i = 0; i < STEPS_MAX && d.left > 0; i++)
		step(&w);
	world_end(&w);
	oracle_pools_free();
	return 0;
}
