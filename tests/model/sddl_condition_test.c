/* SPDX-License-Identifier: MIT */
/*
 * Conditions of callback entries: text and bytes.
 *
 * Bytes are written here as hexadecimal digits, and in quotes what is UTF-16 in them.
 */
#include "sd_kit.h"

#include "model/sddl_condition.h"

#define ARTX "61727478"

static unsigned hex_value(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* "f8 02000000 'a'" */
static struct buf bytes_of(const char *notation)
{
	struct buf b = {0};
	bool quoted = false;

	for (const char *s = notation; *s; s++) {
		if (*s == '\'') {
			quoted = !quoted;
		} else if (quoted) {
			kit_put(&b, (unsigned char)*s, 2);
		} else if (*s != ' ') {
			buf_append_byte(&b, (uint8_t)(hex_value(s[0]) << 4 | hex_value(s[1])));
			s++;
		}
	}
	return b;
}

static struct buf parse(const char *text)
{
	struct buf out = {0};
	const char *end = text;

	if (model_sddl_condition_parse(&out, &end) || *end)
		CHECK_SAY("%s: not read at %zu", text, (size_t)(end - text));
	return out;
}

static void check_bytes(const struct buf *is, const struct buf *should, const char *text)
{
	if (is->len != should->len || memcmp(is->data, should->data, is->len) != 0)
		CHECK_SAY("%s: other bytes", text);
}

/* Frees the bytes. */
static void check_text(struct buf *bytes, const char *text)
{
	struct buf out = {0};

	CHECK_OK(model_sddl_condition_format(&out, bytes->data, bytes->len));
	CHECK_EQ_S(buf_str(&out), text);
	buf_free(&out);
	buf_free(bytes);
}

TEST(conditions_are_written_and_read_as_the_specification_says)
{
	static const struct {
		const char *text, *bytes;
	} rows[] = {
		{"(@User.Project Any_of 1)",
		 ARTX " f9 0e000000 'Project' 04 0100000000000000 03 02 88 00"},
		{"(WIN://SYSAPPID Contains \"Example.App_abc\")",
		 ARTX " f8 1c000000 'WIN://SYSAPPID' 10 1e000000 'Example.App_abc' 86 000000"},
		{"(Exists WIN://SYSAPPID)", ARTX " f8 1c000000 'WIN://SYSAPPID' 87 0000"},
		{"(a)", ARTX " f8 02000000 'a' 00"},
		{"(!(WIN://MULTI))", ARTX " f8 16000000 'WIN://MULTI' a2"},
		{"(Member_of {SID(BA), SID(SY)})",
		 ARTX " 50 26000000 51 10000000 0102000000000005 20000000 20020000"
		      " 51 0c000000 0101000000000005 12000000 89"},
		{"(Not_Device_Member_of_Any SID(WD))",
		 ARTX " 51 0c000000 0101000000000001 00000000 93 0000"},
		{"(a && b || c)", ARTX " f8 02000000 'a' f8 02000000 'b' a0 f8 02000000 'c' a1 00"},
		{"(a && (b || c))",
		 ARTX " f8 02000000 'a' f8 02000000 'b' f8 02000000 'c' a1 a0 00"},
		{"(a || (b || c))",
		 ARTX " f8 02000000 'a' f8 02000000 'b' f8 02000000 'c' a1 a1 00"},
		{"(@Resource.n == {-0x10, +017, 0})",
		 ARTX " fa 02000000 'n' 50 21000000 04 f0ffffffffffffff 02 03"
		      " 04 0f00000000000000 01 01 04 0000000000000000 03 02 80 0000"},
		{"(@Device.x%0020y != #01ff)", ARTX " fb 06000000 'x y' 18 02000000 01ff 81 00"},
		{"(a == \"\u00e4\u20ac\U0001f600\")",
		 ARTX " f8 02000000 'a' 10 08000000 e400 ac20 3dd8 00de 80 000000"},
		{"(@User.level < @Resource.level)",
		 ARTX " f9 0a000000 'level' fa 0a000000 'level' 82 00"},
		{"(a == -9223372036854775808)",
		 ARTX " f8 02000000 'a' 04 0000000000000080 02 02 80 00"},
		{"(a == \"\")", ARTX " f8 02000000 'a' 10 00000000 80 000000"},
		{"(a == #)", ARTX " f8 02000000 'a' 18 00000000 80 000000"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf should = bytes_of(rows[i].bytes), is = parse(rows[i].text);

		check_bytes(&is, &should, rows[i].text);
		buf_free(&is);
		check_text(&should, rows[i].text);
	}
}

TEST(every_operator_of_conditions_has_its_code)
{
	static const struct {
		const char *operation;
		uint8_t code;
	} rows[] = {
		{"a == 1", 0x80},
		{"a != 1", 0x81},
		{"a < 1", 0x82},
		{"a <= 1", 0x83},
		{"a > 1", 0x84},
		{"a >= 1", 0x85},
		{"a Contains 1", 0x86},
		{"Exists a", 0x87},
		{"a Any_of 1", 0x88},
		{"Member_of SID(WD)", 0x89},
		{"Device_Member_of SID(WD)", 0x8a},
		{"Member_of_Any SID(WD)", 0x8b},
		{"Device_Member_of_Any SID(WD)", 0x8c},
		{"Not_Exists a", 0x8d},
		{"a Not_Contains 1", 0x8e},
		{"a Not_Any_of 1", 0x8f},
		{"Not_Member_of SID(WD)", 0x90},
		{"Not_Device_Member_of SID(WD)", 0x91},
		{"Not_Member_of_Any SID(WD)", 0x92},
		{"Not_Device_Member_of_Any SID(WD)", 0x93},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text = {0}, bytes;
		size_t last;

		buf_printf(&text, "(%s)", rows[i].operation);
		bytes = parse(buf_str(&text));
		for (last = bytes.len - 1; bytes.data[last] == 0; last--)
			;
		CHECK_EQ_U(bytes.data[last], rows[i].code);
		check_text(&bytes, buf_str(&text));
		buf_free(&text);
	}
}

TEST(conditions_are_read_leniently_and_written_in_one_way)
{
	static const char *const rows[][2] = {
		{"(  a\t==\n1  )", "(a == 1)"},
		{"(a==1&&b!=2||c<=3)", "(a == 1 && b != 2 || c <= 3)"},
		{"((((a))))", "(a)"},
		{"((a && b) || (c && d))", "(a && b || c && d)"},
		{"((a || b) || c)", "(a || b || c)"},
		{"(!a)", "(!(a))"},
		{"(! ! a == 1)", "(!(!(a == 1)))"},
		{"(@USER.a ANY_OF{ 1 ,2 })", "(@User.a Any_of {1, 2})"},
		{"(member_of{sid(BA)})", "(Member_of {SID(BA)})"},
		{"(Member_of SID( S-1-5-32-544 ))", "(Member_of SID(BA))"},
		{"(a == 0X1F)", "(a == 0x1f)"},
		{"(a == #1#2#3##)", "(a == #01020300)"},
		{"(a == #ABC)", "(a == #0abc)"},
		{"(@Device.a%0041%00E4;[x] == 1)", "(@Device.aA%00e4;[x] == 1)"},
		{"(a Contains\"x\")", "(a Contains \"x\")"},
		{"(APPID://PATH Contains \"%OSDRIVE%\\*\")",
		 "(APPID://PATH Contains \"%OSDRIVE%\\*\")"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf bytes = parse(rows[i][0]);

		check_text(&bytes, rows[i][1]);
	}
}

TEST(malformed_conditions_are_refused_where_they_cease_to_be_conditions)
{
	static const struct {
		const char *text;
		size_t at;
	} rows[] = {
		{"", 0},
		{"a", 0},
		{"(", 1},
		{"()", 1},
		{"(a", 2},
		{"(a b)", 3},
		{"(a ==)", 5},
		{"(a == b)", 6},
		{"(a = 1)", 3},
		{"(a == \"x)", 9},
		{"(a == {})", 7},
		{"(a == {1)", 8},
		{"(a == {1,})", 9},
		{"(a == {{1}})", 7},
		{"(a < {1})", 5},
		{"(Member_of {1})", 11},
		{"(Member_of {SID(BA), 1})", 11},
		{"(Member_of {SID(ZZ)})", 16},
		{"(Member_of @User.a)", 11},
		{"(Exists)", 7},
		{"(Exists Member_of)", 8},
		{"(Exists \"x\")", 8},
		{"(\"x\" == a)", 1},
		{"(@Group.x)", 1},
		{"(@User.)", 7},
		{"(@User.%00g0)", 10},
		{"(a == 9223372036854775808)", 24},
		{"(a == -9223372036854775809)", 25},
		{"(a == 0x)", 8},
		{"(a == 08)", 7},
		{"(a == -)", 7},
		{"(a &&)", 5},
		{"(a &&& b)", 5},
		{"(a & b)", 3},
		{"(!)", 2},
		{"(a == \"\xff\")", 7},
		{"(a == \"\xc0\x80\")", 7},
		{"(a == \"\xed\xa0\x80\")", 7},
		{"(a == \"\xf4\x90\x80\x80\")", 7},
		{"(a == \"\xe2\x82\")", 7},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *end = rows[i].text;
		struct buf out = {0};

		CHECK_ERR(model_sddl_condition_parse(&out, &end), ERR_INVALID_DATA);
		if ((size_t)(end - rows[i].text) != rows[i].at)
			CHECK_SAY("%s: refused at %zu", rows[i].text, (size_t)(end - rows[i].text));
		buf_free(&out);
	}
}

static void check_refused(const char *notation, wfp_err should)
{
	struct buf bytes = bytes_of(notation), out = {0};
	wfp_err err = model_sddl_condition_format(&out, bytes.data, bytes.len);

	if (err != should)
		CHECK_SAY("%s: %s", notation, err_name(err));
	buf_free(&bytes);
	buf_free(&out);
}

#define A   "f8 02000000 'a' "
#define ONE "04 0100000000000000 03 02 "

TEST(malformed_bytes_of_conditions_are_refused)
{
	static const char *const rows[] = {
		ARTX,
		ARTX "00000000",
		ARTX "f8",
		ARTX "f8 02",
		ARTX "f8 03000000 'a'",
		ARTX "f8 ffffffff 'a'",
		ARTX "f8 00000000",
		ARTX "f8 03000000 'a' 00",
		ARTX "fc 02000000 'a'",
		ARTX "f7",
		ARTX A A,				    /* two conditions */
		ARTX "80",				    /* no operands */
		ARTX A "80",				    /* one operand */
		ARTX ONE,				    /* a value is no condition */
		ARTX ONE ONE "80",			    /* a value on the left */
		ARTX A ONE "a0",			    /* a value in logic */
		ARTX A ONE "80 00 87",			    /* padding inside */
		ARTX A ONE "87",			    /* a value exists */
		ARTX A "89",				    /* an attribute as SID */
		ARTX A "50 00000000 80",		    /* an empty list */
		ARTX A "50 10000000 50 0b000000 " ONE "80", /* a list in a list */
		ARTX A "50 0c000000 " ONE "00 80",	    /* padding in a list */
		ARTX A "50 07000000 f8 02000000 'b' 80",    /* an attribute in a list */
		ARTX A "50 0b000000 " ONE "82",		    /* the order of a list */
		ARTX A "04 0100000000000000 00 02 80",	    /* no such sign */
		ARTX A "04 0100000000000000 04 02 80",
		ARTX A "04 0100000000000000 02 02 80", /* minus a positive number */
		ARTX A "04 ffffffffffffffff 01 02 80", /* plus a negative one */
		ARTX A "04 0100000000000000 03 00 80", /* no such base */
		ARTX A "04 0100000000000000 03 04 80",
		ARTX A "01 8000000000000000 03 02 80", /* 128 in 8 bits */
		ARTX A "02 ff7fffffffffffff 03 02 80", /* -32769 in 16 */
		ARTX A "10 03000000 'a' 00 80",	       /* half a character */
		ARTX "51 0d000000 0101000000000001 00000000 00 89",
		ARTX "51 0b000000 0101000000000001 000000 89",
		ARTX "51 00000000 89",
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_refused(rows[i], ERR_INVALID_DATA);
}

TEST(what_the_text_of_conditions_cannot_say_is_refused)
{
	static const char *const rows[] = {
		"",
		"617274",
		"61727479" A,
		ARTX A "10 02000000 '\"' 80",
		ARTX A "10 02000000 0000 80",
		ARTX A "10 02000000 00d8 80",
		ARTX A "10 04000000 00d8 4100 80",
		ARTX A "10 02000000 00dc 80",
		ARTX A A "80",
		ARTX "f8 02000000 ' ' ",
		ARTX "f8 04000000 '@a' ",
		ARTX "f8 0c000000 'exists' ",
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_refused(rows[i], ERR_NOT_SUPPORTED);
}

TEST(numbers_of_fewer_bits_are_read_back_with_sixty_four)
{
	static const char *const rows[] = {
		ARTX A "01 80ffffffffffffff 02 02 80",
		ARTX A "02 80ffffffffffffff 02 02 80",
		ARTX A "03 80ffffffffffffff 03 02 80",
		ARTX A "04 80ffffffffffffff 03 02 80",
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf bytes = bytes_of(rows[i]), read = parse("(a == -128)");
		struct buf should = bytes_of(ARTX A "04 80ffffffffffffff 02 02 80 00");

		check_text(&bytes, "(a == -128)");
		check_bytes(&read, &should, rows[i]);
		buf_free(&read);
		buf_free(&should);
	}
}

static void repeat(struct buf *out, const char *text, unsigned n)
{
	for (; n > 0; n--)
		buf_append_str(out, text);
}

/* A condition within n times open and close: accepted? */
static bool nests(const char *open, const char *close, unsigned n)
{
	struct buf text = {0}, out = {0};
	const char *end;
	wfp_err err;

	buf_append_byte(&text, '(');
	repeat(&text, open, n);
	buf_append_byte(&text, 'a');
	repeat(&text, close, n);
	buf_append_byte(&text, ')');
	end = buf_str(&text);
	err = model_sddl_condition_parse(&out, &end);
	if (!err) {
		buf_reset(&text);
		CHECK_OK(model_sddl_condition_format(&text, out.data, out.len));
	}
	buf_free(&text);
	buf_free(&out);
	return err == ERR_OK;
}

TEST(conditions_nest_so_deep_and_no_deeper)
{
	static const char *const rows[][2] = {
		{"(", ")"}, {"!", ""}, {"!(", ")"}, {"b && (", ")"}, {"(", " || b) && c"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK(nests(rows[i][0], rows[i][1], MODEL_SDDL_CONDITION_NEST));
		CHECK(!nests(rows[i][0], rows[i][1], MODEL_SDDL_CONDITION_NEST + 1));
		CHECK(!nests(rows[i][0], rows[i][1], 20000));
	}
	CHECK(nests("b || ", "", 20000));
}

TEST(bytes_of_a_condition_that_nests_too_deep_are_refused)
{
	struct buf bytes = bytes_of(ARTX A), out = {0};

	for (unsigned i = 0; i < MODEL_SDDL_CONDITION_NEST; i++)
		buf_append_byte(&bytes, 0xa2);
	CHECK_OK(model_sddl_condition_format(&out, bytes.data, bytes.len));
	buf_append_byte(&bytes, 0xa2);
	CHECK_ERR(model_sddl_condition_format(&out, bytes.data, bytes.len), ERR_NOT_SUPPORTED);
	buf_free(&bytes);
	buf_free(&out);
}

/* A random condition as the dullest text, each part in parentheses, and as bytes. */
struct both {
	struct rng rng;
	struct buf text, bytes;
};

static void random_name(struct both *b)
{
	static const char *const names[] = {"a", "WIN://X", "9", "Contains", "a@b.c"};
	static const char *const owners[] = {"", "@User.", "@Resource.", "@Device."};
	uint32_t owner = rng_below(&b->rng, ARRAY_LEN(owners));
	const char *name = names[rng_below(&b->rng, ARRAY_LEN(names))];

	buf_printf(&b->text, "%s%s", owners[owner], name);
	kit_put(&b->bytes, 0xf8 + owner, 1);
	kit_put(&b->bytes, 2 * strlen(name), 4);
	for (; *name; name++)
		kit_put(&b->bytes, (unsigned char)*name, 2);
}

static void random_number(struct both *b)
{
	uint64_t v = rng_u64(&b->rng) >> 1 >> rng_below(&b->rng, 63);
	uint32_t sign = rng_below(&b->rng, 3), base = rng_below(&b->rng, 3);

	buf_append_str(&b->text, sign == 0 ? "+" : sign == 1 ? "-" : "");
	if (base == 0)
		buf_printf(&b->text, "0%" PRIo64, v);
	else if (base == 1)
		buf_printf(&b->text, "%" PRIu64, v);
	else
		buf_printf(&b->text, "0x%" PRIx64, v);
	kit_put(&b->bytes, 4, 1);
	kit_put(&b->bytes, sign == 1 ? 0 - v : v, 8);
	kit_put(&b->bytes, sign + 1, 1);
	kit_put(&b->bytes, base + 1, 1);
}

static void random_string(struct both *b)
{
	uint32_t n = rng_below(&b->rng, 5);

	buf_append_byte(&b->text, '"');
	kit_put(&b->bytes, 0x10, 1);
	kit_put(&b->bytes, 2 * n, 4);
	for (; n > 0; n--) {
		uint8_t c = (uint8_t)(1 + rng_below(&b->rng, 0x7f));

		c = c == '"' ? '\'' : c;
		buf_append_byte(&b->text, c);
		kit_put(&b->bytes, c, 2);
	}
	buf_append_byte(&b->text, '"');
}

static void random_octets(struct both *b)
{
	uint32_t n = rng_below(&b->rng, 5);

	buf_append_byte(&b->text, '#');
	kit_put(&b->bytes, 0x18, 1);
	kit_put(&b->bytes, n, 4);
	for (; n > 0; n--) {
		uint8_t c = (uint8_t)rng_u32(&b->rng);

		buf_printf(&b->text, "%02x", c);
		kit_put(&b->bytes, c, 1);
	}
}

static void random_sid(struct both *b)
{
	enum kit_sid sid = (enum kit_sid)rng_below(&b->rng, KIT_SIDS);

	buf_printf(&b->text, "SID(%s)", kit_sid_text[sid]);
	kit_put(&b->bytes, 0x51, 1);
	kit_put(&b->bytes, 8u + 4u * kit_sid(sid).bytes[1], 4);
	kit_put_sid(&b->bytes, sid);
}

static void random_scalar(struct both *b)
{
	static void (*const kinds[])(struct both *) = {random_number, random_string, random_octets,
						       random_sid};

	kinds[rng_below(&b->rng, ARRAY_LEN(kinds))](b);
}

static void random_list(struct both *b, void (*scalar)(struct both *))
{
	size_t start;

	buf_append_byte(&b->text, '{');
	kit_put(&b->bytes, 0x50, 1);
	kit_put(&b->bytes, 0, 4);
	start = b->bytes.len;
	for (uint32_t n = 1 + rng_below(&b->rng, 3); n > 0; n--) {
		scalar(b);
		buf_append_byte(&b->text, n > 1 ? ',' : '}');
	}
	b->bytes.data[start - 4] = (uint8_t)(b->bytes.len - start);
	b->bytes.data[start - 3] = (uint8_t)((b->bytes.len - start) >> 8);
}

static void random_test(struct both *b)
{
	static const char *const before[] = {
		"Member_of",	     "Device_Member_of",
		"Member_of_Any",     "Device_Member_of_Any",
		"Not_Member_of",     "Not_Device_Member_of",
		"Not_Member_of_Any", "Not_Device_Member_of_Any",
	};
	static const uint8_t codes[] = {0x89, 0x8a, 0x8b, 0x8c, 0x90, 0x91, 0x92, 0x93};
	static const char *const between[] = {"==", " Contains ", " Not_Any_of "};
	static const uint8_t between_codes[] = {0x80, 0x86, 0x8f};
	uint32_t which;

	switch (rng_below(&b->rng, 3)) {
	case 0:
		random_name(b);
		break;
	case 1:
		which = rng_below(&b->rng, ARRAY_LEN(before));
		buf_append_str(&b->text, before[which]);
		random_list(b, random_sid);
		kit_put(&b->bytes, codes[which], 1);
		break;
	default:
		which = rng_below(&b->rng, ARRAY_LEN(between));
		random_name(b);
		buf_append_str(&b->text, between[which]);
		if (rng_below(&b->rng, 2))
			random_list(b, random_scalar);
		else
			random_scalar(b);
		kit_put(&b->bytes, between_codes[which], 1);
		break;
	}
}

static void random_condition(struct both *b, unsigned depth)
{
	uint32_t which = depth ? rng_below(&b->rng, 4) : 3;

	buf_append_str(&b->text, which == 2 ? "!(" : "(");
	if (which == 3)
		random_test(b);
	else
		random_condition(b, depth - 1);
	if (which < 2) {
		buf_append_str(&b->text, which ? "&&" : "||");
		random_condition(b, depth - 1);
	}
	if (which < 3)
		kit_put(&b->bytes, which == 2 ? 0xa2 : which ? 0xa0 : 0xa1, 1);
	buf_append_byte(&b->text, ')');
}

TEST(random_conditions_agree_with_a_plain_writer_and_survive)
{
	struct both b = {0};

	rng_seed(&b.rng, test_seed());
	for (unsigned round = 0; round < 10000; round++) {
		struct buf is, text = {0}, again;

		buf_reset(&b.text);
		buf_reset(&b.bytes);
		kit_put(&b.bytes, 0x78747261, 4);
		buf_append_byte(&b.text, '(');
		random_condition(&b, rng_below(&b.rng, 7));
		buf_append_byte(&b.text, ')');
		while (b.bytes.len % 4)
			kit_put(&b.bytes, 0, 1);
		is = parse(buf_str(&b.text));
		check_bytes(&is, &b.bytes, buf_str(&b.text));
		CHECK_OK(model_sddl_condition_format(&text, is.data, is.len));
		again = parse(buf_str(&text));
		check_bytes(&again, &b.bytes, buf_str(&text));
		buf_free(&is);
		buf_free(&again);
		buf_free(&text);
	}
	buf_free(&b.text);
	buf_free(&b.bytes);
}

/* In a block of just that size, so that a sanitizer sees what reads outside. */
static void format_changed(const struct buf *good, size_t size, struct rng *rng, uint32_t changes)
{
	uint8_t *bytes = mem_dup(good->data, size ? size : 1);
	struct buf text = {0}, again;

	CHECK(bytes != NULL);
	for (; size && changes > 0; changes--)
		bytes[rng_below(rng, (uint32_t)size)] = (uint8_t)rng_u32(rng);
	if (model_sddl_condition_format(&text, bytes, size) == ERR_OK) {
		again = parse(buf_str(&text));
		check_text(&again, buf_str(&text));
	}
	buf_free(&text);
	mem_free(bytes);
}

TEST(no_truncation_or_change_of_a_condition_reads_outside)
{
	struct buf good = parse("(@User.a == {1, \"xy\", #0102, SID(BA)} && !(Member_of {SID(SY)})"
				" || WIN://SYSAPPID Contains \"Example.App_abc\")");
	struct rng rng;

	rng_seed(&rng, test_seed());
	for (size_t size = 0; size <= good.len; size++)
		format_changed(&good, size, &rng, 0);
	for (unsigned round = 0; round < 50000; round++)
		format_changed(&good, good.len, &rng, 1 + rng_below(&rng, 3));
	buf_free(&good);
}

TEST(entries_with_conditions_are_read_and_written)
{
	static const char *const texts[] = {
		"O:SYG:SYD:(XA;;CC;;;WD;(WIN://SYSAPPID Contains \"App_abc\"))(A;;CC;;;AC)",
		"O:LSD:(A;;CC;;;AC)(A;;CC;;;S-1-15-3-1-2-3-4)(A;;CC;;;WD)(A;;CC;;;AN)",
		"D:(A;NP;CC;;;S-1-5-80-1-2-3-4-5)(A;NP;CC;;;S-1-5-80-5-4-3-2-1)",
		"D:(A;;CC;;;WD)(A;;CC;;;AN)S:NO_ACCESS_CONTROL",
		"S:NO_ACCESS_CONTROL",
		"O:SYD:NO_ACCESS_CONTROLS:NO_ACCESS_CONTROL",
		"D:P(XD;OICIIO;CCRC;;;S-1-22-1-1000;(!(Exists a) || @User.b >= 3))",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		kit_check_sddl(kit_sddl(texts[i]), texts[i]);
}

TEST(an_entry_with_a_condition_has_its_type_its_sid_and_the_bytes)
{
	struct model_blob *blob = kit_sddl("D:(XA;OI;CC;;;WD;(a))(XD;;RC;;;SY;(b))");
	struct buf should = bytes_of(ARTX "f8 02000000 'a' 00");
	struct model_sd sd;
	struct model_ace ace;
	uint32_t at = 0;

	CHECK_OK(model_sd_parse(&sd, blob->data, blob->size));
	CHECK(model_ace_next(&sd, &at, &ace));
	CHECK_EQ_U(ace.type, MODEL_ACE_ALLOWED_CALLBACK);
	CHECK_EQ_U(ace.flags, MODEL_ACE_OBJECT_INHERIT);
	CHECK_EQ_U(ace.mask, 1);
	CHECK_EQ_U(ace.size, 8 + 12 + 12);
	CHECK_EQ_U(ace.condition_size, should.len);
	CHECK(memcmp(ace.condition, should.data, should.len) == 0);
	CHECK(model_ace_next(&sd, &at, &ace));
	CHECK_EQ_U(ace.type, MODEL_ACE_DENIED_CALLBACK);
	CHECK(!model_ace_next(&sd, &at, &ace));
	buf_free(&should);
	mem_free(blob);
}

TEST(a_system_list_with_entries_is_left_out)
{
	kit_check_sddl(kit_sddl("D:(A;;CC;;;WD)S:PAI(AU;SA;CC;;;WD)"
				"(RA;;;;;WD;(\"a)b\",TI,0,1))(XU;;CC;;;WD;((a) && b))"),
		       "D:(A;;CC;;;WD)");
}

TEST(malformed_entries_with_conditions_are_refused_with_their_place)
{
	static const struct {
		const char *text;
		size_t at;
	} rows[] = {
		{"D:(XA;;CC;;;WD)", 14},       {"D:(XA;;CC;;;WD;)", 15},
		{"D:(XA;;CC;;;WD;(a =))", 18}, {"D:(XA;;CC;;;WD;(a)", 18},
		{"D:(A;;CC;;;WD;(a))", 13},    {"D:(XX;;CC;;;WD;(a))", 3},
		{"S:(RA;;;;;WD;(\"a)", 17},    {"S:NO_ACCESS_CONTROL(", 19},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct model_blob *blob;
		size_t at = 0;

		CHECK_ERR(model_sddl_parse(&blob, rows[i].text, &at), ERR_INVALID_DATA);
		CHECK_EQ_U(at, rows[i].at);
	}
}

TEST(an_entry_that_is_too_long_for_a_list_is_refused)
{
	struct buf text = {0};
	struct model_blob *blob;

	buf_append_str(&text, "D:(XA;;CC;;;WD;(a == \"");
	repeat(&text, "x", 40000);
	buf_append_str(&text, "\"))");
	CHECK_ERR(model_sddl_parse(&blob, buf_str(&text), NULL), ERR_INVALID_DATA);
	buf_free(&text);
}

#if MEM_TRACKED
TEST(out_of_memory_with_conditions_is_an_error)
{
	static const char text[] = "D:(XA;;CC;;;WD;(a Contains {\"Example.App_abc\", 1} && !(b)))";
	uint64_t live = mem_live(), nth;

	for (nth = 1;; nth++) {
		struct model_blob *blob = NULL;
		struct buf out = {0};
		wfp_err err;

		mem_fail_at(nth);
		err = model_sddl_parse(&blob, text, NULL);
		if (!err)
			err = model_sddl_format(blob, &out);
		mem_fail_at(0);
		mem_free(blob);
		buf_free(&out);
		CHECK_EQ_U(mem_live(), live);
		if (!err)
			break;
		CHECK_ERR(err, ERR_NO_MEMORY);
	}
	CHECK(nth > 3);
}
#endif
