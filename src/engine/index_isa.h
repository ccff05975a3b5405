/* SPDX-License-Identifier: MIT */
/*
 * index_isa - the instruction sets that index_search.c is compiled for, and how it names its rows.
 *
 * meson.build has the same list, with the compiler's arguments: -DINDEX_ISA is the set's name.
 */
#pragma once

#include "engine/index.h"

/* The best first. */
#if defined(__x86_64__)
#define INDEX_ISAS(X) X(avx512) X(avx2) X(plain)
#elif defined(__aarch64__)
#define INDEX_ISAS(X) X(neon) X(plain)
#else
#define INDEX_ISAS(X) X(plain)
#endif

#define INDEX_ISA_DECLARE(isa)                                                                     \
	extern const struct index_isa index_isa_##isa;                                             \
	bool index_isa_usable_##isa(void);
INDEX_ISAS(INDEX_ISA_DECLARE)
#undef INDEX_ISA_DECLARE

/* A file that is compiled once for each set defines its row so: INDEX_ISA_ROW(best, ...) */
#define INDEX_ISA_ROW(best, collect, burst) INDEX_ISA_ROW_OF(INDEX_ISA, best, collect, burst)
#define INDEX_ISA_ROW_OF(...)		    INDEX_ISA_ROW_NAMED(__VA_ARGS__)
#define INDEX_ISA_ROW_NAMED(isa, best, collect, burst)                                             \
	const struct index_isa index_isa_##isa = {#isa, index_isa_usable_##isa, best, collect,     \
						  burst}
