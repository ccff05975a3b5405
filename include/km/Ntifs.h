/* SPDX-License-Identifier: MIT */
/*
 * The same header in the spelling some drivers use: their file system does not mind, ours does.
 */
#pragma once

#include "ntifs.h"
