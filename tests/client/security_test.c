/* SPDX-License-Identifier: MIT */
/*
 * security_test - security descriptors in and out, and the functions of Windows around them.
 */
#include "program.h"

#include "sddl.h"

static const GUID key_a = {0xa, 0, 0, {1, 2, 3, 4, 5, 6, 7, 8}};

static PSECURITY_DESCRIPTOR sd_of(const WCHAR *sddl)
{
	PSECURITY_DESCRIPTOR sd = NULL;

	CHECK(ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, &sd,
								   NULL));
	return sd;
}

static void check_text(PSECURITY_DESCRIPTOR sd, SECURITY_INFORMATION which, const WCHAR *expected)
{
	LPWSTR text = NULL;
	ULONG length = 0;

	CHECK(ConvertSecurityDescriptorToStringSecurityDescriptorW(sd, SDDL_REVISION_1, which,
								   &text, &length));
	CHECK_EQ_U(length, lstrlenW(expected) + 1);
	CHECK(memcmp(text, expected, length * sizeof(WCHAR)) == 0);
	LocalFree(text);
}

#define ALL_PARTS                                                                                  \
	(OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION)

/* ---- out ------------------------------------------------------------------------------------- */

TEST(the_parts_of_a_descriptor_point_into_it)
{
	PSECURITY_DESCRIPTOR sd = NULL;
	PSID owner = NULL, group = NULL;
	PACL dacl = NULL, sacl = (PACL)1;
	HANDLE engine = program_start();

	CHECK_OK(FwpmFilterGetSecurityInfoByKey0(engine, NULL, ALL_PARTS, &owner, &group, &dacl,
						 &sacl, &sd));
	CHECK_EQ_U(fake.sd_info, ALL_PARTS);
	CHECK((uint8_t *)owner > (uint8_t *)sd && (uint8_t *)dacl > (uint8_t *)sd);
	CHECK_EQ_U(((SID *)owner)->SubAuthority[1], DOMAIN_ALIAS_RID_ADMINS);
	CHECK_EQ_U(((SID *)group)->SubAuthority[0], SECURITY_LOCAL_SYSTEM_RID);
	CHECK_EQ_U(dacl->AceCount, 1);
	CHECK(!sacl);
	FwpmFreeMemory0(&sd);
	program_end(engine);
}

TEST(parts_that_are_not_asked_for_are_not_written)
{
	PSECURITY_DESCRIPTOR sd = NULL;
	HANDLE engine = program_start();

	CHECK_OK(FwpmEngineGetSecurityInfo0(engine, DACL_SECURITY_INFORMATION, NULL, NULL, NULL,
					    NULL, &sd));
	FwpmFreeMemory0(&sd);
	CHECK_ERR(FwpmEngineGetSecurityInfo0(engine, DACL_SECURITY_INFORMATION, NULL, NULL, NULL,
					     NULL, NULL),
		  ERR_NULL_POINTER);
	program_end(engine);
}

TEST(an_engine_that_sends_no_descriptor_is_not_believed)
{
	PSECURITY_DESCRIPTOR sd = NULL;
	HANDLE engine = program_start();

	fake.sd.data[4] = 0xff; /* the owner's offset */
	CHECK_ERR(FwpmEngineGetSecurityInfo0(engine, DACL_SECURITY_INFORMATION, NULL, NULL, NULL,
					     NULL, &sd),
		  ERR_INVALID_DATA);
	CHECK(!sd);
	program_end(engine);
}

/* ---- in -------------------------------------------------------------------------------------- */

TEST(an_object_takes_both_forms_of_a_descriptor)
{
	PSECURITY_DESCRIPTOR relative = sd_of(L"O:SYG:BAD:(A;;CC;;;S-1-22-1-1000)"), sd = NULL;
	SECURITY_DESCRIPTOR absolute = {.Revision = SECURITY_DESCRIPTOR_REVISION,
					.Control = SE_DACL_PRESENT};
	SECURITY_DESCRIPTOR_RELATIVE *at = relative;
	FWPM_PROVIDER0 provider = {.displayData = {.name = TEXT_OF("p")}};
	HANDLE engine = program_start();

	absolute.Owner = (uint8_t *)relative + at->Owner;
	absolute.Group = (uint8_t *)relative + at->Group;
	absolute.Dacl = (PACL)((uint8_t *)relative + at->Dacl);
	CHECK_OK(FwpmProviderAdd0(engine, &provider, relative));
	CHECK_OK(FwpmProviderGetSecurityInfoByKey0(engine, NULL, 0, NULL, NULL, NULL, NULL, &sd));
	check_text(sd, ALL_PARTS, L"O:SYG:BAD:(A;;CC;;;S-1-22-1-1000)");
	FwpmFreeMemory0(&sd);
	CHECK_OK(FwpmProviderAdd0(engine, &provider, &absolute));
	CHECK_OK(FwpmProviderGetSecurityInfoByKey0(engine, NULL, 0, NULL, NULL, NULL, NULL, &sd));
	check_text(sd, ALL_PARTS, L"O:SYG:BAD:(A;;CC;;;S-1-22-1-1000)");
	FwpmFreeMemory0(&sd);
	LocalFree(relative);
	program_end(engine);
}

