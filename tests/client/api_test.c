/* SPDX-License-Identifier: MIT */
/*
 * api_test - sessions, handles, objects, enumerations and results, as a program sees them.
 */
#include "program.h"

#include "base/thread.h"

static const GUID key_a = {0xa, 0, 0, {1, 2, 3, 4, 5, 6, 7, 8}};

static UINT64 add_filter(HANDLE engine, const GUID *key)
{
	FWPM_FILTER0 filter = {.displayData = {.name = TEXT_OF("a filter")}, .flags = 1};
	UINT64 id = 0;

	if (key)
		filter.filterKey = *key;
	CHECK_OK(FwpmFilterAdd0(engine, &filter, NULL, &id));
	return id;
}

/* ---- sessions -------------------------------------------------------------------------------- */

TEST(an_engine_that_is_closed_is_a_handle_no_more)
{
	HANDLE engine = program_start();

	CHECK_OK(FwpmTransactionBegin0(engine, 0));
	CHECK_OK(FwpmEngineClose0(engine));
	CHECK_ERR(FwpmTransactionCommit0(engine), ERR_INVALID_HANDLE);
	CHECK_ERR(FwpmEngineClose0(engine), ERR_INVALID_HANDLE);
	CHECK_OK(FwpmEngineClose0(NULL));
	program_end(NULL);
}

TEST(handles_that_were_never_given_out_are_refused)
{
	static const uintptr_t wrong[] = {0,
					  1,
					  4,
					  8,
					  0x1000,
					  UINT32_MAX,
					  UINTPTR_MAX,
					  (uintptr_t)1 << 32 | 4,
					  (uintptr_t)7 << 32 | 8};
	HANDLE engine = program_start();

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if ((HANDLE)wrong[i] != engine)
			CHECK_ERR(FwpmTransactionBegin0((HANDLE)wrong[i], 0), ERR_INVALID_HANDLE);
	program_end(engine);
}

TEST(without_an_engine_opening_says_so)
{
	HANDLE engine = &engine;

	setenv("OPENWFP_SOCKET", "/nonexistent/bfe.sock", 1);
	CHECK_ERR(FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, NULL, &engine),
		  ERR_EPT_S_NOT_REGISTERED);
	CHECK(engine == &engine);
}

TEST(other_machines_and_other_authentication_are_not_supported)
{
	HANDLE engine;

	CHECK_ERR(FwpmEngineOpen0(TEXT_OF("server"), RPC_C_AUTHN_WINNT, NULL, NULL, &engine),
		  ERR_NOT_SUPPORTED);
	CHECK_ERR(FwpmEngineOpen0(NULL, RPC_C_AUTHN_NONE, NULL, NULL, &engine), ERR_NOT_SUPPORTED);
	CHECK_ERR(FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, NULL, NULL), ERR_NULL_POINTER);
}

TEST(an_error_of_the_engine_is_the_error_of_the_call)
{
	HANDLE engine = program_start();

	CHECK_ERR(FwpmTransactionAbort0(engine), ERR_NO_TXN_IN_PROGRESS);
	CHECK_OK(FwpmTransactionBegin0(engine, FWPM_TXN_READ_ONLY));
	CHECK_EQ_U(fake.txn_flags, FWPM_TXN_READ_ONLY);
	CHECK_ERR(FwpmTransactionBegin0(engine, 0), ERR_TXN_IN_PROGRESS);
	CHECK_OK(FwpmTransactionCommit0(engine));
	fake.fail = ERR_ACCESS_DENIED;
	CHECK_ERR(FwpmFilterDeleteById0(engine, 1), ERR_ACCESS_DENIED);
	program_end(engine);
}

TEST(an_engine_that_goes_away_fails_every_call_and_can_be_closed)
{
	HANDLE engine = program_start();

	rpc_server_stop(fake.server);
	fake.server = NULL;
	CHECK(FwpmTransactionBegin0(engine, 0) == ERR_RPC_S_CALL_FAILED);
	CHECK(FwpmTransactionBegin0(engine, 0) == ERR_RPC_S_CALL_FAILED);
	program_end(engine);
}

/* ---- objects --------------------------------------------------------------------------------- */

