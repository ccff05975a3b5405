/* SPDX-License-Identifier: MIT */
/*
 * sig - SIGTERM and SIGINT ask the program to stop.
 *
 * Call sig_stop_on_term once, in main, before the first thread is started.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

MUST_CHECK wfp_err sig_stop_on_term(void);

bool sig_stop_requested(void);

/* Readable from the first such signal on, for poll only; -1 before sig_stop_on_term. */
int sig_stop_fd(void);
