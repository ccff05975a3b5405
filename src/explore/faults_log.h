/* SPDX-License-Identifier: MIT */
/*
 * faults_log - the places that have failed already, in a file: one line each, module+offset of the
 * innermost frames, so that it fits the next process as long as the modules are the same.
 *
 * Used by faults alone, on the explorer's thread, between runs.
 */
#pragma once

#include "base/buf.h"
#include "explore/faults.h"

enum fault_done {
	FAULT_ALONE = 1,
	FAULT_COMBINED = 2,
	FAULT_KNOWN = 4,
	FAULT_LOOKED_UP = 8, /* in the log */
};

struct fault_place {
	uint64_t hash; /* of the frames */
	uint32_t n;
	uint32_t done; /* enum fault_done, ORed */
	void *frames[FAULTS_FRAMES];
};

struct fault_log;

/* The file need not exist. */
MUST_CHECK wfp_err fault_log_open(struct fault_log **out, const char *path, struct buf *why);
/* Marks places that the log lists as known; each is looked up once. */
MUST_CHECK wfp_err fault_log_mark(struct fault_log *l, struct fault_place *places, uint32_t n);
/* What was listed, and the places that have failed now. */
MUST_CHECK wfp_err fault_log_write(const struct fault_log *l, const char *path,
				   const struct fault_place *places, uint32_t n);
void fault_log_close(struct fault_log *l); /* NULL is fine */
