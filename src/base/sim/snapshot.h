/* SPDX-License-Identifier: MIT */
/*
 * snapshot - remembering memory, and putting it back as it was.
 *
 *	           written to for the first time
 *	CLEAN ----------------------------------------> HOT
 *	write-protected                                 its old content is kept
 *	      <----------------------------------------
 *	           found unchanged, which is looked for now and then
 *
 * A page that was written to stays writable and is copied back at every rewind, written to or not:
 * runs touch the same pages, and a fault costs more than a copy.  What few runs write to becomes
 * clean again, so that the others do not pay for it.  Nothing here is in memory that is itself put
 * back.  Used inside sim alone, on the thread that runs or in a signal handler.
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
	char *saved;
	uint64_t print; /* of what was saved; 0: nobody has asked yet */
};

/* The variables of the program, or of an object that it has loaded, as they once were. */
struct snapshot_kept {
	struct kept_part {
		char *start, *content;
		size_t size;
	} parts[4];
	uint32_t n;
};

struct snapshot {
	struct snapshot_region *regions;
	uint32_t n_regions, room;
	struct snapshot_page *hot;
	uint32_t n_hot;
	char *saved; /* address space for the old content of hot pages */
	uint32_t rewinds;
	bool taken;
};

/* What there is to know about a page that is not to be read. */
enum snapshot_page_use { SNAPSHOT_READ, SNAPSHOT_LEAVE_OUT, SNAPSHOT_FORBIDDEN };

size_t snapshot_page_size(void);

MUST_CHECK wfp_err snapshot_begin(struct snapshot *s);
/* Before it is taken: what to remember. */
MUST_CHECK wfp_err snapshot_add(struct snapshot *s, void *start, size_t size);
/* The variables of the program, and of the objects that dl_open has loaded. */
MUST_CHECK wfp_err snapshot_add_program(struct snapshot *s);
MUST_CHECK wfp_err snapshot_take(struct snapshot *s);
/* In a signal handler: true when the fault was the first write to a clean page. */
bool snapshot_touched(struct snapshot *s, const void *address);
/* It was, but there was no room for one page more: nobody's mistake but ours. */
bool snapshot_overflowed(const struct snapshot *s, const void *address);
void snapshot_rewind(struct snapshot *s);
/*
 * Of what differs from what is remembered, whichever pages earlier runs have made hot.  `use` says
 * what to do with a page.
 */
uint64_t snapshot_fingerprint(struct snapshot *s, enum snapshot_page_use (*use)(const char *page));
/* Pages of a region are about to change their protection, and have. */
void snapshot_restore_protection(struct snapshot *s, void *start, size_t size);
/* Everything writable again, nothing remembered. */
void snapshot_end(struct snapshot *s);

/* A copy, for putting back what came before a snapshot was taken.  base NULL: the program's. */
MUST_CHECK wfp_err snapshot_keep(struct snapshot_kept *k, const void *base);
/* Also frees the copy. */
void snapshot_put_back(struct snapshot_kept *k);

/* dl.c says which objects belong to the program under control. */
void snapshot_note_object(const void *base);
void snapshot_forget_objects(void);
