/* SPDX-License-Identifier: MIT */
/*
 * real_test - what a program gets from the real engine: the ways it is used, and its codes.
 */
#define INITGUID
#include "real_engine.h"

#define NAME                                                                                       \
	{                                                                                          \
		.name = (WCHAR *)(uintptr_t)L"a test"                                              \
	}

static const GUID key_p = {1, 0, 0, {1}}, key_s = {2, 0, 0, {1}}, key_f = {3, 0, 0, {1}},
		  key_c = {4, 0, 0, {1}}, key_x = {5, 0, 0, {1}};

static const FWPM_PROVIDER0 provider = {.providerKey = {1, 0, 0, {1}}, .displayData = NAME};
static const FWPM_SUBLAYER0 sublayer = {
	.subLayerKey = {2, 0, 0, {1}}, .displayData = NAME, .weight = 0x4000};

/* A filter in the sublayer above; what a test wants is changed in it. */
static FWPM_FILTER0 a_filter(void)
{
	FWPM_FILTER0 filter = {.filterKey = key_f,
			       .displayData = NAME,
			       .subLayerKey = key_s,
			       .action = {.type = FWP_ACTION_BLOCK}};

	filter.layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V4;
	return filter;
}

static HANDLE begin_with_sublayer(void)
{
	HANDLE engine = real_begin();

	CHECK_OK(FwpmSubLayerAdd0(engine, &sublayer, NULL));
	return engine;
}

static wfp_err add(HANDLE engine, const FWPM_FILTER0 *filter)
{
	return FwpmFilterAdd0(engine, filter, NULL, NULL);
}

/* ---- ways of use ----------------------------------------------------------------------------- */

TEST(a_dynamic_session_takes_its_filters_along)
{
	FWPM_FILTER_CONDITION0 condition = {.matchType = FWP_MATCH_EQUAL,
					    .conditionValue = {.type = FWP_UINT16, .uint16 = 443}};
	FWPM_FILTER0 filter = a_filter(), *got = NULL;
	HANDLE engine = real_begin(), own = real_open(FWPM_SESSION_FLAG_DYNAMIC);
	UINT64 id = 0;

	condition.fieldKey = FWPM_CONDITION_IP_REMOTE_PORT;
	filter.numFilterConditions = 1;
	filter.filterCondition = &condition;
	CHECK_OK(FwpmTransactionBegin0(own, 0));
	CHECK_OK(FwpmProviderAdd0(own, &provider, NULL));
	CHECK_OK(FwpmSubLayerAdd0(own, &sublayer, NULL));
	CHECK_OK(FwpmFilterAdd0(own, &filter, NULL, &id));
	CHECK_OK(FwpmTransactionCommit0(own));
	CHECK_OK(FwpmFilterGetById0(engine, id, &got));
	CHECK_EQ_U(got->filterCondition[0].conditionValue.uint16, 443);
	CHECK_EQ_U(got->effectiveWeight.type, FWP_UINT64);
	FwpmFreeMemory0((void **)&got);
	CHECK_OK(FwpmEngineClose0(own));
	CHECK_ERR(FwpmFilterGetById0(engine, id, &got), ERR_FILTER_NOT_FOUND);
	CHECK_ERR(FwpmSubLayerDeleteByKey0(engine, &key_s), ERR_SUBLAYER_NOT_FOUND);
	real_end(engine);
}

TEST(what_is_built_in_is_there_from_the_start)
{
	HANDLE engine = real_begin(), e = NULL;
	FWPM_LAYER0 **layers = NULL, *layer = NULL;
	FWPM_SUBLAYER0 *universal = NULL;
	UINT32 n = 0;

	CHECK_OK(FwpmLayerCreateEnumHandle0(engine, NULL, &e));
	CHECK_OK(FwpmLayerEnum0(engine, e, INFINITE, &layers, &n));
	CHECK(n > 50);
	CHECK_OK(FwpmLayerGetById0(engine, layers[0]->layerId, &layer));
	CHECK(memcmp(&layer->layerKey, &layers[0]->layerKey, sizeof(GUID)) == 0);
	CHECK(layer->numFields > 0 && layer->field[0].fieldKey);
	CHECK_OK(FwpmSubLayerGetByKey0(engine, &FWPM_SUBLAYER_UNIVERSAL, &universal));
	CHECK_EQ_U(universal->weight, 32768);
	FwpmFreeMemory0((void **)&layers);
	FwpmFreeMemory0((void **)&layer);
	FwpmFreeMemory0((void **)&universal);
	real_end(engine);
}