TEST(only_the_parts_that_are_named_are_sent)
{
	PSECURITY_DESCRIPTOR sd = sd_of(L"O:SYG:BAD:(A;;GA;;;WD)"), got = NULL;
	SECURITY_DESCRIPTOR_RELATIVE *at = sd;
	const ACL *dacl = (const ACL *)((uint8_t *)sd + at->Dacl);
	const SID *owner = (const SID *)((uint8_t *)sd + at->Owner);
	HANDLE engine = program_start();

	CHECK_OK(FwpmSubLayerSetSecurityInfoByKey0(engine, &key_a, DACL_SECURITY_INFORMATION, owner,
						   NULL, dacl, NULL));
	CHECK_EQ_U(fake.sd_info, DACL_SECURITY_INFORMATION);
	CHECK_OK(
		FwpmSubLayerGetSecurityInfoByKey0(engine, &key_a, 0, NULL, NULL, NULL, NULL, &got));
	check_text(got, ALL_PARTS, L"D:(A;;GA;;;WD)");
	FwpmFreeMemory0(&got);
	LocalFree(sd);
	program_end(engine);
}

TEST(what_is_no_descriptor_is_refused_before_it_is_sent)
{
	SECURITY_DESCRIPTOR wrong = {.Revision = 2};
	FWPM_PROVIDER0 provider = {.displayData = {.name = TEXT_OF("p")}};
	ACL small = {.AclRevision = ACL_REVISION, .AclSize = 7};
	SID none = {.Revision = 9};
	HANDLE engine = program_start();

	CHECK_ERR(FwpmProviderAdd0(engine, &provider, &wrong), ERR_INVALID_SECURITY_DESCR);
	CHECK_ERR(FwpmEngineSetSecurityInfo0(engine, DACL_SECURITY_INFORMATION, NULL, NULL, &small,
					     NULL),
		  ERR_INVALID_SECURITY_DESCR);
	CHECK_ERR(FwpmEngineSetSecurityInfo0(engine, OWNER_SECURITY_INFORMATION, &none, NULL, NULL,
					     NULL),
		  ERR_INVALID_SECURITY_DESCR);
	CHECK_ERR(FwpmEngineSetSecurityInfo0(engine, OWNER_SECURITY_INFORMATION, NULL, NULL, NULL,
					     NULL),
		  ERR_NULL_POINTER);
	program_end(engine);
}

/* ---- the functions of Windows ---------------------------------------------------------------- */

TEST(text_that_is_no_descriptor_sets_the_last_error)
{
	PSECURITY_DESCRIPTOR sd = NULL;
	PSID sid = NULL;

	CHECK(!ConvertStringSecurityDescriptorToSecurityDescriptorW(L"nonsense", SDDL_REVISION_1,
								    &sd, NULL));
	CHECK_EQ_U(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK(!ConvertStringSecurityDescriptorToSecurityDescriptorW(L"D:", 9, &sd, NULL));
	CHECK_EQ_U(GetLastError(), ERROR_UNKNOWN_REVISION);
	CHECK(!ConvertStringSidToSidW(L"S-1-x", &sid));
	CHECK_EQ_U(GetLastError(), ERROR_INVALID_SID);
	SetLastError(5);
	CHECK_EQ_U(GetLastError(), 5);
}

TEST(a_sid_is_text_and_back)
{
	PSID sid = NULL;
	LPWSTR text = NULL;

	CHECK(ConvertStringSidToSidW(L"S-1-5-32-544", &sid));
	CHECK_EQ_U(((SID *)sid)->SubAuthority[1], DOMAIN_ALIAS_RID_ADMINS);
	CHECK(ConvertSidToStringSidW(sid, &text));
	CHECK(memcmp(text, L"S-1-5-32-544", 13 * sizeof(WCHAR)) == 0);
	CHECK(!LocalFree(text));
	LocalFree(sid);
	CHECK_EQ_U(mem_live(), 0);
}

TEST(a_key_is_text_and_back)
{
	UUID made, back;
	RPC_WSTR text = NULL;

	CHECK_EQ_U(UuidCreate(&made), RPC_S_OK);
	CHECK_EQ_U(made.Data3 >> 12, 4);
	CHECK_EQ_U(UuidToStringW(&made, &text), RPC_S_OK);
	CHECK_EQ_U(lstrlenW(text), 36);
	CHECK_EQ_U(UuidFromStringW(text, &back), RPC_S_OK);
	CHECK(memcmp(&made, &back, sizeof(made)) == 0);
	CHECK_EQ_U(RpcStringFreeW(&text), RPC_S_OK);
	CHECK(!text);
	CHECK_EQ_U(UuidFromStringW((RPC_WSTR)TEXT_OF("{}"), &back), RPC_S_INVALID_STRING_UUID);
	CHECK_EQ_U(UuidFromStringW(NULL, &back), RPC_S_OK);
	CHECK_EQ_U(mem_live(), 0);
}
