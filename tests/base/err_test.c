/* SPDX-License-Identifier: MIT */
/*
 * Error codes: names, and the way to NTSTATUS and back.
 */
#include "harness.h"

#include <errno.h>

struct row {
	wfp_err code;
	const char *name;
	uint32_t status;
};

static const struct row rows[] = {
#define ERR(name, public_name, code, nt_name, nt_code, text) {code, #public_name, nt_code},
#include "base/err_codes.def"
#undef ERR
};

TEST(every_code_has_its_public_name_and_a_sentence)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_EQ_S(err_name(rows[i].code), rows[i].name);
		CHECK(strlen(err_text(rows[i].code)) > 3);
	}
}

static bool is_failure(uint32_t status)
{
	return status >> 31;
}

/* A code whose twin is a success, such as "pending", is one to whoever asks the kernel's way. */
TEST(every_code_survives_the_way_to_ntstatus_and_back)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_EQ_U(err_ntstatus(rows[i].code), rows[i].status);
		CHECK_ERR(err_from_ntstatus(rows[i].status),
			  is_failure(rows[i].status) ? rows[i].code : ERR_OK);
	}
}

TEST(unknown_codes_become_general_failures)
{
	CHECK_EQ_S(err_name(0xDEADBEEF), "unknown error");
	CHECK_EQ_U(err_ntstatus(0xDEADBEEF), err_ntstatus(ERR_GEN_FAILURE));
	CHECK_ERR(err_from_ntstatus(0xC0DEDEAD), ERR_GEN_FAILURE);
	CHECK_ERR(err_from_errno(9999), ERR_GEN_FAILURE);
}

/* STATUS_PENDING and informational statuses are successes to a caller of the kernel. */
TEST(success_and_information_statuses_are_no_errors)
{
	CHECK_OK(err_from_ntstatus(0x00000103));
	CHECK_OK(err_from_ntstatus(0x40000000));
}

TEST(errno_values_keep_their_meaning)
{
	CHECK_OK(err_from_errno(0));
	CHECK_ERR(err_from_errno(ENOMEM), ERR_NO_MEMORY);
	CHECK_ERR(err_from_errno(ENOENT), ERR_FILE_NOT_FOUND);
	CHECK_ERR(err_from_errno(EPERM), ERR_PRIVILEGE_NOT_HELD);
	CHECK_ERR(err_from_errno(EBUSY), ERR_BUSY);
}
