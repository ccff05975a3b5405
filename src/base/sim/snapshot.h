/* SPDX-License-Identifier: MIT */
/*
 * snapshot - remembering memory, and putting it back as it was.
 *
 *	           written to for the first time
 *	CLEAN ----------------------------------------> HOT
 *	write-protected                                 its old content is kept
 *
 * A page that was ever written to stays writable and is copied back at every rewind, written to or
 * not: runs touch the same pages, and a fault costs more than a copy.  Nothing here is in memory
 * that is itself put back.  Used inside sim alone, on the thread that runs or in a signal handler.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

struct snapshot_region {
	char *start;
	size_t size;	/* whole pages */
	uint8_t *state; /* of each page */
};

struct snapshot_page {
	char *page;
	const char *saved;
};

/* The variables of the program, or of an object, as they were before the world. */
struct snapshot_pristine {
	const void *object; /* its load address */
	char *start, *copy;
	size_t size;
	struct snapshot_pristine *next;
};

struct snapshot {
	struct snapshot_region *regions;
	uint32_t n_regions, room;
	struct snapshot_page *hot;
	uint32_t n_hot;
	char *saved; /* address space for the old content of hot pages */
	bool taken;
	struct snapshot_pristine *pristine;
};

size_t snapshot_page_size(void);

MUST_CHECK wfp_err snapshot_begin(struct snapshot *s);
/* Before it is taken: what to remember. */
MUST_CHECK wfp_err snapshot_add(struct snapshot *s, void *start, size_t size);
/* The variables of the program and of each object that was kept. */
MUST_CHECK wfp_err snapshot_add_variables(struct snapshot *s);
MUST_CHECK wfp_err snapshot_take(struct snapshot *s);
/* In a signal handler: true when the fault was the first write to a clean page. */
bool snapshot_touched(struct snapshot *s, const void *address);
void snapshot_rewind(const struct snapshot *s);
/* Pages of a region are about to change their protection, and have. */
void snapshot_restore_protection(struct snapshot *s, void *start, size_t size);
/* Everything writable again, nothing remembered but what the program was before the world. */
void snapshot_end(struct snapshot *s);

/*
 * Another way back, for the end of the world: the variables of the object that is loaded here
 * (NULL: the program) will be what they are now, if it is still loaded then.
 */
MUST_CHECK wfp_err snapshot_keep(struct snapshot *s, const void *object);
void snapshot_put_back(struct snapshot_pristine *all);
