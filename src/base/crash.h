/* SPDX-License-Identifier: MIT */
/*
 * crash - whose fault it was: a line on standard error before a fatal signal ends the process.
 *
 * The process ends as it would have: by the same signal, with the same core.  A sanitizer that
 * watches the same signals is left alone.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

/* Two strings for the line, valid while the thread runs on. */
struct crash_note {
	const char *who;  /* "firewall.so" */
	const char *what; /* "DriverEntry" */
};

/* `note` is called in the handler, on the thread that crashed: it may only look.  False: not us. */
MUST_CHECK wfp_err crash_watch(bool (*note)(struct crash_note *out));
