/* SPDX-License-Identifier: MIT */
/*
 * What can be asked of a security identifier. A descriptor is made from text: see sddl.h.
 */
#pragma once

#include "winnt.h"

EXTERN_C_START

FORCEINLINE BOOL IsValidSid(PSID pSid)
{
	const SID *sid = (const SID *)pSid;

	return sid && sid->Revision == SID_REVISION &&
	       sid->SubAuthorityCount <= SID_MAX_SUB_AUTHORITIES;
}

/* Of a valid one, as EqualSid wants two. */
FORCEINLINE DWORD GetLengthSid(PSID pSid)
{
	return (DWORD)(offsetof(SID, SubAuthority) +
		       sizeof(ULONG) * ((const SID *)pSid)->SubAuthorityCount);
}

FORCEINLINE BOOL EqualSid(PSID pSid1, PSID pSid2)
{
	return GetLengthSid(pSid1) == GetLengthSid(pSid2) &&
	       memcmp(pSid1, pSid2, GetLengthSid(pSid1)) == 0;
}

EXTERN_C_END