TEST(a_filter_comes_back_as_it_was_added)
{
	UINT64 weight = 77, low = 5;
	FWP_RANGE0 range = {.valueLow = {.type = FWP_UINT64, .uint64 = &low},
			    .valueHigh = {.type = FWP_UINT64, .uint64 = &weight}};
	FWPM_FILTER_CONDITION0 conditions[2] = {
		{.matchType = FWP_MATCH_RANGE, .conditionValue = {.type = FWP_RANGE_TYPE}},
		{.matchType = FWP_MATCH_EQUAL,
		 .conditionValue = {.type = FWP_UINT16, .uint16 = 443}},
	};
	FWPM_FILTER0 filter = {
		.filterKey = key_a,
		.displayData = {.name = TEXT_OF("n\u00e4me"), .description = TEXT_OF("")},
		.weight = {.type = FWP_UINT64, .uint64 = &weight},
		.numFilterConditions = 2,
		.filterCondition = conditions,
		.action = {.type = FWP_ACTION_BLOCK},
		.rawContext = 9,
	};
	FWPM_FILTER0 *got = NULL;
	HANDLE engine = program_start();

	conditions[0].conditionValue.rangeValue = &range;
	CHECK_OK(FwpmFilterAdd0(engine, &filter, NULL, NULL));
	CHECK_OK(FwpmFilterGetByKey0(engine, &key_a, &got));
	CHECK(memcmp(&got->filterKey, &key_a, sizeof(key_a)) == 0);
	CHECK(got->displayData.name[1] == 0xe4);
	CHECK(got->displayData.description[0] == 0);
	CHECK(!got->providerKey);
	CHECK_EQ_U(*got->weight.uint64, 77);
	CHECK_EQ_U(got->numFilterConditions, 2);
	CHECK_EQ_U(*got->filterCondition[0].conditionValue.rangeValue->valueLow.uint64, 5);
	CHECK_EQ_U(got->filterCondition[1].conditionValue.uint16, 443);
	CHECK_EQ_U(got->rawContext, 9);
	CHECK(got->filterId != 0);
	FwpmFreeMemory0((void **)&got);
	program_end(engine);
}

TEST(an_id_that_was_given_finds_the_object)
{
	HANDLE engine = program_start();
	UINT64 id = add_filter(engine, NULL);
	FWPM_FILTER0 *got = NULL;

	CHECK_OK(FwpmFilterGetById0(engine, id, &got));
	CHECK_EQ_U(got->filterId, id);
	FwpmFreeMemory0((void **)&got);
	CHECK_OK(FwpmFilterDeleteById0(engine, id));
	CHECK_ERR(FwpmFilterGetById0(engine, id, &got), ERR_NOT_FOUND);
	CHECK(!got);
	program_end(engine);
}

TEST(a_context_that_one_generation_added_is_read_by_all)
{
	FWPM_PROVIDER_CONTEXT0 *v0 = NULL;
	FWPM_PROVIDER_CONTEXT1 *v1 = NULL;
	FWPM_PROVIDER_CONTEXT2 *v2 = NULL;
	UINT8 bytes[] = {1, 2, 3, 4};
	FWP_BYTE_BLOB data = {sizeof(bytes), bytes};
	FWPM_PROVIDER_CONTEXT3 context = {.providerContextKey = key_a,
					  .displayData = {.name = TEXT_OF("context")},
					  .type = FWPM_GENERAL_CONTEXT,
					  .dataBuffer = &data};
	HANDLE engine = program_start();
	UINT64 id;

	CHECK_OK(FwpmProviderContextAdd3(engine, &context, NULL, &id));
	CHECK_OK(FwpmProviderContextGetById0(engine, id, &v0));
	CHECK_OK(FwpmProviderContextGetByKey1(engine, &key_a, &v1));
	CHECK_OK(FwpmProviderContextGetByKey2(engine, &key_a, &v2));
	CHECK_EQ_U(v0->dataBuffer->size, 4);
	CHECK_EQ_U(v1->dataBuffer->data[3], 4);
	CHECK_EQ_U(v2->providerContextId, id);
	FwpmFreeMemory0((void **)&v0);
	FwpmFreeMemory0((void **)&v1);
	FwpmFreeMemory0((void **)&v2);
	program_end(engine);
}

/* ---- results --------------------------------------------------------------------------------- */

TEST(freeing_sets_the_pointer_to_null_and_null_is_fine)
{
	FWPM_FILTER0 *got = NULL;
	HANDLE engine = program_start();

	FwpmFreeMemory0(NULL);
	FwpmFreeMemory0((void **)&got);
	add_filter(engine, &key_a);
	CHECK_OK(FwpmFilterGetByKey0(engine, &key_a, &got));
	FwpmFreeMemory0((void **)&got);
	CHECK(!got);
	program_end(engine);
}

