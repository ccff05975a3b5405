/* SPDX-License-Identifier: MIT */
/*
 * typed - conditions as a person types them, into conditions of the protocol.
 *
 * "--remote-port 80,443" and "--condition 'ip-remote-port >= 1024'" are both one struct typed. What
 * it means depends on the layer, so it is kept as text until the layer is known.  Every mistake is
 * one sentence that names the option, the field and what there is to choose from.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "model/catalogue.h"

struct Openwfp__FilterCondition;

#define TYPED_MAX   256u /* conditions in one command */
#define TYPED_MATCH MODEL_MATCHES

struct typed {
	const char *from;  /* "remote-port", for sentences */
	const char *field; /* a name, words.h */
	unsigned match;	   /* enum model_match; TYPED_MATCH: as the value and the field ask for */
	bool negated;	   /* only when match is TYPED_MATCH */
	const char *value;
};

/* 'FIELD OP VALUE', or 'FIELD is empty'.  ERR_INVALID_DATA: why says what was expected. */
MUST_CHECK wfp_err typed_split(struct arena *a, const char *text, struct typed *out,
			       struct buf *why);

struct typed_conditions {
	struct Openwfp__FilterCondition **conditions; /* in the arena */
	size_t n;
};

/*
 * ERR_INVALID_DATA: why says what is wrong.  Of several on one field any may match, as the platform
 * has it; so what is negated stands alone on its field, or would leave nothing out.
 */
MUST_CHECK wfp_err typed_resolve(struct arena *a, const struct model_layer *layer,
				 const struct typed *typed, size_t n, struct typed_conditions *out,
				 struct buf *why);

/* "== 443", ">= 1024": how typed_split takes it back. */
const char *typed_match_sign(unsigned match); /* NULL: it has none */
