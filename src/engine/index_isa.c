/* SPDX-License-Identifier: MIT */
/*
 * index_isa - which way of searching this processor can do.
 *
 * The choice is made before main and changes in tests alone, so every thread reads it without a
 * lock. Whether a set is usable is asked here and not where it is used: that code may hold none of
 * its instructions.
 */
#include "engine/index_isa.h"

bool index_isa_usable_plain(void)
{
	return true;
}

#if defined(__x86_64__)
bool index_isa_usable_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	       __builtin_cpu_supports("bmi2");
}

bool index_isa_usable_avx512(void)
{
	return index_isa_usable_avx2() && __builtin_cpu_supports("avx512f") &&
	       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512vl");
}
#elif defined(__aarch64__)
bool index_isa_usable_neon(void)
{
	return true; /* every 64-bit ARM that Linux runs on has it */
}
#endif

static const struct index_isa *const isas[] = {
#define INDEX_ISA_REFER(isa) &index_isa_##isa,
	INDEX_ISAS(INDEX_ISA_REFER)
#undef INDEX_ISA_REFER
};

static const struct index_isa *chosen;

__attribute__((constructor)) static void choose(void)
{
	unsigned i = 0;

#if defined(__x86_64__)
	__builtin_cpu_init();
#endif
	while (!isas[i]->usable())
		i++;
	chosen = isas[i];
}

unsigned index_isa_count(void)
{
	return ARRAY_LEN(isas);
}

const struct index_isa *index_isa_at(unsigned i)
{
	return isas[i];
}

void index_isa_choose(unsigned i)
{
	BUG_ON(!isas[i]->usable());
	chosen = isas[i];
}

const struct index_isa *index_isa_chosen(void)
{
	return chosen;
}
