/* SPDX-License-Identifier: MIT */
/*
 * calls_test - every function of the platform is called: with a handle that is none, with a NULL
 * that is not allowed, and as it is meant.  The rows are in calls.def.
 */
#include "program.h"

/* Arguments of the rows: an object of any kind that is all zero, and room for any result. */
static const UINT64 zero[64];
static const GUID key = {1, 0, 0, {0}};
static const FWPM_PROVIDER_CONTEXT3 general = {.type = FWPM_GENERAL_CONTEXT};
static union {
	void *pointer;
	UINT64 words[1024];
} room;
static void *const out = &room;
static UINT32 count;

static void callback(void)
{
}

static void check_call(const char *name, wfp_err err, wfp_err expected)
{
	if (err != expected)
		CHECK_SAY("%s is %s (0x%08x), not %s", name, err_name(err), err,
			  err_name(expected));
}

TEST(every_function_refuses_a_handle_that_is_none)
{
	HANDLE E = program_start();

	CHECK_OK(FwpmEngineClose0(E));
#define CALL(function, good, bad, answer) check_call(#function, function good, ERR_INVALID_HANDLE);
#define PLAIN(function, good, answer)	  CALL(function, good, , answer)
#include "calls.def"
#undef CALL
#undef PLAIN
	check_call("FwpmSystemPortsGet0", FwpmSystemPortsGet0(E, out), ERR_INVALID_HANDLE);
	check_call("FwpmSystemPortsSubscribe0",
		   FwpmSystemPortsSubscribe0(E, NULL, (void *)callback, NULL, out),
		   ERR_INVALID_HANDLE);
	check_call("FwpmSystemPortsUnsubscribe0", FwpmSystemPortsUnsubscribe0(E, NULL),
		   ERR_INVALID_HANDLE);
	program_end(NULL);
}

TEST(every_function_refuses_a_null_that_it_cannot_do_without)
{
	HANDLE E = program_start();

#define CALL(function, good, bad, answer) check_call(#function, function bad, ERR_NULL_POINTER);
#define PLAIN(function, good, answer)
#include "calls.def"
#undef CALL
#undef PLAIN
	check_call("FwpmSystemPortsGet0", FwpmSystemPortsGet0(E, NULL), ERR_NULL_POINTER);
	check_call("FwpmDynamicKeywordSubscribe0", FwpmDynamicKeywordSubscribe0(0, NULL, NULL, out),
		   ERR_NULL_POINTER);
	program_end(E);
}

/* A result that has to be freed starts with a pointer; other results are not. */
static void check_answer(const char *name, wfp_err err, wfp_err expected)
{
	check_call(name, err, expected);
	if (!err && (strstr(name, "Get") || strstr(name, "Enum")) && !strstr(name, "Statistics") &&
	    !strstr(name, "Handle"))
		FwpmFreeMemory0(&room.pointer);
	room.pointer = NULL;
}

TEST(every_function_answers_an_engine_without_objects)
{
	HANDLE E = program_start();

#define CALL(function, good, bad, answer) check_answer(#function, function good, ERR_##answer);
#define PLAIN(function, good, answer)	  CALL(function, good, , answer)
#include "calls.def"
#undef CALL
#undef PLAIN
	check_call("FwpmDynamicKeywordSubscribe0",
		   FwpmDynamicKeywordSubscribe0(0, (void *)callback, NULL, out), ERR_NOT_SUPPORTED);
	check_call("FwpmDynamicKeywordUnsubscribe0", FwpmDynamicKeywordUnsubscribe0(NULL),
		   ERR_INVALID_HANDLE);
	program_end(E);
}

TEST(enumerations_of_what_does_not_exist_are_at_their_end)
{
	HANDLE engine = program_start(), e = NULL;
	IPSEC_SA_DETAILS1 **entries = NULL;
	IKEEXT_STATISTICS1 statistics;

	CHECK_OK(IPsecSaCreateEnumHandle0(engine, NULL, &e));
	CHECK_OK(IPsecSaEnum1(engine, e, 10, &entries, &count));
	CHECK_EQ_U(count, 0);
	FwpmFreeMemory0((void **)&entries);
	CHECK_ERR(IPsecSaContextDestroyEnumHandle0(engine, e), ERR_INVALID_HANDLE);
	CHECK_OK(IPsecSaDestroyEnumHandle0(engine, e));
	memset(&statistics, 0xff, sizeof(statistics));
	CHECK_OK(IkeextGetStatistics1(engine, &statistics));
	CHECK_EQ_U(statistics.ikeStatistics.errorFrequencyTable[96], 0);
	program_end(engine);
}
