/* SPDX-License-Identifier: MIT */
/*
 * rulefile - lines of numbers and marks, read with one cursor that never leaves its line.
 *
 * bench/classify.c, the fuzz target and the tests call this.
 */
#include "rulefile.h"

#include "base/mem.h"

#include <string.h>

/* Where reading stands; what was wrong first is kept. */
struct line {
	const char *at, *end;
	const char *expected; /* NULL: nothing is wrong */
};

/* Says where and what, and returns the error. */
static wfp_err refuse(struct buf *why, wfp_err err, uint32_t number, const char *what)
{
	buf_printf(why, "line %u: %s", number, what);
	return err;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct line *l)
{
	while (l->at < l->end && blank(*l->at))
		l->at++;
}

static void expect(struct line *l, const char *what)
{
	if (!l->expected)
		l->expected = what;
	l->at = l->end;
}

static void take_mark(struct line *l, char mark, const char *what)
{
	skip_blanks(l);
	if (l->at < l->end && *l->at == mark)
		l->at++;
	else
		expect(l, what);
}

static int digit(char c, unsigned base)
{
	int d = c >= '0' && c <= '9'   ? c - '0'
		: c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10
				       : 16;

	return d < (int)base ? d : -1;
}

/* Digits up to max; with "0x" before them, hexadecimal ones. */
static uint32_t take_number(struct line *l, uint32_t max, const char *what)
{
	unsigned base = 10;
	uint64_t number = 0;
	const char *first;

	skip_blanks(l);
	if (l->end - l->at > 2 && l->at[0] == '0' && (l->at[1] | 0x20) == 'x') {
		base = 16;
		l->at += 2;
	}
	for (first = l->at; l->at < l->end && digit(*l->at, base) >= 0; l->at++) {
		number = number * base + (uint64_t)digit(*l->at, base);
		if (number > max)
			break;
	}
	if (l->at == first || number > max) {
		expect(l, what);
		return 0;
	}
	return (uint32_t)number;
}

static void take_end_of_word(struct line *l, const char *what)
{
	if (l->at < l->end && !blank(*l->at))
		expect(l, what);
}

static uint32_t take_prefix(struct line *l, uint8_t *len, const char *what)
{
	uint32_t address = 0;

	for (unsigned i = 0; i < 4; i++) {
		if (i)
			take_mark(l, '.', what);
		address = address << 8 | take_number(l, 255, what);
	}
	take_mark(l, '/', what);
	*len = (uint8_t)take_number(l, 32, what);
	take_end_of_word(l, what);
	return address & ruleset_mask(*len);
}

static void take_ports(struct line *l, uint16_t *lo, uint16_t *hi, const char *what)
{
	*lo = (uint16_t)take_number(l, UINT16_MAX, what);
	take_mark(l, ':', what);
	*hi = (uint16_t)take_number(l, UINT16_MAX, what);
	take_end_of_word(l, what);
	if (*lo > *hi)
		expect(l, what);
}

#define ODD_MASK "the protocol's mask is neither 0x00 nor 0xFF"

static void take_protocol(struct line *l, struct bench_rule *r)
{
	static const char what[] = "expected a protocol: 0x06/0xFF";
	uint32_t mask;

	r->protocol = (uint8_t)take_number(l, 255, what);
	take_mark(l, '/', what);
	mask = take_number(l, 255, what);
	take_end_of_word(l, what);
	if (mask != 0 && mask != 255 && !l->expected)
		l->expected = ODD_MASK;
	r->any_protocol = mask == 0;
	r->protocol &= (uint8_t)mask;
}

/* True: there are flags, and they ask for something. */
static bool take_flags(struct line *l)
{
	static const char what[] = "expected flags: 0x0000/0x0200";
	uint32_t mask;

	skip_blanks(l);
	if (l->at == l->end)
		return false;
	(void)take_number(l, UINT16_MAX, what);
	take_mark(l, '/', what);
	mask = take_number(l, UINT16_MAX, what);
	take_end_of_word(l, what);
	return mask != 0;
}

static void take_rule(struct line *l, struct bench_rule *r, uint32_t *flags)
{
	memset(r, 0, sizeof(*r)); /* compared as bytes */
	take_mark(l, '@', "expected a rule: @ and two prefixes");
	r->src = take_prefix(l, &r->src_len, "expected the source's prefix: 10.0.0.0/8");
	r->dst = take_prefix(l, &r->dst_len, "expected the destination's prefix: 10.0.0.0/8");
	take_ports(l, &r->sport_lo, &r->sport_hi, "expected the source's ports: 0 : 65535");
	take_ports(l, &r->dport_lo, &r->dport_hi, "expected the destination's ports: 0 : 65535");
	take_protocol(l, r);
	*flags += take_flags(l);
}