TEST(a_result_outlives_its_session)
{
	FWPM_FILTER0 *got = NULL;
	HANDLE engine = program_start();

	add_filter(engine, &key_a);
	CHECK_OK(FwpmFilterGetByKey0(engine, &key_a, &got));
	CHECK_OK(FwpmEngineClose0(engine));
	CHECK_EQ_U(got->flags, 1);
	CHECK(got->displayData.name[0] == 'a');
	FwpmFreeMemory0((void **)&got);
	program_end(NULL);
}

/* ---- enumerations ---------------------------------------------------------------------------- */

TEST(an_enumeration_returns_as_many_as_asked_for_until_its_end)
{
	HANDLE engine = program_start(), e = NULL;
	FWPM_FILTER0 **entries = NULL;
	UINT32 n = 0;

	for (unsigned i = 0; i < 23; i++)
		add_filter(engine, NULL);
	CHECK_OK(FwpmFilterCreateEnumHandle0(engine, NULL, &e));
	CHECK_OK(FwpmFilterEnum0(engine, e, 10, &entries, &n));
	CHECK_EQ_U(n, 10);
	CHECK_EQ_U(entries[9]->filterId, 10);
	FwpmFreeMemory0((void **)&entries);
	CHECK_OK(FwpmFilterEnum0(engine, e, 0, &entries, &n));
	CHECK_EQ_U(n, 0);
	FwpmFreeMemory0((void **)&entries);
	CHECK_OK(FwpmFilterEnum0(engine, e, INFINITE, &entries, &n));
	CHECK_EQ_U(n, 13);
	CHECK_EQ_U(entries[12]->filterId, 23);
	FwpmFreeMemory0((void **)&entries);
	CHECK_OK(FwpmFilterEnum0(engine, e, 10, &entries, &n));
	CHECK_EQ_U(n, 0);
	FwpmFreeMemory0((void **)&entries);
	CHECK_OK(FwpmFilterDestroyEnumHandle0(engine, e));
	CHECK_ERR(FwpmFilterEnum0(engine, e, 1, &entries, &n), ERR_INVALID_HANDLE);
	CHECK_ERR(FwpmFilterDestroyEnumHandle0(engine, e), ERR_INVALID_HANDLE);
	program_end(engine);
}

TEST(an_enumeration_is_of_one_session_and_one_kind)
{
	HANDLE engine = program_start(), other = program_open(), e = NULL;
	FWPM_PROVIDER0 **providers;
	FWPM_FILTER0 **filters;
	UINT32 n;

	CHECK_OK(FwpmFilterCreateEnumHandle0(engine, NULL, &e));
	CHECK_ERR(FwpmProviderEnum0(engine, e, 1, &providers, &n), ERR_INVALID_HANDLE);
	CHECK_ERR(FwpmFilterEnum0(other, e, 1, &filters, &n), ERR_INVALID_HANDLE);
	CHECK_ERR(FwpmFilterEnum0(engine, engine, 1, &filters, &n), ERR_INVALID_HANDLE);
	CHECK_ERR(FwpmFilterDestroyEnumHandle0(other, e), ERR_INVALID_HANDLE);
	CHECK_ERR(FwpmEngineClose0(e), ERR_INVALID_HANDLE);
	CHECK_OK(FwpmEngineClose0(other));
	program_end(engine);
}

TEST(closing_a_session_ends_its_enumerations)
{
	HANDLE engine = program_start(), other = program_open(), e = NULL;
	FWPM_FILTER0 **filters;
	UINT32 n;

	CHECK_OK(FwpmFilterCreateEnumHandle0(engine, NULL, &e));
	CHECK_OK(FwpmEngineClose0(engine));
	CHECK_ERR(FwpmFilterEnum0(other, e, 1, &filters, &n), ERR_INVALID_HANDLE);
	program_end(other);
}

