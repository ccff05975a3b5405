/* SPDX-License-Identifier: MIT */
/*
 * exit - what the programs' exit statuses mean; the same for all of them.
 */
#pragma once

#include "base/err.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FOUND = 1,	  /* a leak, a difference, a verdict other than the one asked for */
	EXIT_INPUT = 2,	  /* bad input or usage: said with file, line and what was expected */
	EXIT_MACHINE = 3, /* the machine cannot: said with what is missing and how to get it */
	EXIT_DEFECT = 4,  /* a defect of ours */
};

/* The status for an error that a module answered. */
enum exit_status exit_from_err(wfp_err err);
