/* SPDX-License-Identifier: MIT */
/*
 * api_ipsec - the functions about security associations and key negotiation.
 *
 * Nothing here negotiates keys or protects traffic, so there are no associations: counters are
 * zero, enumerations are at their end, an id is FWP_E_NOT_FOUND, and what would make one is
 * ERROR_NOT_SUPPORTED.  The security descriptors of these databases are kept by the engine.
 * Called by programs, on any thread.
 */
#include "client/absent.h"
#include "client/block.h"
#include "client/call_enum.h"
#include "client/security.h"

#include <string.h>

static wfp_err no_statistics(HANDLE engineHandle, void *statistics, size_t size)
{
	wfp_err err = refuse(engineHandle, statistics != NULL, ERR_OK);

	if (!err)
		memset(statistics, 0, size);
	return err;
}

/* A list without entries, to be freed as any other. */
static wfp_err none(HANDLE engineHandle, void *entries, UINT32 *n)
{
	wfp_err err = refuse(engineHandle, entries && n, ERR_OK);
	struct arena a;
	void *sealed;

	if (err)
		return err;
	session_arena_init(&a);
	err = block_seal(&a, NULL, 0, &sealed);
	if (err)
		return err;
	memcpy(entries, &sealed, sizeof(sealed));
	*n = 0;
	return ERR_OK;
}

/* ---- associations and counters of IPsec ----------------------------------------------------- */
DWORD WINAPI IPsecGetStatistics0(HANDLE engineHandle, IPSEC_STATISTICS0 *ipsecStatistics)
{
	return no_statistics(engineHandle, ipsecStatistics, sizeof(*ipsecStatistics));
}

DWORD WINAPI IPsecGetStatistics1(HANDLE engineHandle, IPSEC_STATISTICS1 *ipsecStatistics)
{
	return no_statistics(engineHandle, ipsecStatistics, sizeof(*ipsecStatistics));
}

DWORD WINAPI IPsecSaContextCreate0(HANDLE engineHandle, const IPSEC_TRAFFIC0 *outboundTraffic,
				   UINT64 *inboundFilterId, UINT64 *id)
{
	return refuse(engineHandle, outboundTraffic && id, ERR_NOT_SUPPORTED);
}

DWORD WINAPI IPsecSaContextCreate1(HANDLE engineHandle, const IPSEC_TRAFFIC1 *outboundTraffic,
				   const IPSEC_VIRTUAL_IF_TUNNEL_INFO0 *virtualIfTunnelInfo,
				   UINT64 *inboundFilterId, UINT64 *id)
{
	return refuse(engineHandle, outboundTraffic && id, ERR_NOT_SUPPORTED);
}

DWORD WINAPI IPsecSaContextDeleteById0(HANDLE engineHandle, UINT64 id)
{
	return refuse(engineHandle, true, ERR_NOT_FOUND);
}

DWORD WINAPI IPsecSaContextGetById0(HANDLE engineHandle, UINT64 id, IPSEC_SA_CONTEXT0 **saContext)
{
	return refuse(engineHandle, saContext != NULL, ERR_NOT_FOUND);
}

DWORD WINAPI IPsecSaContextGetById1(HANDLE engineHandle, UINT64 id, IPSEC_SA_CONTEXT1 **saContext)
{
	return refuse(engineHandle, saContext != NULL, ERR_NOT_FOUND);
}

DWORD WINAPI IPsecSaContextGetSpi0(HANDLE engineHandle, UINT64 id, const IPSEC_GETSPI0 *getSpi,
				   IPSEC_SA_SPI *inboundSpi)
{
	return refuse(engineHandle, getSpi && inboundSpi, ERR_NOT_FOUND);
}

DWORD WINAPI IPsecSaContextGetSpi1(HANDLE engineHandle, UINT64 id, const IPSEC_GETSPI1 *getSpi,
				   IPSEC_SA_SPI *inboundSpi)
{
	return refuse(engineHandle, getSpi && inboundSpi, ERR_NOT_FOUND);
}

DWORD WINAPI IPsecSaContextSetSpi0(HANDLE engineHandle, UINT64 id, const IPSEC_GETSPI1 *getSpi,
				   IPSEC_SA_SPI inboundSpi)
{
	return refuse(engineHandle, getSpi != NULL, ERR_NOT_FOUND);
}

DWORD WINAPI IPsecSaContextAddInbound0(HANDLE engineHandle, UINT64 id,
				       const IPSEC_SA_BUNDLE0 *inboundBundle)
{
	return refuse(engineHandle, inboundBundle != NULL, ERR_NOT_FOUND);
}

