/* SPDX-License-Identifier: MIT */
/*
 * api_absent - functions for what does not exist on this host: IPsec tunnels, connection policies,
 * virtual switches, dynamic keywords.
 *
 * A tunnel or a connection policy is not stored without the filters that would make it work: that
 * would be a promise.  Called by programs, on any thread.
 */
#include "client/absent.h"
#include "client/security.h"

/* ---- tunnels and connection policies -------------------------------------------------------- */
DWORD WINAPI FwpmIPsecTunnelAdd0(HANDLE engineHandle, UINT32 flags,
				 const FWPM_PROVIDER_CONTEXT0 *mainModePolicy,
				 const FWPM_PROVIDER_CONTEXT0 *tunnelPolicy,
				 UINT32 numFilterConditions,
				 const FWPM_FILTER_CONDITION0 *filterConditions,
				 PSECURITY_DESCRIPTOR sd)
{
	return refuse(engineHandle, tunnelPolicy && (filterConditions || !numFilterConditions),
		      ERR_NOT_SUPPORTED);
}

DWORD WINAPI FwpmIPsecTunnelAdd1(HANDLE engineHandle, UINT32 flags,
				 const FWPM_PROVIDER_CONTEXT1 *mainModePolicy,
				 const FWPM_PROVIDER_CONTEXT1 *tunnelPolicy,
				 UINT32 numFilterConditions,
				 const FWPM_FILTER_CONDITION0 *filterConditions,
				 const GUID *keyModKey, PSECURITY_DESCRIPTOR sd)
{
	return refuse(engineHandle, tunnelPolicy && (filterConditions || !numFilterConditions),
		      ERR_NOT_SUPPORTED);
}

DWORD WINAPI FwpmIPsecTunnelAdd2(HANDLE engineHandle, UINT32 flags,
				 const FWPM_PROVIDER_CONTEXT2 *mainModePolicy,
				 const FWPM_PROVIDER_CONTEXT2 *tunnelPolicy,
				 UINT32 numFilterConditions,
				 const FWPM_FILTER_CONDITION0 *filterConditions,
				 const GUID *keyModKey, PSECURITY_DESCRIPTOR sd)
{
	return refuse(engineHandle, tunnelPolicy && (filterConditions || !numFilterConditions),
		      ERR_NOT_SUPPORTED);
}

DWORD WINAPI FwpmIPsecTunnelAdd3(HANDLE engineHandle, UINT32 flags,
				 const FWPM_PROVIDER_CONTEXT3 *mainModePolicy,
				 const FWPM_PROVIDER_CONTEXT3 *tunnelPolicy,
				 UINT32 numFilterConditions,
				 const FWPM_FILTER_CONDITION0 *filterConditions,
				 const GUID *keyModKey, PSECURITY_DESCRIPTOR sd)
{
	return refuse(engineHandle, tunnelPolicy && (filterConditions || !numFilterConditions),
		      ERR_NOT_SUPPORTED);
}

DWORD WINAPI FwpmIPsecTunnelDeleteByKey0(HANDLE engineHandle, const GUID *key)
{
	return refuse(engineHandle, key != NULL, ERR_NOT_FOUND);
}

DWORD WINAPI FwpmConnectionPolicyAdd0(HANDLE engineHandle,
				      const FWPM_PROVIDER_CONTEXT3 *connectionPolicy,
				      FWP_IP_VERSION ipVersion, UINT64 weight,
				      UINT32 numFilterConditions,
				      const FWPM_FILTER_CONDITION0 *filterConditions,
				      PSECURITY_DESCRIPTOR sd)
{
	return refuse(engineHandle, connectionPolicy && (filterConditions || !numFilterConditions),
		      ERR_NOT_SUPPORTED);
}

DWORD WINAPI FwpmConnectionPolicyDeleteByKey0(HANDLE engineHandle, const GUID *key)
{
	return refuse(engineHandle, key != NULL, ERR_NOT_FOUND);
}
/* ---- virtual switches and keywords ---------------------------------------------------------- */
DWORD WINAPI FwpmvSwitchEventSubscribe0(HANDLE engineHandle,
					const FWPM_VSWITCH_EVENT_SUBSCRIPTION0 *subscription,
					FWPM_VSWITCH_EVENT_CALLBACK0 callback, void *context,
					HANDLE *subscriptionHandle)
{
	return refuse(engineHandle, subscription && callback && subscriptionHandle,
		      ERR_NOT_SUPPORTED);
}

DWORD WINAPI FwpmvSwitchEventUnsubscribe0(HANDLE engineHandle, HANDLE subscriptionHandle)
{
	return refuse(engineHandle, true, ERR_INVALID_HANDLE);
}

DWORD WINAPI FwpmvSwitchEventsGetSecurityInfo0(HANDLE engineHandle,
					       SECURITY_INFORMATION securityInfo, PSID *sidOwner,
					       PSID *sidGroup, PACL *dacl, PACL *sacl,
					       PSECURITY_DESCRIPTOR *securityDescriptor)
{
	return security_get(
		engineHandle, OPENWFP__KIND__VSWITCH_EVENT, NULL, securityInfo,
		&(struct security_out){sidOwner, sidGroup, dacl, sacl, securityDescriptor});
}

DWORD WINAPI FwpmvSwitchEventsSetSecurityInfo0(HANDLE engineHandle,
					       SECURITY_INFORMATION securityInfo,
					       const SID *sidOwner, const SID *sidGroup,
					       const ACL *dacl, const ACL *sacl)
{
	return security_set(engineHandle, OPENWFP__KIND__VSWITCH_EVENT, NULL, securityInfo,
			    &(struct security_in){sidOwner, sidGroup, dacl, sacl});
}

DWORD WINAPI FwpmDynamicKeywordSubscribe0(DWORD flags, FWPM_DYNAMIC_KEYWORD_CALLBACK0 callback,
					  void *context, HANDLE *subscriptionHandle)
{
	return callback && subscriptionHandle ? ERR_NOT_SUPPORTED : ERR_NULL_POINTER;
}

DWORD WINAPI FwpmDynamicKeywordUnsubscribe0(HANDLE subscriptionHandle)
{
	return ERR_INVALID_HANDLE;
}
