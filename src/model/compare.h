/* SPDX-License-Identifier: MIT */
/*
 * compare - the order of values of the sortable data types, and equality of the others.
 *
 * Sortable are all integers, 16-byte arrays, blobs and strings.  Blobs and arrays compare byte by
 * byte, strings unit by unit, and a shorter one comes before a longer one that begins with it.
 */
#pragma once

#include "model/value.h"

/* Less than, equal to or greater than 0.  Both of one sortable type. */
int model_value_compare(const struct model_value *x, const struct model_value *y);
/* Any type but ranges, masks and tokens; false when the types differ. */
bool model_value_equal(const struct model_value *x, const struct model_value *y);
