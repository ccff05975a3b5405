/* SPDX-License-Identifier: MIT */
/*
 * Management from kernel mode: a driver adds its provider, sublayer, callouts and filters. The
 * same calls as in user mode, but they return NTSTATUS, and all need PASSIVE_LEVEL.
 *
 * A session is a handle; without a transaction each call is one of its own. Objects of a dynamic
 * session vanish with it, others stay until deleted or until the engine stops. sd may be NULL.
 */
#pragma once

#include "fwpmtypes.h"
#include "wdm.h"

#include "generated/fwpm_guids.h"
#include "generated/fwpm_values.h"

#include "fwpm_aliases.h"

EXTERN_C_START

typedef struct _SEC_WINNT_AUTH_IDENTITY_W SEC_WINNT_AUTH_IDENTITY_W;
#define RPC_C_AUTHN_WINNT   10
#define RPC_C_AUTHN_DEFAULT 0xffffffffU

typedef void(CALLBACK *FWPM_SERVICE_STATE_CHANGE_CALLBACK0)(void *context,
							    FWPM_SERVICE_STATE newState);

/* Only FWPM_SERVICE_RUNNING lets FwpmEngineOpen0 succeed. */
OPENWFP_EXPORT FWPM_SERVICE_STATE NTAPI FwpmBfeStateGet0(void);
/* Tells changes, not the state at the time of the call: subscribe first, then ask. */
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI
FwpmBfeStateSubscribeChanges0(void *deviceObject, FWPM_SERVICE_STATE_CHANGE_CALLBACK0 callback,
			      void *context, HANDLE *changeHandle);
/* Waits for a callback that runs, so not from inside one. */
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpmBfeStateUnsubscribeChanges0(HANDLE changeHandle);

/* serverName and authIdentity are NULL; session may be. */
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpmEngineOpen0(const WCHAR *serverName, UINT32 authnService,
					      SEC_WINNT_AUTH_IDENTITY_W *authIdentity,
					      const FWPM_SESSION0 *session, HANDLE *engineHandle);
/* Aborts the transaction that is open, if any. */
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpmEngineClose0(HANDLE engineHandle);

/* A call that fails inside a transaction does not spoil it: what succeeded is committed. */
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpmTransactionBegin0(HANDLE engineHandle, UINT32 flags);
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpmTransactionCommit0(HANDLE engineHandle);
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpmTransactionAbort0(HANDLE engineHandle);

_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpmProviderAdd0(HANDLE engineHandle, const FWPM_PROVIDER0 *provider,
					       PSECURITY_DESCRIPTOR sd);
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpmProviderDeleteByKey0(HANDLE engineHandle, const GUID *key);

_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpmSubLayerAdd0(HANDLE engineHandle, const FWPM_SUBLAYER0 *subLayer,
					       PSECURITY_DESCRIPTOR sd);
/* STATUS_FWP_IN_USE while a filter is in it. */
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpmSubLayerDeleteByKey0(HANDLE engineHandle, const GUID *key);

/* The id is the same that FwpsCalloutRegister gives for this key. */
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpmCalloutAdd0(HANDLE engineHandle, const FWPM_CALLOUT0 *callout,
					      PSECURITY_DESCRIPTOR sd, UINT32 *id);
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpmCalloutDeleteById0(HANDLE engineHandle, UINT32 id);
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpmCalloutDeleteByKey0(HANDLE engineHandle, const GUID *key);

/* A filter whose callout is not registered blocks, unless its flags forgive that; one that only
 * inspects is passed over. */
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpmFilterAdd0(HANDLE engineHandle, const FWPM_FILTER0 *filter,
					     PSECURITY_DESCRIPTOR sd, UINT64 *id);
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpmFilterDeleteById0(HANDLE engineHandle, UINT64 id);
_IRQL_requires_max_(PASSIVE_LEVEL)
OPENWFP_EXPORT NTSTATUS NTAPI FwpmFilterDeleteByKey0(HANDLE engineHandle, const GUID *key);

#define FWPM_SERVICE_STATE_CHANGE_CALLBACK FWPM_SERVICE_STATE_CHANGE_CALLBACK0
#define FwpmBfeStateGet			   FwpmBfeStateGet0
#define FwpmBfeStateSubscribeChanges	   FwpmBfeStateSubscribeChanges0
#define FwpmBfeStateUnsubscribeChanges	   FwpmBfeStateUnsubscribeChanges0
#define FwpmEngineOpen			   FwpmEngineOpen0
#define FwpmEngineClose			   FwpmEngineClose0
#define FwpmTransactionBegin		   FwpmTransactionBegin0
#define FwpmTransactionCommit		   FwpmTransactionCommit0
#define FwpmTransactionAbort		   FwpmTransactionAbort0
#define FwpmProviderAdd			   FwpmProviderAdd0
#define FwpmProviderDeleteByKey		   FwpmProviderDeleteByKey0
#define FwpmSubLayerAdd			   FwpmSubLayerAdd0
#define FwpmSubLayerDeleteByKey		   FwpmSubLayerDeleteByKey0
#define FwpmCalloutAdd			   FwpmCalloutAdd0
#define FwpmCalloutDeleteById		   FwpmCalloutDeleteById0
#define FwpmCalloutDeleteByKey		   FwpmCalloutDeleteByKey0
#define FwpmFilterAdd			   FwpmFilterAdd0
#define FwpmFilterDeleteById		   FwpmFilterDeleteById0
#define FwpmFilterDeleteByKey		   FwpmFilterDeleteByKey0

EXTERN_C_END
