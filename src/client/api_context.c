/* SPDX-License-Identifier: MIT */
/*
 * api_context - the functions for provider contexts, in their four generations.
 *
 * Called by programs, on any thread.
 */
#include "client/call_enum.h"
#include "client/deliver.h"
#include "client/desc.h"
#include "client/security.h"

static const struct call_object provider_context_object0 = {OPENWFP__KIND__PROVIDER_CONTEXT,
							    &desc_provider_context0};
static const struct call_object provider_context_object1 = {OPENWFP__KIND__PROVIDER_CONTEXT,
							    &desc_provider_context1};
static const struct call_object provider_context_object2 = {OPENWFP__KIND__PROVIDER_CONTEXT,
							    &desc_provider_context2};
static const struct call_object provider_context_object3 = {OPENWFP__KIND__PROVIDER_CONTEXT,
							    &desc_provider_context3};

DWORD WINAPI FwpmProviderContextAdd0(HANDLE engineHandle,
				     const FWPM_PROVIDER_CONTEXT0 *providerContext,
				     PSECURITY_DESCRIPTOR sd, UINT64 *id)
{
	return call_add(engineHandle, &provider_context_object0, providerContext, sd, id);
}

DWORD WINAPI FwpmProviderContextAdd1(HANDLE engineHandle,
				     const FWPM_PROVIDER_CONTEXT1 *providerContext,
				     PSECURITY_DESCRIPTOR sd, UINT64 *id)
{
	return call_add(engineHandle, &provider_context_object1, providerContext, sd, id);
}

DWORD WINAPI FwpmProviderContextAdd2(HANDLE engineHandle,
				     const FWPM_PROVIDER_CONTEXT2 *providerContext,
				     PSECURITY_DESCRIPTOR sd, UINT64 *id)
{
	return call_add(engineHandle, &provider_context_object2, providerContext, sd, id);
}

DWORD WINAPI FwpmProviderContextAdd3(HANDLE engineHandle,
				     const FWPM_PROVIDER_CONTEXT3 *providerContext,
				     PSECURITY_DESCRIPTOR sd, UINT64 *id)
{
	return call_add(engineHandle, &provider_context_object3, providerContext, sd, id);
}

DWORD WINAPI FwpmProviderContextDeleteById0(HANDLE engineHandle, UINT64 id)
{
	return call_delete_id(engineHandle, OPENWFP__KIND__PROVIDER_CONTEXT, id);
}

DWORD WINAPI FwpmProviderContextDeleteByKey0(HANDLE engineHandle, const GUID *key)
{
	return call_delete_key(engineHandle, OPENWFP__KIND__PROVIDER_CONTEXT, key);
}

DWORD WINAPI FwpmProviderContextGetById0(HANDLE engineHandle, UINT64 id,
					 FWPM_PROVIDER_CONTEXT0 **providerContext)
{
	return call_get_id(engineHandle, &provider_context_object0, id, providerContext);
}

DWORD WINAPI FwpmProviderContextGetById1(HANDLE engineHandle, UINT64 id,
					 FWPM_PROVIDER_CONTEXT1 **providerContext)
{
	return call_get_id(engineHandle, &provider_context_object1, id, providerContext);
}

DWORD WINAPI FwpmProviderContextGetById2(HANDLE engineHandle, UINT64 id,
					 FWPM_PROVIDER_CONTEXT2 **providerContext)
{
	return call_get_id(engineHandle, &provider_context_object2, id, providerContext);
}

DWORD WINAPI FwpmProviderContextGetById3(HANDLE engineHandle, UINT64 id,
					 FWPM_PROVIDER_CONTEXT3 **providerContext)
{
	return call_get_id(engineHandle, &provider_context_object3, id, providerContext);
}

DWORD WINAPI FwpmProviderContextGetByKey0(HANDLE engineHandle, const GUID *key,
					  FWPM_PROVIDER_CONTEXT0 **providerContext)
{
	return call_get_key(engineHandle, &provider_context_object0, key, providerContext);
}

DWORD WINAPI FwpmProviderContextGetByKey1(HANDLE engineHandle, const GUID *key,
					  FWPM_PROVIDER_CONTEXT1 **providerContext)
{
	return call_get_key(engineHandle, &provider_context_object1, key, providerContext);
}

