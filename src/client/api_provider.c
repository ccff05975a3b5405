/* SPDX-License-Identifier: MIT */
/*
 * api_provider - the functions for providers and sublayers.
 *
 * Called by programs, on any thread.
 */
#include "client/call_enum.h"
#include "client/deliver.h"
#include "client/desc.h"
#include "client/security.h"

static const struct call_object provider_object = {OPENWFP__KIND__PROVIDER, &desc_provider0};
static const struct call_object sublayer_object = {OPENWFP__KIND__SUB_LAYER, &desc_sublayer0};

/* ---- providers ------------------------------------------------------------------------------ */

DWORD WINAPI FwpmProviderAdd0(HANDLE engineHandle, const FWPM_PROVIDER0 *provider,
			      PSECURITY_DESCRIPTOR sd)
{
	return call_add(engineHandle, &provider_object, provider, sd, NULL);
}

DWORD WINAPI FwpmProviderDeleteByKey0(HANDLE engineHandle, const GUID *key)
{
	return call_delete_key(engineHandle, OPENWFP__KIND__PROVIDER, key);
}

DWORD WINAPI FwpmProviderGetByKey0(HANDLE engineHandle, const GUID *key, FWPM_PROVIDER0 **provider)
{
	return call_get_key(engineHandle, &provider_object, key, provider);
}

DWORD WINAPI FwpmProviderCreateEnumHandle0(HANDLE engineHandle,
					   const FWPM_PROVIDER_ENUM_TEMPLATE0 *enumTemplate,
					   HANDLE *enumHandle)
{
	return call_enum_create(engineHandle, OPENWFP__KIND__PROVIDER,
				&desc_provider_enum_template0, enumTemplate, enumHandle);
}

DWORD WINAPI FwpmProviderEnum0(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			       FWPM_PROVIDER0 ***entries, UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__PROVIDER, &desc_provider0};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmProviderDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
	return call_enum_destroy(engineHandle, enumHandle, OPENWFP__KIND__PROVIDER);
}

DWORD WINAPI FwpmProviderGetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
					       SECURITY_INFORMATION securityInfo, PSID *sidOwner,
					       PSID *sidGroup, PACL *dacl, PACL *sacl,
					       PSECURITY_DESCRIPTOR *securityDescriptor)
{
	return security_get(
		engineHandle, OPENWFP__KIND__PROVIDER, key, securityInfo,
		&(struct security_out){sidOwner, sidGroup, dacl, sacl, securityDescriptor});
}

DWORD WINAPI FwpmProviderSetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
					       SECURITY_INFORMATION securityInfo,
					       const SID *sidOwner, const SID *sidGroup,
					       const ACL *dacl, const ACL *sacl)
{
	return security_set(engineHandle, OPENWFP__KIND__PROVIDER, key, securityInfo,
			    &(struct security_in){sidOwner, sidGroup, dacl, sacl});
}

DWORD WINAPI FwpmProviderSubscribeChanges0(HANDLE engineHandle,
					   const FWPM_PROVIDER_SUBSCRIPTION0 *subscription,
					   FWPM_PROVIDER_CHANGE_CALLBACK0 callback, void *context,
					   HANDLE *changeHandle)
{
	return subscription_add(engineHandle, &subscription_provider, subscription,
				(void (*)(void))callback, context, changeHandle);
}

DWORD WINAPI FwpmProviderUnsubscribeChanges0(HANDLE engineHandle, HANDLE changeHandle)
{
	return subscription_remove(engineHandle, OPENWFP__KIND__PROVIDER, changeHandle);
}

DWORD WINAPI FwpmProviderSubscriptionsGet0(HANDLE engineHandle,
					   FWPM_PROVIDER_SUBSCRIPTION0 ***entries,
					   UINT32 *numEntries)
{
	static const struct call_object what = {OPENWFP__KIND__PROVIDER,
						&desc_provider_subscription0};

	return call_subscriptions_get(engineHandle, &what, entries, numEntries);
}

/* ---- sublayers ------------------------------------------------------------------------------ */

DWORD WINAPI FwpmSubLayerAdd0(HANDLE engineHandle, const FWPM_SUBLAYER0 *subLayer,
			      PSECURITY_DESCRIPTOR sd)
{
	return call_add(engineHandle, &sublayer_object, subLayer, sd, NULL);
}

DWORD WINAPI FwpmSubLayerDeleteByKey0(HANDLE engineHandle, const GUID *key)
{
	return call_delete_key(engineHandle, OPENWFP__KIND__SUB_LAYER, key);
}

DWORD WINAPI FwpmSubLayerGetByKey0(HANDLE engineHandle, const GUID *key, FWPM_SUBLAYER0 **subLayer)
{
	return call_get_key(engineHandle, &sublayer_object, key, subLayer);
}

DWORD WINAPI FwpmSubLayerCreateEnumHandle0(HANDLE engineHandle,
					   const FWPM_SUBLAYER_ENUM_TEMPLATE0 *enumTemplate,
					   HANDLE *enumHandle)
{
	return call_enum_create(engineHandle, OPENWFP__KIND__SUB_LAYER,
				&desc_sublayer_enum_template0, enumTemplate, enumHandle);
}

DWORD WINAPI FwpmSubLayerEnum0(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			       FWPM_SUBLAYER0 ***entries, UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__SUB_LAYER, &desc_sublayer0};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmSubLayerDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
	return call_enum_destroy(engineHandle, enumHandle, OPENWFP__KIND__SUB_LAYER);
}

DWORD WINAPI FwpmSubLayerGetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
					       SECURITY_INFORMATION securityInfo, PSID *sidOwner,
					       PSID *sidGroup, PACL *dacl, PACL *sacl,
					       PSECURITY_DESCRIPTOR *securityDescriptor)
{
	return security_get(
		engineHandle, OPENWFP__KIND__SUB_LAYER, key, securityInfo,
		&(struct security_out){sidOwner, sidGroup, dacl, sacl, securityDescriptor});
}

DWORD WINAPI FwpmSubLayerSetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
					       SECURITY_INFORMATION securityInfo,
					       const SID *sidOwner, const SID *sidGroup,
					       const ACL *dacl, const ACL *sacl)
{
	return security_set(engineHandle, OPENWFP__KIND__SUB_LAYER, key, securityInfo,
			    &(struct security_in){sidOwner, sidGroup, dacl, sacl});
}

DWORD WINAPI FwpmSubLayerSubscribeChanges0(HANDLE engineHandle,
					   const FWPM_SUBLAYER_SUBSCRIPTION0 *subscription,
					   FWPM_SUBLAYER_CHANGE_CALLBACK0 callback, void *context,
					   HANDLE *changeHandle)
{
	return subscription_add(engineHandle, &subscription_sublayer, subscription,
				(void (*)(void))callback, context, changeHandle);
}

DWORD WINAPI FwpmSubLayerUnsubscribeChanges0(HANDLE engineHandle, HANDLE changeHandle)
{
	return subscription_remove(engineHandle, OPENWFP__KIND__SUB_LAYER, changeHandle);
}

DWORD WINAPI FwpmSubLayerSubscriptionsGet0(HANDLE engineHandle,
					   FWPM_SUBLAYER_SUBSCRIPTION0 ***entries,
					   UINT32 *numEntries)
{
	static const struct call_object what = {OPENWFP__KIND__SUB_LAYER,
						&desc_sublayer_subscription0};

	return call_subscriptions_get(engineHandle, &what, entries, numEntries);
}
