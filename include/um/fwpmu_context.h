/* SPDX-License-Identifier: MIT */
/*
 * Provider contexts and the policies that the platform makes filters of, a part of fwpmu.h: include
 * that.
 */
#pragma once

#include "fwpmu.h"

EXTERN_C_START

/* The generations are ways to write and read the same objects: a context that was added by one
 * is returned by all that have its type. Where an older one cannot express it all,
 * FWPM_PROVIDER_CONTEXT_FLAG_DOWNLEVEL is set in what is returned. id may be NULL. Deleting one
 * that a filter refers to is FWP_E_IN_USE. */
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextAdd0(HANDLE engineHandle,
						    const FWPM_PROVIDER_CONTEXT0 *providerContext,
						    PSECURITY_DESCRIPTOR sd, UINT64 *id);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextAdd1(HANDLE engineHandle,
						    const FWPM_PROVIDER_CONTEXT1 *providerContext,
						    PSECURITY_DESCRIPTOR sd, UINT64 *id);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextAdd2(HANDLE engineHandle,
						    const FWPM_PROVIDER_CONTEXT2 *providerContext,
						    PSECURITY_DESCRIPTOR sd, UINT64 *id);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextAdd3(HANDLE engineHandle,
						    const FWPM_PROVIDER_CONTEXT3 *providerContext,
						    PSECURITY_DESCRIPTOR sd, UINT64 *id);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextDeleteById0(HANDLE engineHandle, UINT64 id);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextDeleteByKey0(HANDLE engineHandle, const GUID *key);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextGetById0(HANDLE engineHandle, UINT64 id,
							FWPM_PROVIDER_CONTEXT0 **providerContext);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextGetById1(HANDLE engineHandle, UINT64 id,
							FWPM_PROVIDER_CONTEXT1 **providerContext);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextGetById2(HANDLE engineHandle, UINT64 id,
							FWPM_PROVIDER_CONTEXT2 **providerContext);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextGetById3(HANDLE engineHandle, UINT64 id,
							FWPM_PROVIDER_CONTEXT3 **providerContext);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextGetByKey0(HANDLE engineHandle, const GUID *key,
							 FWPM_PROVIDER_CONTEXT0 **providerContext);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextGetByKey1(HANDLE engineHandle, const GUID *key,
							 FWPM_PROVIDER_CONTEXT1 **providerContext);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextGetByKey2(HANDLE engineHandle, const GUID *key,
							 FWPM_PROVIDER_CONTEXT2 **providerContext);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextGetByKey3(HANDLE engineHandle, const GUID *key,
							 FWPM_PROVIDER_CONTEXT3 **providerContext);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextCreateEnumHandle0(
	HANDLE engineHandle, const FWPM_PROVIDER_CONTEXT_ENUM_TEMPLATE0 *enumTemplate,
	HANDLE *enumHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextEnum0(HANDLE engineHandle, HANDLE enumHandle,
						     UINT32 numEntriesRequested,
						     FWPM_PROVIDER_CONTEXT0 ***entries,
						     UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextEnum1(HANDLE engineHandle, HANDLE enumHandle,
						     UINT32 numEntriesRequested,
						     FWPM_PROVIDER_CONTEXT1 ***entries,
						     UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextEnum2(HANDLE engineHandle, HANDLE enumHandle,
						     UINT32 numEntriesRequested,
						     FWPM_PROVIDER_CONTEXT2 ***entries,
						     UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextEnum3(HANDLE engineHandle, HANDLE enumHandle,
						     UINT32 numEntriesRequested,
						     FWPM_PROVIDER_CONTEXT3 ***entries,
						     UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextDestroyEnumHandle0(HANDLE engineHandle,
								  HANDLE enumHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextGetSecurityInfoByKey0(
	HANDLE engineHandle, const GUID *key, SECURITY_INFORMATION securityInfo, PSID *sidOwner,
	PSID *sidGroup, PACL *dacl, PACL *sacl, PSECURITY_DESCRIPTOR *securityDescriptor);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextSetSecurityInfoByKey0(
	HANDLE engineHandle, const GUID *key, SECURITY_INFORMATION securityInfo,
	const SID *sidOwner, const SID *sidGroup, const ACL *dacl, const ACL *sacl);

typedef void(CALLBACK *FWPM_PROVIDER_CONTEXT_CHANGE_CALLBACK0)(
	void *context, const FWPM_PROVIDER_CONTEXT_CHANGE0 *change);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextSubscribeChanges0(
	HANDLE engineHandle, const FWPM_PROVIDER_CONTEXT_SUBSCRIPTION0 *subscription,
	FWPM_PROVIDER_CONTEXT_CHANGE_CALLBACK0 callback, void *context, HANDLE *changeHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextUnsubscribeChanges0(HANDLE engineHandle,
								   HANDLE changeHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderContextSubscriptionsGet0(
	HANDLE engineHandle, FWPM_PROVIDER_CONTEXT_SUBSCRIPTION0 ***entries, UINT32 *numEntries);

/* A tunnel is a provider context and the filters that lead traffic into it, added and deleted as
 * one; the key is that of tunnelPolicy. mainModePolicy may be NULL, and keyModKey for the usual
 * keying. Without FWPM_TUNNEL_FLAG_POINT_TO_POINT a condition on anything but the addresses is
 * FWP_E_INVALID_PARAMETER. */
OPENWFP_EXPORT DWORD WINAPI FwpmIPsecTunnelAdd0(HANDLE engineHandle, UINT32 flags,
						const FWPM_PROVIDER_CONTEXT0 *mainModePolicy,
						const FWPM_PROVIDER_CONTEXT0 *tunnelPolicy,
						UINT32 numFilterConditions,
						const FWPM_FILTER_CONDITION0 *filterConditions,
						PSECURITY_DESCRIPTOR sd);
OPENWFP_EXPORT DWORD WINAPI FwpmIPsecTunnelAdd1(HANDLE engineHandle, UINT32 flags,
						const FWPM_PROVIDER_CONTEXT1 *mainModePolicy,
						const FWPM_PROVIDER_CONTEXT1 *tunnelPolicy,
						UINT32 numFilterConditions,
						const FWPM_FILTER_CONDITION0 *filterConditions,
						const GUID *keyModKey, PSECURITY_DESCRIPTOR sd);
OPENWFP_EXPORT DWORD WINAPI FwpmIPsecTunnelAdd2(HANDLE engineHandle, UINT32 flags,
						const FWPM_PROVIDER_CONTEXT2 *mainModePolicy,
						const FWPM_PROVIDER_CONTEXT2 *tunnelPolicy,
						UINT32 numFilterConditions,
						const FWPM_FILTER_CONDITION0 *filterConditions,
						const GUID *keyModKey, PSECURITY_DESCRIPTOR sd);
OPENWFP_EXPORT DWORD WINAPI FwpmIPsecTunnelAdd3(HANDLE engineHandle, UINT32 flags,
						const FWPM_PROVIDER_CONTEXT3 *mainModePolicy,
						const FWPM_PROVIDER_CONTEXT3 *tunnelPolicy,
						UINT32 numFilterConditions,
						const FWPM_FILTER_CONDITION0 *filterConditions,
						const GUID *keyModKey, PSECURITY_DESCRIPTOR sd);
OPENWFP_EXPORT DWORD WINAPI FwpmIPsecTunnelDeleteByKey0(HANDLE engineHandle, const GUID *key);

/* A connection policy likewise: a context of type FWPM_NETWORK_CONNECTION_POLICY_CONTEXT and its
 * filter. weight is that of the filter. */
OPENWFP_EXPORT DWORD WINAPI FwpmConnectionPolicyAdd0(HANDLE engineHandle,
						     const FWPM_PROVIDER_CONTEXT3 *connectionPolicy,
						     FWP_IP_VERSION ipVersion, UINT64 weight,
						     UINT32 numFilterConditions,
						     const FWPM_FILTER_CONDITION0 *filterConditions,
						     PSECURITY_DESCRIPTOR sd);
OPENWFP_EXPORT DWORD WINAPI FwpmConnectionPolicyDeleteByKey0(HANDLE engineHandle, const GUID *key);

/* The names without a version, for the Windows that NTDDI_VERSION names. */
#define FwpmProviderContextDeleteById		FwpmProviderContextDeleteById0
#define FwpmProviderContextDeleteByKey		FwpmProviderContextDeleteByKey0
#define FwpmProviderContextCreateEnumHandle	FwpmProviderContextCreateEnumHandle0
#define FwpmProviderContextDestroyEnumHandle	FwpmProviderContextDestroyEnumHandle0
#define FwpmProviderContextGetSecurityInfoByKey FwpmProviderContextGetSecurityInfoByKey0
#define FwpmProviderContextSetSecurityInfoByKey FwpmProviderContextSetSecurityInfoByKey0
#define FwpmProviderContextSubscribeChanges	FwpmProviderContextSubscribeChanges0
#define FwpmProviderContextUnsubscribeChanges	FwpmProviderContextUnsubscribeChanges0
#define FwpmProviderContextSubscriptionsGet	FwpmProviderContextSubscriptionsGet0
#define FwpmIPsecTunnelDeleteByKey		FwpmIPsecTunnelDeleteByKey0
#define FwpmConnectionPolicyAdd			FwpmConnectionPolicyAdd0
#define FwpmConnectionPolicyDeleteByKey		FwpmConnectionPolicyDeleteByKey0
#define FWPM_PROVIDER_CONTEXT_CHANGE_CALLBACK	FWPM_PROVIDER_CONTEXT_CHANGE_CALLBACK0
#if NTDDI_VERSION >= NTDDI_WIN10_RS3
#define FwpmProviderContextAdd	    FwpmProviderContextAdd3
#define FwpmProviderContextGetById  FwpmProviderContextGetById3
#define FwpmProviderContextGetByKey FwpmProviderContextGetByKey3
#define FwpmProviderContextEnum	    FwpmProviderContextEnum3
#define FwpmIPsecTunnelAdd	    FwpmIPsecTunnelAdd3
#elif NTDDI_VERSION >= NTDDI_WIN8
#define FwpmProviderContextAdd	    FwpmProviderContextAdd2
#define FwpmProviderContextGetById  FwpmProviderContextGetById2
#define FwpmProviderContextGetByKey FwpmProviderContextGetByKey2
#define FwpmProviderContextEnum	    FwpmProviderContextEnum2
#define FwpmIPsecTunnelAdd	    FwpmIPsecTunnelAdd2
#elif NTDDI_VERSION >= NTDDI_WIN7
#define FwpmProviderContextAdd	    FwpmProviderContextAdd1
#define FwpmProviderContextGetById  FwpmProviderContextGetById1
#define FwpmProviderContextGetByKey FwpmProviderContextGetByKey1
#define FwpmProviderContextEnum	    FwpmProviderContextEnum1
#define FwpmIPsecTunnelAdd	    FwpmIPsecTunnelAdd1
#else
#define FwpmProviderContextAdd	    FwpmProviderContextAdd0
#define FwpmProviderContextGetById  FwpmProviderContextGetById0
#define FwpmProviderContextGetByKey FwpmProviderContextGetByKey0
#define FwpmProviderContextEnum	    FwpmProviderContextEnum0
#define FwpmIPsecTunnelAdd	    FwpmIPsecTunnelAdd0
#endif

EXTERN_C_END