DWORD WINAPI FwpmProviderContextGetByKey2(HANDLE engineHandle, const GUID *key,
					  FWPM_PROVIDER_CONTEXT2 **providerContext)
{
	return call_get_key(engineHandle, &provider_context_object2, key, providerContext);
}

DWORD WINAPI FwpmProviderContextGetByKey3(HANDLE engineHandle, const GUID *key,
					  FWPM_PROVIDER_CONTEXT3 **providerContext)
{
	return call_get_key(engineHandle, &provider_context_object3, key, providerContext);
}

DWORD WINAPI FwpmProviderContextCreateEnumHandle0(
	HANDLE engineHandle, const FWPM_PROVIDER_CONTEXT_ENUM_TEMPLATE0 *enumTemplate,
	HANDLE *enumHandle)
{
	return call_enum_create(engineHandle, OPENWFP__KIND__PROVIDER_CONTEXT,
				&desc_provider_context_enum_template0, enumTemplate, enumHandle);
}

DWORD WINAPI FwpmProviderContextEnum0(HANDLE engineHandle, HANDLE enumHandle,
				      UINT32 numEntriesRequested, FWPM_PROVIDER_CONTEXT0 ***entries,
				      UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__PROVIDER_CONTEXT,
						   &desc_provider_context0};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmProviderContextEnum1(HANDLE engineHandle, HANDLE enumHandle,
				      UINT32 numEntriesRequested, FWPM_PROVIDER_CONTEXT1 ***entries,
				      UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__PROVIDER_CONTEXT,
						   &desc_provider_context1};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmProviderContextEnum2(HANDLE engineHandle, HANDLE enumHandle,
				      UINT32 numEntriesRequested, FWPM_PROVIDER_CONTEXT2 ***entries,
				      UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__PROVIDER_CONTEXT,
						   &desc_provider_context2};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmProviderContextEnum3(HANDLE engineHandle, HANDLE enumHandle,
				      UINT32 numEntriesRequested, FWPM_PROVIDER_CONTEXT3 ***entries,
				      UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__PROVIDER_CONTEXT,
						   &desc_provider_context3};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmProviderContextDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
	return call_enum_destroy(engineHandle, enumHandle, OPENWFP__KIND__PROVIDER_CONTEXT);
}

DWORD WINAPI FwpmProviderContextGetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
						      SECURITY_INFORMATION securityInfo,
						      PSID *sidOwner, PSID *sidGroup, PACL *dacl,
						      PACL *sacl,
						      PSECURITY_DESCRIPTOR *securityDescriptor)
{
	return security_get(
		engineHandle, OPENWFP__KIND__PROVIDER_CONTEXT, key, securityInfo,
		&(struct security_out){sidOwner, sidGroup, dacl, sacl, securityDescriptor});
}

DWORD WINAPI FwpmProviderContextSetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
						      SECURITY_INFORMATION securityInfo,
						      const SID *sidOwner, const SID *sidGroup,
						      const ACL *dacl, const ACL *sacl)
{
	return security_set(engineHandle, OPENWFP__KIND__PROVIDER_CONTEXT, key, securityInfo,
			    &(struct security_in){sidOwner, sidGroup, dacl, sacl});
}

DWORD WINAPI FwpmProviderContextSubscribeChanges0(
	HANDLE engineHandle, const FWPM_PROVIDER_CONTEXT_SUBSCRIPTION0 *subscription,
	FWPM_PROVIDER_CONTEXT_CHANGE_CALLBACK0 callback, void *context, HANDLE *changeHandle)
{
	return subscription_add(engineHandle, &subscription_provider_context, subscription,
				(void (*)(void))callback, context, changeHandle);
}

DWORD WINAPI FwpmProviderContextUnsubscribeChanges0(HANDLE engineHandle, HANDLE changeHandle)
{
	return subscription_remove(engineHandle, OPENWFP__KIND__PROVIDER_CONTEXT, changeHandle);
}

DWORD WINAPI FwpmProviderContextSubscriptionsGet0(HANDLE engineHandle,
						  FWPM_PROVIDER_CONTEXT_SUBSCRIPTION0 ***entries,
						  UINT32 *numEntries)
{
	static const struct call_object what = {OPENWFP__KIND__PROVIDER_CONTEXT,
						&desc_provider_context_subscription0};

	return call_subscriptions_get(engineHandle, &what, entries, numEntries);
}
