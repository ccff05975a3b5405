/* SPDX-License-Identifier: MIT */
/*
 * IPsec and IKE, a part of fwpmu.h: include that. Security associations, key managers, protection
 * against denial of service, counters.
 *
 * The rules of fwpmu.h hold: one block per answer, callbacks on a thread of the library.
 */
#pragma once

#include "fwpmu.h"

EXTERN_C_START

/* The counters are written into the caller's structure; nothing is to be freed. */
OPENWFP_EXPORT DWORD WINAPI IPsecGetStatistics0(HANDLE engineHandle,
						IPSEC_STATISTICS0 *ipsecStatistics);
OPENWFP_EXPORT DWORD WINAPI IPsecGetStatistics1(HANDLE engineHandle,
						IPSEC_STATISTICS1 *ipsecStatistics);

/* A pair of associations is made in steps: create the context, get or set the inbound SPI, add
 * the inbound bundle, then the outbound one. Expire ends the outbound association at once and the
 * inbound one a minute later, for what is still on the wire; delete ends both at once.
 * inboundFilterId may be NULL. */
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextCreate0(HANDLE engineHandle,
						  const IPSEC_TRAFFIC0 *outboundTraffic,
						  UINT64 *inboundFilterId, UINT64 *id);
OPENWFP_EXPORT DWORD WINAPI
IPsecSaContextCreate1(HANDLE engineHandle, const IPSEC_TRAFFIC1 *outboundTraffic,
		      const IPSEC_VIRTUAL_IF_TUNNEL_INFO0 *virtualIfTunnelInfo,
		      UINT64 *inboundFilterId, UINT64 *id);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextDeleteById0(HANDLE engineHandle, UINT64 id);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextGetById0(HANDLE engineHandle, UINT64 id,
						   IPSEC_SA_CONTEXT0 **saContext);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextGetById1(HANDLE engineHandle, UINT64 id,
						   IPSEC_SA_CONTEXT1 **saContext);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextGetSpi0(HANDLE engineHandle, UINT64 id,
						  const IPSEC_GETSPI0 *getSpi,
						  IPSEC_SA_SPI *inboundSpi);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextGetSpi1(HANDLE engineHandle, UINT64 id,
						  const IPSEC_GETSPI1 *getSpi,
						  IPSEC_SA_SPI *inboundSpi);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextSetSpi0(HANDLE engineHandle, UINT64 id,
						  const IPSEC_GETSPI1 *getSpi,
						  IPSEC_SA_SPI inboundSpi);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextAddInbound0(HANDLE engineHandle, UINT64 id,
						      const IPSEC_SA_BUNDLE0 *inboundBundle);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextAddInbound1(HANDLE engineHandle, UINT64 id,
						      const IPSEC_SA_BUNDLE1 *inboundBundle);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextAddOutbound0(HANDLE engineHandle, UINT64 id,
						       const IPSEC_SA_BUNDLE0 *outboundBundle);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextAddOutbound1(HANDLE engineHandle, UINT64 id,
						       const IPSEC_SA_BUNDLE1 *outboundBundle);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextExpire0(HANDLE engineHandle, UINT64 id);
