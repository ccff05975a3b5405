/* SPDX-License-Identifier: MIT */
/*
 * A management client that does nothing sensible and uses a little of everything, written as
 * clients are: unversioned names, keys of its own, wide literals, one exit per function. It is
 * compiled only, for each Windows whose names differ.
 */
#include <Windows.h>
#include <fwpmu.h>
#include <initguid.h>
#include <fwpmtypes.h>
#include <winsock2.h>
#include <ws2tcpip.h>
#include <iphlpapi.h>
#include <rpc.h>
#include <sddl.h>
#include <stdio.h>
#include <strsafe.h>

DEFINE_GUID(CLIENT_SUBLAYER, 0x6d1c2a90, 0x3f5e, 0x4e0b, 0x8a, 0x77, 0x10, 0x2b, 0x3c, 0x4d, 0x5e,
	    0x6f);

#define EXIT_ON_ERROR(call)                                                                        \
	do {                                                                                       \
		result = (call);                                                                   \
		if (result != ERROR_SUCCESS)                                                       \
			goto CLEANUP;                                                              \
	} while (0)

static WCHAR client_name[64];

static DWORD open_engine(HANDLE *engine)
{
	FWPM_SESSION session = {0};

	session.displayData.name = L"client";
	session.flags = FWPM_SESSION_FLAG_DYNAMIC;
	session.txnWaitTimeoutInMSec = INFINITE;
	return FwpmEngineOpen(NULL, RPC_C_AUTHN_WINNT, NULL, &session, engine);
}

/* The conditions of a kill switch: a program, a user, an interface, a network, some ports. */
static DWORD add_filter(HANDLE engine, const GUID *provider, const WCHAR *program, UINT64 *id)
{
	DWORD result = ERROR_SUCCESS;
	FWP_BYTE_BLOB *app = NULL, user = {0};
	FWP_V4_ADDR_AND_MASK network = {0x0a000000, 0xff000000};
	FWP_RANGE ports = {{.type = FWP_UINT16, .uint16 = 1}, {.type = FWP_UINT16, .uint16 = 1023}};
	PSECURITY_DESCRIPTOR sd = NULL;
	NET_LUID tunnel;
	FWPM_FILTER_CONDITION condition[5] = {0};
	FWPM_FILTER filter = {0};

	EXIT_ON_ERROR(FwpmGetAppIdFromFileName(program, &app));
	EXIT_ON_ERROR(ConvertInterfaceAliasToLuid(L"tun0", &tunnel));
	if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(L"O:SYD:(A;;CC;;;S-1-22-1-1000)",
								  SDDL_REVISION_1, &sd, &user.size))
		EXIT_ON_ERROR(GetLastError());
	user.data = (UINT8 *)sd;

	condition[0].fieldKey = FWPM_CONDITION_ALE_APP_ID;
	condition[0].matchType = FWP_MATCH_EQUAL;
	condition[0].conditionValue.type = FWP_BYTE_BLOB_TYPE;
	condition[0].conditionValue.byteBlob = app;
	condition[1].fieldKey = FWPM_CONDITION_ALE_USER_ID;
	condition[1].matchType = FWP_MATCH_EQUAL;
	condition[1].conditionValue.type = FWP_SECURITY_DESCRIPTOR_TYPE;
	condition[1].conditionValue.sd = &user;
	condition[2].fieldKey = FWPM_CONDITION_IP_LOCAL_INTERFACE;
	condition[2].matchType = FWP_MATCH_EQUAL;
	condition[2].conditionValue.type = FWP_UINT64;
	condition[2].conditionValue.uint64 = &tunnel.Value;
	condition[3].fieldKey = FWPM_CONDITION_IP_REMOTE_ADDRESS;
	condition[3].matchType = FWP_MATCH_EQUAL;
	condition[3].conditionValue.type = FWP_V4_ADDR_MASK;
	condition[3].conditionValue.v4AddrMask = &network;
	condition[4].fieldKey = FWPM_CONDITION_IP_REMOTE_PORT;
	condition[4].matchType = FWP_MATCH_RANGE;
	condition[4].conditionValue.type = FWP_RANGE_TYPE;
	condition[4].conditionValue.rangeValue = &ports;

	filter.displayData.name = client_name;
	filter.providerKey = (GUID *)provider;
	filter.layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V4;
	filter.subLayerKey = CLIENT_SUBLAYER;
	filter.flags = FWPM_FILTER_FLAG_CLEAR_ACTION_RIGHT;
	filter.weight.type = FWP_UINT8;
	filter.weight.uint8 = 0xF;
	filter.numFilterConditions = ARRAYSIZE(condition);
	filter.filterCondition = condition;
	filter.action.type = FWP_ACTION_PERMIT;
	EXIT_ON_ERROR(FwpmFilterAdd(engine, &filter, NULL, id));