DWORD WINAPI IPsecSaContextAddInbound1(HANDLE engineHandle, UINT64 id,
				       const IPSEC_SA_BUNDLE1 *inboundBundle)
{
	return refuse(engineHandle, inboundBundle != NULL, ERR_NOT_FOUND);
}

DWORD WINAPI IPsecSaContextAddOutbound0(HANDLE engineHandle, UINT64 id,
					const IPSEC_SA_BUNDLE0 *outboundBundle)
{
	return refuse(engineHandle, outboundBundle != NULL, ERR_NOT_FOUND);
}

DWORD WINAPI IPsecSaContextAddOutbound1(HANDLE engineHandle, UINT64 id,
					const IPSEC_SA_BUNDLE1 *outboundBundle)
{
	return refuse(engineHandle, outboundBundle != NULL, ERR_NOT_FOUND);
}

DWORD WINAPI IPsecSaContextExpire0(HANDLE engineHandle, UINT64 id)
{
	return refuse(engineHandle, true, ERR_NOT_FOUND);
}

DWORD WINAPI IPsecSaContextUpdate0(HANDLE engineHandle, UINT64 flags,
				   const IPSEC_SA_CONTEXT1 *newValues)
{
	return refuse(engineHandle, newValues != NULL, ERR_NOT_FOUND);
}

DWORD WINAPI IPsecSaContextCreateEnumHandle0(HANDLE engineHandle,
					     const IPSEC_SA_CONTEXT_ENUM_TEMPLATE0 *enumTemplate,
					     HANDLE *enumHandle)
{
	return call_enum_create(engineHandle, CALL_ENUM_IPSEC_SA_CONTEXT, NULL, NULL, enumHandle);
}

DWORD WINAPI IPsecSaContextEnum0(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
				 IPSEC_SA_CONTEXT0 ***entries, UINT32 *numEntriesReturned)
{
	return call_enum_next(engineHandle, enumHandle,
			      &(struct call_enum_what){.kind = CALL_ENUM_IPSEC_SA_CONTEXT},
			      numEntriesRequested, entries, numEntriesReturned);
}

DWORD WINAPI IPsecSaContextEnum1(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
				 IPSEC_SA_CONTEXT1 ***entries, UINT32 *numEntriesReturned)
{
	return call_enum_next(engineHandle, enumHandle,
			      &(struct call_enum_what){.kind = CALL_ENUM_IPSEC_SA_CONTEXT},
			      numEntriesRequested, entries, numEntriesReturned);
}

DWORD WINAPI IPsecSaContextDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
	return call_enum_destroy(engineHandle, enumHandle, CALL_ENUM_IPSEC_SA_CONTEXT);
}

DWORD WINAPI IPsecSaContextSubscribe0(HANDLE engineHandle,
				      const IPSEC_SA_CONTEXT_SUBSCRIPTION0 *subscription,
				      IPSEC_SA_CONTEXT_CALLBACK0 callback, void *context,
				      HANDLE *eventsHandle)
{
	return refuse(engineHandle, subscription && eventsHandle, ERR_NOT_SUPPORTED);
}

DWORD WINAPI IPsecSaContextUnsubscribe0(HANDLE engineHandle, HANDLE eventsHandle)
{
	return refuse(engineHandle, true, ERR_INVALID_HANDLE);
}

DWORD WINAPI IPsecSaContextSubscriptionsGet0(HANDLE engineHandle,
					     IPSEC_SA_CONTEXT_SUBSCRIPTION0 ***entries,
					     UINT32 *numEntries)
{
	return none(engineHandle, entries, numEntries);
}

DWORD WINAPI IPsecSaCreateEnumHandle0(HANDLE engineHandle,
				      const IPSEC_SA_ENUM_TEMPLATE0 *enumTemplate,
				      HANDLE *enumHandle)
{
	return call_enum_create(engineHandle, CALL_ENUM_IPSEC_SA, NULL, NULL, enumHandle);
}

DWORD WINAPI IPsecSaEnum0(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			  IPSEC_SA_DETAILS0 ***entries, UINT32 *numEntriesReturned)
{
	return call_enum_next(engineHandle, enumHandle,
			      &(struct call_enum_what){.kind = CALL_ENUM_IPSEC_SA},
			      numEntriesRequested, entries, numEntriesReturned);
}

DWORD WINAPI IPsecSaEnum1(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			  IPSEC_SA_DETAILS1 ***entries, UINT32 *numEntriesReturned)
{
	return call_enum_next(engineHandle, enumHandle,
			      &(struct call_enum_what){.kind = CALL_ENUM_IPSEC_SA},
			      numEntriesRequested, entries, numEntriesReturned);
}

DWORD WINAPI IPsecSaDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
	return call_enum_destroy(engineHandle, enumHandle, CALL_ENUM_IPSEC_SA);
}

