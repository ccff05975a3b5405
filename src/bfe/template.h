/* SPDX-License-Identifier: MIT */
/*
 * template - what an enumeration or a subscription asks for, and which objects that are.
 *
 * Follows the pages of FWPM_*_ENUM_TEMPLATE0.  A template is compiled once, with all its errors,
 * and then asked about objects on any thread; it takes no lock and allocates nothing then.
 */
#pragma once

#include "model/object.h"

enum bfe_enum_type { BFE_ENUM_FULLY_CONTAINED, BFE_ENUM_OVERLAPPING };
#define BFE_ENUM_BEST_TERMINATING_MATCH 0x1u
#define BFE_ENUM_SORTED			0x2u
#define BFE_ENUM_BOOTTIME_ONLY		0x4u
#define BFE_ENUM_INCLUDE_BOOTTIME	0x8u
#define BFE_ENUM_INCLUDE_DISABLED	0x10u
#define BFE_ENUM_ANY_ACTION		0xffffffffu

/* Each kind looks at the members that its template of the API has. */
struct bfe_template {
	enum model_kind kind;
	struct guid provider; /* zero: any */
	bool any_layer;	      /* callouts, filters: else layer counts */
	uint16_t layer;
	struct guid callout;   /* filters; zero: any */
	bool any_context_type; /* contexts: else context_type counts */
	uint32_t context_type;
	/* filters only */
	uint32_t enum_type; /* enum bfe_enum_type */
	uint32_t flags;	    /* BFE_ENUM_* */
	uint32_t action_mask;
	uint32_t n_conditions;
	const struct model_condition *conditions; /* as drafts: key, match, value */
	const struct bfe_template *context;	  /* of the filter's provider context; NULL: any */
};

struct bfe_matcher;

/*
 * Copies what the template points to.  Errors: those of a filter's conditions,
 * FWP_E_DUPLICATE_CONDITION (two on one field), FWP_E_NEVER_MATCH (no value satisfies one),
 * FWP_E_LAYER_NOT_FOUND (conditions need a layer), FWP_E_INVALID_ENUMERATOR, FWP_E_INVALID_FLAGS,
 * FWP_E_NULL_POINTER (the action mask asks for callouts alone and names none).
 */
MUST_CHECK wfp_err bfe_template_compile(struct bfe_matcher **out, const struct bfe_template *t);
void bfe_matcher_free(struct bfe_matcher *m); /* NULL is fine */

/* context: the provider context that a filter refers to, NULL: none. */
bool bfe_matcher_accepts(const struct bfe_matcher *m, const struct model_object *o,
			 const struct model_object *context);
/* For walking less than everything: false from layer when any layer is asked for. */
bool bfe_matcher_layer(const struct bfe_matcher *m, uint16_t *layer);
enum model_kind bfe_matcher_kind(const struct bfe_matcher *m);
uint32_t bfe_matcher_flags(const struct bfe_matcher *m);
struct guid bfe_matcher_provider(const struct bfe_matcher *m);

/* Can this filter end its sublayer's search: does it permit, block or call a callout that does? */
bool bfe_filter_terminates(const struct model_filter *f);
