/* SPDX-License-Identifier: MIT */
/*
 * The thin windows.h that a management client includes: base types, codes and keys, no more.
 */
#pragma once

#include "ntdef.h"
#include "winerror.h"

#include "guiddef.h"
