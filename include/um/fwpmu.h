/* SPDX-License-Identifier: MIT */
/*
 * What a management client includes: the functions of libfwpuclnt, the objects of the base
 * filtering engine and the keys of everything built in. Include initguid.h before it in one file of
 * the program.
 *
 * Every function returns 0 or a code of winerror.h: FWP_E_ for a rule of the platform, ERROR_ for
 * what is not about it (ERROR_ACCESS_DENIED), RPC_S_ or EPT_S_ when the engine is not there to
 * answer. On failure nothing was changed and nothing is written through the pointers. All may be
 * called from any thread; calls in one session are carried out one after the other.
 *
 * What a Get or an Enum function returns is one block: one call of FwpmFreeMemory0 for the pointer
 * that was returned frees the object, or the array, and everything it points at. What a caller
 * passes in stays the caller's and is not looked at after the call.
 *
 * Enumeration is the same for each kind. The handle is a snapshot of the time when it was made,
 * without what the caller may not read; a template that is NULL means all. An Enum call goes on
 * where the last one stopped, and returns less than was asked for only at the end.
 *
 * So are change subscriptions. Told are additions and deletions (flags say which) of objects that
 * the subscriber may read, once committed, in their order, except those that the subscribing
 * session made itself. Subscribing and its end are FWP_E_TXN_IN_PROGRESS inside an explicit
 * transaction. SubscriptionsGet returns those of all sessions.
 *
 * A callback runs on a thread of the library, one at a time per session. Ending a subscription
 * waits for a callback that runs: not from inside one, and not while holding a lock that it takes.
 * Closing the session ends all its subscriptions and enumerations.
 */
#pragma once

#include "fwpmtypes.h"
#include "guiddef.h"
#include "rpc.h"
#include "winerror.h"
#include "winnt.h"

#include "generated/fwpm_guids.h"
#include "generated/fwpm_values.h"

#include "fwpm_aliases.h"

EXTERN_C_START

/* p is the address of the pointer that was returned; the pointer becomes NULL. One that is NULL
 * already is fine. Parts of a block are never freed alone. */
OPENWFP_EXPORT void WINAPI FwpmFreeMemory0(void **p);

/* serverName is NULL: there is no remote management. authnService is RPC_C_AUTHN_WINNT or
 * RPC_C_AUTHN_DEFAULT, authIdentity NULL: who calls is known from the socket. session may be
 * NULL; with FWPM_SESSION_FLAG_DYNAMIC what it adds vanishes with it, however it ends. */
OPENWFP_EXPORT DWORD WINAPI FwpmEngineOpen0(const WCHAR *serverName, UINT32 authnService,
					    SEC_WINNT_AUTH_IDENTITY_W *authIdentity,
					    const FWPM_SESSION0 *session, HANDLE *engineHandle);
/* Aborts the transaction that is open, if any. NULL is accepted. */
OPENWFP_EXPORT DWORD WINAPI FwpmEngineClose0(HANDLE engineHandle);

/* The value is to be freed. Each option is a FWP_UINT32. */
OPENWFP_EXPORT DWORD WINAPI FwpmEngineGetOption0(HANDLE engineHandle, FWPM_ENGINE_OPTION option,
						 FWP_VALUE0 **value);
OPENWFP_EXPORT DWORD WINAPI FwpmEngineSetOption0(HANDLE engineHandle, FWPM_ENGINE_OPTION option,
						 const FWP_VALUE0 *newValue);

/* Security. The same pair exists for each kind of object. Get: securityDescriptor is what
 * FwpmFreeMemory0 frees; the other pointers may be NULL, and what they return points into it.
 * Set: only the parts that securityInfo names are looked at; it fails with FWP_E_TXN_IN_PROGRESS
 * inside an explicit transaction. With the zero key, or NULL, the ByKey functions mean the
 * container of all objects of the kind. */
OPENWFP_EXPORT DWORD WINAPI FwpmEngineGetSecurityInfo0(HANDLE engineHandle,
						       SECURITY_INFORMATION securityInfo,
						       PSID *sidOwner, PSID *sidGroup, PACL *dacl,
						       PACL *sacl,
						       PSECURITY_DESCRIPTOR *securityDescriptor);