DWORD WINAPI IPsecSaDbGetSecurityInfo0(HANDLE engineHandle, SECURITY_INFORMATION securityInfo,
				       PSID *sidOwner, PSID *sidGroup, PACL *dacl, PACL *sacl,
				       PSECURITY_DESCRIPTOR *securityDescriptor)
{
	return security_get(
		engineHandle, OPENWFP__KIND__IPSEC_SA_DB, NULL, securityInfo,
		&(struct security_out){sidOwner, sidGroup, dacl, sacl, securityDescriptor});
}

DWORD WINAPI IPsecSaDbSetSecurityInfo0(HANDLE engineHandle, SECURITY_INFORMATION securityInfo,
				       const SID *sidOwner, const SID *sidGroup, const ACL *dacl,
				       const ACL *sacl)
{
	return security_set(engineHandle, OPENWFP__KIND__IPSEC_SA_DB, NULL, securityInfo,
			    &(struct security_in){sidOwner, sidGroup, dacl, sacl});
}

DWORD WINAPI IPsecDospGetStatistics0(HANDLE engineHandle, IPSEC_DOSP_STATISTICS0 *idpStatistics)
{
	return no_statistics(engineHandle, idpStatistics, sizeof(*idpStatistics));
}

DWORD WINAPI IPsecDospStateCreateEnumHandle0(HANDLE engineHandle,
					     const IPSEC_DOSP_STATE_ENUM_TEMPLATE0 *enumTemplate,
					     HANDLE *enumHandle)
{
	return call_enum_create(engineHandle, CALL_ENUM_IPSEC_DOSP_STATE, NULL, NULL, enumHandle);
}

DWORD WINAPI IPsecDospStateEnum0(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
				 IPSEC_DOSP_STATE0 ***entries, UINT32 *numEntries)
{
	return call_enum_next(engineHandle, enumHandle,
			      &(struct call_enum_what){.kind = CALL_ENUM_IPSEC_DOSP_STATE},
			      numEntriesRequested, entries, numEntries);
}

DWORD WINAPI IPsecDospStateDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
	return call_enum_destroy(engineHandle, enumHandle, CALL_ENUM_IPSEC_DOSP_STATE);
}

DWORD WINAPI IPsecDospGetSecurityInfo0(HANDLE engineHandle, SECURITY_INFORMATION securityInfo,
				       PSID *sidOwner, PSID *sidGroup, PACL *dacl, PACL *sacl,
				       PSECURITY_DESCRIPTOR *securityDescriptor)
{
	return security_get(
		engineHandle, OPENWFP__KIND__IPSEC_DOSP, NULL, securityInfo,
		&(struct security_out){sidOwner, sidGroup, dacl, sacl, securityDescriptor});
}

DWORD WINAPI IPsecDospSetSecurityInfo0(HANDLE engineHandle, SECURITY_INFORMATION securityInfo,
				       const SID *sidOwner, const SID *sidGroup, const ACL *dacl,
				       const ACL *sacl)
{
	return security_set(engineHandle, OPENWFP__KIND__IPSEC_DOSP, NULL, securityInfo,
			    &(struct security_in){sidOwner, sidGroup, dacl, sacl});
}

DWORD WINAPI IPsecKeyManagerAddAndRegister0(HANDLE engineHandle,
					    const IPSEC_KEY_MANAGER0 *keyManager,
					    const IPSEC_KEY_MANAGER_CALLBACKS0 *keyManagerCallbacks,
					    HANDLE *keyMgmtHandle)
{
	return refuse(engineHandle, keyManager && keyManagerCallbacks && keyMgmtHandle,
		      ERR_NOT_SUPPORTED);
}

DWORD WINAPI IPsecKeyManagerUnregisterAndDelete0(HANDLE engineHandle, HANDLE keyMgmtHandle)
{
	return refuse(engineHandle, true, ERR_INVALID_HANDLE);
}

DWORD WINAPI IPsecKeyManagersGet0(HANDLE engineHandle, IPSEC_KEY_MANAGER0 ***entries,
				  UINT32 *numEntries)
{
	return none(engineHandle, entries, numEntries);
}

DWORD WINAPI IPsecKeyManagerGetSecurityInfoByKey0(HANDLE engineHandle, const void *reserved,
						  SECURITY_INFORMATION securityInfo, PSID *sidOwner,
						  PSID *sidGroup, PACL *dacl, PACL *sacl,
						  PSECURITY_DESCRIPTOR *securityDescriptor)
{
	return security_get(
		engineHandle, OPENWFP__KIND__KEY_MANAGER, NULL, securityInfo,
		&(struct security_out){sidOwner, sidGroup, dacl, sacl, securityDescriptor});
}