TEST(old_generations_do_not_see_events_that_they_do_not_know)
{
	Openwfp__NetEventHeader header = OPENWFP__NET_EVENT_HEADER__INIT;
	Openwfp__NetEvent event = OPENWFP__NET_EVENT__INIT;
	Openwfp__Object object = OPENWFP__OBJECT__INIT;
	HANDLE engine = program_start(), e = NULL;
	FWPM_NET_EVENT0 **old = NULL;
	FWPM_NET_EVENT5 **all = NULL;
	UINT32 n;

	event.header = &header;
	event.has_type = 1;
	object.object_case = OPENWFP__OBJECT__OBJECT_NET_EVENT;
	object.netevent = &event;
	for (unsigned i = 0; i < 8; i++) {
		event.type = i % 2 ? FWPM_NET_EVENT_TYPE_CLASSIFY_DROP
				   : FWPM_NET_EVENT_TYPE_CLASSIFY_ALLOW;
		fake_put(&object);
	}
	CHECK_OK(FwpmNetEventCreateEnumHandle0(engine, NULL, &e));
	CHECK_OK(FwpmNetEventEnum0(engine, e, 3, &old, &n));
	CHECK_EQ_U(n, 3);
	CHECK_EQ_U(old[2]->type, FWPM_NET_EVENT_TYPE_CLASSIFY_DROP);
	CHECK_OK(FwpmNetEventEnum5(engine, e, INFINITE, &all, &n));
	CHECK(n > 0);
	FwpmFreeMemory0((void **)&old);
	FwpmFreeMemory0((void **)&all);
	program_end(engine);
}

/* ---- options --------------------------------------------------------------------------------- */

TEST(an_option_is_set_and_read)
{
	FWP_VALUE0 value = {.type = FWP_UINT32, .uint32 = 17}, *got = NULL;
	HANDLE engine = program_start();

	CHECK_OK(FwpmEngineSetOption0(engine, FWPM_ENGINE_COLLECT_NET_EVENTS, &value));
	CHECK_OK(FwpmEngineGetOption0(engine, FWPM_ENGINE_COLLECT_NET_EVENTS, &got));
	CHECK_EQ_U(got->uint32, 17);
	FwpmFreeMemory0((void **)&got);
	CHECK_ERR(FwpmEngineSetOption0(engine, FWPM_ENGINE_OPTION_MAX, &value),
		  ERR_INVALID_ENUMERATOR);
	CHECK_ERR(FwpmEngineGetOption0(engine, FWPM_ENGINE_OPTION_MAX, &got),
		  ERR_INVALID_ENUMERATOR);
	program_end(engine);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* Calls of every shape; the first error. */
static wfp_err some_calls(void)
{
	FWPM_FILTER0 filter = {.displayData = {.name = TEXT_OF("a filter")}}, **entries = NULL;
	HANDLE engine, e = NULL;
	UINT32 n;
	wfp_err err = FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, NULL, &engine);

	if (err)
		return err;
	err = FwpmFilterAdd0(engine, &filter, NULL, NULL);
	if (!err)
		err = FwpmFilterCreateEnumHandle0(engine, NULL, &e);
	if (!err)
		err = FwpmFilterEnum0(engine, e, 7, &entries, &n);
	FwpmFreeMemory0((void **)&entries);
	CHECK_OK(FwpmEngineClose0(engine));
	return err;
}

TEST(without_memory_calls_fail_and_leak_nothing)
{
	HANDLE engine = program_start();
	wfp_err err = ERR_NO_MEMORY;

	for (uint64_t nth = 1; err; nth++) {
		mem_fail_at(nth);
		err = some_calls();
		mem_fail_at(0);
	}
	program_end(engine);
}

/* ---- threads --------------------------------------------------------------------------------- */

static void call_until_closed(void *arg)
{
	HANDLE engine = arg;
	wfp_err err = ERR_OK;

	while (!err) {
		FWPM_FILTER0 *got = NULL;

		err = FwpmFilterGetByKey0(engine, &key_a, &got);
		FwpmFreeMemory0((void **)&got);
	}
	CHECK(err == ERR_INVALID_HANDLE || err == ERR_RPC_S_CALL_FAILED);
}

TEST(a_session_can_be_closed_under_the_calls_of_other_threads)
{
	struct thread *threads[4];
	HANDLE engine = program_start();

	add_filter(engine, &key_a);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		CHECK_OK(thread_start(&threads[i], "caller", call_until_closed, engine));
	for (unsigned i = 0; i < 50; i++)
		add_filter(engine, NULL);
	CHECK_OK(FwpmEngineClose0(engine));
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		thread_join(threads[i]);
	program_end(NULL);
}