TEST(a_template_chooses_what_is_enumerated)
{
	FWPM_FILTER_ENUM_TEMPLATE0 wish = {.enumType = FWP_FILTER_ENUM_OVERLAPPING,
					   .actionMask = UINT32_MAX};
	HANDLE engine = begin_with_sublayer(), e = NULL;
	FWPM_FILTER0 filter = a_filter(), **entries = NULL;
	UINT32 n = 0;

	CHECK_OK(add(engine, &filter));
	filter.filterKey = key_x;
	filter.layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V6;
	CHECK_OK(add(engine, &filter));
	wish.layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V6;
	CHECK_OK(FwpmFilterCreateEnumHandle0(engine, &wish, &e));
	CHECK_OK(FwpmFilterEnum0(engine, e, INFINITE, &entries, &n));
	CHECK_EQ_U(n, 1);
	CHECK(memcmp(&entries[0]->filterKey, &key_x, sizeof(GUID)) == 0);
	FwpmFreeMemory0((void **)&entries);
	real_end(engine);
}

TEST(sessions_see_each_other)
{
	HANDLE engine = real_begin(), other = real_open(0), e = NULL;
	FWPM_SESSION0 **entries = NULL;
	UINT32 n = 0;

	CHECK_OK(FwpmSessionCreateEnumHandle0(engine, NULL, &e));
	CHECK_OK(FwpmSessionEnum0(engine, e, 10, &entries, &n));
	CHECK_EQ_U(n, 2);
	CHECK_EQ_U(entries[0]->processId, getpid());
	CHECK(entries[0]->sid && entries[0]->username);
	FwpmFreeMemory0((void **)&entries);
	CHECK_OK(FwpmEngineClose0(other));
	real_end(engine);
}

/* The deepest struct that there is comes back out of an enumeration, where it lies deepest. */
TEST(a_tunnel_policy_with_everything_comes_back)
{
	LPSTR oid = (LPSTR)(uintptr_t) "1.3.6.1.5.5.7.3.2";
	IKEEXT_CERT_EKUS0 ekus = {.numEku = 1, .eku = &oid};
	IKEEXT_CERTIFICATE_CRITERIA0 criteria = {.eku = &ekus};
	IKEEXT_AUTHENTICATION_METHOD2 method = {
		.authenticationMethodType = IKEEXT_SSL,
		.sslAuthentication = {.inboundRootArraySize = 1,
				      .inboundRootCriteria = &criteria,
				      .outboundConfigType = IKEEXT_CERT_CONFIG_UNSPECIFIED}};
	IKEEXT_EM_POLICY2 em = {.numAuthenticationMethods = 1, .authenticationMethods = &method};
	IPSEC_AUTH_TRANSFORM0 auth = {
		.authTransformId = {IPSEC_AUTH_SHA_256, IPSEC_AUTH_CONFIG_HMAC_SHA_256_128}};
	IPSEC_SA_TRANSFORM0 transform = {.ipsecTransformType = IPSEC_TRANSFORM_AH,
					 .ahTransform = &auth};
	IPSEC_PROPOSAL0 proposal = {.numSaTransforms = 1, .saTransforms = &transform};
	IPSEC_TUNNEL_POLICY3 policy = {.numIpsecProposals = 1,
				       .ipsecProposals = &proposal,
				       .tunnelEndpoints = {.remoteV4Address = 0x0a000001},
				       .emPolicy = &em};
	FWPM_PROVIDER_CONTEXT3 context = {.providerContextKey = key_x,
					  .displayData = NAME,
					  .type = FWPM_IPSEC_AUTHIP_QM_TUNNEL_CONTEXT,
					  .authipQmTunnelPolicy = &policy};
	FWPM_PROVIDER_CONTEXT_ENUM_TEMPLATE0 wish = {.providerContextType = context.type};
	const IPSEC_TUNNEL_POLICY3 *got;
	FWPM_PROVIDER_CONTEXT3 **entries = NULL;
	HANDLE engine = real_begin(), e = NULL;
	UINT32 n = 0;

	CHECK_OK(FwpmProviderContextAdd3(engine, &context, NULL, NULL));
	CHECK_OK(FwpmProviderContextCreateEnumHandle0(engine, &wish, &e));
	CHECK_OK(FwpmProviderContextEnum3(engine, e, 100, &entries, &n));
	CHECK_EQ_U(n, 1);
	got = entries[0]->authipQmTunnelPolicy;
	CHECK_EQ_U(got->tunnelEndpoints.remoteV4Address, 0x0a000001);
	CHECK_EQ_S(got->emPolicy->authenticationMethods[0]
			   .sslAuthentication.inboundRootCriteria[0]
			   .eku->eku[0],
		   oid);
	FwpmFreeMemory0((void **)&entries);
	real_end(engine);
}

