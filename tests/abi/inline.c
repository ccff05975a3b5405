/* SPDX-License-Identifier: MIT */
/*
 * What the inline functions of the small Windows headers do. Prints what is wrong; client.sh runs
 * it.
 */
#include <windows.h>
#include <stdio.h>
#include <strsafe.h>

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what))                                                                       \
			printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #what);                  \
	} while (0)

static void strings_never_run_over(void)
{
	WCHAR room[8] = {[4] = L'!'};
	SIZE_T n;

	CHECK(StringCchCopyW(room, 4, L"abcdef") == STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK(lstrlenW(room) == 3 && room[4] == L'!');
	CHECK(StringCchCopyW(room, 4, L"abc") == S_OK && lstrlenW(room) == 3);
	CHECK(StringCchCatW(room, 6, L"de") == S_OK && lstrlenW(room) == 5);
	CHECK(StringCchCatW(room, 6, L"f") == STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK(lstrlenW(room) == 5);
	CHECK(StringCchCatW(room, 5, L"f") == STRSAFE_E_INVALID_PARAMETER);
	CHECK(StringCchCopyW(room, 0, L"") == STRSAFE_E_INVALID_PARAMETER);
	CHECK(StringCchLengthW(room, 8, &n) == S_OK && n == 5);
	CHECK(StringCchLengthW(room, 5, &n) == STRSAFE_E_INVALID_PARAMETER && n == 0);
	CHECK(StringCchLengthW(NULL, 5, &n) == STRSAFE_E_INVALID_PARAMETER && n == 0);
	CHECK(lstrlenW(NULL) == 0);
}

static void identifiers_compare_by_all_their_parts(void)
{
	struct {
		SID sid;
		ULONG more[2];
	} a = {{1, 3, SECURITY_NT_AUTHORITY, {32}}, {544, 7}}, b = a;

	CHECK(GetLengthSid(&a) == 20);
	CHECK(EqualSid(&a, &b));
	b.more[1] = 8;
	CHECK(!EqualSid(&a, &b));
	a.sid.SubAuthorityCount = b.sid.SubAuthorityCount = 2;
	CHECK(EqualSid(&a, &b));
	b.sid.SubAuthorityCount = 1;
	CHECK(!EqualSid(&a, &b));
	CHECK(IsValidSid(&a) && !IsValidSid(NULL));
	a.sid.SubAuthorityCount = 16;
	CHECK(!IsValidSid(&a));
	CHECK(SECURITY_MAX_SID_SIZE == 68);
}

static void codes_become_results(void)
{
	CHECK((DWORD)HRESULT_FROM_WIN32(ERROR_ACCESS_DENIED) == 0x80070005U);
	CHECK(HRESULT_FROM_WIN32(ERROR_SUCCESS) == S_OK);
	CHECK(HRESULT_FROM_WIN32(FWP_E_IN_USE) == FWP_E_IN_USE);
	CHECK(HRESULT_CODE(0x80070005) == ERROR_ACCESS_DENIED);
}

static void bytes_are_swapped(void)
{
	CHECK(htons(0x1234) == 0x3412 && ntohs(0x1234) == 0x3412);
	CHECK(htonl(0x01020304) == 0x04030201 && ntohl(0x01020304) == 0x04030201);
}

int main(void)
{
	strings_never_run_over();
	identifiers_compare_by_all_their_parts();
	codes_become_results();
	bytes_are_swapped();
	return 0;
}