/* flags say which members of newValues count (IPSEC_SA_DETAILS_UPDATE_,
 * IPSEC_SA_BUNDLE_UPDATE_); they have 64 bits, unlike all other flags. */
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextUpdate0(HANDLE engineHandle, UINT64 flags,
						  const IPSEC_SA_CONTEXT1 *newValues);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextCreateEnumHandle0(
	HANDLE engineHandle, const IPSEC_SA_CONTEXT_ENUM_TEMPLATE0 *enumTemplate,
	HANDLE *enumHandle);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextEnum0(HANDLE engineHandle, HANDLE enumHandle,
						UINT32 numEntriesRequested,
						IPSEC_SA_CONTEXT0 ***entries,
						UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextEnum1(HANDLE engineHandle, HANDLE enumHandle,
						UINT32 numEntriesRequested,
						IPSEC_SA_CONTEXT1 ***entries,
						UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextDestroyEnumHandle0(HANDLE engineHandle,
							     HANDLE enumHandle);

typedef void(CALLBACK *IPSEC_SA_CONTEXT_CALLBACK0)(void *context,
						   const IPSEC_SA_CONTEXT_CHANGE0 *change);
OPENWFP_EXPORT DWORD WINAPI
IPsecSaContextSubscribe0(HANDLE engineHandle, const IPSEC_SA_CONTEXT_SUBSCRIPTION0 *subscription,
			 IPSEC_SA_CONTEXT_CALLBACK0 callback, void *context, HANDLE *eventsHandle);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextUnsubscribe0(HANDLE engineHandle, HANDLE eventsHandle);
OPENWFP_EXPORT DWORD WINAPI IPsecSaContextSubscriptionsGet0(
	HANDLE engineHandle, IPSEC_SA_CONTEXT_SUBSCRIPTION0 ***entries, UINT32 *numEntries);

/* The associations one by one, and who may see and change them. */
OPENWFP_EXPORT DWORD WINAPI IPsecSaCreateEnumHandle0(HANDLE engineHandle,
						     const IPSEC_SA_ENUM_TEMPLATE0 *enumTemplate,
						     HANDLE *enumHandle);
OPENWFP_EXPORT DWORD WINAPI IPsecSaEnum0(HANDLE engineHandle, HANDLE enumHandle,
					 UINT32 numEntriesRequested, IPSEC_SA_DETAILS0 ***entries,
					 UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI IPsecSaEnum1(HANDLE engineHandle, HANDLE enumHandle,
					 UINT32 numEntriesRequested, IPSEC_SA_DETAILS1 ***entries,
					 UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI IPsecSaDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle);
OPENWFP_EXPORT DWORD WINAPI IPsecSaDbGetSecurityInfo0(HANDLE engineHandle,
						      SECURITY_INFORMATION securityInfo,
						      PSID *sidOwner, PSID *sidGroup, PACL *dacl,
						      PACL *sacl,
						      PSECURITY_DESCRIPTOR *securityDescriptor);
OPENWFP_EXPORT DWORD WINAPI IPsecSaDbSetSecurityInfo0(HANDLE engineHandle,
						      SECURITY_INFORMATION securityInfo,
						      const SID *sidOwner, const SID *sidGroup,
						      const ACL *dacl, const ACL *sacl);

/* Protection against denial of service. Here the entries returned are counted in numEntries. */
OPENWFP_EXPORT DWORD WINAPI IPsecDospGetStatistics0(HANDLE engineHandle,
						    IPSEC_DOSP_STATISTICS0 *idpStatistics);
OPENWFP_EXPORT DWORD WINAPI IPsecDospStateCreateEnumHandle0(
	HANDLE engineHandle, const IPSEC_DOSP_STATE_ENUM_TEMPLATE0 *enumTemplate,
	HANDLE *enumHandle);
OPENWFP_EXPORT DWORD WINAPI IPsecDospStateEnum0(HANDLE engineHandle, HANDLE enumHandle,
						UINT32 numEntriesRequested,
						IPSEC_DOSP_STATE0 ***entries, UINT32 *numEntries);
OPENWFP_EXPORT DWORD WINAPI IPsecDospStateDestroyEnumHandle0(HANDLE engineHandle,
							     HANDLE enumHandle);
OPENWFP_EXPORT DWORD WINAPI IPsecDospGetSecurityInfo0(HANDLE engineHandle,
						      SECURITY_INFORMATION securityInfo,
						      PSID *sidOwner, PSID *sidGroup, PACL *dacl,
						      PACL *sacl,
						      PSECURITY_DESCRIPTOR *securityDescriptor);
OPENWFP_EXPORT DWORD WINAPI IPsecDospSetSecurityInfo0(HANDLE engineHandle,
						      SECURITY_INFORMATION securityInfo,
						      const SID *sidOwner, const SID *sidGroup,
						      const ACL *dacl, const ACL *sacl);

/* Key managers: agents that dictate the keys of associations, or are told of them. All three
 * callbacks are there with IPSEC_KEY_MANAGER_FLAG_DICTATE_KEY, else keyNotify alone. They are
 * called on threads of the library while a negotiation waits: for dictation within the time that
 * keyDictationTimeoutHint asks for. */
typedef void(CALLBACK *IPSEC_KEY_MANAGER_KEY_DICTATION_CHECK0)(const IKEEXT_TRAFFIC0 *ikeTraffic,
							       BOOL *willDictateKey,
							       UINT32 *weight);
typedef DWORD(CALLBACK *IPSEC_KEY_MANAGER_DICTATE_KEY0)(IPSEC_SA_DETAILS1 *inboundSaDetails,
							IPSEC_SA_DETAILS1 *outboundSaDetails,
							BOOL *keyingModuleGenKey);
typedef void(CALLBACK *IPSEC_KEY_MANAGER_NOTIFY_KEY0)(const IPSEC_SA_DETAILS1 *inboundSa,
						      const IPSEC_SA_DETAILS1 *outboundSa);

typedef struct IPSEC_KEY_MANAGER_CALLBACKS0_ {
	GUID reserved;
	UINT32 flags;
	IPSEC_KEY_MANAGER_KEY_DICTATION_CHECK0 keyDictationCheck;
	IPSEC_KEY_MANAGER_DICTATE_KEY0 keyDictation;
	IPSEC_KEY_MANAGER_NOTIFY_KEY0 keyNotify;
} IPSEC_KEY_MANAGER_CALLBACKS0;

OPENWFP_EXPORT DWORD WINAPI IPsecKeyManagerAddAndRegister0(
	HANDLE engineHandle, const IPSEC_KEY_MANAGER0 *keyManager,
	const IPSEC_KEY_MANAGER_CALLBACKS0 *keyManagerCallbacks, HANDLE *keyMgmtHandle);
OPENWFP_EXPORT DWORD WINAPI IPsecKeyManagerUnregisterAndDelete0(HANDLE engineHandle,
								HANDLE keyMgmtHandle);
OPENWFP_EXPORT DWORD WINAPI IPsecKeyManagersGet0(HANDLE engineHandle, IPSEC_KEY_MANAGER0 ***entries,
						 UINT32 *numEntries);
/* Despite the name there is no key: one descriptor for all, and reserved is NULL. */
OPENWFP_EXPORT DWORD WINAPI IPsecKeyManagerGetSecurityInfoByKey0(
	HANDLE engineHandle, const void *reserved, SECURITY_INFORMATION securityInfo,
	PSID *sidOwner, PSID *sidGroup, PACL *dacl, PACL *sacl,
	PSECURITY_DESCRIPTOR *securityDescriptor);
OPENWFP_EXPORT DWORD WINAPI IPsecKeyManagerSetSecurityInfoByKey0(
	HANDLE engineHandle, const void *reserved, SECURITY_INFORMATION securityInfo,
	const SID *sidOwner, const SID *sidGroup, const ACL *dacl, const ACL *sacl);

/* Key negotiation: its counters, its associations, and who may see and end them. saLookupContext
 * may be NULL. */
OPENWFP_EXPORT DWORD WINAPI IkeextGetStatistics0(HANDLE engineHandle,
						 IKEEXT_STATISTICS0 *ikeextStatistics);
OPENWFP_EXPORT DWORD WINAPI IkeextGetStatistics1(HANDLE engineHandle,
						 IKEEXT_STATISTICS1 *ikeextStatistics);
OPENWFP_EXPORT DWORD WINAPI IkeextSaDeleteById0(HANDLE engineHandle, UINT64 id);
OPENWFP_EXPORT DWORD WINAPI IkeextSaGetById0(HANDLE engineHandle, UINT64 id,
					     IKEEXT_SA_DETAILS0 **sa);
OPENWFP_EXPORT DWORD WINAPI IkeextSaGetById1(HANDLE engineHandle, UINT64 id, GUID *saLookupContext,
					     IKEEXT_SA_DETAILS1 **sa);
OPENWFP_EXPORT DWORD WINAPI IkeextSaGetById2(HANDLE engineHandle, UINT64 id, GUID *saLookupContext,
					     IKEEXT_SA_DETAILS2 **sa);
OPENWFP_EXPORT DWORD WINAPI IkeextSaCreateEnumHandle0(HANDLE engineHandle,
						      const IKEEXT_SA_ENUM_TEMPLATE0 *enumTemplate,
						      HANDLE *enumHandle);
OPENWFP_EXPORT DWORD WINAPI IkeextSaEnum0(HANDLE engineHandle, HANDLE enumHandle,
					  UINT32 numEntriesRequested, IKEEXT_SA_DETAILS0 ***entries,
					  UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI IkeextSaEnum1(HANDLE engineHandle, HANDLE enumHandle,
					  UINT32 numEntriesRequested, IKEEXT_SA_DETAILS1 ***entries,
					  UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI IkeextSaEnum2(HANDLE engineHandle, HANDLE enumHandle,
					  UINT32 numEntriesRequested, IKEEXT_SA_DETAILS2 ***entries,
					  UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI IkeextSaDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle);
OPENWFP_EXPORT DWORD WINAPI IkeextSaDbGetSecurityInfo0(HANDLE engineHandle,
						       SECURITY_INFORMATION securityInfo,
						       PSID *sidOwner, PSID *sidGroup, PACL *dacl,
						       PACL *sacl,
						       PSECURITY_DESCRIPTOR *securityDescriptor);
OPENWFP_EXPORT DWORD WINAPI IkeextSaDbSetSecurityInfo0(HANDLE engineHandle,
						       SECURITY_INFORMATION securityInfo,
						       const SID *sidOwner, const SID *sidGroup,
						       const ACL *dacl, const ACL *sacl);

/* The names without a version, for the Windows that NTDDI_VERSION names. */
#define IPsecSaContextDeleteById	      IPsecSaContextDeleteById0
#define IPsecSaContextSetSpi		      IPsecSaContextSetSpi0
#define IPsecSaContextExpire		      IPsecSaContextExpire0
#define IPsecSaContextUpdate		      IPsecSaContextUpdate0
#define IPsecSaContextCreateEnumHandle	      IPsecSaContextCreateEnumHandle0
#define IPsecSaContextDestroyEnumHandle	      IPsecSaContextDestroyEnumHandle0
#define IPsecSaContextSubscribe		      IPsecSaContextSubscribe0
#define IPsecSaContextUnsubscribe	      IPsecSaContextUnsubscribe0
#define IPsecSaContextSubscriptionsGet	      IPsecSaContextSubscriptionsGet0
#define IPsecSaCreateEnumHandle		      IPsecSaCreateEnumHandle0
#define IPsecSaDestroyEnumHandle	      IPsecSaDestroyEnumHandle0
#define IPsecSaDbGetSecurityInfo	      IPsecSaDbGetSecurityInfo0
#define IPsecSaDbSetSecurityInfo	      IPsecSaDbSetSecurityInfo0
#define IPsecDospGetStatistics		      IPsecDospGetStatistics0
#define IPsecDospStateCreateEnumHandle	      IPsecDospStateCreateEnumHandle0
#define IPsecDospStateEnum		      IPsecDospStateEnum0
#define IPsecDospStateDestroyEnumHandle	      IPsecDospStateDestroyEnumHandle0
#define IPsecDospGetSecurityInfo	      IPsecDospGetSecurityInfo0
#define IPsecDospSetSecurityInfo	      IPsecDospSetSecurityInfo0
#define IPsecKeyManagerAddAndRegister	      IPsecKeyManagerAddAndRegister0
#define IPsecKeyManagerUnregisterAndDelete    IPsecKeyManagerUnregisterAndDelete0
#define IPsecKeyManagersGet		      IPsecKeyManagersGet0
#define IPsecKeyManagerGetSecurityInfoByKey   IPsecKeyManagerGetSecurityInfoByKey0
#define IPsecKeyManagerSetSecurityInfoByKey   IPsecKeyManagerSetSecurityInfoByKey0
#define IkeextSaDeleteById		      IkeextSaDeleteById0
#define IkeextSaCreateEnumHandle	      IkeextSaCreateEnumHandle0
#define IkeextSaDestroyEnumHandle	      IkeextSaDestroyEnumHandle0
#define IkeextSaDbGetSecurityInfo	      IkeextSaDbGetSecurityInfo0
#define IkeextSaDbSetSecurityInfo	      IkeextSaDbSetSecurityInfo0
#define IPSEC_SA_CONTEXT_CALLBACK	      IPSEC_SA_CONTEXT_CALLBACK0
#define IPSEC_KEY_MANAGER_KEY_DICTATION_CHECK IPSEC_KEY_MANAGER_KEY_DICTATION_CHECK0
#define IPSEC_KEY_MANAGER_DICTATE_KEY	      IPSEC_KEY_MANAGER_DICTATE_KEY0
#define IPSEC_KEY_MANAGER_NOTIFY_KEY	      IPSEC_KEY_MANAGER_NOTIFY_KEY0
#define IPSEC_KEY_MANAGER_CALLBACKS	      IPSEC_KEY_MANAGER_CALLBACKS0
#if NTDDI_VERSION >= NTDDI_WIN7
#define IPsecGetStatistics	  IPsecGetStatistics1
#define IPsecSaContextCreate	  IPsecSaContextCreate1
#define IPsecSaContextGetById	  IPsecSaContextGetById1
#define IPsecSaContextGetSpi	  IPsecSaContextGetSpi1
#define IPsecSaContextAddInbound  IPsecSaContextAddInbound1
#define IPsecSaContextAddOutbound IPsecSaContextAddOutbound1
#define IPsecSaContextEnum	  IPsecSaContextEnum1
#define IPsecSaEnum		  IPsecSaEnum1
#define IkeextGetStatistics	  IkeextGetStatistics1
#else
#define IPsecGetStatistics	  IPsecGetStatistics0
#define IPsecSaContextCreate	  IPsecSaContextCreate0
#define IPsecSaContextGetById	  IPsecSaContextGetById0
#define IPsecSaContextGetSpi	  IPsecSaContextGetSpi0
#define IPsecSaContextAddInbound  IPsecSaContextAddInbound0
#define IPsecSaContextAddOutbound IPsecSaContextAddOutbound0
#define IPsecSaContextEnum	  IPsecSaContextEnum0
#define IPsecSaEnum		  IPsecSaEnum0
#define IkeextGetStatistics	  IkeextGetStatistics0
#endif
#if NTDDI_VERSION >= NTDDI_WIN8
#define IkeextSaGetById IkeextSaGetById2
#define IkeextSaEnum	IkeextSaEnum2
#elif NTDDI_VERSION >= NTDDI_WIN7
#define IkeextSaGetById IkeextSaGetById1
#define IkeextSaEnum	IkeextSaEnum1
#else
#define IkeextSaGetById IkeextSaGetById0
#define IkeextSaEnum	IkeextSaEnum0
#endif

EXTERN_C_END