CLEANUP:
	LocalFree(sd);
	FwpmFreeMemory((void **)&app);
	return result;
}

static DWORD install(HANDLE engine)
{
	DWORD result;
	UINT64 id;
	FWPM_PROVIDER provider = {0};
	FWPM_SUBLAYER sublayer = {0}, *there = NULL;

	EXIT_ON_ERROR(FwpmTransactionBegin(engine, 0));
	EXIT_ON_ERROR((DWORD)UuidCreate(&provider.providerKey));
	provider.displayData.name = client_name;
	EXIT_ON_ERROR(FwpmProviderAdd(engine, &provider, NULL));
	if (FwpmSubLayerGetByKey(engine, &CLIENT_SUBLAYER, &there) == (DWORD)FWP_E_NOT_FOUND) {
		sublayer.subLayerKey = CLIENT_SUBLAYER;
		sublayer.displayData.name = client_name;
		sublayer.weight = 0x100;
		EXIT_ON_ERROR(FwpmSubLayerAdd(engine, &sublayer, NULL));
	}
	EXIT_ON_ERROR(add_filter(engine, &provider.providerKey, L"/usr/bin/curl", &id));
	EXIT_ON_ERROR(FwpmTransactionCommit(engine));
CLEANUP:
	if (result != ERROR_SUCCESS)
		FwpmTransactionAbort(engine);
	FwpmFreeMemory((void **)&there);
	return result;
}

static DWORD list_filters(HANDLE engine)
{
	DWORD result;
	HANDLE all = NULL;
	FWPM_FILTER **filters = NULL;
	UINT32 n = 0;
	FWPM_FILTER_ENUM_TEMPLATE template = {0};

	template.layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V4;
	template.enumType = FWP_FILTER_ENUM_OVERLAPPING;
	template.flags = FWP_FILTER_ENUM_FLAG_SORTED;
	template.actionMask = 0xFFFFFFFF;
	EXIT_ON_ERROR(FwpmFilterCreateEnumHandle(engine, &template, &all));
	do {
		EXIT_ON_ERROR(FwpmFilterEnum(engine, all, 100, &filters, &n));
		for (UINT32 i = 0; i < n; i++)
			printf("%llu %u\n", (unsigned long long)filters[i]->filterId,
			       filters[i]->numFilterConditions);
		FwpmFreeMemory((void **)&filters);
	} while (n == 100);
CLEANUP:
	FwpmFilterDestroyEnumHandle(engine, all);
	return result;
}

static void CALLBACK on_filter(void *context, const FWPM_FILTER_CHANGE *change)
{
	UINT32 *deleted = context;

	if (change->changeType == FWPM_CHANGE_DELETE)
		++*deleted;
}

static DWORD watch_filters(HANDLE engine, UINT32 *deleted)
{
	DWORD result;
	HANDLE changes = NULL;
	FWPM_FILTER_ENUM_TEMPLATE template = {.actionMask = 0xFFFFFFFF};
	FWPM_FILTER_SUBSCRIPTION wanted = {&template, FWPM_SUBSCRIPTION_FLAG_NOTIFY_ON_DELETE, {0}};
	FWPM_FILTER_SUBSCRIPTION **all = NULL;
	UINT32 n;

	EXIT_ON_ERROR(FwpmFilterSubscribeChanges(engine, &wanted, on_filter, deleted, &changes));
	EXIT_ON_ERROR(FwpmFilterSubscriptionsGet(engine, &all, &n));
	FwpmFreeMemory((void **)&all);
	EXIT_ON_ERROR(FwpmFilterUnsubscribeChanges(engine, changes));
CLEANUP:
	return result;
}

