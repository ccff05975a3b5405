/* SPDX-License-Identifier: MIT */
/*
 * sddl_token - the table of operators, and the checks of single tokens (MS-DTYP 2.4.4.17).
 *
 * A token is a code of one byte; literals and names have a length and bytes, integers ten bytes.
 * No state; any thread.
 */
#include "model/sddl_token.h"

#include "model/sid.h"

#include <string.h>
#include <strings.h>

#define INTEGER_SIZE   10u		    /* eight bytes, sign, base */
#define NAME_CHARS     ":./_"		    /* besides letters and digits */
#define PREFIXED_CHARS "#$'*+-;?[\\]^`{}~@" /* in names with a prefix as well */

/* "<=" comes before "<". */
static const struct sddl_op operators[] = {
	{"==", 0x80, SDDL_ATTRIBUTE, SDDL_ANY},
	{"!=", 0x81, SDDL_ATTRIBUTE, SDDL_ANY},
	{"<=", 0x83, SDDL_ATTRIBUTE, SDDL_ATTRIBUTE | SDDL_SCALAR},
	{"<", 0x82, SDDL_ATTRIBUTE, SDDL_ATTRIBUTE | SDDL_SCALAR},
	{">=", 0x85, SDDL_ATTRIBUTE, SDDL_ATTRIBUTE | SDDL_SCALAR},
	{">", 0x84, SDDL_ATTRIBUTE, SDDL_ATTRIBUTE | SDDL_SCALAR},
	{"Contains", 0x86, SDDL_ATTRIBUTE, SDDL_ANY},
	{"Any_of", 0x88, SDDL_ATTRIBUTE, SDDL_ANY},
	{"Not_Contains", 0x8e, SDDL_ATTRIBUTE, SDDL_ANY},
	{"Not_Any_of", 0x8f, SDDL_ATTRIBUTE, SDDL_ANY},
	{"Exists", 0x87, 0, SDDL_ATTRIBUTE},
	{"Not_Exists", 0x8d, 0, SDDL_ATTRIBUTE},
	{"Member_of", 0x89, 0, SDDL_SIDS},
	{"Device_Member_of", 0x8a, 0, SDDL_SIDS},
	{"Member_of_Any", 0x8b, 0, SDDL_SIDS},
	{"Device_Member_of_Any", 0x8c, 0, SDDL_SIDS},
	{"Not_Member_of", 0x90, 0, SDDL_SIDS},
	{"Not_Device_Member_of", 0x91, 0, SDDL_SIDS},
	{"Not_Member_of_Any", 0x92, 0, SDDL_SIDS},
	{"Not_Device_Member_of_Any", 0x93, 0, SDDL_SIDS},
	{"!", SDDL_CODE_NOT, 0, SDDL_TRUTH},
	{"&&", SDDL_CODE_AND, SDDL_TRUTH, SDDL_TRUTH},
	{"||", SDDL_CODE_OR, SDDL_TRUTH, SDDL_TRUTH},
};

const struct sddl_prefix sddl_prefixes[SDDL_PREFIXES] = {
	{"@User.", SDDL_CODE_USER},
	{"@Resource.", SDDL_CODE_RESOURCE},
	{"@Device.", SDDL_CODE_DEVICE},
};

static bool is_letter_or_digit(unsigned c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_one_of(unsigned c, const char *chars)
{
	return c != 0 && c < 0x80 && strchr(chars, (int)c) != NULL;
}

bool sddl_is_name_char(unsigned c)
{
	return is_letter_or_digit(c) || is_one_of(c, NAME_CHARS);
}

bool sddl_is_prefixed_char(unsigned c)
{
	return sddl_is_name_char(c) || is_one_of(c, PREFIXED_CHARS);
}

size_t sddl_word_length(const char *at)
{
	size_t n = 0;

	while (sddl_is_name_char((unsigned char)at[n]) || (n > 0 && at[n] == '@'))
		n++;
	return n;
}

static bool starts_with(const char *at, const struct sddl_op *op)
{
	size_t len = strlen(op->text);

	return is_letter_or_digit((unsigned char)op->text[0])
		       ? strncasecmp(at, op->text, len) == 0 && sddl_word_length(at) == len
		       : strncmp(at, op->text, len) == 0;
}

const struct sddl_op *sddl_op_at(const char *at, bool before)
{
	for (size_t i = 0; i < ARRAY_LEN(operators); i++)
		if (operators[i].right != SDDL_TRUTH && before == (operators[i].left == 0) &&
		    starts_with(at, &operators[i]))
			return &operators[i];
	return NULL;
}

const struct sddl_op *sddl_op_of(uint8_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(operators); i++)
		if (operators[i].code == code)
			return &operators[i];
	return NULL;
}

