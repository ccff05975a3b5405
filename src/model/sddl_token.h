/* SPDX-License-Identifier: MIT */
/*
 * sddl_token - what conditions are made of: operators, literals and names of attributes.
 *
 * One table of operators, and what each takes, serves the reader of text (sddl_condition.c) and its
 * writer (sddl_condition_text.c); nobody else includes this.  Tokens come from hostile descriptors.
 */
#pragma once

#include "base/compiler.h"

enum sddl_code {
	SDDL_CODE_PADDING = 0x00,
	SDDL_CODE_INT8 = 0x01,
	SDDL_CODE_INT64 = 0x04,
	SDDL_CODE_STRING = 0x10,
	SDDL_CODE_OCTETS = 0x18,
	SDDL_CODE_LIST = 0x50,
	SDDL_CODE_SID = 0x51,
	SDDL_CODE_AND = 0xa0,
	SDDL_CODE_OR = 0xa1,
	SDDL_CODE_NOT = 0xa2,
	SDDL_CODE_LOCAL = 0xf8,
	SDDL_CODE_USER = 0xf9,
	SDDL_CODE_RESOURCE = 0xfa,
	SDDL_CODE_DEVICE = 0xfb,
};

/* How an integer was written. */
enum sddl_sign { SDDL_SIGN_PLUS = 1, SDDL_SIGN_MINUS, SDDL_SIGN_NONE };
enum sddl_base { SDDL_BASE_8 = 1, SDDL_BASE_10, SDDL_BASE_16 };

/* What an operand can stand for. */
enum sddl_kind {
	SDDL_ATTRIBUTE = 1,
	SDDL_SCALAR = 2,
	SDDL_LIST = 4,
	SDDL_SIDS = 8, /* a SID or a list of nothing else */
	SDDL_TRUTH = 16,
	SDDL_ANY = SDDL_ATTRIBUTE | SDDL_SCALAR | SDDL_LIST,
};

#define SDDL_SIGNATURE	    "artx"
#define SDDL_SIGNATURE_SIZE 4u

struct sddl_op {
	const char *text;
	uint8_t code;
	uint8_t left, right; /* what it takes; left 0: it stands before its operand */
};

struct sddl_token {
	const uint8_t *data; /* behind the code, and behind the length if there is one */
	uint32_t size;
	uint8_t code;
};

/* Whose attributes have a prefix; those of the call itself have none. */
struct sddl_prefix {
	const char *text;
	uint8_t code;
};
#define SDDL_PREFIXES 3u
extern const struct sddl_prefix sddl_prefixes[SDDL_PREFIXES];

/* In a name without a prefix, in one with a prefix. */
bool sddl_is_name_char(unsigned c);
bool sddl_is_prefixed_char(unsigned c);
/* The length of a name without a prefix, or of an operator that is a word. */
size_t sddl_word_length(const char *at);

/* The operator on attributes or SIDs that stands here; before: its operand is behind it. */
const struct sddl_op *sddl_op_at(const char *at, bool before);
/* NULL: the code is not that of an operator. */
const struct sddl_op *sddl_op_of(uint8_t code);

/* The token at *at, which is before end; false: it does not fit. */
MUST_CHECK bool sddl_token_next(struct sddl_token *out, const uint8_t **at, const uint8_t *end);
/* What an operand can stand for; 0: it is malformed, or no operand. */
unsigned sddl_token_kinds(const struct sddl_token *t);
int64_t sddl_token_integer(const struct sddl_token *t);
