/* SPDX-License-Identifier: MIT */
/*
 * Security descriptors and identifiers as text: the easy way to a descriptor for an object, or for
 * a condition on the user (O:SYD:(A;;CC;;;S-1-22-1-1000)). libfwpuclnt exports these.
 *
 * All return 0 on failure and set GetLastError(). What they return through a pointer to a pointer
 * is one block, to be freed with LocalFree().
 */
#pragma once

#include "winnt.h"

EXTERN_C_START

#define SDDL_REVISION_1 1
#define SDDL_REVISION	SDDL_REVISION_1

/* S-1-5-32-544; without the abbreviations of SDDL. ERROR_INVALID_SID. */
OPENWFP_EXPORT BOOL WINAPI ConvertSidToStringSidW(PSID Sid, LPWSTR *StringSid);
/* Takes the abbreviations too (BA, SY, WD). */
OPENWFP_EXPORT BOOL WINAPI ConvertStringSidToSidW(LPCWSTR StringSid, PSID *Sid);
/* The descriptor is self-relative; the size may be NULL. ERROR_INVALID_PARAMETER for text that is
 * not SDDL, ERROR_INVALID_SID or ERROR_NONE_MAPPED for a bad identifier in it, ERROR_INVALID_ACL
 * for a bad entry, ERROR_UNKNOWN_REVISION. */
OPENWFP_EXPORT BOOL WINAPI ConvertStringSecurityDescriptorToSecurityDescriptorW(
	LPCWSTR StringSecurityDescriptor, DWORD StringSDRevision,
	PSECURITY_DESCRIPTOR *SecurityDescriptor, ULONG *SecurityDescriptorSize);
/* The length counts the terminator and may be NULL. */
OPENWFP_EXPORT BOOL WINAPI ConvertSecurityDescriptorToStringSecurityDescriptorW(
	PSECURITY_DESCRIPTOR SecurityDescriptor, DWORD RequestedStringSDRevision,
	SECURITY_INFORMATION SecurityInformation, LPWSTR *StringSecurityDescriptor,
	ULONG *StringSecurityDescriptorLen);

#define ConvertSidToStringSid ConvertSidToStringSidW
#define ConvertStringSidToSid ConvertStringSidToSidW
#define ConvertStringSecurityDescriptorToSecurityDescriptor                                        \
	ConvertStringSecurityDescriptorToSecurityDescriptorW
#define ConvertSecurityDescriptorToStringSecurityDescriptor                                        \
	ConvertSecurityDescriptorToStringSecurityDescriptorW

EXTERN_C_END
