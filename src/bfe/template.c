/* SPDX-License-Identifier: MIT */
/*
 * template - compiling a template into a matcher, and asking the matcher.
 *
 * The conditions of a filter's template are checked by making a filter of them, so a template can
 * ask for exactly what a filter can say.  A filter contains the conditions when, field by field,
 * every value that they allow is one of the filter's; it overlaps when some value is.  A field that
 * the filter does not look at allows everything, and so does one that the template leaves out.
 */
#include "bfe/template.h"

#include "base/mem.h"
#include "bfe/predicate.h"
#include "model/catalogue.h"

#define FLAGS_ALL                                                                                  \
	(BFE_ENUM_BEST_TERMINATING_MATCH | BFE_ENUM_SORTED | BFE_ENUM_BOOTTIME_ONLY |              \
	 BFE_ENUM_INCLUDE_BOOTTIME | BFE_ENUM_INCLUDE_DISABLED)
#define ACTION_FLAG_CALLOUT 0x4000u

/* [I] everything */
struct bfe_matcher {
	struct bfe_template t;	     /* its pointers are not used */
	struct model_filter *shape;  /* carries the conditions; NULL: none */
	struct bfe_matcher *context; /* NULL: any */
};

/* ---- compiling --------------------------------------------------------------------------------
 */

static wfp_err check_conditions(const struct model_filter *shape)
{
	for (uint32_t i = 0; i < shape->n_conditions; i++) {
		const struct model_condition *c = &shape->conditions[i];

		if (i > 0 && c[-1].field == c->field)
			return ERR_DUPLICATE_CONDITION;
		if (bfe_predicate_empty(c))
			return ERR_NEVER_MATCH;
	}
	return ERR_OK;
}

static wfp_err compile_conditions(struct bfe_matcher *m, const struct bfe_template *t)
{
	char name[] = "template";
	struct model_filter draft = {
		.layer = t->layer,
		.action = MODEL_ACTION_PERMIT,
		.name = name,
		.n_conditions = t->n_conditions,
		.conditions = (struct model_condition *)(uintptr_t)t->conditions,
	};
	wfp_err err;

	if (t->any_layer)
		return ERR_LAYER_NOT_FOUND;
	err = model_filter_create(&m->shape, &draft);
	return err ? err : check_conditions(m->shape);
}

static wfp_err check_filter_template(const struct bfe_template *t)
{
	if (t->enum_type > BFE_ENUM_OVERLAPPING)
		return ERR_INVALID_ENUMERATOR;
	if (t->flags & ~FLAGS_ALL)
		return ERR_INVALID_FLAGS;
	if (t->action_mask == ACTION_FLAG_CALLOUT && guid_is_zero(&t->callout))
		return ERR_NULL_POINTER;
	return ERR_OK;
}

static wfp_err check_template(const struct bfe_template *t)
{
	bool has_layer = t->kind == MODEL_FILTER || t->kind == MODEL_CALLOUT;

	if (t->kind >= MODEL_KINDS)
		return ERR_INVALID_ENUMERATOR;
	if (has_layer && !t->any_layer && !model_layer_by_id(t->layer))
		return ERR_LAYER_NOT_FOUND;
	if (t->kind == MODEL_PROVIDER_CONTEXT && !t->any_context_type &&
	    t->context_type >= MODEL_CONTEXT_TYPES)
		return ERR_INVALID_ENUMERATOR;
	return t->kind == MODEL_FILTER ? check_filter_template(t) : ERR_OK;
}

static wfp_err compile_filter_template(struct bfe_matcher *m, const struct bfe_template *t)
{
	wfp_err err = t->n_conditions ? compile_conditions(m, t) : ERR_OK;

	if (err || !t->context)
		return err;
	if (t->context->kind != MODEL_PROVIDER_CONTEXT)
		return ERR_INVALID_ENUMERATOR;
	return bfe_template_compile(&m->context, t->context);
}

wfp_err bfe_template_compile(struct bfe_matcher **out, const struct bfe_template *t)
{
	struct bfe_matcher *m;
	wfp_err err = check_template(t);

	if (err)
		return err;
	m = mem_zalloc(sizeof(*m));
	if (!m)
		return ERR_NO_MEMORY;
	m->t = *t;
	if (t->kind == MODEL_FILTER)
		err = compile_filter_template(m, t);
	if (err) {
		bfe_matcher_free(m);
		return err;
	}
	*out = m;
	return ERR_OK;
}

void bfe_matcher_free(struct bfe_matcher *m)
{
	if (!m)
		return;
	bfe_matcher_free(m->context);
	model_filter_put(m->shape);
	mem_free(m);
}

/* ---- asking -----------------------------------------------------------------------------------
 */

/* The filter's conditions on one field; both lists are sorted by field. *first: if there are any.
 */
