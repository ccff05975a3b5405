/* SPDX-License-Identifier: MIT */
/*
 * The identifier of an interface that filters compare with (FWPM_CONDITION_IP_LOCAL_INTERFACE):
 * Value is what the condition's uint64 points at.
 */
#pragma once

#include "ntdef.h"

typedef union _NET_LUID_LH {
	ULONG64 Value;
	struct {
		ULONG64 Reserved : 24;
		ULONG64 NetLuidIndex : 24;
		ULONG64 IfType : 16;
	} Info;
} NET_LUID_LH, *PNET_LUID_LH;

typedef NET_LUID_LH NET_LUID, *PNET_LUID, IF_LUID, *PIF_LUID;
