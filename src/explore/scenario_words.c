/* SPDX-License-Identifier: MIT */
/*
 * scenario_words - cutting a line into words.
 *
 * Called by the parser, for each line once.
 */
#include "explore/scenario_words.h"

#include "base/utf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 40 /* bytes of a wrong word that are repeated */

wfp_err scenario_words_wrong(const struct scenario_words *w, const char *fmt, ...)
{
	char sentence[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	buf_printf(w->why, "line %u: %s", w->line, sentence);
	return ERR_INVALID_DATA;
}

wfp_err scenario_words_expected(const struct scenario_words *w, const char *what)
{
	if (w->at >= w->n)
		return scenario_words_wrong(w, "at its end: %s is expected", what);
	return scenario_words_wrong(w, "'%.*s': %s is expected", SHOWN, w->words[w->at].text, what);
}

/* ---- cutting ---------------------------------------------------------------------------- */

struct cursor {
	const char *at, *end;
	char *to; /* where the next word's bytes go; never more than twice the line */
};

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct cursor *c)
{
	while (c->at < c->end && blank(*c->at))
		c->at++;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Behind the backslash.  False: no such escape. */
static bool escape(struct cursor *c)
{
	static const char from[] = "nrt0\\\"", to[] = "\n\r\t\0\\\"";
	const char *known;

	if (c->at == c->end)
		return false;
	if (*c->at == 'x') {
		int high = c->end - c->at > 2 ? hex_digit(c->at[1]) : -1;
		int low = high >= 0 ? hex_digit(c->at[2]) : -1;

		if (low < 0)
			return false;
		*c->to++ = (char)(high << 4 | low);
		c->at += 3;
		return true;
	}
	known = memchr(from, *c->at, sizeof(from) - 1);
	if (!known)
		return false;
	*c->to++ = to[known - from];
	c->at++;
	return true;
}

static wfp_err cut_quoted(const struct scenario_words *w, struct cursor *c)
{
	for (c->at++; c->at < c->end && *c->at != '"';) {
		if (*c->at != '\\') {
			*c->to++ = *c->at++;
			continue;
		}
		c->at++;
		if (!escape(c))
			return scenario_words_wrong(
				w, "after a backslash: n, r, t, 0, x and two digits, \\ or \" is "
				   "expected");
	}
	if (c->at == c->end)
		return scenario_words_wrong(w, "the closing quote is missing");
	c->at++;
	if (c->at < c->end && !blank(*c->at))
		return scenario_words_wrong(w, "a blank is expected behind the closing quote");
	return ERR_OK;
}

static wfp_err cut_word(struct scenario_words *w, struct cursor *c)
{
	struct scenario_word *word = &w->words[w->n];
	wfp_err err = ERR_OK;

	if (w->n == SCENARIO_WORDS)
		return scenario_words_wrong(w, "more than %u words", SCENARIO_WORDS);
	word->text = c->to;
	word->quoted = *c->at == '"';
	if (word->quoted)
		err = cut_quoted(w, c);
	else
		while (c->at < c->end && !blank(*c->at))
			*c->to++ = *c->at++;
	word->len = (size_t)(c->to - word->text);
	*c->to++ = '\0';
	w->n++;
	return err;
}

/* Free text begins behind the first word and ends before a '#' that follows a blank. */
static void keep_rest(struct scenario_words *w, struct cursor c)
{
	size_t len = 0, kept = 0;

	skip_blanks(&c);
	while (c.at < c.end && !(*c.at == '#' && blank(c.at[-1]))) {
		w->raw[len++] = *c.at;
		if (!blank(*c.at++))
			kept = len;
	}
	w->raw[kept] = '\0';
	w->rest = w->raw;
}

static bool is_free_text(const struct scenario_word *word)
{
	return strcmp(word->text, "name") == 0 || strcmp(word->text, "about") == 0;
}

static wfp_err check_bytes(const struct scenario_words *w, const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((uint8_t)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
			return scenario_words_wrong(w, "a control byte (0x%02x)", (uint8_t)line[i]);
	return utf8_valid(line, len) ? ERR_OK : scenario_words_wrong(w, "bytes that are no UTF-8");
}

wfp_err scenario_words_read(struct scenario_words *w, const char *line, size_t len)
{
	struct cursor c = {.at = line, .end = line + len, .to = w->text};
	wfp_err err = ERR_OK;

	w->n = w->at = 0;
	w->rest = "";
	if (len >= SCENARIO_LINE)
		return scenario_words_wrong(w, "longer than %u bytes", SCENARIO_LINE);
	err = check_bytes(w, line, len);
	for (skip_blanks(&c); !err && c.at < c.end && *c.at != '#'; skip_blanks(&c)) {
		err = cut_word(w, &c);
		if (w->n == 1)
			keep_rest(w, c);
		if (w->n == 1 && is_free_text(&w->words[0]))
			break;
	}
	return err;
}

/* ---- taking ----------------------------------------------------------------------------- */

bool scenario_words_take(struct scenario_words *w, const char *word)
{
	if (w->at >= w->n || w->words[w->at].quoted || strcmp(w->words[w->at].text, word) != 0)
		return false;
	w->at++;
	return true;
}

const struct scenario_word *scenario_words_next(struct scenario_words *w)
{
	return w->at < w->n ? &w->words[w->at++] : NULL;
}

wfp_err scenario_words_number(struct scenario_words *w, const char *what, uint64_t low,
			      uint64_t high, uint64_t *out)
{
	const struct scenario_word *word = w->at < w->n ? &w->words[w->at] : NULL;
	unsigned long long v = 0;
	char *end = NULL;

	errno = 0;
	if (word && !word->quoted && word->text[0] >= '0' && word->text[0] <= '9')
		v = strtoull(word->text, &end, 0);
	if (!end || *end || errno || v < low || v > high) {
		char sentence[96];

		snprintf(sentence, sizeof(sentence), "%s, %llu to %llu,", what,
			 (unsigned long long)low, (unsigned long long)high);
		return scenario_words_expected(w, sentence);
	}
	*out = v;
	w->at++;
	return ERR_OK;
}

wfp_err scenario_words_end(const struct scenario_words *w)
{
	return w->at < w->n ? scenario_words_expected(w, "the end of the line") : ERR_OK;
}
