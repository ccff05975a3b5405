/* SPDX-License-Identifier: MIT */
/*
 * What the engine reports of traffic and of the host, a part of fwpmu.h: include that. Net events,
 * connections, system ports, virtual switches, dynamic keywords.
 *
 * A callback runs on a thread of the library. What it is handed lives until it returns.
 */
#pragma once

#include "fwpmu.h"

EXTERN_C_START

/* Net events are kept in a ring of bounded size, and only while FWPM_ENGINE_COLLECT_NET_EVENTS
 * is on: else a handle is FWP_E_NET_EVENTS_DISABLED. The events are the same in each generation
 * of Enum; the older ones leave out kinds that they do not know. The handle is a snapshot, as
 * everywhere, but cannot be made inside an explicit transaction. */
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventCreateEnumHandle0(
	HANDLE engineHandle, const FWPM_NET_EVENT_ENUM_TEMPLATE0 *enumTemplate, HANDLE *enumHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventEnum0(HANDLE engineHandle, HANDLE enumHandle,
					      UINT32 numEntriesRequested,
					      FWPM_NET_EVENT0 ***entries,
					      UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventEnum1(HANDLE engineHandle, HANDLE enumHandle,
					      UINT32 numEntriesRequested,
					      FWPM_NET_EVENT1 ***entries,
					      UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventEnum2(HANDLE engineHandle, HANDLE enumHandle,
					      UINT32 numEntriesRequested,
					      FWPM_NET_EVENT2 ***entries,
					      UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventEnum3(HANDLE engineHandle, HANDLE enumHandle,
					      UINT32 numEntriesRequested,
					      FWPM_NET_EVENT3 ***entries,
					      UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventEnum4(HANDLE engineHandle, HANDLE enumHandle,
					      UINT32 numEntriesRequested,
					      FWPM_NET_EVENT4 ***entries,
					      UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventEnum5(HANDLE engineHandle, HANDLE enumHandle,
					      UINT32 numEntriesRequested,
					      FWPM_NET_EVENT5 ***entries,
					      UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle);

/* Subscriptions. An event that a subscriber is too slow for is dropped and counted, never waited
 * for. */
typedef void(CALLBACK *FWPM_NET_EVENT_CALLBACK0)(void *context, const FWPM_NET_EVENT1 *event);
typedef void(CALLBACK *FWPM_NET_EVENT_CALLBACK1)(void *context, const FWPM_NET_EVENT2 *event);
typedef void(CALLBACK *FWPM_NET_EVENT_CALLBACK2)(void *context, const FWPM_NET_EVENT3 *event);
typedef void(CALLBACK *FWPM_NET_EVENT_CALLBACK3)(void *context, const FWPM_NET_EVENT4 *event);
typedef void(CALLBACK *FWPM_NET_EVENT_CALLBACK4)(void *context, const FWPM_NET_EVENT5 *event);
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventSubscribe0(HANDLE engineHandle,
						   const FWPM_NET_EVENT_SUBSCRIPTION0 *subscription,
						   FWPM_NET_EVENT_CALLBACK0 callback, void *context,
						   HANDLE *eventsHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventSubscribe1(HANDLE engineHandle,
						   const FWPM_NET_EVENT_SUBSCRIPTION0 *subscription,
						   FWPM_NET_EVENT_CALLBACK1 callback, void *context,
						   HANDLE *eventsHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventSubscribe2(HANDLE engineHandle,
						   const FWPM_NET_EVENT_SUBSCRIPTION0 *subscription,
						   FWPM_NET_EVENT_CALLBACK2 callback, void *context,
						   HANDLE *eventsHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventSubscribe3(HANDLE engineHandle,
						   const FWPM_NET_EVENT_SUBSCRIPTION0 *subscription,
						   FWPM_NET_EVENT_CALLBACK3 callback, void *context,
						   HANDLE *eventsHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventSubscribe4(HANDLE engineHandle,
						   const FWPM_NET_EVENT_SUBSCRIPTION0 *subscription,
						   FWPM_NET_EVENT_CALLBACK4 callback, void *context,
						   HANDLE *eventsHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventUnsubscribe0(HANDLE engineHandle, HANDLE eventsHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventSubscriptionsGet0(HANDLE engineHandle,
							  FWPM_NET_EVENT_SUBSCRIPTION0 ***entries,
							  UINT32 *numEntries);
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventsGetSecurityInfo0(HANDLE engineHandle,
							  SECURITY_INFORMATION securityInfo,
							  PSID *sidOwner, PSID *sidGroup,
							  PACL *dacl, PACL *sacl,
							  PSECURITY_DESCRIPTOR *securityDescriptor);
OPENWFP_EXPORT DWORD WINAPI FwpmNetEventsSetSecurityInfo0(HANDLE engineHandle,
							  SECURITY_INFORMATION securityInfo,
							  const SID *sidOwner, const SID *sidGroup,
							  const ACL *dacl, const ACL *sacl);

/* Connections that IPsec protects. Id 0 is never one. */
OPENWFP_EXPORT DWORD WINAPI FwpmConnectionGetById0(HANDLE engineHandle, UINT64 id,
						   FWPM_CONNECTION0 **connection);
OPENWFP_EXPORT DWORD WINAPI FwpmConnectionCreateEnumHandle0(
	HANDLE engineHandle, const FWPM_CONNECTION_ENUM_TEMPLATE0 *enumTemplate,
	HANDLE *enumHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmConnectionEnum0(HANDLE engineHandle, HANDLE enumHandle,
						UINT32 numEntriesRequested,
						FWPM_CONNECTION0 ***entries,
						UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmConnectionDestroyEnumHandle0(HANDLE engineHandle,
							     HANDLE enumHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmConnectionGetSecurityInfo0(
	HANDLE engineHandle, SECURITY_INFORMATION securityInfo, PSID *sidOwner, PSID *sidGroup,
	PACL *dacl, PACL *sacl, PSECURITY_DESCRIPTOR *securityDescriptor);
OPENWFP_EXPORT DWORD WINAPI FwpmConnectionSetSecurityInfo0(HANDLE engineHandle,
							   SECURITY_INFORMATION securityInfo,
							   const SID *sidOwner, const SID *sidGroup,
							   const ACL *dacl, const ACL *sacl);

typedef void(CALLBACK *FWPM_CONNECTION_CALLBACK0)(void *context,
						  FWPM_CONNECTION_EVENT_TYPE eventType,
						  const FWPM_CONNECTION0 *connection);
OPENWFP_EXPORT DWORD WINAPI
FwpmConnectionSubscribe0(HANDLE engineHandle, const FWPM_CONNECTION_SUBSCRIPTION0 *subscription,
			 FWPM_CONNECTION_CALLBACK0 callback, void *context, HANDLE *eventsHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmConnectionUnsubscribe0(HANDLE engineHandle, HANDLE eventsHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmConnectionSubscriptionsGet0(
	HANDLE engineHandle, FWPM_CONNECTION_SUBSCRIPTION0 ***entries, UINT32 *numEntries);

/* Ports that services of the host have taken for a purpose. engineHandle may be NULL, reserved
 * is. The callback is told the whole set. */
typedef void(CALLBACK *FWPM_SYSTEM_PORTS_CALLBACK0)(void *context,
						    const FWPM_SYSTEM_PORTS0 *sysPorts);
OPENWFP_EXPORT DWORD WINAPI FwpmSystemPortsGet0(HANDLE engineHandle, FWPM_SYSTEM_PORTS0 **sysPorts);
OPENWFP_EXPORT DWORD WINAPI FwpmSystemPortsSubscribe0(HANDLE engineHandle, void *reserved,
						      FWPM_SYSTEM_PORTS_CALLBACK0 callback,
						      void *context, HANDLE *sysPortsHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmSystemPortsUnsubscribe0(HANDLE engineHandle, HANDLE sysPortsHandle);

/* Virtual switches. What the callback returns is not looked at. */
typedef DWORD(CALLBACK *FWPM_VSWITCH_EVENT_CALLBACK0)(void *context,
						      const FWPM_VSWITCH_EVENT0 *vSwitchEvent);
OPENWFP_EXPORT DWORD WINAPI FwpmvSwitchEventSubscribe0(
	HANDLE engineHandle, const FWPM_VSWITCH_EVENT_SUBSCRIPTION0 *subscription,
	FWPM_VSWITCH_EVENT_CALLBACK0 callback, void *context, HANDLE *subscriptionHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmvSwitchEventUnsubscribe0(HANDLE engineHandle,
							 HANDLE subscriptionHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmvSwitchEventsGetSecurityInfo0(
	HANDLE engineHandle, SECURITY_INFORMATION securityInfo, PSID *sidOwner, PSID *sidGroup,
	PACL *dacl, PACL *sacl, PSECURITY_DESCRIPTOR *securityDescriptor);
OPENWFP_EXPORT DWORD WINAPI FwpmvSwitchEventsSetSecurityInfo0(HANDLE engineHandle,
							      SECURITY_INFORMATION securityInfo,
							      const SID *sidOwner,
							      const SID *sidGroup, const ACL *dacl,
							      const ACL *sacl);

/* Dynamic keywords: names that stand for addresses in firewall rules. These two need no session.
 * flags are FWPM_NOTIFY_; notification is not used and NULL, context comes second. */
typedef void(CALLBACK *FWPM_DYNAMIC_KEYWORD_CALLBACK0)(void *notification, void *context);
OPENWFP_EXPORT DWORD WINAPI FwpmDynamicKeywordSubscribe0(DWORD flags,
							 FWPM_DYNAMIC_KEYWORD_CALLBACK0 callback,
							 void *context, HANDLE *subscriptionHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmDynamicKeywordUnsubscribe0(HANDLE subscriptionHandle);

/* The names without a version, for the Windows that NTDDI_VERSION names. */
#define FwpmNetEventCreateEnumHandle	 FwpmNetEventCreateEnumHandle0
#define FwpmNetEventDestroyEnumHandle	 FwpmNetEventDestroyEnumHandle0
#define FwpmNetEventUnsubscribe		 FwpmNetEventUnsubscribe0
#define FwpmNetEventSubscriptionsGet	 FwpmNetEventSubscriptionsGet0
#define FwpmNetEventsGetSecurityInfo	 FwpmNetEventsGetSecurityInfo0
#define FwpmNetEventsSetSecurityInfo	 FwpmNetEventsSetSecurityInfo0
#define FwpmConnectionGetById		 FwpmConnectionGetById0
#define FwpmConnectionCreateEnumHandle	 FwpmConnectionCreateEnumHandle0
#define FwpmConnectionEnum		 FwpmConnectionEnum0
#define FwpmConnectionDestroyEnumHandle	 FwpmConnectionDestroyEnumHandle0
#define FwpmConnectionGetSecurityInfo	 FwpmConnectionGetSecurityInfo0
#define FwpmConnectionSetSecurityInfo	 FwpmConnectionSetSecurityInfo0
#define FwpmConnectionSubscribe		 FwpmConnectionSubscribe0
#define FwpmConnectionUnsubscribe	 FwpmConnectionUnsubscribe0
#define FwpmConnectionSubscriptionsGet	 FwpmConnectionSubscriptionsGet0
#define FwpmSystemPortsGet		 FwpmSystemPortsGet0
#define FwpmSystemPortsSubscribe	 FwpmSystemPortsSubscribe0
#define FwpmSystemPortsUnsubscribe	 FwpmSystemPortsUnsubscribe0
#define FwpmvSwitchEventSubscribe	 FwpmvSwitchEventSubscribe0
#define FwpmvSwitchEventUnsubscribe	 FwpmvSwitchEventUnsubscribe0
#define FwpmvSwitchEventsGetSecurityInfo FwpmvSwitchEventsGetSecurityInfo0
#define FwpmvSwitchEventsSetSecurityInfo FwpmvSwitchEventsSetSecurityInfo0
#define FwpmDynamicKeywordSubscribe	 FwpmDynamicKeywordSubscribe0
#define FwpmDynamicKeywordUnsubscribe	 FwpmDynamicKeywordUnsubscribe0
#define FWPM_CONNECTION_CALLBACK	 FWPM_CONNECTION_CALLBACK0
#define FWPM_SYSTEM_PORTS_CALLBACK	 FWPM_SYSTEM_PORTS_CALLBACK0
#define FWPM_VSWITCH_EVENT_CALLBACK	 FWPM_VSWITCH_EVENT_CALLBACK0
#define FWPM_DYNAMIC_KEYWORD_CALLBACK	 FWPM_DYNAMIC_KEYWORD_CALLBACK0
#if NTDDI_VERSION >= NTDDI_WIN10_RS5
#define FwpmNetEventEnum FwpmNetEventEnum5
#elif NTDDI_VERSION >= NTDDI_WIN10_RS4
#define FwpmNetEventEnum FwpmNetEventEnum4
#elif NTDDI_VERSION >= NTDDI_WIN10
#define FwpmNetEventEnum FwpmNetEventEnum3
#elif NTDDI_VERSION >= NTDDI_WIN8
#define FwpmNetEventEnum FwpmNetEventEnum2
#elif NTDDI_VERSION >= NTDDI_WIN7
#define FwpmNetEventEnum FwpmNetEventEnum1
#else
#define FwpmNetEventEnum FwpmNetEventEnum0
#endif
#if NTDDI_VERSION >= NTDDI_WIN10_RS5
#define FwpmNetEventSubscribe	FwpmNetEventSubscribe4
#define FWPM_NET_EVENT_CALLBACK FWPM_NET_EVENT_CALLBACK4
#elif NTDDI_VERSION >= NTDDI_WIN10_RS4
#define FwpmNetEventSubscribe	FwpmNetEventSubscribe3
#define FWPM_NET_EVENT_CALLBACK FWPM_NET_EVENT_CALLBACK3
#elif NTDDI_VERSION >= NTDDI_WIN10
#define FwpmNetEventSubscribe	FwpmNetEventSubscribe2
#define FWPM_NET_EVENT_CALLBACK FWPM_NET_EVENT_CALLBACK2
#elif NTDDI_VERSION >= NTDDI_WIN8
#define FwpmNetEventSubscribe	FwpmNetEventSubscribe1
#define FWPM_NET_EVENT_CALLBACK FWPM_NET_EVENT_CALLBACK1
#else
#define FwpmNetEventSubscribe	FwpmNetEventSubscribe0
#define FWPM_NET_EVENT_CALLBACK FWPM_NET_EVENT_CALLBACK0
#endif

EXTERN_C_END
