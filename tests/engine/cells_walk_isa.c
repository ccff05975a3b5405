/* SPDX-License-Identifier: MIT */
/* The walk as compiled for one instruction set, for cells_walk_test.c. */
#include "engine/cells_walk.h"

#include "engine/cells_walk_isa.h"

#define JOIN_(x, y) x##_##y
#define JOIN(x, y)  JOIN_(x, y)

const struct cells_walk JOIN(cells_walk, INDEX_ISA) = {cells_hash, cells_tagged};
