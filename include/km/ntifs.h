/* SPDX-License-Identifier: MIT */
/*
 * What drivers include that look at tokens and identifiers as well: wdm.h, whose base types have
 * them already.
 */
#pragma once

#include "ntddk.h"
