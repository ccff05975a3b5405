/* SPDX-License-Identifier: MIT */
/*
 * autoweight - the weight of a filter that does not name one: the more specific, the heavier.
 *
 * The 60 bits of an automatic weight are divided among the fields of the layer.  A field that the
 * filter has a condition on fills its slice: to the brim when it asks for one value, less when it
 * asks for a range or a prefix.  The division is this project's own; see docs/design/bfe.md.
 */
#pragma once

#include "model/filter.h"

#define BFE_AUTOWEIGHT_BITS 60u

/* The effective weight: as asked for, by range, or automatic.  f has been checked. */
uint64_t bfe_filter_weight(const struct model_filter *f);

/* The automatic part alone, below 2^60. */
uint64_t bfe_autoweight(const struct model_filter *f);

/* How many bits of the weight belong to a field, by its index in the newest schema, and where they
 * begin. */
unsigned bfe_autoweight_slice(uint16_t layer, unsigned field, unsigned *shift);
