/* SPDX-License-Identifier: MIT */
/*
 * platform_filters - the scenario's own filters, and those of the drivers by who added them.
 *
 * Ids of filters only grow: what is above the highest one before was added since.
 * Called in prepare, and by disturbances on their threads.
 */
#include "explore/platform_world.h"

#include "model/catalogue.h"

#include <stdio.h>

static const struct bfe_template all_filters = {
	.kind = MODEL_FILTER,
	.any_layer = true,
	.flags = BFE_ENUM_INCLUDE_DISABLED,
	.enum_type = BFE_ENUM_OVERLAPPING,
	.action_mask = BFE_ENUM_ANY_ACTION,
};

static void note(struct platform_world *w, uint64_t id, uint32_t driver)
{
	if (driver < SCENARIO_DRIVERS && w->n_filters < PLATFORM_FILTERS)
		w->filters[w->n_filters++] = (struct platform_filter){.id = id, .driver = driver};
}

wfp_err platform_filters_note(struct platform_world *w, uint32_t driver)
{
	const uint64_t before = w->last_filter;
	struct model_object *o;
	struct bfe_enum *e;
	wfp_err err = bfe_enum_create(w->session, &all_filters, &e);

	if (err)
		return err;
	while ((o = bfe_enum_next(e))) {
		if (o->id > before)
			note(w, o->id, driver);
		if (o->id > w->last_filter)
			w->last_filter = o->id;
		model_object_put(o);
	}
	bfe_enum_destroy(e);
	return ERR_OK;
}

/* The key of the sublayer with this weight, the same in each run. */
static struct guid sublayer_key(uint16_t weight)
{
	return (struct guid){.a = 0x73636e00, .b = weight};
}

static wfp_err add_sublayer(struct platform_world *w, uint16_t weight)
{
	char name[] = "scenario";
	struct model_object draft = {.kind = MODEL_SUBLAYER,
				     .key = sublayer_key(weight),
				     .name = name,
				     .weight = weight};
	wfp_err err = bfe_object_add(w->session, &draft, NULL, NULL);

	return err == ERR_ALREADY_EXISTS ? ERR_OK : err;
}

static wfp_err add_filter(struct platform_world *w, const struct scenario_filter *f)
{
	char name[] = "scenario";
	struct model_filter filter = {
		.layer = model_layer_by_name(f->layer)->id,
		.action = f->permit ? MODEL_ACTION_PERMIT : MODEL_ACTION_BLOCK,
		.name = name,
	};
	const struct model_object draft = {.kind = MODEL_FILTER, .name = name, .filter = &filter};
	wfp_err err = ERR_OK;

	if (f->has_weight) {
		filter.requested_weight.type = MODEL_UINT64;
		filter.requested_weight.u64 = &f->weight;
	}
	if (f->has_sublayer) {
		filter.sublayer = sublayer_key(f->sublayer);
		err = add_sublayer(w, f->sublayer);
	}
	return err ? err : bfe_object_add(w->session, &draft, NULL, NULL);
}

wfp_err platform_filters_add(struct platform_world *w, struct buf *why)
{
	const struct scenario *s = w->scenario;
	wfp_err err = ERR_OK;

	for (uint32_t i = 0; !err && i < s->n_filters; i++) {
		err = add_filter(w, &s->filters[i]);
		if (err)
			buf_printf(why, "line %u: the filter cannot be added: %s",
				   s->filters[i].line, err_text(err));
	}
	return err;
}

/* That it cannot be added, for want of memory or because the engine stops, is no finding. */
void platform_filters_add_permit(struct platform_world *w, const char *layer)
{
	const struct scenario_filter f = {.layer = layer, .permit = true};

	(void)!add_filter(w, &f);
}

/*
 * As the program that added them would.  One that is gone already, with its driver's session, is as
 * good as deleted.
 */
void platform_filters_delete(struct platform_world *w, uint32_t driver)
{
	for (uint32_t i = 0; i < w->n_filters; i++)
		if (w->filters[i].driver == driver)
			(void)!bfe_object_delete_by_id(w->session, MODEL_FILTER, w->filters[i].id);
}
