/* SPDX-License-Identifier: MIT */
/*
 * What rpc.h brings on Windows, as far as a management client needs it.
 */
#pragma once

#include "rpcdce.h"
#include "winerror.h"
