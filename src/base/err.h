/* SPDX-License-Identifier: MIT */
/*
 * err - the one error type of the project.
 *
 * A wfp_err is 0 or a code of the platform: FWP_E_* or a Win32 error, with its NTSTATUS twin for
 * the kernel side.  Internal names are ERR_ plus the public name without FWP_E_ or ERROR_, so that
 * they never meet the public macros in one translation unit.  The rows, and the few names that
 * differ because two public ones would become the same, are in err_codes.def, which is generated.
 */
#pragma once

#include "base/compiler.h"

typedef uint32_t wfp_err;

/* Codes lie above INT_MAX, which both compilers take in an enum, but not silently. */
#define ERR(name, public_name, code, nt_name, nt_code, text) ERR_##name = code,
__extension__ enum err_code {
#include "base/err_codes.def"
};
#undef ERR

/* The public name, "ERROR_SUCCESS" for ERR_OK, "unknown error" for a code that has no row. */
const char *err_name(wfp_err err);

/* One sentence for a person. */
const char *err_text(wfp_err err);

/* A code without a twin becomes STATUS_UNSUCCESSFUL. */
uint32_t err_ntstatus(wfp_err err);

/* Success statuses become ERR_OK, unknown failures ERR_GEN_FAILURE. */
wfp_err err_from_ntstatus(uint32_t status);

/* errno as the system calls of the host leave it; 0 is ERR_OK. */
wfp_err err_from_errno(int error);
