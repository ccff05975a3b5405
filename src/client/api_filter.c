/* SPDX-License-Identifier: MIT */
/*
 * api_filter - the functions for filters, and for the layers and callouts they name.
 *
 * Called by programs, on any thread.
 */
#include "client/call_enum.h"
#include "client/deliver.h"
#include "client/desc.h"
#include "client/security.h"

static const struct call_object layer_object = {OPENWFP__KIND__LAYER, &desc_layer0};
static const struct call_object callout_object = {OPENWFP__KIND__CALLOUT, &desc_callout0};
static const struct call_object filter_object = {OPENWFP__KIND__FILTER, &desc_filter0};

/* ---- layers --------------------------------------------------------------------------------- */

DWORD WINAPI FwpmLayerGetById0(HANDLE engineHandle, UINT16 id, FWPM_LAYER0 **layer)
{
	return call_get_id(engineHandle, &layer_object, id, layer);
}

DWORD WINAPI FwpmLayerGetByKey0(HANDLE engineHandle, const GUID *key, FWPM_LAYER0 **layer)
{
	return call_get_key(engineHandle, &layer_object, key, layer);
}

DWORD WINAPI FwpmLayerCreateEnumHandle0(HANDLE engineHandle,
					const FWPM_LAYER_ENUM_TEMPLATE0 *enumTemplate,
					HANDLE *enumHandle)
{
	return call_enum_create(engineHandle, OPENWFP__KIND__LAYER, &desc_layer_enum_template0,
				enumTemplate, enumHandle);
}

DWORD WINAPI FwpmLayerEnum0(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			    FWPM_LAYER0 ***entries, UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__LAYER, &desc_layer0};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmLayerDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
	return call_enum_destroy(engineHandle, enumHandle, OPENWFP__KIND__LAYER);
}

DWORD WINAPI FwpmLayerGetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
					    SECURITY_INFORMATION securityInfo, PSID *sidOwner,
					    PSID *sidGroup, PACL *dacl, PACL *sacl,
					    PSECURITY_DESCRIPTOR *securityDescriptor)
{
	return security_get(
		engineHandle, OPENWFP__KIND__LAYER, key, securityInfo,
		&(struct security_out){sidOwner, sidGroup, dacl, sacl, securityDescriptor});
}

DWORD WINAPI FwpmLayerSetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
					    SECURITY_INFORMATION securityInfo, const SID *sidOwner,
					    const SID *sidGroup, const ACL *dacl, const ACL *sacl)
{
	return security_set(engineHandle, OPENWFP__KIND__LAYER, key, securityInfo,
			    &(struct security_in){sidOwner, sidGroup, dacl, sacl});
}

/* ---- callouts ------------------------------------------------------------------------------- */

DWORD WINAPI FwpmCalloutAdd0(HANDLE engineHandle, const FWPM_CALLOUT0 *callout,
			     PSECURITY_DESCRIPTOR sd, UINT32 *id)
{
	UINT64 wide = 0;
	wfp_err err = call_add(engineHandle, &callout_object, callout, sd, &wide);

	if (!err && id)
		*id = (UINT32)wide;
	return err;
}

DWORD WINAPI FwpmCalloutDeleteById0(HANDLE engineHandle, UINT32 id)
{
	return call_delete_id(engineHandle, OPENWFP__KIND__CALLOUT, id);
}

DWORD WINAPI FwpmCalloutDeleteByKey0(HANDLE engineHandle, const GUID *key)
{
	return call_delete_key(engineHandle, OPENWFP__KIND__CALLOUT, key);
}

DWORD WINAPI FwpmCalloutGetById0(HANDLE engineHandle, UINT32 id, FWPM_CALLOUT0 **callout)
{
	return call_get_id(engineHandle, &callout_object, id, callout);
}

DWORD WINAPI FwpmCalloutGetByKey0(HANDLE engineHandle, const GUID *key, FWPM_CALLOUT0 **callout)
{
	return call_get_key(engineHandle, &callout_object, key, callout);
}

DWORD WINAPI FwpmCalloutCreateEnumHandle0(HANDLE engineHandle,
					  const FWPM_CALLOUT_ENUM_TEMPLATE0 *enumTemplate,
					  HANDLE *enumHandle)
{
	return call_enum_create(engineHandle, OPENWFP__KIND__CALLOUT, &desc_callout_enum_template0,
				enumTemplate, enumHandle);
}

DWORD WINAPI FwpmCalloutEnum0(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			      FWPM_CALLOUT0 ***entries, UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__CALLOUT, &desc_callout0};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmCalloutDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
	return call_enum_destroy(engineHandle, enumHandle, OPENWFP__KIND__CALLOUT);
}

DWORD WINAPI FwpmCalloutGetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
					      SECURITY_INFORMATION securityInfo, PSID *sidOwner,
					      PSID *sidGroup, PACL *dacl, PACL *sacl,
					      PSECURITY_DESCRIPTOR *securityDescriptor)
{
	return security_get(
		engineHandle, OPENWFP__KIND__CALLOUT, key, securityInfo,
		&(struct security_out){sidOwner, sidGroup, dacl, sacl, securityDescriptor});
}

