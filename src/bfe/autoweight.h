/* SPDX-License-Identifier: MIT */
/*
 * autoweight - the weight of a filter that does not name one: the more specific, the heavier.
 *
 * The 60 bits of an automatic weight are divided among the fields of the layer; a few that mean
 * nearly the same share a slice.  A condition fills the part of its field: to the brim when it asks
 * for one value, less when it asks for a range or a prefix.  Filters rank as on real systems, the
 * numbers are this project's own; see docs/design/bfe.md.  Any thread.
 */
#pragma once

#include "model/filter.h"

#define BFE_AUTOWEIGHT_BITS 60u

/* The effective weight: as asked for, by range, or automatic.  f has been checked. */
uint64_t bfe_filter_weight(const struct model_filter *f);

/* The automatic part alone, below 2^60. */
uint64_t bfe_autoweight(const struct model_filter *f);

/* How many bits the slice of a field has, by its index in the newest schema, and where they begin.
 * The layer has such a field. */
unsigned bfe_autoweight_slice(uint16_t layer, unsigned field, unsigned *shift);