DWORD WINAPI IPsecKeyManagerSetSecurityInfoByKey0(HANDLE engineHandle, const void *reserved,
						  SECURITY_INFORMATION securityInfo,
						  const SID *sidOwner, const SID *sidGroup,
						  const ACL *dacl, const ACL *sacl)
{
	return security_set(engineHandle, OPENWFP__KIND__KEY_MANAGER, NULL, securityInfo,
			    &(struct security_in){sidOwner, sidGroup, dacl, sacl});
}
/* ---- key negotiation ------------------------------------------------------------------------ */
DWORD WINAPI IkeextGetStatistics0(HANDLE engineHandle, IKEEXT_STATISTICS0 *ikeextStatistics)
{
	return no_statistics(engineHandle, ikeextStatistics, sizeof(*ikeextStatistics));
}

DWORD WINAPI IkeextGetStatistics1(HANDLE engineHandle, IKEEXT_STATISTICS1 *ikeextStatistics)
{
	return no_statistics(engineHandle, ikeextStatistics, sizeof(*ikeextStatistics));
}

DWORD WINAPI IkeextSaDeleteById0(HANDLE engineHandle, UINT64 id)
{
	return refuse(engineHandle, true, ERR_NOT_FOUND);
}

DWORD WINAPI IkeextSaGetById0(HANDLE engineHandle, UINT64 id, IKEEXT_SA_DETAILS0 **sa)
{
	return refuse(engineHandle, sa != NULL, ERR_NOT_FOUND);
}

DWORD WINAPI IkeextSaGetById1(HANDLE engineHandle, UINT64 id, GUID *saLookupContext,
			      IKEEXT_SA_DETAILS1 **sa)
{
	return refuse(engineHandle, sa != NULL, ERR_NOT_FOUND);
}

DWORD WINAPI IkeextSaGetById2(HANDLE engineHandle, UINT64 id, GUID *saLookupContext,
			      IKEEXT_SA_DETAILS2 **sa)
{
	return refuse(engineHandle, sa != NULL, ERR_NOT_FOUND);
}

DWORD WINAPI IkeextSaCreateEnumHandle0(HANDLE engineHandle,
				       const IKEEXT_SA_ENUM_TEMPLATE0 *enumTemplate,
				       HANDLE *enumHandle)
{
	return call_enum_create(engineHandle, CALL_ENUM_IKEEXT_SA, NULL, NULL, enumHandle);
}

DWORD WINAPI IkeextSaEnum0(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			   IKEEXT_SA_DETAILS0 ***entries, UINT32 *numEntriesReturned)
{
	return call_enum_next(engineHandle, enumHandle,
			      &(struct call_enum_what){.kind = CALL_ENUM_IKEEXT_SA},
			      numEntriesRequested, entries, numEntriesReturned);
}

DWORD WINAPI IkeextSaEnum1(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			   IKEEXT_SA_DETAILS1 ***entries, UINT32 *numEntriesReturned)
{
	return call_enum_next(engineHandle, enumHandle,
			      &(struct call_enum_what){.kind = CALL_ENUM_IKEEXT_SA},
			      numEntriesRequested, entries, numEntriesReturned);
}

DWORD WINAPI IkeextSaEnum2(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			   IKEEXT_SA_DETAILS2 ***entries, UINT32 *numEntriesReturned)
{
	return call_enum_next(engineHandle, enumHandle,
			      &(struct call_enum_what){.kind = CALL_ENUM_IKEEXT_SA},
			      numEntriesRequested, entries, numEntriesReturned);
}

DWORD WINAPI IkeextSaDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
	return call_enum_destroy(engineHandle, enumHandle, CALL_ENUM_IKEEXT_SA);
}

DWORD WINAPI IkeextSaDbGetSecurityInfo0(HANDLE engineHandle, SECURITY_INFORMATION securityInfo,
					PSID *sidOwner, PSID *sidGroup, PACL *dacl, PACL *sacl,
					PSECURITY_DESCRIPTOR *securityDescriptor)
{
	return security_get(
		engineHandle, OPENWFP__KIND__IKEEXT_SA_DB, NULL, securityInfo,
		&(struct security_out){sidOwner, sidGroup, dacl, sacl, securityDescriptor});
}

DWORD WINAPI IkeextSaDbSetSecurityInfo0(HANDLE engineHandle, SECURITY_INFORMATION securityInfo,
					const SID *sidOwner, const SID *sidGroup, const ACL *dacl,
					const ACL *sacl)
{
	return security_set(engineHandle, OPENWFP__KIND__IKEEXT_SA_DB, NULL, securityInfo,
			    &(struct security_in){sidOwner, sidGroup, dacl, sacl});
}
