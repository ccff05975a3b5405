/* SPDX-License-Identifier: MIT */
/*
 * policy - is the IPsec or IKE policy of a provider context well-formed?
 *
 * Nothing here acts on such a policy, but a program is told what Windows would tell it:
 * FWP_E_ZERO_LENGTH_ARRAY, FWP_E_DUPLICATE_KEYMOD, FWP_E_EM_NOT_SUPPORTED,
 * FWP_E_INCOMPATIBLE_AUTH_METHOD, FWP_E_INVALID_AUTH_TRANSFORM, FWP_E_INVALID_CIPHER_TRANSFORM.
 * Called for every context that is decoded.  Any thread; no state.
 */
#pragma once

#include "base/err.h"

struct Openwfp__ContextPolicy;

MUST_CHECK wfp_err rpc_policy_check(const struct Openwfp__ContextPolicy *policy);