DWORD WINAPI FwpmCalloutSetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
					      SECURITY_INFORMATION securityInfo,
					      const SID *sidOwner, const SID *sidGroup,
					      const ACL *dacl, const ACL *sacl)
{
	return security_set(engineHandle, OPENWFP__KIND__CALLOUT, key, securityInfo,
			    &(struct security_in){sidOwner, sidGroup, dacl, sacl});
}

DWORD WINAPI FwpmCalloutSubscribeChanges0(HANDLE engineHandle,
					  const FWPM_CALLOUT_SUBSCRIPTION0 *subscription,
					  FWPM_CALLOUT_CHANGE_CALLBACK0 callback, void *context,
					  HANDLE *changeHandle)
{
	return subscription_add(engineHandle, &subscription_callout, subscription,
				(void (*)(void))callback, context, changeHandle);
}

DWORD WINAPI FwpmCalloutUnsubscribeChanges0(HANDLE engineHandle, HANDLE changeHandle)
{
	return subscription_remove(engineHandle, OPENWFP__KIND__CALLOUT, changeHandle);
}

DWORD WINAPI FwpmCalloutSubscriptionsGet0(HANDLE engineHandle,
					  FWPM_CALLOUT_SUBSCRIPTION0 ***entries, UINT32 *numEntries)
{
	static const struct call_object what = {OPENWFP__KIND__CALLOUT,
						&desc_callout_subscription0};

	return call_subscriptions_get(engineHandle, &what, entries, numEntries);
}

/* ---- filters -------------------------------------------------------------------------------- */

DWORD WINAPI FwpmFilterAdd0(HANDLE engineHandle, const FWPM_FILTER0 *filter,
			    PSECURITY_DESCRIPTOR sd, UINT64 *id)
{
	if (filter && filter->reserved)
		return ERR_RESERVED;
	return call_add(engineHandle, &filter_object, filter, sd, id);
}

DWORD WINAPI FwpmFilterDeleteById0(HANDLE engineHandle, UINT64 id)
{
	return call_delete_id(engineHandle, OPENWFP__KIND__FILTER, id);
}

DWORD WINAPI FwpmFilterDeleteByKey0(HANDLE engineHandle, const GUID *key)
{
	return call_delete_key(engineHandle, OPENWFP__KIND__FILTER, key);
}

DWORD WINAPI FwpmFilterGetById0(HANDLE engineHandle, UINT64 id, FWPM_FILTER0 **filter)
{
	return call_get_id(engineHandle, &filter_object, id, filter);
}

DWORD WINAPI FwpmFilterGetByKey0(HANDLE engineHandle, const GUID *key, FWPM_FILTER0 **filter)
{
	return call_get_key(engineHandle, &filter_object, key, filter);
}

DWORD WINAPI FwpmFilterCreateEnumHandle0(HANDLE engineHandle,
					 const FWPM_FILTER_ENUM_TEMPLATE0 *enumTemplate,
					 HANDLE *enumHandle)
{
	return call_enum_create(engineHandle, OPENWFP__KIND__FILTER, &desc_filter_enum_template0,
				enumTemplate, enumHandle);
}

DWORD WINAPI FwpmFilterEnum0(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			     FWPM_FILTER0 ***entries, UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__FILTER, &desc_filter0};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmFilterDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
	return call_enum_destroy(engineHandle, enumHandle, OPENWFP__KIND__FILTER);
}

DWORD WINAPI FwpmFilterGetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
					     SECURITY_INFORMATION securityInfo, PSID *sidOwner,
					     PSID *sidGroup, PACL *dacl, PACL *sacl,
					     PSECURITY_DESCRIPTOR *securityDescriptor)
{
	return security_get(
		engineHandle, OPENWFP__KIND__FILTER, key, securityInfo,
		&(struct security_out){sidOwner, sidGroup, dacl, sacl, securityDescriptor});
}

DWORD WINAPI FwpmFilterSetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
					     SECURITY_INFORMATION securityInfo, const SID *sidOwner,
					     const SID *sidGroup, const ACL *dacl, const ACL *sacl)
{
	return security_set(engineHandle, OPENWFP__KIND__FILTER, key, securityInfo,
			    &(struct security_in){sidOwner, sidGroup, dacl, sacl});
}

DWORD WINAPI FwpmFilterSubscribeChanges0(HANDLE engineHandle,
					 const FWPM_FILTER_SUBSCRIPTION0 *subscription,
					 FWPM_FILTER_CHANGE_CALLBACK0 callback, void *context,
					 HANDLE *changeHandle)
{
	return subscription_add(engineHandle, &subscription_filter, subscription,
				(void (*)(void))callback, context, changeHandle);
}

DWORD WINAPI FwpmFilterUnsubscribeChanges0(HANDLE engineHandle, HANDLE changeHandle)
{
	return subscription_remove(engineHandle, OPENWFP__KIND__FILTER, changeHandle);
}

DWORD WINAPI FwpmFilterSubscriptionsGet0(HANDLE engineHandle, FWPM_FILTER_SUBSCRIPTION0 ***entries,
					 UINT32 *numEntries)
{
	static const struct call_object what = {OPENWFP__KIND__FILTER, &desc_filter_subscription0};

	return call_subscriptions_get(engineHandle, &what, entries, numEntries);
}