TEST(the_descriptor_of_an_object_is_read_and_set)
{
	PSECURITY_DESCRIPTOR sd = NULL;
	PACL dacl = NULL;
	PSID owner = NULL;
	HANDLE engine = begin_with_sublayer();

	CHECK_OK(FwpmSubLayerGetSecurityInfoByKey0(
		engine, &key_s, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner,
		NULL, &dacl, NULL, &sd));
	CHECK(owner && dacl);
	CHECK_OK(FwpmSubLayerSetSecurityInfoByKey0(engine, &key_s, DACL_SECURITY_INFORMATION, NULL,
						   NULL, dacl, NULL));
	FwpmFreeMemory0(&sd);
	CHECK_OK(FwpmTransactionBegin0(engine, 0));
	CHECK_ERR(FwpmSubLayerSetSecurityInfoByKey0(engine, &key_s, DACL_SECURITY_INFORMATION, NULL,
						    NULL, NULL, NULL),
		  ERR_TXN_IN_PROGRESS);
	real_end(engine);
}

TEST(options_of_the_engine_are_read_and_set)
{
	FWP_VALUE0 value = {.type = FWP_UINT32, .uint32 = 0}, *got = NULL;
	FWPM_NET_EVENT_ENUM_TEMPLATE0 wish = {0};
	HANDLE engine = real_begin(), e = NULL;

	CHECK_OK(FwpmEngineSetOption0(engine, FWPM_ENGINE_COLLECT_NET_EVENTS, &value));
	CHECK_OK(FwpmEngineGetOption0(engine, FWPM_ENGINE_COLLECT_NET_EVENTS, &got));
	CHECK_EQ_U(got->uint32, 0);
	FwpmFreeMemory0((void **)&got);
	CHECK_ERR(FwpmNetEventCreateEnumHandle0(engine, &wish, &e), ERR_NET_EVENTS_DISABLED);
	real_end(engine);
}

/* ---- codes ----------------------------------------------------------------------------------- */

TEST(what_is_not_there_has_a_code_for_each_kind)
{
	FWPM_PROVIDER0 *p;
	FWPM_PROVIDER_CONTEXT3 *x;
	FWPM_SUBLAYER0 *s;
	FWPM_LAYER0 *l;
	FWPM_CALLOUT0 *c;
	FWPM_FILTER0 *f;
	FWPM_CONNECTION0 *n;
	HANDLE engine = real_begin();

	CHECK_ERR(FwpmProviderGetByKey0(engine, &key_p, &p), ERR_PROVIDER_NOT_FOUND);
	CHECK_ERR(FwpmProviderContextGetByKey3(engine, &key_x, &x), ERR_PROVIDER_CONTEXT_NOT_FOUND);
	CHECK_ERR(FwpmSubLayerGetByKey0(engine, &key_s, &s), ERR_SUBLAYER_NOT_FOUND);
	CHECK_ERR(FwpmLayerGetByKey0(engine, &key_s, &l), ERR_LAYER_NOT_FOUND);
	CHECK_ERR(FwpmCalloutGetByKey0(engine, &key_c, &c), ERR_CALLOUT_NOT_FOUND);
	CHECK_ERR(FwpmFilterGetByKey0(engine, &key_f, &f), ERR_FILTER_NOT_FOUND);
	CHECK_ERR(FwpmConnectionGetById0(engine, 77, &n), ERR_NOT_FOUND);
	real_end(engine);
}

