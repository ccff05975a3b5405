/* SPDX-License-Identifier: MIT */
/*
 * api_event - the functions for net events and connections.
 *
 * Called by programs, on any thread.
 */
#include "client/call_enum.h"
#include "client/deliver.h"
#include "client/desc.h"
#include "client/security.h"

static const struct call_object connection_object = {OPENWFP__KIND__CONNECTION, &desc_connection0};

/* ---- net events ----------------------------------------------------------------------------- */

DWORD WINAPI FwpmNetEventCreateEnumHandle0(HANDLE engineHandle,
					   const FWPM_NET_EVENT_ENUM_TEMPLATE0 *enumTemplate,
					   HANDLE *enumHandle)
{
	return call_enum_create(engineHandle, OPENWFP__KIND__NET_EVENT,
				&desc_net_event_enum_template0, enumTemplate, enumHandle);
}

DWORD WINAPI FwpmNetEventEnum0(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			       FWPM_NET_EVENT0 ***entries, UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__NET_EVENT, &desc_net_event0,
						   .types =
							   FWPM_NET_EVENT_TYPE_IPSEC_DOSP_DROP + 1};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmNetEventEnum1(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			       FWPM_NET_EVENT1 ***entries, UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__NET_EVENT, &desc_net_event1,
						   .types =
							   FWPM_NET_EVENT_TYPE_IPSEC_DOSP_DROP + 1};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmNetEventEnum2(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			       FWPM_NET_EVENT2 ***entries, UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__NET_EVENT, &desc_net_event2,
						   .types = FWPM_NET_EVENT_TYPE_CLASSIFY_DROP_MAC +
							    1};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmNetEventEnum3(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			       FWPM_NET_EVENT3 ***entries, UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__NET_EVENT, &desc_net_event3,
						   .types = FWPM_NET_EVENT_TYPE_CLASSIFY_DROP_MAC +
							    1};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmNetEventEnum4(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			       FWPM_NET_EVENT4 ***entries, UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__NET_EVENT, &desc_net_event4,
						   .types = FWPM_NET_EVENT_TYPE_CLASSIFY_DROP_MAC +
							    1};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmNetEventEnum5(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			       FWPM_NET_EVENT5 ***entries, UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__NET_EVENT, &desc_net_event5,
						   .types = FWPM_NET_EVENT_TYPE_MAX};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmNetEventDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
	return call_enum_destroy(engineHandle, enumHandle, OPENWFP__KIND__NET_EVENT);
}

DWORD WINAPI FwpmNetEventSubscribe0(HANDLE engineHandle,
				    const FWPM_NET_EVENT_SUBSCRIPTION0 *subscription,
				    FWPM_NET_EVENT_CALLBACK0 callback, void *context,
				    HANDLE *eventsHandle)
{
	return subscription_add(engineHandle, &subscription_net_event0, subscription,
				(void (*)(void))callback, context, eventsHandle);
}

DWORD WINAPI FwpmNetEventSubscribe1(HANDLE engineHandle,
				    const FWPM_NET_EVENT_SUBSCRIPTION0 *subscription,
				    FWPM_NET_EVENT_CALLBACK1 callback, void *context,
				    HANDLE *eventsHandle)
{
	return subscription_add(engineHandle, &subscription_net_event1, subscription,
				(void (*)(void))callback, context, eventsHandle);
}

DWORD WINAPI FwpmNetEventSubscribe2(HANDLE engineHandle,
				    const FWPM_NET_EVENT_SUBSCRIPTION0 *subscription,
				    FWPM_NET_EVENT_CALLBACK2 callback, void *context,
				    HANDLE *eventsHandle)
{
	return subscription_add(engineHandle, &subscription_net_event2, subscription,
				(void (*)(void))callback, context, eventsHandle);
}

DWORD WINAPI FwpmNetEventSubscribe3(HANDLE engineHandle,
				    const FWPM_NET_EVENT_SUBSCRIPTION0 *subscription,
				    FWPM_NET_EVENT_CALLBACK3 callback, void *context,
				    HANDLE *eventsHandle)
{
	return subscription_add(engineHandle, &subscription_net_event3, subscription,
				(void (*)(void))callback, context, eventsHandle);
}

DWORD WINAPI FwpmNetEventSubscribe4(HANDLE engineHandle,
				    const FWPM_NET_EVENT_SUBSCRIPTION0 *subscription,
				    FWPM_NET_EVENT_CALLBACK4 callback, void *context,
				    HANDLE *eventsHandle)
{
	return subscription_add(engineHandle, &subscription_net_event4, subscription,
				(void (*)(void))callback, context, eventsHandle);
}

