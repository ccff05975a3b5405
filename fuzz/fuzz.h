/* SPDX-License-Identifier: MIT */
/*
 * fuzz - what a fuzz target defines.  It must bear any input, and free what it allocates.
 */
#pragma once

#include "base/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