/* Who may read the filters, as text. */
static DWORD print_security(HANDLE engine)
{
	DWORD result;
	PSID owner = NULL;
	PACL dacl = NULL;
	PSECURITY_DESCRIPTOR sd = NULL;
	LPWSTR text = NULL;

	EXIT_ON_ERROR(FwpmFilterGetSecurityInfoByKey(
		engine, NULL, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner, NULL,
		&dacl, NULL, &sd));
	if (!IsValidSid(owner) || !ConvertSidToStringSidW(owner, &text))
		EXIT_ON_ERROR(ERROR_INVALID_SID);
	EXIT_ON_ERROR(FwpmEngineSetSecurityInfo(engine, DACL_SECURITY_INFORMATION, NULL, NULL, dacl,
						NULL));
CLEANUP:
	LocalFree(text);
	FwpmFreeMemory((void **)&sd);
	return result;
}

static DWORD add_context(HANDLE engine, UINT64 *id)
{
	FWP_BYTE_BLOB data = {4, (UINT8 *)"data"};
	FWPM_PROVIDER_CONTEXT context = {0}, *back = NULL;
	DWORD result;

	context.displayData.name = client_name;
	context.type = FWPM_GENERAL_CONTEXT;
	context.dataBuffer = &data;
	EXIT_ON_ERROR(FwpmProviderContextAdd(engine, &context, NULL, id));
	EXIT_ON_ERROR(FwpmProviderContextGetById(engine, *id, &back));
CLEANUP:
	FwpmFreeMemory((void **)&back);
	return result;
}

/* A tunnel in the words of the Windows that the client is written for. */
static DWORD add_tunnel(HANDLE engine)
{
	IPSEC_AUTH_TRANSFORM hash = {
		.authTransformId = {IPSEC_AUTH_SHA_256, IPSEC_AUTH_CONFIG_HMAC_SHA_256_128}};
	IPSEC_SA_TRANSFORM transform = {.ipsecTransformType = IPSEC_TRANSFORM_ESP_AUTH,
					.espAuthTransform = &hash};
	IPSEC_PROPOSAL proposal = {
		.lifetime = {3600, 100000, 0}, .numSaTransforms = 1, .saTransforms = &transform};
	IPSEC_TUNNEL_POLICY policy = {.numIpsecProposals = 1, .ipsecProposals = &proposal};
	IKEEXT_AUTHENTICATION_METHOD method = {.authenticationMethodType = IKEEXT_KERBEROS};
	IKEEXT_POLICY ike = {.numAuthenticationMethods = 1, .authenticationMethods = &method};
	FWPM_PROVIDER_CONTEXT main_mode = {.type = FWPM_IPSEC_IKE_MM_CONTEXT, .ikeMmPolicy = &ike};
	FWPM_PROVIDER_CONTEXT tunnel = {.type = FWPM_IPSEC_IKE_QM_TUNNEL_CONTEXT,
					.ikeQmTunnelPolicy = &policy};

	policy.tunnelEndpoints.localV4Address = 0x0a000001;
#if NTDDI_VERSION >= NTDDI_WIN7
	return FwpmIPsecTunnelAdd(engine, 0, &main_mode, &tunnel, 0, NULL, NULL, NULL);
#else
	return FwpmIPsecTunnelAdd(engine, 0, &main_mode, &tunnel, 0, NULL, NULL);
#endif
}

static DWORD print_statistics(HANDLE engine)
{
	IPSEC_STATISTICS ipsec;
	IKEEXT_STATISTICS ike;
	DWORD result;

	EXIT_ON_ERROR(IPsecGetStatistics(engine, &ipsec));
	EXIT_ON_ERROR(IkeextGetStatistics(engine, &ike));
	printf("%u %u\n", ipsec.aggregateSaStatistics.activeSas,
	       ike.commonStatistics.totalPacketsReceived);
CLEANUP:
	return result;
}