static uint32_t conditions_on(const struct model_filter *f, int16_t field,
			      const struct model_condition **first)
{
	uint32_t i = 0, n = 0;

	while (i < f->n_conditions && f->conditions[i].field < field)
		i++;
	while (i + n < f->n_conditions && f->conditions[i + n].field == field)
		n++;
	if (n) /* a filter without conditions has no list */
		*first = &f->conditions[i];
	return n;
}

static const struct model_condition *shape_on(const struct model_filter *shape, int16_t field)
{
	for (uint32_t i = 0; i < shape->n_conditions; i++)
		if (shape->conditions[i].field == field)
			return &shape->conditions[i];
	return NULL;
}

static bool overlaps(const struct model_filter *shape, const struct model_filter *f)
{
	for (uint32_t i = 0; i < shape->n_conditions; i++) {
		const struct model_condition *of;
		uint32_t n = conditions_on(f, shape->conditions[i].field, &of);

		if (n && !bfe_predicate_meets(&shape->conditions[i], of, n))
			return false;
	}
	return true;
}

static bool contains(const struct model_filter *shape, const struct model_filter *f)
{
	for (uint32_t i = 0; i < f->n_conditions;) {
		const struct model_condition *of = &f->conditions[i];
		const struct model_condition *t = shape_on(shape, of->field);
		uint32_t n = 0;

		while (i < f->n_conditions && f->conditions[i].field == of->field) {
			i++;
			n++;
		}
		if (!t || !bfe_predicate_inside(t, of, n))
			return false;
	}
	return true;
}

static bool conditions_match(const struct bfe_matcher *m, const struct model_filter *f)
{
	if (!m->shape)
		return true;
	return m->t.enum_type == BFE_ENUM_OVERLAPPING ? overlaps(m->shape, f)
						      : contains(m->shape, f);
}

bool bfe_filter_terminates(const struct model_filter *f)
{
	return f->action == MODEL_ACTION_PERMIT || f->action == MODEL_ACTION_BLOCK ||
	       f->action == MODEL_ACTION_CALLOUT_TERMINATING ||
	       f->action == MODEL_ACTION_CALLOUT_UNKNOWN;
}

static bool state_matches(uint32_t asked, uint32_t flags)
{
	if (asked & BFE_ENUM_BOOTTIME_ONLY)
		return flags & MODEL_FILTER_BOOTTIME;
	if (flags & MODEL_FILTER_BOOTTIME && !(asked & BFE_ENUM_INCLUDE_BOOTTIME))
		return false;
	return !(flags & MODEL_FILTER_DISABLED) || asked & BFE_ENUM_INCLUDE_DISABLED;
}

static bool action_matches(const struct bfe_template *t, const struct model_filter *f)
{
	if (t->action_mask != BFE_ENUM_ANY_ACTION && !(f->action & t->action_mask))
		return false;
	if (guid_is_zero(&t->callout))
		return true;
	return MODEL_ACTION_IS_CALLOUT(f->action) && guid_equal(&f->callout, &t->callout);
}

static bool filter_matches(const struct bfe_matcher *m, const struct model_filter *f,
			   const struct model_object *context)
{
	const struct bfe_template *t = &m->t;

	if (!t->any_layer && f->layer != t->layer)
		return false;
	if (!state_matches(t->flags, f->flags) || !action_matches(t, f))
		return false;
	if (t->flags & BFE_ENUM_BEST_TERMINATING_MATCH && !bfe_filter_terminates(f))
		return false;
	if (m->context && !(context && bfe_matcher_accepts(m->context, context, NULL)))
		return false;
	return conditions_match(m, f);
}

bool bfe_matcher_accepts(const struct bfe_matcher *m, const struct model_object *o,
			 const struct model_object *context)
{
	const struct bfe_template *t = &m->t;

	if (o->kind != t->kind)
		return false;
	if (!guid_is_zero(&t->provider) && !guid_equal(&t->provider, &o->provider))
		return false;
	switch (o->kind) {
	case MODEL_PROVIDER_CONTEXT:
		return t->any_context_type || o->context_type == t->context_type;
	case MODEL_CALLOUT:
		return t->any_layer || o->layer == t->layer;
	case MODEL_FILTER:
		return filter_matches(m, o->filter, context);
	default:
		return true;
	}
}

bool bfe_matcher_layer(const struct bfe_matcher *m, uint16_t *layer)
{
	if (m->t.kind != MODEL_FILTER && m->t.kind != MODEL_CALLOUT)
		return false;
	*layer = m->t.layer;
	return !m->t.any_layer;
}

enum model_kind bfe_matcher_kind(const struct bfe_matcher *m)
{
	return m->t.kind;
}

uint32_t bfe_matcher_flags(const struct bfe_matcher *m)
{
	return m->t.flags;
}

struct guid bfe_matcher_provider(const struct bfe_matcher *m)
{
	return m->t.provider;
}
