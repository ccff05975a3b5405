/* SPDX-License-Identifier: MIT */
/*
 * helper_test - application ids and interface identifiers: functions that need no session.
 */
#include "base/mem.h"
#include "client/text.h"

#include "harness.h"
#include "windows.h"

#include "fwpmu.h"
#include "netioapi.h"

#include <unistd.h>

static void check_id(const WCHAR *file, const char *expected)
{
	FWP_BYTE_BLOB *id = NULL;
	struct arena a;

	arena_init(&a, SIZE_MAX);
	CHECK_OK(FwpmGetAppIdFromFileName0(file, &id));
	CHECK_EQ_U(id->size, 2 * (strlen(expected) + 1));
	CHECK_EQ_S(text_to_utf8(&a, (const uint16_t *)(void *)id->data), expected);
	FwpmFreeMemory0((void **)&id);
	arena_free(&a);
	CHECK_EQ_U(mem_live(), 0);
}

TEST(an_application_id_is_the_absolute_path_without_links)
{
	char real[4096];

	CHECK(realpath("/proc/self/exe", real));
	check_id(L"/proc/self/exe", real);
	check_id(L"/usr/../usr/./bin/env", "/usr/bin/env");
	CHECK_EQ_U(chdir("/usr"), 0);
	check_id(L"bin/env", "/usr/bin/env");
}

TEST(a_device_path_of_windows_stays_as_it_is)
{
	check_id(L"\\Device\\HarddiskVolume1\\Program.exe",
		 "\\Device\\HarddiskVolume1\\Program.exe");
}

TEST(a_program_that_is_not_there_has_no_id)
{
	FWP_BYTE_BLOB *id = NULL;

	CHECK_ERR(FwpmGetAppIdFromFileName0(L"/nonexistent", &id), ERR_FILE_NOT_FOUND);
	CHECK_ERR(FwpmGetAppIdFromFileName0(L"/usr/bin/env/x", &id), ERR_FILE_NOT_FOUND);
	CHECK_ERR(FwpmGetAppIdFromFileName0(L"", &id), ERR_FILE_NOT_FOUND);
	CHECK_ERR(FwpmGetAppIdFromFileName0(NULL, &id), ERR_NULL_POINTER);
	CHECK_ERR(FwpmGetAppIdFromFileName0(L"/usr/bin/env", NULL), ERR_NULL_POINTER);
	CHECK(!id);
}

TEST(an_interface_is_a_name_an_index_and_an_identifier)
{
	NET_LUID luid = {0}, by_name = {0};
	IF_INDEX index = 0;

	CHECK_OK(ConvertInterfaceIndexToLuid(1, &luid));
	CHECK_EQ_U(luid.Info.IfType, 24);
	CHECK_OK(ConvertInterfaceLuidToIndex(&luid, &index));
	CHECK_EQ_U(index, 1);
	CHECK_OK(ConvertInterfaceAliasToLuid(L"lo", &by_name));
	CHECK_EQ_U(by_name.Value, luid.Value);
	CHECK_ERR(ConvertInterfaceIndexToLuid(0xfffff, &luid), ERR_FILE_NOT_FOUND);
	CHECK_ERR(ConvertInterfaceIndexToLuid(0, &luid), ERR_INVALID_PARAMETER);
	CHECK_ERR(ConvertInterfaceAliasToLuid(L"no such one", &luid), ERR_INVALID_PARAMETER);
}
