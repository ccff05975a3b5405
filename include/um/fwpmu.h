/* SPDX-License-Identifier: MIT */
/*
 * What a management client includes: the objects of the base filtering engine and the keys of
 * everything built in. Include initguid.h before it in one file of the program.
 */
#pragma once

#include "fwpmtypes.h"
#include "fwpstypes.h"
#include "guiddef.h"
#include "winerror.h"

#include "generated/fwpm_guids.h"
#include "generated/fwpm_values.h"

#include "fwpm_aliases.h"
