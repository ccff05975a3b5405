/* SPDX-License-Identifier: MIT */
/* Strings, memory and debug output of the run-time library. */
#include "kernel.h"

#include "base/log.h"

#include <ntddk.h>
#include <uchar.h>

TEST(a_unicode_string_counts_bytes)
{
	UNICODE_STRING s;

	RtlInitUnicodeString(&s, u"abc");
	CHECK_EQ_U(s.Length, 6);
	CHECK_EQ_U(s.MaximumLength, 8);
	RtlInitUnicodeString(&s, NULL);
	CHECK_EQ_U(s.Length, 0);
	CHECK_EQ_U(s.MaximumLength, 0);
}

TEST(a_copy_is_cut_to_what_fits)
{
	WCHAR room[4] = {0};
	UNICODE_STRING to = {.MaximumLength = sizeof(room), .Buffer = room}, from;

	RtlInitUnicodeString(&from, u"abcdef");
	RtlCopyUnicodeString(&to, &from);
	CHECK_EQ_U(to.Length, 8);
	RtlInitUnicodeString(&from, u"xy");
	RtlCopyUnicodeString(&to, &from);
	CHECK_EQ_U(to.Length, 4);
	CHECK_EQ_U(room[2], 0);
}

TEST(strings_compare_with_and_without_case)
{
	UNICODE_STRING a, b;

	RtlInitUnicodeString(&a, u"\\Device\\Wfp");
	RtlInitUnicodeString(&b, u"\\DEVICE\\wfp");
	CHECK(RtlEqualUnicodeString(&a, &b, TRUE));
	CHECK(!RtlEqualUnicodeString(&a, &b, FALSE));
	CHECK(RtlCompareUnicodeString(&a, &b, FALSE) > 0);
}

TEST(compare_memory_says_how_much_is_equal)
{
	CHECK_EQ_U(RtlCompareMemory("abcd", "abxd", 4), 2);
	CHECK_EQ_U(RtlCompareMemory("abcd", "abcd", 4), 4);
}

TEST(random_numbers_follow_from_the_seed)
{
	ULONG a = 7, b = 7;

	for (unsigned i = 0; i < 1000; i++) {
		ULONG x = RtlRandomEx(&a);

		CHECK(x < MAXLONG);
		CHECK_EQ_U(x, RtlRandomEx(&b));
	}
}

static char last[512];

static void keep(UNUSED void *ctx, UNUSED enum log_level level, const char *line)
{
	snprintf(last, sizeof(last), "%s", line);
}

TEST(debug_output_understands_the_kernels_formats)
{
	UNICODE_STRING counted;

	RtlInitUnicodeString(&counted, u"counted");
	log_set_sink(keep, NULL);
	DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_ERROR_LEVEL, "%d %u %08X %I64u %hu|%-4d|\n", -1, 2u,
		   0xabcu, UINT64_C(1) << 40, 65535, 7);
	CHECK_EQ_S(last, ": -1 2 00000ABC 1099511627776 65535|7   |");
	DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_ERROR_LEVEL, "%s %ws %S %wZ %c%%", "a", u"b", u"c",
		   &counted, 'd');
	CHECK_EQ_S(last, ": a b c counted d%");
	DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_ERROR_LEVEL, "%s %wZ", NULL, NULL);
	CHECK_EQ_S(last, ": (null) (null)");
	DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_ERROR_LEVEL, "cut off %");
	CHECK_EQ_S(last, ": cut off ");
	log_set_sink(NULL, NULL);
}
