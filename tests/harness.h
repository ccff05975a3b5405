/* SPDX-License-Identifier: MIT */
/*
 * harness - a test program in one include.
 *
 * A thin layer over libcheck, which forks each test and writes TAP.  It adds what libcheck lacks:
 * tests that register themselves, tests that run under the simulator for many seeds, and checks
 * that print operands and error names.  In a sim program SIM_TEST(x) runs its body once per seed;
 * in a host program once, plainly.  Environment: SEED is the first seed (a number, default 1, or
 * "random"), SEEDS how many (default 20).  An argument runs only the tests whose name contains it.
 */
#pragma once

#include "base/err.h"
#include "base/rcu.h"
#include "base/sim.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define HARNESS_TESTS_MAX 256
#define HARNESS_TIMEOUT                                                                            \
	600 /* seconds; generous, because sanitizers and small machines are slow                   \
	     */

static const TTest *harness_tests[HARNESS_TESTS_MAX];
static unsigned harness_count;
static uint64_t harness_seed;
static char harness_note[48]; /* ends every message, once a seed was used */

static inline void harness_add(const TTest *test)
{
	BUG_ON(harness_count == HARNESS_TESTS_MAX);
	harness_tests[harness_count++] = test;
}

/* From here on failures print this seed. */
static inline void harness_use_seed(uint64_t seed)
{
	harness_seed = seed;
	snprintf(harness_note, sizeof(harness_note), " (SEED=%" PRIu64 ")", seed);
}

/* The seed for random input: that of the run in a SIM_TEST, else the first one. */
static inline UNUSED uint64_t test_seed(void)
{
	harness_use_seed(harness_seed);
	return harness_seed;
}

static inline void harness_read_seed(void)
{
	const char *seed = getenv("SEED");

	harness_seed = seed ? strtoull(seed, NULL, 0) : 1;
	if (seed && strcmp(seed, "random") == 0)
		BUG_ON(getrandom(&harness_seed, sizeof(harness_seed), 0) != sizeof(harness_seed));
}

#define TEST(name)                                                                                 \
	static void test_##name(void);                                                             \
	static void forked_##name(int unused)                                                      \
	{                                                                                          \
		(void)unused;                                                                      \
		rcu_thread_enter();                                                                \
		test_##name();                                                                     \
		rcu_thread_leave();                                                                \
	}                                                                                          \
	__attribute__((constructor)) static void add_##name(void)                                  \
	{                                                                                          \
		static const TTest test = {#name, forked_##name, __FILE__, __LINE__};              \
		harness_add(&test);                                                                \
	}                                                                                          \
	static void test_##name(void)

#define SIM_TEST(name)                                                                             \
	static void body_##name(void *unused);                                                     \
	TEST(name)                                                                                 \
	{                                                                                          \
		harness_run_seeds(body_##name);                                                    \
	}                                                                                          \
	static void body_##name(UNUSED void *unused)

#define CHECK_SAY(fmt, ...) ck_abort_msg(fmt "%s", __VA_ARGS__, harness_note)

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			CHECK_SAY("%s is false", #cond);                                           \
	} while (0)

#define CHECK_EQ_U(a, b)                                                                           \
	do {                                                                                       \
		const uint64_t a_ = (uint64_t)(a), b_ = (uint64_t)(b);                             \
		if (a_ != b_)                                                                      \
			CHECK_SAY("%s is %" PRIu64 " (0x%" PRIx64 "), not %s: %" PRIu64            \
				  " (0x%" PRIx64 ")",                                              \
				  #a, a_, a_, #b, b_, b_);                                         \
	} while (0)

#define CHECK_EQ_S(a, b)                                                                           \
	do {                                                                                       \
		const char *a_ = (a), *b_ = (b);                                                   \
		if (!a_ || !b_ || strcmp(a_, b_) != 0)                                             \
			CHECK_SAY("%s is \"%s\", not %s: \"%s\"", #a, a_ ? a_ : "(null)", #b,      \
				  b_ ? b_ : "(null)");                                             \
	} while (0)

#define CHECK_ERR(err, expected)                                                                   \
	do {                                                                                       \
		const wfp_err err_ = (err), expected_ = (expected);                                \
		if (err_ != expected_)                                                             \
			CHECK_SAY("%s is %s (0x%08" PRIx32 "), not %s", #err, err_name(err_),      \
				  err_, err_name(expected_));                                      \
	} while (0)

#define CHECK_OK(err) CHECK_ERR(err, ERR_OK)

static inline UNUSED void harness_run_seeds(void (*body)(void *))
{
#ifdef BASE_SIM
	const char *seeds = getenv("SEEDS");
	uint64_t first = harness_seed, n = seeds ? strtoull(seeds, NULL, 0) : 20;

	for (uint64_t i = 0; i < n; i++) {
		harness_use_seed(first + i);
		CHECK_EQ_U(sim_run(first + i, body, NULL), SIM_DONE);
	}
#else
	body(NULL);
#endif
}

int main(int argc, char **argv)
{
	Suite *suite = suite_create("tests");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	harness_read_seed();
	tcase_set_timeout(tests, HARNESS_TIMEOUT);
	for (unsigned i = 0; i < harness_count; i++)
		if (argc < 2 || strstr(harness_tests[i]->name, argv[1]))
			tcase_add_test(tests, harness_tests[i]);
	suite_add_tcase(suite, tests);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
