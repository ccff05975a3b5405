/* SPDX-License-Identifier: MIT */
/*
 * NTSTATUS codes, which kernel-mode functions return. The two top bits are the severity: a code is
 * a success when it is not negative, so test with NT_SUCCESS and never against STATUS_SUCCESS
 * (STATUS_PENDING and STATUS_TIMEOUT are successes too).
 */
#pragma once

#include "ntdef.h"

#include "generated/ntstatus_values.h"