OPENWFP_EXPORT DWORD WINAPI FwpmEngineSetSecurityInfo0(HANDLE engineHandle,
						       SECURITY_INFORMATION securityInfo,
						       const SID *sidOwner, const SID *sidGroup,
						       const ACL *dacl, const ACL *sacl);

/* Sessions are listed to whom the engine's own descriptor lets read it. */
OPENWFP_EXPORT DWORD WINAPI FwpmSessionCreateEnumHandle0(
	HANDLE engineHandle, const FWPM_SESSION_ENUM_TEMPLATE0 *enumTemplate, HANDLE *enumHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmSessionEnum0(HANDLE engineHandle, HANDLE enumHandle,
					     UINT32 numEntriesRequested, FWPM_SESSION0 ***entries,
					     UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmSessionDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle);

/* One transaction per session: a second one is FWP_E_TXN_IN_PROGRESS. flags is 0 or
 * FWPM_TXN_READ_ONLY, in which a write is FWP_E_INCOMPATIBLE_TXN. Begin waits for the writers'
 * lock as long as the session's txnWaitTimeoutInMSec says, 15 s by default, then FWP_E_TIMEOUT.
 * A call that fails inside a transaction does not spoil it: what succeeded is committed. One
 * that is held too long is aborted by the engine, and then each call in it is FWP_E_TXN_ABORTED. */
OPENWFP_EXPORT DWORD WINAPI FwpmTransactionBegin0(HANDLE engineHandle, UINT32 flags);
OPENWFP_EXPORT DWORD WINAPI FwpmTransactionCommit0(HANDLE engineHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmTransactionAbort0(HANDLE engineHandle);

/* Providers. Deleting one that anything refers to is FWP_E_IN_USE. */
OPENWFP_EXPORT DWORD WINAPI FwpmProviderAdd0(HANDLE engineHandle, const FWPM_PROVIDER0 *provider,
					     PSECURITY_DESCRIPTOR sd);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderDeleteByKey0(HANDLE engineHandle, const GUID *key);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderGetByKey0(HANDLE engineHandle, const GUID *key,
						  FWPM_PROVIDER0 **provider);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderCreateEnumHandle0(
	HANDLE engineHandle, const FWPM_PROVIDER_ENUM_TEMPLATE0 *enumTemplate, HANDLE *enumHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderEnum0(HANDLE engineHandle, HANDLE enumHandle,
					      UINT32 numEntriesRequested, FWPM_PROVIDER0 ***entries,
					      UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderGetSecurityInfoByKey0(
	HANDLE engineHandle, const GUID *key, SECURITY_INFORMATION securityInfo, PSID *sidOwner,
	PSID *sidGroup, PACL *dacl, PACL *sacl, PSECURITY_DESCRIPTOR *securityDescriptor);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderSetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
							      SECURITY_INFORMATION securityInfo,
							      const SID *sidOwner,
							      const SID *sidGroup, const ACL *dacl,
							      const ACL *sacl);

typedef void(CALLBACK *FWPM_PROVIDER_CHANGE_CALLBACK0)(void *context,
						       const FWPM_PROVIDER_CHANGE0 *change);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderSubscribeChanges0(
	HANDLE engineHandle, const FWPM_PROVIDER_SUBSCRIPTION0 *subscription,
	FWPM_PROVIDER_CHANGE_CALLBACK0 callback, void *context, HANDLE *changeHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderUnsubscribeChanges0(HANDLE engineHandle,
							    HANDLE changeHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmProviderSubscriptionsGet0(HANDLE engineHandle,
							  FWPM_PROVIDER_SUBSCRIPTION0 ***entries,
							  UINT32 *numEntries);

/* Sublayers. One whose weight is taken gets a free one near by; read it back to know. */
OPENWFP_EXPORT DWORD WINAPI FwpmSubLayerAdd0(HANDLE engineHandle, const FWPM_SUBLAYER0 *subLayer,
					     PSECURITY_DESCRIPTOR sd);
OPENWFP_EXPORT DWORD WINAPI FwpmSubLayerDeleteByKey0(HANDLE engineHandle, const GUID *key);
OPENWFP_EXPORT DWORD WINAPI FwpmSubLayerGetByKey0(HANDLE engineHandle, const GUID *key,
						  FWPM_SUBLAYER0 **subLayer);
OPENWFP_EXPORT DWORD WINAPI FwpmSubLayerCreateEnumHandle0(
	HANDLE engineHandle, const FWPM_SUBLAYER_ENUM_TEMPLATE0 *enumTemplate, HANDLE *enumHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmSubLayerEnum0(HANDLE engineHandle, HANDLE enumHandle,
					      UINT32 numEntriesRequested, FWPM_SUBLAYER0 ***entries,
					      UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmSubLayerDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmSubLayerGetSecurityInfoByKey0(
	HANDLE engineHandle, const GUID *key, SECURITY_INFORMATION securityInfo, PSID *sidOwner,
	PSID *sidGroup, PACL *dacl, PACL *sacl, PSECURITY_DESCRIPTOR *securityDescriptor);
OPENWFP_EXPORT DWORD WINAPI FwpmSubLayerSetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
							      SECURITY_INFORMATION securityInfo,
							      const SID *sidOwner,
							      const SID *sidGroup, const ACL *dacl,
							      const ACL *sacl);

typedef void(CALLBACK *FWPM_SUBLAYER_CHANGE_CALLBACK0)(void *context,
						       const FWPM_SUBLAYER_CHANGE0 *change);
OPENWFP_EXPORT DWORD WINAPI FwpmSubLayerSubscribeChanges0(
	HANDLE engineHandle, const FWPM_SUBLAYER_SUBSCRIPTION0 *subscription,
	FWPM_SUBLAYER_CHANGE_CALLBACK0 callback, void *context, HANDLE *changeHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmSubLayerUnsubscribeChanges0(HANDLE engineHandle,
							    HANDLE changeHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmSubLayerSubscriptionsGet0(HANDLE engineHandle,
							  FWPM_SUBLAYER_SUBSCRIPTION0 ***entries,
							  UINT32 *numEntries);

/* Layers are built in: they are read, and their descriptors set, no more. The id is a run-time
 * number, the key is for ever. */
OPENWFP_EXPORT DWORD WINAPI FwpmLayerGetById0(HANDLE engineHandle, UINT16 id, FWPM_LAYER0 **layer);
OPENWFP_EXPORT DWORD WINAPI FwpmLayerGetByKey0(HANDLE engineHandle, const GUID *key,
					       FWPM_LAYER0 **layer);
OPENWFP_EXPORT DWORD WINAPI FwpmLayerCreateEnumHandle0(
	HANDLE engineHandle, const FWPM_LAYER_ENUM_TEMPLATE0 *enumTemplate, HANDLE *enumHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmLayerEnum0(HANDLE engineHandle, HANDLE enumHandle,
					   UINT32 numEntriesRequested, FWPM_LAYER0 ***entries,
					   UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmLayerDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmLayerGetSecurityInfoByKey0(
	HANDLE engineHandle, const GUID *key, SECURITY_INFORMATION securityInfo, PSID *sidOwner,
	PSID *sidGroup, PACL *dacl, PACL *sacl, PSECURITY_DESCRIPTOR *securityDescriptor);
OPENWFP_EXPORT DWORD WINAPI FwpmLayerSetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
							   SECURITY_INFORMATION securityInfo,
							   const SID *sidOwner, const SID *sidGroup,
							   const ACL *dacl, const ACL *sacl);

/* Callouts: the managed half, which filters refer to. id may be NULL; the same id is given to
 * the driver that registers the key. FWPM_CALLOUT_FLAG_REGISTERED tells whether one has. */
OPENWFP_EXPORT DWORD WINAPI FwpmCalloutAdd0(HANDLE engineHandle, const FWPM_CALLOUT0 *callout,
					    PSECURITY_DESCRIPTOR sd, UINT32 *id);
OPENWFP_EXPORT DWORD WINAPI FwpmCalloutDeleteById0(HANDLE engineHandle, UINT32 id);
OPENWFP_EXPORT DWORD WINAPI FwpmCalloutDeleteByKey0(HANDLE engineHandle, const GUID *key);
OPENWFP_EXPORT DWORD WINAPI FwpmCalloutGetById0(HANDLE engineHandle, UINT32 id,
						FWPM_CALLOUT0 **callout);
OPENWFP_EXPORT DWORD WINAPI FwpmCalloutGetByKey0(HANDLE engineHandle, const GUID *key,
						 FWPM_CALLOUT0 **callout);
OPENWFP_EXPORT DWORD WINAPI FwpmCalloutCreateEnumHandle0(
	HANDLE engineHandle, const FWPM_CALLOUT_ENUM_TEMPLATE0 *enumTemplate, HANDLE *enumHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmCalloutEnum0(HANDLE engineHandle, HANDLE enumHandle,
					     UINT32 numEntriesRequested, FWPM_CALLOUT0 ***entries,
					     UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmCalloutDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmCalloutGetSecurityInfoByKey0(
	HANDLE engineHandle, const GUID *key, SECURITY_INFORMATION securityInfo, PSID *sidOwner,
	PSID *sidGroup, PACL *dacl, PACL *sacl, PSECURITY_DESCRIPTOR *securityDescriptor);
OPENWFP_EXPORT DWORD WINAPI FwpmCalloutSetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
							     SECURITY_INFORMATION securityInfo,
							     const SID *sidOwner,
							     const SID *sidGroup, const ACL *dacl,
							     const ACL *sacl);

typedef void(CALLBACK *FWPM_CALLOUT_CHANGE_CALLBACK0)(void *context,
						      const FWPM_CALLOUT_CHANGE0 *change);
OPENWFP_EXPORT DWORD WINAPI FwpmCalloutSubscribeChanges0(
	HANDLE engineHandle, const FWPM_CALLOUT_SUBSCRIPTION0 *subscription,
	FWPM_CALLOUT_CHANGE_CALLBACK0 callback, void *context, HANDLE *changeHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmCalloutUnsubscribeChanges0(HANDLE engineHandle,
							   HANDLE changeHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmCalloutSubscriptionsGet0(HANDLE engineHandle,
							 FWPM_CALLOUT_SUBSCRIPTION0 ***entries,
							 UINT32 *numEntries);

/* Filters. id may be NULL. A weight of FWP_EMPTY is chosen by the engine from the conditions,
 * FWP_UINT8 (0 to 15) names a range in which it chooses, FWP_UINT64 is used as it is;
 * effectiveWeight tells the result. A filter cannot be changed: delete and add in one
 * transaction, and no packet sees the gap. */
OPENWFP_EXPORT DWORD WINAPI FwpmFilterAdd0(HANDLE engineHandle, const FWPM_FILTER0 *filter,
					   PSECURITY_DESCRIPTOR sd, UINT64 *id);
OPENWFP_EXPORT DWORD WINAPI FwpmFilterDeleteById0(HANDLE engineHandle, UINT64 id);
OPENWFP_EXPORT DWORD WINAPI FwpmFilterDeleteByKey0(HANDLE engineHandle, const GUID *key);
OPENWFP_EXPORT DWORD WINAPI FwpmFilterGetById0(HANDLE engineHandle, UINT64 id,
					       FWPM_FILTER0 **filter);
OPENWFP_EXPORT DWORD WINAPI FwpmFilterGetByKey0(HANDLE engineHandle, const GUID *key,
						FWPM_FILTER0 **filter);
OPENWFP_EXPORT DWORD WINAPI FwpmFilterCreateEnumHandle0(
	HANDLE engineHandle, const FWPM_FILTER_ENUM_TEMPLATE0 *enumTemplate, HANDLE *enumHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmFilterEnum0(HANDLE engineHandle, HANDLE enumHandle,
					    UINT32 numEntriesRequested, FWPM_FILTER0 ***entries,
					    UINT32 *numEntriesReturned);
OPENWFP_EXPORT DWORD WINAPI FwpmFilterDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmFilterGetSecurityInfoByKey0(
	HANDLE engineHandle, const GUID *key, SECURITY_INFORMATION securityInfo, PSID *sidOwner,
	PSID *sidGroup, PACL *dacl, PACL *sacl, PSECURITY_DESCRIPTOR *securityDescriptor);
OPENWFP_EXPORT DWORD WINAPI FwpmFilterSetSecurityInfoByKey0(HANDLE engineHandle, const GUID *key,
							    SECURITY_INFORMATION securityInfo,
							    const SID *sidOwner,
							    const SID *sidGroup, const ACL *dacl,
							    const ACL *sacl);

typedef void(CALLBACK *FWPM_FILTER_CHANGE_CALLBACK0)(void *context,
						     const FWPM_FILTER_CHANGE0 *change);
OPENWFP_EXPORT DWORD WINAPI FwpmFilterSubscribeChanges0(
	HANDLE engineHandle, const FWPM_FILTER_SUBSCRIPTION0 *subscription,
	FWPM_FILTER_CHANGE_CALLBACK0 callback, void *context, HANDLE *changeHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmFilterUnsubscribeChanges0(HANDLE engineHandle, HANDLE changeHandle);
OPENWFP_EXPORT DWORD WINAPI FwpmFilterSubscriptionsGet0(HANDLE engineHandle,
							FWPM_FILTER_SUBSCRIPTION0 ***entries,
							UINT32 *numEntries);

/* The value of FWPM_CONDITION_ALE_APP_ID for a program: fileName is a path of the host, or a
 * Windows device path, which is kept as it is. Needs no session. A file that does not exist is
 * ERROR_FILE_NOT_FOUND. */
OPENWFP_EXPORT DWORD WINAPI FwpmGetAppIdFromFileName0(const WCHAR *fileName, FWP_BYTE_BLOB **appId);

/* The names without a version, for the Windows that NTDDI_VERSION names. */
#define FwpmFreeMemory			 FwpmFreeMemory0
#define FwpmEngineOpen			 FwpmEngineOpen0
#define FwpmEngineClose			 FwpmEngineClose0
#define FwpmEngineGetOption		 FwpmEngineGetOption0
#define FwpmEngineSetOption		 FwpmEngineSetOption0
#define FwpmEngineGetSecurityInfo	 FwpmEngineGetSecurityInfo0
#define FwpmEngineSetSecurityInfo	 FwpmEngineSetSecurityInfo0
#define FwpmSessionCreateEnumHandle	 FwpmSessionCreateEnumHandle0
#define FwpmSessionEnum			 FwpmSessionEnum0
#define FwpmSessionDestroyEnumHandle	 FwpmSessionDestroyEnumHandle0
#define FwpmTransactionBegin		 FwpmTransactionBegin0
#define FwpmTransactionCommit		 FwpmTransactionCommit0
#define FwpmTransactionAbort		 FwpmTransactionAbort0
#define FwpmProviderAdd			 FwpmProviderAdd0
#define FwpmProviderDeleteByKey		 FwpmProviderDeleteByKey0
#define FwpmProviderGetByKey		 FwpmProviderGetByKey0
#define FwpmProviderCreateEnumHandle	 FwpmProviderCreateEnumHandle0
#define FwpmProviderEnum		 FwpmProviderEnum0
#define FwpmProviderDestroyEnumHandle	 FwpmProviderDestroyEnumHandle0
#define FwpmProviderGetSecurityInfoByKey FwpmProviderGetSecurityInfoByKey0
#define FwpmProviderSetSecurityInfoByKey FwpmProviderSetSecurityInfoByKey0
#define FwpmProviderSubscribeChanges	 FwpmProviderSubscribeChanges0
#define FwpmProviderUnsubscribeChanges	 FwpmProviderUnsubscribeChanges0
#define FwpmProviderSubscriptionsGet	 FwpmProviderSubscriptionsGet0
#define FwpmSubLayerAdd			 FwpmSubLayerAdd0
#define FwpmSubLayerDeleteByKey		 FwpmSubLayerDeleteByKey0
#define FwpmSubLayerGetByKey		 FwpmSubLayerGetByKey0
#define FwpmSubLayerCreateEnumHandle	 FwpmSubLayerCreateEnumHandle0
#define FwpmSubLayerEnum		 FwpmSubLayerEnum0
#define FwpmSubLayerDestroyEnumHandle	 FwpmSubLayerDestroyEnumHandle0
#define FwpmSubLayerGetSecurityInfoByKey FwpmSubLayerGetSecurityInfoByKey0
#define FwpmSubLayerSetSecurityInfoByKey FwpmSubLayerSetSecurityInfoByKey0
#define FwpmSubLayerSubscribeChanges	 FwpmSubLayerSubscribeChanges0
#define FwpmSubLayerUnsubscribeChanges	 FwpmSubLayerUnsubscribeChanges0
#define FwpmSubLayerSubscriptionsGet	 FwpmSubLayerSubscriptionsGet0
#define FwpmLayerGetById		 FwpmLayerGetById0
#define FwpmLayerGetByKey		 FwpmLayerGetByKey0
#define FwpmLayerCreateEnumHandle	 FwpmLayerCreateEnumHandle0
#define FwpmLayerEnum			 FwpmLayerEnum0
#define FwpmLayerDestroyEnumHandle	 FwpmLayerDestroyEnumHandle0
#define FwpmLayerGetSecurityInfoByKey	 FwpmLayerGetSecurityInfoByKey0
#define FwpmLayerSetSecurityInfoByKey	 FwpmLayerSetSecurityInfoByKey0
#define FwpmCalloutAdd			 FwpmCalloutAdd0
#define FwpmCalloutDeleteById		 FwpmCalloutDeleteById0
#define FwpmCalloutDeleteByKey		 FwpmCalloutDeleteByKey0
#define FwpmCalloutGetById		 FwpmCalloutGetById0
#define FwpmCalloutGetByKey		 FwpmCalloutGetByKey0
#define FwpmCalloutCreateEnumHandle	 FwpmCalloutCreateEnumHandle0
#define FwpmCalloutEnum			 FwpmCalloutEnum0
#define FwpmCalloutDestroyEnumHandle	 FwpmCalloutDestroyEnumHandle0
#define FwpmCalloutGetSecurityInfoByKey	 FwpmCalloutGetSecurityInfoByKey0
#define FwpmCalloutSetSecurityInfoByKey	 FwpmCalloutSetSecurityInfoByKey0
#define FwpmCalloutSubscribeChanges	 FwpmCalloutSubscribeChanges0
#define FwpmCalloutUnsubscribeChanges	 FwpmCalloutUnsubscribeChanges0
#define FwpmCalloutSubscriptionsGet	 FwpmCalloutSubscriptionsGet0
#define FwpmFilterAdd			 FwpmFilterAdd0
#define FwpmFilterDeleteById		 FwpmFilterDeleteById0
#define FwpmFilterDeleteByKey		 FwpmFilterDeleteByKey0
#define FwpmFilterGetById		 FwpmFilterGetById0
#define FwpmFilterGetByKey		 FwpmFilterGetByKey0
#define FwpmFilterCreateEnumHandle	 FwpmFilterCreateEnumHandle0
#define FwpmFilterEnum			 FwpmFilterEnum0
#define FwpmFilterDestroyEnumHandle	 FwpmFilterDestroyEnumHandle0
#define FwpmFilterGetSecurityInfoByKey	 FwpmFilterGetSecurityInfoByKey0
#define FwpmFilterSetSecurityInfoByKey	 FwpmFilterSetSecurityInfoByKey0
#define FwpmFilterSubscribeChanges	 FwpmFilterSubscribeChanges0
#define FwpmFilterUnsubscribeChanges	 FwpmFilterUnsubscribeChanges0
#define FwpmFilterSubscriptionsGet	 FwpmFilterSubscriptionsGet0
#define FwpmGetAppIdFromFileName	 FwpmGetAppIdFromFileName0
#define FWPM_PROVIDER_CHANGE_CALLBACK	 FWPM_PROVIDER_CHANGE_CALLBACK0
#define FWPM_SUBLAYER_CHANGE_CALLBACK	 FWPM_SUBLAYER_CHANGE_CALLBACK0
#define FWPM_CALLOUT_CHANGE_CALLBACK	 FWPM_CALLOUT_CHANGE_CALLBACK0
#define FWPM_FILTER_CHANGE_CALLBACK	 FWPM_FILTER_CHANGE_CALLBACK0

EXTERN_C_END

#include "fwpmu_context.h"
#include "fwpmu_events.h"
#include "fwpmu_ipsec.h"