static void take_header(struct line *l, struct bench_header *h)
{
	h->src = take_number(l, UINT32_MAX, "expected the source's address as a number");
	take_end_of_word(l, "expected the source's address as a number");
	h->dst = take_number(l, UINT32_MAX, "expected the destination's address as a number");
	take_end_of_word(l, "expected the destination's address as a number");
	h->sport = (uint16_t)take_number(l, UINT16_MAX, "expected the source's port");
	take_end_of_word(l, "expected the source's port");
	h->dport = (uint16_t)take_number(l, UINT16_MAX, "expected the destination's port");
	take_end_of_word(l, "expected the destination's port");
	h->protocol = (uint8_t)take_number(l, 255, "expected the protocol");
	take_end_of_word(l, "expected the protocol");
}

/* The next line that says something; false: none is left. */
static bool next_line(struct line *l, const char **text, const char *end, uint32_t *number)
{
	while (*text < end) {
		const char *stop = memchr(*text, '\n', (size_t)(end - *text));

		*l = (struct line){.at = *text, .end = stop ? stop : end};
		*text = stop ? stop + 1 : end;
		++*number;
		skip_blanks(l);
		if (l->at < l->end && *l->at != '#')
			return true;
	}
	return false;
}

/* Lines that can be rules or headers at most: the room that is needed. */
static size_t count_lines(const char *text, size_t len)
{
	size_t n = 1;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n > RULEFILE_MAX ? RULEFILE_MAX : n;
}

wfp_err rulefile_parse(struct ruleset *out, const char *text, size_t len, uint32_t *flags,
		       struct buf *why)
{
	struct ruleset s = {.rules = mem_zalloc_array(count_lines(text, len), sizeof(*s.rules))};
	const char *end = text + len;
	uint32_t number = 0, asked = 0;
	wfp_err err = ERR_OK;
	struct line l;

	if (!s.rules)
		return refuse(why, ERR_NO_MEMORY, 0, "no memory for the rules");
	while (!err && next_line(&l, &text, end, &number)) {
		if (s.n == RULEFILE_MAX) {
			err = refuse(why, ERR_INSUFFICIENT_BUFFER, number, "too many rules");
			break;
		}
		take_rule(&l, &s.rules[s.n++], &asked);
		if (l.expected)
			err = refuse(why,
				     strcmp(l.expected, ODD_MASK) == 0 ? ERR_NOT_SUPPORTED
								       : ERR_BAD_FORMAT,
				     number, l.expected);
	}
	if (!err && s.n == 0)
		err = refuse(why, ERR_BAD_FORMAT, number, "no rule in the file");
	if (err) {
		ruleset_free(&s);
		return err;
	}
	*out = s;
	*flags = asked;
	return ERR_OK;
}

wfp_err rulefile_parse_trace(struct ruletrace *out, const char *text, size_t len, struct buf *why)
{
	struct ruletrace t = {.headers =
				      mem_zalloc_array(count_lines(text, len), sizeof(*t.headers))};
	const char *end = text + len;
	uint32_t number = 0;
	wfp_err err = ERR_OK;
	struct line l;

	if (!t.headers)
		return refuse(why, ERR_NO_MEMORY, 0, "no memory for the trace");
	while (!err && next_line(&l, &text, end, &number)) {
		if (t.n == RULEFILE_MAX) {
			err = refuse(why, ERR_INSUFFICIENT_BUFFER, number, "too many headers");
			break;
		}
		take_header(&l, &t.headers[t.n++]);
		if (l.expected)
			err = refuse(why, ERR_BAD_FORMAT, number, l.expected);
	}
	if (!err && t.n == 0)
		err = refuse(why, ERR_BAD_FORMAT, number, "no header in the trace");
	if (err) {
		ruletrace_free(&t);
		return err;
	}
	*out = t;
	return ERR_OK;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void print_prefix(struct buf *out, uint32_t address, unsigned len)
{
	buf_printf(out, "%u.%u.%u.%u/%u\t", address >> 24, (address >> 16) & 0xff,
		   (address >> 8) & 0xff, address & 0xff, len);
}

void rulefile_print(const struct ruleset *s, struct buf *out)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct bench_rule *r = &s->rules[i];

		buf_append_byte(out, '@');
		print_prefix(out, r->src, r->src_len);
		print_prefix(out, r->dst, r->dst_len);
		buf_printf(out, "%u : %u\t%u : %u\t0x%02x/0x%02X\n", r->sport_lo, r->sport_hi,
			   r->dport_lo, r->dport_hi, r->protocol, r->any_protocol ? 0 : 0xff);
	}
}

void rulefile_print_trace(const struct ruletrace *t, struct buf *out)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct bench_header *h = &t->headers[i];

		buf_printf(out, "%u\t%u\t%u\t%u\t%u\n", h->src, h->dst, h->sport, h->dport,
			   h->protocol);
	}
}
