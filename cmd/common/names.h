/* SPDX-License-Identifier: MIT */
/*
 * names - lends a path the names that the base filtering engine knows, for comments and listings.
 */
#pragma once

#include "bfe/bfe.h"
#include "path/reason.h"

/* ctx is the struct bfe. */
struct reason_names names_of(struct bfe *bfe);
