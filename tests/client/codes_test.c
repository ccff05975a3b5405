/* SPDX-License-Identifier: MIT */
/*
 * codes_test - codes of the platform that take more than one object, or time, to get.
 */
#define INITGUID
#include "real_engine.h"

#define NAME                                                                                       \
	{                                                                                          \
		.name = (WCHAR *)(uintptr_t)L"a test"                                              \
	}

static const GUID key_c = {4, 0, 0, {1}}, key_x = {5, 0, 0, {1}};

/* A context with options for the classifier: not every layer and callout takes it. */
static void add_context(HANDLE engine)
{
	FWPM_CLASSIFY_OPTIONS0 options = {0};
	FWPM_PROVIDER_CONTEXT3 context = {.providerContextKey = key_x,
					  .displayData = NAME,
					  .type = FWPM_CLASSIFY_OPTIONS_CONTEXT,
					  .classifyOptions = &options};

	CHECK_OK(FwpmProviderContextAdd3(engine, &context, NULL, NULL));
}

/* A filter with that context and, unless NULL, a callout. */
static wfp_err add_filter(HANDLE engine, const GUID *layer, const GUID *callout)
{
	FWPM_FILTER0 filter = {
		.displayData = NAME,
		.layerKey = *layer,
		.flags = FWPM_FILTER_FLAG_HAS_PROVIDER_CONTEXT,
		.action = {.type = callout ? FWP_ACTION_CALLOUT_TERMINATING : FWP_ACTION_BLOCK},
		.providerContextKey = key_x};

	if (callout)
		filter.action.calloutKey = *callout;
	return FwpmFilterAdd0(engine, &filter, NULL, NULL);
}

TEST(a_context_must_suit_its_callout_and_its_layer)
{
	FWPM_CALLOUT0 callout = {.calloutKey = key_c, .displayData = NAME};
	HANDLE engine = real_begin();

	callout.applicableLayer = FWPM_LAYER_ALE_AUTH_CONNECT_V4;
	add_context(engine);
	CHECK_OK(FwpmCalloutAdd0(engine, &callout, NULL, NULL));
	CHECK_ERR(add_filter(engine, &FWPM_LAYER_ALE_AUTH_CONNECT_V4, NULL),
		  ERR_CONTEXT_INCOMPATIBLE_WITH_LAYER);
	CHECK_ERR(add_filter(engine, &FWPM_LAYER_ALE_AUTH_CONNECT_V4, &key_c),
		  ERR_CONTEXT_INCOMPATIBLE_WITH_CALLOUT);
	CHECK_ERR(add_filter(engine, &FWPM_LAYER_IPFORWARD_V4, &FWPM_CALLOUT_IPSEC_DOSP_FORWARD_V4),
		  ERR_PROVIDER_CONTEXT_MISMATCH);
	CHECK_ERR(add_filter(engine, &FWPM_LAYER_IPFORWARD_V4, &key_c), ERR_INCOMPATIBLE_LAYER);
	CHECK_OK(add_filter(engine, &FWPM_LAYER_ALE_AUTH_CONNECT_V4,
			    &FWPM_CALLOUT_SET_OPTIONS_AUTH_CONNECT_LAYER_V4));
	real_end(engine);
}

TEST(a_dynamic_session_keeps_nothing_and_sets_no_options)
{
	FWPM_PROVIDER0 provider = {.displayData = NAME, .flags = FWPM_PROVIDER_FLAG_PERSISTENT};
	FWP_VALUE0 value = {.type = FWP_UINT32};
	HANDLE engine = real_begin(), own = real_open(FWPM_SESSION_FLAG_DYNAMIC);

	CHECK_ERR(FwpmProviderAdd0(own, &provider, NULL), ERR_DYNAMIC_SESSION_IN_PROGRESS);
	CHECK_ERR(FwpmEngineSetOption0(own, FWPM_ENGINE_COLLECT_NET_EVENTS, &value),
		  ERR_DYNAMIC_SESSION_IN_PROGRESS);
	CHECK_OK(FwpmEngineClose0(own));
	real_end(engine);
}

TEST(a_transaction_that_is_held_too_long_is_aborted)
{
	FWP_VALUE0 one = {.type = FWP_UINT32, .uint32 = 1};
	HANDLE engine = real_begin();
	FWPM_FILTER0 *got;
	wfp_err err;

	CHECK_OK(FwpmEngineSetOption0(engine, FWPM_ENGINE_TXN_WATCHDOG_TIMEOUT_IN_MSEC, &one));
	CHECK_OK(FwpmTransactionBegin0(engine, 0));
	do {
		bfe_tick(real.bfe);
		err = FwpmFilterGetByKey0(engine, &key_x, &got);
	} while (err == ERR_FILTER_NOT_FOUND);
	CHECK_ERR(err, ERR_TXN_ABORTED);
	CHECK_ERR(FwpmTransactionCommit0(engine), ERR_NO_TXN_IN_PROGRESS);
	real_end(engine);
}

static void CALLBACK on_ports(void *context, const FWPM_SYSTEM_PORTS0 *ports)
{
}

TEST(what_is_reserved_must_be_zero)
{
	FWPM_FILTER0 filter = {.displayData = NAME, .reserved = (GUID *)(uintptr_t)&key_x};
	HANDLE engine = real_begin(), handle;

	CHECK_ERR(FwpmFilterAdd0(engine, &filter, NULL, NULL), ERR_RESERVED);
	CHECK_ERR(FwpmSystemPortsSubscribe0(engine, &filter, on_ports, NULL, &handle),
		  ERR_RESERVED);
	real_end(engine);
}
