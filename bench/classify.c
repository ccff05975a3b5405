/* SPDX-License-Identifier: MIT */
/*
 * classify - what one classify costs against 1 000 filters; the baseline is the same against none.
 */
#include "bench.h"
#include "policy.h"

#include "base/rcu.h"

static void run(void *ctx, uint64_t rounds)
{
	struct policy *p = ctx;
	struct engine_verdict v;

	for (uint64_t i = 0; i < rounds; i++) {
		struct engine_indication ind = policy_indication(p, i);

		engine_classify(p->engine, &ind, &v);
	}
}

int main(void)
{
	static const unsigned sizes[] = {0, 10, 1000};
	struct bench_case cases[3];

	rcu_thread_enter();
	for (unsigned i = 0; i < 3; i++)
		cases[i] = (struct bench_case){.run = run, .ctx = policy_create(sizes[i], 7)};
	bench_run(cases, 3, 20000, 15);
	bench_print("classify, 10 filters", cases[1].ns, "no filter", cases[0].ns);
	bench_print("classify, 1000 filters", cases[2].ns, "no filter", cases[0].ns);
	for (unsigned i = 0; i < 3; i++)
		policy_destroy(cases[i].ctx);
	rcu_thread_leave();
	return 0;
}