static DWORD list_events(HANDLE engine)
{
	DWORD result;
	FWP_VALUE on = {.type = FWP_UINT32, .uint32 = 1};
	HANDLE all = NULL;
	FWPM_NET_EVENT **events = NULL;
	UINT32 n = 0;

	EXIT_ON_ERROR(FwpmEngineSetOption(engine, FWPM_ENGINE_COLLECT_NET_EVENTS, &on));
	EXIT_ON_ERROR(FwpmNetEventCreateEnumHandle(engine, NULL, &all));
	EXIT_ON_ERROR(FwpmNetEventEnum(engine, all, 100, &events, &n));
	for (UINT32 i = 0; i < n; i++)
		if (events[i]->type == FWPM_NET_EVENT_TYPE_CLASSIFY_DROP)
			printf("%u\n", events[i]->classifyDrop->layerId);
CLEANUP:
	FwpmFreeMemory((void **)&events);
	FwpmNetEventDestroyEnumHandle(engine, all);
	return result;
}

#if NTDDI_VERSION >= NTDDI_WIN7
static void CALLBACK on_event(void *context, const FWPM_NET_EVENT *event)
{
	UINT64 *last = context;

	if (event->type == FWPM_NET_EVENT_TYPE_CLASSIFY_DROP &&
	    event->header.flags & FWPM_NET_EVENT_FLAG_REMOTE_ADDR_SET)
		*last = event->classifyDrop->filterId ^ htonl(event->header.remoteAddrV4);
}

static DWORD watch_events(HANDLE engine, UINT64 *last)
{
	FWPM_NET_EVENT_SUBSCRIPTION wanted = {0};
	FWPM_SYSTEM_PORTS *ports = NULL;
	HANDLE events;
	DWORD result;

	EXIT_ON_ERROR(FwpmNetEventSubscribe(engine, &wanted, on_event, last, &events));
	EXIT_ON_ERROR(FwpmNetEventUnsubscribe(engine, events));
	EXIT_ON_ERROR(FwpmSystemPortsGet(engine, &ports));
CLEANUP:
	FwpmFreeMemory((void **)&ports);
	return result;
}
#endif

#if NTDDI_VERSION >= NTDDI_WIN8
static void CALLBACK on_connection(void *context, FWPM_CONNECTION_EVENT_TYPE type,
				   const FWPM_CONNECTION *connection)
{
	*(UINT64 *)context = type == FWPM_CONNECTION_EVENT_ADD ? connection->connectionId : 0;
}

static DWORD CALLBACK on_switch(void *context, const FWPM_VSWITCH_EVENT *event)
{
	*(UINT64 *)context = event->reorderInfo.numvSwitchFilterExtensions;
	return ERROR_SUCCESS;
}

static DWORD watch_connections(HANDLE engine, UINT64 *last)
{
	FWPM_CONNECTION_SUBSCRIPTION wanted = {0};
	FWPM_VSWITCH_EVENT_SUBSCRIPTION switches = {0};
	HANDLE handle;
	DWORD result;

	EXIT_ON_ERROR(FwpmConnectionSubscribe(engine, &wanted, on_connection, last, &handle));
	EXIT_ON_ERROR(FwpmvSwitchEventSubscribe(engine, &switches, on_switch, last, &handle));
CLEANUP:
	return result;
}
#endif

int main(void)
{
	HANDLE engine = NULL;
	DWORD result;
	UINT32 deleted = 0;
	UINT64 last = 0;

	if (FAILED(StringCchCopyW(client_name, _countof(client_name), L"client")))
		return 1;
	ZeroMemory(&last, sizeof(last));
	EXIT_ON_ERROR(open_engine(&engine));
	EXIT_ON_ERROR(install(engine));
	EXIT_ON_ERROR(list_filters(engine));
	EXIT_ON_ERROR(watch_filters(engine, &deleted));
	EXIT_ON_ERROR(print_security(engine));
	EXIT_ON_ERROR(add_context(engine, &last));
	EXIT_ON_ERROR(add_tunnel(engine));
	EXIT_ON_ERROR(print_statistics(engine));
	EXIT_ON_ERROR(list_events(engine));
#if NTDDI_VERSION >= NTDDI_WIN7
	EXIT_ON_ERROR(watch_events(engine, &last));
#endif
#if NTDDI_VERSION >= NTDDI_WIN8
	EXIT_ON_ERROR(watch_connections(engine, &last));
#endif
CLEANUP:
	FwpmEngineClose(engine);
	return FAILED(HRESULT_FROM_WIN32(result));
}
