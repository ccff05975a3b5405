/* SPDX-License-Identifier: MIT */
/*
 * scenario_words - the words of one line of a scenario, and sentences about the wrong ones.
 *
 * A word is what stands between blanks; one in double quotes may hold blanks and, after a
 * backslash, any byte.  '#' where a word could begin ends the line.
 */
#pragma once

#include "explore/scenario.h"

#define SCENARIO_WORDS 48u /* of a line */

struct scenario_word {
	const char *text; /* ends in zero, too */
	size_t len;
	bool quoted;
};

struct scenario_words {
	struct scenario_word words[SCENARIO_WORDS];
	unsigned n, at;	  /* at: the next one to be taken */
	uint32_t line;	  /* its number, from 1 */
	const char *rest; /* the line behind its first word, trimmed; for free text */
	struct buf *why;
	char text[2 * SCENARIO_LINE]; /* the words' */
	char raw[SCENARIO_LINE];      /* rest's */
};

/* `why` names the line.  A line without words is fine: n is 0. */
MUST_CHECK wfp_err scenario_words_read(struct scenario_words *w, const char *line, size_t len);
/* "line 4: 'foo': 'in' or 'out' is expected", about the word that would be taken next. */
MUST_CHECK wfp_err scenario_words_expected(const struct scenario_words *w, const char *what);
/* "line 4: " and the sentence. */
MUST_CHECK wfp_err scenario_words_wrong(const struct scenario_words *w, const char *fmt, ...)
	PRINTF_LIKE(2, 3);
/* Takes the next word if it is this one, and not in quotes. */
bool scenario_words_take(struct scenario_words *w, const char *word);
/* Takes the next word whatever it is; NULL: the line has ended. */
const struct scenario_word *scenario_words_next(struct scenario_words *w);
/* Takes a number from low to high. */
MUST_CHECK wfp_err scenario_words_number(struct scenario_words *w, const char *what, uint64_t low,
					 uint64_t high, uint64_t *out);
/* Nothing may follow. */
MUST_CHECK wfp_err scenario_words_end(const struct scenario_words *w);

/* The packets that visit s->layer, when the scenario names none. */
MUST_CHECK wfp_err scenario_add_default_packets(struct scenario *s);
