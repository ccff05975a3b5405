/* SPDX-License-Identifier: MIT */
/*
 * What most drivers include first: all of wdm.h. The parts of the kernel that only legacy drivers
 * know are not here.
 */
#pragma once

#include "wdm.h"
