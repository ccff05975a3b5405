/* SPDX-License-Identifier: MIT */
/*
 * Security descriptors as user mode reads and writes them: access lists, their entries, the parts
 * of a descriptor, well-known identifiers. Layouts and numbers only: sddl.h makes
 * them from text.
 */
#pragma once

#include "ntdef.h"

EXTERN_C_START

/* Says which parts of a descriptor a Get or Set function is about. */
typedef DWORD SECURITY_INFORMATION, *PSECURITY_INFORMATION;

#define OWNER_SECURITY_INFORMATION	      0x00000001U
#define GROUP_SECURITY_INFORMATION	      0x00000002U
#define DACL_SECURITY_INFORMATION	      0x00000004U
#define SACL_SECURITY_INFORMATION	      0x00000008U
#define LABEL_SECURITY_INFORMATION	      0x00000010U
#define PROTECTED_DACL_SECURITY_INFORMATION   0x80000000U
#define PROTECTED_SACL_SECURITY_INFORMATION   0x40000000U
#define UNPROTECTED_DACL_SECURITY_INFORMATION 0x20000000U
#define UNPROTECTED_SACL_SECURITY_INFORMATION 0x10000000U

#define GENERIC_READ			      0x80000000U
#define GENERIC_WRITE			      0x40000000U
#define GENERIC_EXECUTE			      0x20000000U
#define GENERIC_ALL			      0x10000000U
#define ACCESS_SYSTEM_SECURITY		      0x01000000U
#define MAXIMUM_ALLOWED			      0x02000000U
#define STANDARD_RIGHTS_ALL		      0x001F0000U
#define SPECIFIC_RIGHTS_ALL		      0x0000FFFFU

/* AclSize counts the whole list; the entries follow it without gaps, each of its own size. */
typedef struct _ACL {
	BYTE AclRevision;
	BYTE Sbz1;
	WORD AclSize;
	WORD AceCount;
	WORD Sbz2;
} ACL, *PACL;

#define ACL_REVISION		   2
#define ACL_REVISION_DS		   4

#define ACCESS_ALLOWED_ACE_TYPE	   0x0
#define ACCESS_DENIED_ACE_TYPE	   0x1
#define SYSTEM_AUDIT_ACE_TYPE	   0x2

#define OBJECT_INHERIT_ACE	   0x1
#define CONTAINER_INHERIT_ACE	   0x2
#define NO_PROPAGATE_INHERIT_ACE   0x4
#define INHERIT_ONLY_ACE	   0x8
#define INHERITED_ACE		   0x10
#define VALID_INHERIT_FLAGS	   0x1F
#define SUCCESSFUL_ACCESS_ACE_FLAG 0x40
#define FAILED_ACCESS_ACE_FLAG	   0x80

typedef struct _ACE_HEADER {
	BYTE AceType;
	BYTE AceFlags;
	WORD AceSize;
} ACE_HEADER, *PACE_HEADER;

/* SidStart is the first four bytes of the SID, which runs to the end of the entry. */
typedef struct _ACCESS_ALLOWED_ACE {
	ACE_HEADER Header;
	ACCESS_MASK Mask;
	DWORD SidStart;
} ACCESS_ALLOWED_ACE, *PACCESS_ALLOWED_ACE;

typedef struct _ACCESS_DENIED_ACE {
	ACE_HEADER Header;
	ACCESS_MASK Mask;
	DWORD SidStart;
} ACCESS_DENIED_ACE, *PACCESS_DENIED_ACE;

typedef WORD SECURITY_DESCRIPTOR_CONTROL, *PSECURITY_DESCRIPTOR_CONTROL;

#define SE_OWNER_DEFAULTED	     0x0001
#define SE_GROUP_DEFAULTED	     0x0002
#define SE_DACL_PRESENT		     0x0004
#define SE_DACL_DEFAULTED	     0x0008
#define SE_SACL_PRESENT		     0x0010
#define SE_SACL_DEFAULTED	     0x0020
#define SE_DACL_AUTO_INHERIT_REQ     0x0100
#define SE_SACL_AUTO_INHERIT_REQ     0x0200
#define SE_DACL_AUTO_INHERITED	     0x0400
#define SE_SACL_AUTO_INHERITED	     0x0800
#define SE_DACL_PROTECTED	     0x1000
#define SE_SACL_PROTECTED	     0x2000
#define SE_RM_CONTROL_VALID	     0x4000
#define SE_SELF_RELATIVE	     0x8000

#define SECURITY_DESCRIPTOR_REVISION 1

/* The absolute form: its parts are elsewhere. */
typedef struct _SECURITY_DESCRIPTOR {
	BYTE Revision;
	BYTE Sbz1;
	SECURITY_DESCRIPTOR_CONTROL Control;
	PSID Owner;
	PSID Group;
	PACL Sacl;
	PACL Dacl;
} SECURITY_DESCRIPTOR, *PISECURITY_DESCRIPTOR;

/* The self-relative form, one block: its parts are at these offsets from its start, 0 for none. */
typedef struct _SECURITY_DESCRIPTOR_RELATIVE {
	BYTE Revision;
	BYTE Sbz1;
	SECURITY_DESCRIPTOR_CONTROL Control;
	DWORD Owner;
	DWORD Group;
	DWORD Sacl;
	DWORD Dacl;
} SECURITY_DESCRIPTOR_RELATIVE, *PISECURITY_DESCRIPTOR_RELATIVE;

typedef SID *PISID;

#define SID_REVISION		1
#define SID_MAX_SUB_AUTHORITIES 15
#define SECURITY_MAX_SID_SIZE                                                                      \
	(sizeof(SID) - sizeof(DWORD) + SID_MAX_SUB_AUTHORITIES * sizeof(DWORD))

/* Initializers of a SID_IDENTIFIER_AUTHORITY. */
#define OPENWFP_SID_AUTHORITY(n)                                                                   \
	{                                                                                          \
		{                                                                                  \
			0, 0, 0, 0, 0, n                                                           \
		}                                                                                  \
	}
#define SECURITY_NULL_SID_AUTHORITY		   OPENWFP_SID_AUTHORITY(0)
#define SECURITY_WORLD_SID_AUTHORITY		   OPENWFP_SID_AUTHORITY(1)
#define SECURITY_LOCAL_SID_AUTHORITY		   OPENWFP_SID_AUTHORITY(2)
#define SECURITY_NT_AUTHORITY			   OPENWFP_SID_AUTHORITY(5)
#define SECURITY_WORLD_RID			   0x00000000
#define SECURITY_LOCAL_SYSTEM_RID		   0x00000012
#define SECURITY_LOCAL_SERVICE_RID		   0x00000013
#define SECURITY_NETWORK_SERVICE_RID		   0x00000014
#define SECURITY_AUTHENTICATED_USER_RID		   0x0000000B
#define SECURITY_BUILTIN_DOMAIN_RID		   0x00000020
#define DOMAIN_ALIAS_RID_ADMINS			   0x00000220
#define DOMAIN_ALIAS_RID_USERS			   0x00000221
#define DOMAIN_ALIAS_RID_NETWORK_CONFIGURATION_OPS 0x0000022C

EXTERN_C_END
