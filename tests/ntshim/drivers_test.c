/* SPDX-License-Identifier: MIT */
/*
 * The example drivers over crafted traffic, under the simulator on many schedules, and on the host
 * on whatever schedule comes (with ThreadSanitizer watching): every packet is answered once and as
 * the drivers' documented rules say, nothing is held at the end, no memory is left, and
 * well-behaved drivers break no rule.
 */
#include "traffic.h"

/* ---- the tests ------------------------------------------------------------------------------ */

static struct engine_counters run_drivers(const char *const *names, unsigned n, bool antivirus)
{
	struct engine_counters counters;
	struct nt_driver *d[4];
	uint64_t live = mem_live();

	kernel_start();
	for (unsigned i = 0; i < n; i++)
		d[i] = kernel_load(names[i]);
	traffic_make();
	for (unsigned i = 0; i < FLOWS && !antivirus; i++)
		memset(traffic.flows[i].infected, 0, sizeof(traffic.flows[i].infected));
	traffic_start();
	traffic_drain();
	for (unsigned i = 0; i < n; i++)
		kernel_unload(d[i]);
	traffic_stop();
	no_rule_was_broken();
	engine_counters_get(k.engine, &counters);
	kernel_stop();
	CHECK_EQ_U(mem_live(), live);
	return counters;
}

SIM_TEST(firewall_decides_as_its_rule_says)
{
	const char *const names[] = {"firewall"};

	CHECK(run_drivers(names, 1, false).resumed > 0);
}

SIM_TEST(firewall_and_antivirus_and_logger_agree_on_every_packet)
{
	const char *const names[] = {"firewall", "antivirus", "logger"};

	struct engine_counters n = run_drivers(names, 3, true);

	CHECK(n.joined > 0);
	CHECK(n.resumed >= n.joined);
	CHECK(n.absorbs > 0);
	CHECK(n.injected > 0);
}

SIM_TEST(the_order_of_loading_does_not_matter)
{
	const char *const names[] = {"logger", "antivirus", "firewall"};

	CHECK(run_drivers(names, 3, true).joined > 0);
}

SIM_TEST(drivers_are_reloaded_in_mid_traffic)
{
	struct nt_driver *firewall, *antivirus;
	uint64_t live = mem_live();

	kernel_start();
	firewall = kernel_load("firewall");
	antivirus = kernel_load("antivirus");
	traffic_make();
	traffic.check_verdicts = false; /* without a driver its rule does not hold */
	traffic_start();
	traffic_wait(15);
	kernel_unload(firewall);
	firewall = kernel_load("firewall");
	traffic_wait(25);
	kernel_unload(antivirus);
	antivirus = kernel_load("antivirus");
	traffic_drain();
	kernel_unload(firewall);
	kernel_unload(antivirus);
	traffic_stop();
	no_rule_was_broken();
	kernel_stop();
	CHECK_EQ_U(mem_live(), live);
}

SIM_TEST(a_clumsy_driver_among_them_loses_no_packet)
{
	struct nt_driver *firewall, *antivirus, *clumsy;
	uint64_t live = mem_live();

	kernel_start_with(&(struct engine_config){.pend_timeout = 2 * CLOCK_S});
	firewall = kernel_load("firewall");
	clumsy = kernel_load("clumsy");
	antivirus = kernel_load("antivirus");
	traffic_make();
	traffic.check_verdicts = false;
	traffic_start();
	traffic_drain();
	(void)!kernel_try_unload(clumsy, NT_UNLOAD_FORCED);
	kernel_unload(firewall);
	kernel_unload(antivirus);
	traffic_stop();
	kernel_stop();
	CHECK_EQ_U(mem_live(), live);
}

#ifdef BASE_SIM
/* ---- every mistake has its name ------------------------------------------------------------- */

static unsigned reported[ENGINE_RULES];

static void clumsy_alone(UNUSED void *unused)
{
	struct nt_driver *d;

	kernel_start_with(&(struct engine_config){.pend_timeout = 2 * CLOCK_S});
	d = kernel_load("clumsy");
	traffic_make();
	traffic.check_verdicts = false;
	traffic_start();
	traffic_drain();
	(void)!kernel_try_unload(d, NT_UNLOAD_FORCED);
	traffic_stop();
	for (unsigned i = 0; i < ENGINE_RULES; i++)
		reported[i] += broken((enum engine_rule)i);
	kernel_stop();
}

TEST(every_mistake_of_the_clumsy_driver_is_reported_by_name)
{
	static const enum engine_rule expected[] = {
		ENGINE_RULE_PendDoubleComplete,
		ENGINE_RULE_PendLost,
		ENGINE_RULE_PendOutsideClassify,
		ENGINE_RULE_PendNoAbsorb,
		ENGINE_RULE_StaleContext,
		ENGINE_RULE_LateComplete,
		ENGINE_RULE_NblRefBalance,
		ENGINE_RULE_Irql,
		ENGINE_RULE_PoolLeak,
		ENGINE_RULE_BadAction,
		ENGINE_RULE_BadPointer,
		ENGINE_RULE_SpinLock,
	};

	memset(reported, 0, sizeof(reported));
	for (uint64_t seed = 1; seed <= 20; seed++)
		CHECK_EQ_U(sim_run(seed, clumsy_alone, NULL), SIM_DONE);
	for (unsigned i = 0; i < ARRAY_LEN(expected); i++)
		if (!reported[expected[i]])
			CHECK_SAY("%s was never reported", engine_rule_name(expected[i]));
}
#endif
