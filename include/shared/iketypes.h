/* SPDX-License-Identifier: MIT */
/*
 * The constants and enumerations of IKE, AuthIP and IKEv2 policy. The structures that they appear
 * in are declared only: nothing here reads or writes key negotiation policy yet.
 */
#pragma once

#include "fwptypes.h"

#include "generated/iketypes_values.h"

typedef struct IKEEXT_POLICY0_ IKEEXT_POLICY0;
typedef struct IKEEXT_POLICY1_ IKEEXT_POLICY1;
typedef struct IKEEXT_POLICY2_ IKEEXT_POLICY2;
