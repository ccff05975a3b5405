/* SPDX-License-Identifier: MIT */
/*
 * words - the platform's names as a person types them.
 *
 * Any case, '-' for '_', without what all names of the kind begin with, and without more of the
 * beginning or the end as long as one name alone is meant: "remote-port" is
 * FWPM_CONDITION_IP_REMOTE_PORT.  A mistake is answered with what is near.
 */
#pragma once

#include "base/buf.h"
#include "import/names.h"

/* What a list of names is: one row, see words.c. */
struct words {
	const char *what;   /* "layer" */
	const char *prefix; /* "FWPM_LAYER_" */
	/* The full name; NULL past the end. */
	const char *(*at)(unsigned i);
};

extern const struct words words_layers, words_conditions, words_sublayers, words_providers,
	words_callouts, words_matches, words_actions, words_options, words_context_types;

/*
 * The full name that is meant.  NULL: none or several; the sentence is appended to why (may be
 * NULL): "no such layer: ale-auth-conect-v4; did you mean ale-auth-connect-v4?"
 */
const char *words_find(const struct words *words, const char *text, struct buf *why);

/* Without the prefix, in lower case, '-' for '_': as it would be typed. */
void words_short(const struct words *words, const char *name, struct buf *out);

/* The same comparison for other lists: letters of any case, '-' and '_' alike. */
bool words_equal(const char *a, const char *b);
/* How many letters differ, roughly; for suggestions. */
unsigned words_distance(const char *a, const char *b);
