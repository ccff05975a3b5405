/* SPDX-License-Identifier: MIT */
/*
 * progress - on a terminal: how many runs there have been, twice a second.
 */
#pragma once

/* Before the search; does nothing in a pipe, or without memory. */
void progress_begin(void);
/* Wipes the line. */
void progress_end(void);