TEST(a_filter_must_refer_to_what_is_there)
{
	FWPM_FILTER_CONDITION0 condition = {.conditionValue = {.type = FWP_UINT16}};
	FWPM_FILTER0 filter = a_filter();
	HANDLE engine = real_begin();

	CHECK_ERR(add(engine, &filter), ERR_SUBLAYER_NOT_FOUND);
	CHECK_OK(FwpmSubLayerAdd0(engine, &sublayer, NULL));
	filter.providerKey = (GUID *)(uintptr_t)&key_p;
	CHECK_ERR(add(engine, &filter), ERR_PROVIDER_NOT_FOUND);
	filter.providerKey = NULL;
	filter.layerKey = key_x;
	CHECK_ERR(add(engine, &filter), ERR_LAYER_NOT_FOUND);
	filter = a_filter();
	filter.action.type = FWP_ACTION_CALLOUT_TERMINATING;
	filter.action.calloutKey = key_c;
	CHECK_ERR(add(engine, &filter), ERR_CALLOUT_NOT_FOUND);
	filter = a_filter();
	filter.flags = FWPM_FILTER_FLAG_HAS_PROVIDER_CONTEXT;
	filter.providerContextKey = key_x;
	CHECK_ERR(add(engine, &filter), ERR_PROVIDER_CONTEXT_NOT_FOUND);
	filter = a_filter();
	condition.fieldKey = key_x;
	filter.numFilterConditions = 1;
	filter.filterCondition = &condition;
	CHECK_ERR(add(engine, &filter), ERR_CONDITION_NOT_FOUND);
	real_end(engine);
}

TEST(a_filter_must_be_well_formed)
{
	FWP_V4_ADDR_AND_MASK hole = {0x0a000000, 0xff00ff00};
	FWP_RANGE0 backwards = {.valueLow = {.type = FWP_UINT16, .uint16 = 9},
				.valueHigh = {.type = FWP_UINT16, .uint16 = 8}};
	FWPM_FILTER_CONDITION0 condition = {0};
	FWPM_FILTER0 filter = a_filter();
	HANDLE engine = begin_with_sublayer();

	filter.displayData.name = NULL;
	CHECK_ERR(add(engine, &filter), ERR_NULL_DISPLAY_NAME);
	filter = a_filter();
	filter.action.type = 0x1234;
	CHECK_ERR(add(engine, &filter), ERR_INVALID_ACTION_TYPE);
	filter = a_filter();
	filter.weight = (FWP_VALUE0){.type = FWP_UINT8, .uint8 = 16};
	CHECK_ERR(add(engine, &filter), ERR_INVALID_WEIGHT);
	filter = a_filter();
	filter.flags = 0x80000000u;
	CHECK_ERR(add(engine, &filter), ERR_INVALID_FLAGS);
	filter = a_filter();
	filter.numFilterConditions = 1;
	filter.filterCondition = &condition;
	condition.fieldKey = FWPM_CONDITION_IP_REMOTE_ADDRESS;
	condition.conditionValue.type = FWP_V4_ADDR_MASK;
	condition.conditionValue.v4AddrMask = &hole;
	CHECK_ERR(add(engine, &filter), ERR_INVALID_NET_MASK);
	condition.fieldKey = FWPM_CONDITION_IP_REMOTE_PORT;
	condition.matchType = FWP_MATCH_RANGE;
	condition.conditionValue.type = FWP_RANGE_TYPE;
	condition.conditionValue.rangeValue = &backwards;
	CHECK_ERR(add(engine, &filter), ERR_INVALID_RANGE);
	condition.matchType = FWP_MATCH_EQUAL;
	condition.conditionValue = (FWP_CONDITION_VALUE0){.type = FWP_UINT8};
	CHECK_ERR(add(engine, &filter), ERR_TYPE_MISMATCH);
	condition.matchType = FWP_MATCH_PREFIX;
	condition.conditionValue = (FWP_CONDITION_VALUE0){.type = FWP_UINT16};
	CHECK_ERR(add(engine, &filter), ERR_MATCH_TYPE_MISMATCH);
	real_end(engine);
}