DWORD WINAPI FwpmNetEventUnsubscribe0(HANDLE engineHandle, HANDLE eventsHandle)
{
	return subscription_remove(engineHandle, OPENWFP__KIND__NET_EVENT, eventsHandle);
}

DWORD WINAPI FwpmNetEventSubscriptionsGet0(HANDLE engineHandle,
					   FWPM_NET_EVENT_SUBSCRIPTION0 ***entries,
					   UINT32 *numEntries)
{
	static const struct call_object what = {OPENWFP__KIND__NET_EVENT,
						&desc_net_event_subscription0};

	return call_subscriptions_get(engineHandle, &what, entries, numEntries);
}

DWORD WINAPI FwpmNetEventsGetSecurityInfo0(HANDLE engineHandle, SECURITY_INFORMATION securityInfo,
					   PSID *sidOwner, PSID *sidGroup, PACL *dacl, PACL *sacl,
					   PSECURITY_DESCRIPTOR *securityDescriptor)
{
	return security_get(
		engineHandle, OPENWFP__KIND__NET_EVENT, NULL, securityInfo,
		&(struct security_out){sidOwner, sidGroup, dacl, sacl, securityDescriptor});
}

DWORD WINAPI FwpmNetEventsSetSecurityInfo0(HANDLE engineHandle, SECURITY_INFORMATION securityInfo,
					   const SID *sidOwner, const SID *sidGroup,
					   const ACL *dacl, const ACL *sacl)
{
	return security_set(engineHandle, OPENWFP__KIND__NET_EVENT, NULL, securityInfo,
			    &(struct security_in){sidOwner, sidGroup, dacl, sacl});
}

/* ---- connections ---------------------------------------------------------------------------- */

DWORD WINAPI FwpmConnectionGetById0(HANDLE engineHandle, UINT64 id, FWPM_CONNECTION0 **connection)
{
	return call_get_id(engineHandle, &connection_object, id, connection);
}

DWORD WINAPI FwpmConnectionCreateEnumHandle0(HANDLE engineHandle,
					     const FWPM_CONNECTION_ENUM_TEMPLATE0 *enumTemplate,
					     HANDLE *enumHandle)
{
	return call_enum_create(engineHandle, OPENWFP__KIND__CONNECTION,
				&desc_connection_enum_template0, enumTemplate, enumHandle);
}

DWORD WINAPI FwpmConnectionEnum0(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
				 FWPM_CONNECTION0 ***entries, UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__CONNECTION, &desc_connection0};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmConnectionDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
	return call_enum_destroy(engineHandle, enumHandle, OPENWFP__KIND__CONNECTION);
}

DWORD WINAPI FwpmConnectionGetSecurityInfo0(HANDLE engineHandle, SECURITY_INFORMATION securityInfo,
					    PSID *sidOwner, PSID *sidGroup, PACL *dacl, PACL *sacl,
					    PSECURITY_DESCRIPTOR *securityDescriptor)
{
	return security_get(
		engineHandle, OPENWFP__KIND__CONNECTION, NULL, securityInfo,
		&(struct security_out){sidOwner, sidGroup, dacl, sacl, securityDescriptor});
}

DWORD WINAPI FwpmConnectionSetSecurityInfo0(HANDLE engineHandle, SECURITY_INFORMATION securityInfo,
					    const SID *sidOwner, const SID *sidGroup,
					    const ACL *dacl, const ACL *sacl)
{
	return security_set(engineHandle, OPENWFP__KIND__CONNECTION, NULL, securityInfo,
			    &(struct security_in){sidOwner, sidGroup, dacl, sacl});
}

DWORD WINAPI FwpmConnectionSubscribe0(HANDLE engineHandle,
				      const FWPM_CONNECTION_SUBSCRIPTION0 *subscription,
				      FWPM_CONNECTION_CALLBACK0 callback, void *context,
				      HANDLE *eventsHandle)
{
	return subscription_add(engineHandle, &subscription_connection, subscription,
				(void (*)(void))callback, context, eventsHandle);
}

DWORD WINAPI FwpmConnectionUnsubscribe0(HANDLE engineHandle, HANDLE eventsHandle)
{
	return subscription_remove(engineHandle, OPENWFP__KIND__CONNECTION, eventsHandle);
}

DWORD WINAPI FwpmConnectionSubscriptionsGet0(HANDLE engineHandle,
					     FWPM_CONNECTION_SUBSCRIPTION0 ***entries,
					     UINT32 *numEntries)
{
	static const struct call_object what = {OPENWFP__KIND__CONNECTION,
						&desc_connection_subscription0};

	return call_subscriptions_get(engineHandle, &what, entries, numEntries);
}
