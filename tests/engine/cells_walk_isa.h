/* SPDX-License-Identifier: MIT */
/* The parts of a walk through cells that know vectors, as a row of functions. */
#pragma once

#include "engine/cells.h"

struct cells_walk {
	uint32_t (*hash)(const uint32_t *mask, const struct cells_secret *secret, unsigned words,
			 const uint32_t *key);
	uint32_t (*tagged)(const struct cells_line *line, uint32_t tag);
};

extern const struct cells_walk cells_walk_plain, cells_walk_vec16, cells_walk_avx2,
	cells_walk_avx512;