static uint32_t get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool has_length(uint8_t code)
{
	return code == SDDL_CODE_STRING || code == SDDL_CODE_OCTETS || code == SDDL_CODE_LIST ||
	       code == SDDL_CODE_SID || code >= SDDL_CODE_LOCAL;
}

bool sddl_token_next(struct sddl_token *out, const uint8_t **at, const uint8_t *end)
{
	const uint8_t *data = *at + 1;
	size_t room = (size_t)(end - data), size = 0;

	out->code = **at;
	if (out->code >= SDDL_CODE_INT8 && out->code <= SDDL_CODE_INT64) {
		size = INTEGER_SIZE;
	} else if (has_length(out->code)) {
		if (room < 4)
			return false;
		size = get32(data);
		data += 4;
		room -= 4;
	}
	if (size > room)
		return false;
	out->data = data;
	out->size = (uint32_t)size;
	*at = data + size;
	return true;
}

int64_t sddl_token_integer(const struct sddl_token *t)
{
	return (int64_t)(get32(t->data) | (uint64_t)get32(t->data + 4) << 32);
}

/* It fits its width, and its sign does not contradict it. */
static bool integer_is_valid(const struct sddl_token *t)
{
	int64_t v = sddl_token_integer(t),
		most = INT64_MAX >> (64 - (8u << (t->code - SDDL_CODE_INT8)));
	uint8_t sign = t->data[8], base = t->data[9];

	return v <= most && v >= -most - 1 && sign >= SDDL_SIGN_PLUS && sign <= SDDL_SIGN_NONE &&
	       base >= SDDL_BASE_8 && base <= SDDL_BASE_16 && (sign != SDDL_SIGN_PLUS || v >= 0) &&
	       (sign != SDDL_SIGN_MINUS || v <= 0);
}

static unsigned kinds_of_scalar(const struct sddl_token *t)
{
	switch (t->code) {
	case SDDL_CODE_STRING:
		return t->size % 2 ? 0 : SDDL_SCALAR;
	case SDDL_CODE_OCTETS:
		return SDDL_SCALAR;
	case SDDL_CODE_SID:
		return t->size && sid_size(t->data, t->size) == t->size ? SDDL_SCALAR | SDDL_SIDS
									: 0;
	default:
		return t->code >= SDDL_CODE_INT8 && t->code <= SDDL_CODE_INT64 &&
				       integer_is_valid(t)
			       ? SDDL_SCALAR
			       : 0;
	}
}

static unsigned kinds_of_list(const struct sddl_token *list)
{
	const uint8_t *at = list->data, *end = at + list->size;
	unsigned common = SDDL_SIDS;
	struct sddl_token t;

	while (at < end) {
		unsigned kinds = sddl_token_next(&t, &at, end) ? kinds_of_scalar(&t) : 0;

		if (!kinds)
			return 0;
		common &= kinds;
	}
	return list->size ? SDDL_LIST | common : 0;
}

unsigned sddl_token_kinds(const struct sddl_token *t)
{
	if (t->code >= SDDL_CODE_LOCAL && t->code <= SDDL_CODE_DEVICE)
		return t->size && t->size % 2 == 0 ? SDDL_ATTRIBUTE | SDDL_TRUTH : 0;
	return t->code == SDDL_CODE_LIST ? kinds_of_list(t) : kinds_of_scalar(t);
}
