/* SPDX-License-Identifier: MIT */
/* One kernel as a row of functions. */
#pragma once

#include "engine/tree.h"

struct box_kernel {
	uint32_t (*node_mask)(const struct key *key, const uint32_t *bounds, unsigned words);
	bool (*rule_holds)(const struct key *key, const uint32_t *lo, const uint32_t *hi,
			   unsigned words);
};

/* "vec16" is the widest that needs no question to the processor. */
extern const struct box_kernel box_kernel_plain, box_kernel_vec16, box_kernel_avx2,
	box_kernel_avx512;
