/* SPDX-License-Identifier: MIT */
/*
 * state - a policy as a document: what `wfp export` writes and `wfp import` reads, and what
 * `netsh wfp show state` and `show filters` write on Windows.
 *
 * Reading keeps every object that the protocol can carry and counts everything else by name: a
 * document is never read in silence.  Used by programs, one thread.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

struct Openwfp__Object;

#define IMPORT_FILE_MAX	    (256u << 20)
#define IMPORT_PROBLEMS_MAX 100u /* kept with their sentence; the rest is counted */

struct import_problem {
	long line;
	const char *what;
};

/* What was read, in the order of the document; everything belongs to the arena. */
struct import_state {
	struct arena arena;
	struct Openwfp__Object **objects;
	size_t n_objects, room;
	struct import_problem problems[IMPORT_PROBLEMS_MAX];
	size_t n_problems; /* all of them */
};

void import_state_init(struct import_state *s);
void import_state_free(struct import_state *s);

/* Appends; out of memory is said by arena_err(&s->arena). */
void import_state_add(struct import_state *s, struct Openwfp__Object *object);

/*
 * Reads a document (either form).  ERR_INVALID_DATA: not well-formed XML, or no such document; why
 * then says where.  What could not be kept is in s->problems.
 */
MUST_CHECK wfp_err import_state_parse(struct import_state *s, const char *text, size_t len,
				      struct buf *why);
MUST_CHECK wfp_err import_state_load(struct import_state *s, const char *path, struct buf *why);

/* The form of `show state`: everything, filters and callouts inside their layers.  now: FILETIME.
 * Failure is the buffer's. */
void import_state_write(const struct import_state *s, uint64_t now, struct buf *out);
/* The form of `show filters`: filters in the order they are in s, then the providers. */
void import_filters_write(const struct import_state *s, struct buf *out);
/* The form of `show netevents`: net events alone. */
void import_events_write(const struct import_state *s, struct buf *out);
