/* SPDX-License-Identifier: MIT */
/*
 * app - counted application ids; see app.h.
 */
#include "model/app.h"

#include "base/mem.h"

#include <string.h>

wfp_err model_app_create(struct model_app **out, const void *bytes, uint32_t size)
{
	struct model_app *a = mem_alloc(sizeof(*a) + size);

	if (!a)
		return ERR_NO_MEMORY;
	atom32_init(&a->refs, 1);
	a->blob = (struct model_blob){.size = size, .data = a->bytes};
	memcpy(a->bytes, bytes, size);
	*out = a;
	return ERR_OK;
}

struct model_app *model_app_get(struct model_app *a)
{
	if (a)
		atom32_add(&a->refs, 1);
	return a;
}

void model_app_put(struct model_app *a)
{
	if (a && atom32_sub(&a->refs, 1) == 0)
		mem_free(a);
}