TEST(references_and_built_in_objects_cannot_be_deleted)
{
	FWPM_FILTER0 filter = a_filter();
	HANDLE engine = begin_with_sublayer();

	CHECK_ERR(FwpmSubLayerAdd0(engine, &sublayer, NULL), ERR_ALREADY_EXISTS);
	CHECK_OK(add(engine, &filter));
	CHECK_ERR(FwpmSubLayerDeleteByKey0(engine, &key_s), ERR_IN_USE);
	CHECK_ERR(FwpmSubLayerDeleteByKey0(engine, &FWPM_SUBLAYER_UNIVERSAL), ERR_BUILTIN_OBJECT);
	real_end(engine);
}

TEST(a_session_keeps_to_its_own_objects_and_transactions)
{
	FWPM_FILTER0 filter = a_filter();
	HANDLE engine = real_begin(), own = real_open(FWPM_SESSION_FLAG_DYNAMIC);

	CHECK_OK(FwpmSubLayerAdd0(own, &sublayer, NULL));
	CHECK_ERR(add(engine, &filter), ERR_LIFETIME_MISMATCH);
	CHECK_ERR(FwpmSubLayerDeleteByKey0(engine, &key_s), ERR_WRONG_SESSION);
	CHECK_OK(FwpmTransactionBegin0(own, 0));
	CHECK_ERR(FwpmTransactionBegin0(engine, 0), ERR_TIMEOUT);
	CHECK_OK(FwpmTransactionAbort0(own));
	CHECK_OK(FwpmTransactionBegin0(engine, FWPM_TXN_READ_ONLY));
	CHECK_ERR(FwpmProviderAdd0(engine, &provider, NULL), ERR_INCOMPATIBLE_TXN);
	CHECK_OK(FwpmTransactionCommit0(engine));
	CHECK_ERR(FwpmTransactionCommit0(engine), ERR_NO_TXN_IN_PROGRESS);
	CHECK_OK(FwpmEngineClose0(own));
	real_end(engine);
}

TEST(a_template_that_cannot_match_is_refused)
{
	FWPM_FILTER_CONDITION0 two[2] = {
		{.conditionValue = {.type = FWP_UINT16, .uint16 = 1}},
		{.conditionValue = {.type = FWP_UINT16, .uint16 = 2}},
	};
	FWPM_FILTER_ENUM_TEMPLATE0 wish = {
		.actionMask = UINT32_MAX, .numFilterConditions = 2, .filterCondition = two};
	FWPM_NET_EVENT_ENUM_TEMPLATE0 events = {.startTime = {0, 0x1db0000},
						.endTime = {0, 0x1da0000}};
	FWP_VALUE0 on = {.type = FWP_UINT32, .uint32 = 1};
	HANDLE engine = real_begin(), e = NULL;

	two[0].fieldKey = two[1].fieldKey = FWPM_CONDITION_IP_REMOTE_PORT;
	wish.layerKey = FWPM_LAYER_ALE_AUTH_CONNECT_V4;
	CHECK_ERR(FwpmFilterCreateEnumHandle0(engine, &wish, &e), ERR_DUPLICATE_CONDITION);
	CHECK_OK(FwpmEngineSetOption0(engine, FWPM_ENGINE_COLLECT_NET_EVENTS, &on));
	CHECK_ERR(FwpmNetEventCreateEnumHandle0(engine, &events, &e), ERR_INVALID_INTERVAL);
	real_end(engine);
}
