/* SPDX-License-Identifier: MIT */
/*
 * edit - the memory of one change to immutable structures that share their parts.
 *
 * A part begins with struct edit_part.  Whoever wants to change one asks edit_own: a part that this
 * edit has made is changed in place, any other is copied and the old one noted as replaced.  Then
 * either edit_undo frees what was made, or edit_keep, the new root is published and edit_settle,
 * after a grace period, frees what was replaced.  Only the holder of the turn edits
 * (engine_maintain builds with an edit of its own and no shared parts).
 *
 * Because parts of the edit are changed in place, a step that fails half-way leaves them between
 * two states: the only thing to do then is edit_undo.
 */
#pragma once

#include "base/err.h"
#include "base/compiler.h"

/* Readers never look at it; it is the editor's, also in a part that is published. */
struct edit_part {
	uint64_t made_by;	/* number of the edit; 0: made and dropped by the one that runs */
	struct edit_part *next; /* among those made, later among those replaced */
	uint32_t size;		/* bytes, this header included */
};

struct edit {
	uint64_t number; /* never 0, never used twice */
	struct edit_part *made, *replaced;
	size_t made_bytes; /* of parts that are not dropped */
	size_t replaced_bytes;
};

void edit_begin(struct edit *e, uint64_t number);
/* All zero behind the header, aligned to a cache line; NULL: no memory.  The edit has the part. */
MUST_CHECK void *edit_alloc(struct edit *e, size_t size);
/* part itself if this edit made it, else its copy; NULL: no memory, and nothing has happened. */
MUST_CHECK void *edit_own(struct edit *e, void *part);
/*
 * The part is not in the new version.  An older one is noted; one of this edit stays allocated
 * until edit_undo or edit_keep.
 */
void edit_drop(struct edit *e, void *part);
void edit_undo(struct edit *e);	  /* frees what it made; the old version is as it was */
void edit_keep(struct edit *e);	  /* before publishing.  Then edit_settle. */
void edit_settle(struct edit *e); /* after a grace period: frees what was replaced or dropped */
/* Frees parts that no reader can see; for destroying a structure. */
void edit_free_part(void *part);
