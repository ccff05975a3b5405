/* SPDX-License-Identifier: MIT */
/*
 * The model tables and the public headers say the same: what is a constant is compared when this is
 * compiled, keys and the order of rows when it runs. Prints what is wrong and fails.
 */
#include <initguid.h>

#include <fwpmk.h>
#include <fwpsk.h>
#include <winerror.h>

#include <stdio.h>

#define UNWRAP(...)	       __VA_ARGS__

#define DATA_TYPE(name, value) _Static_assert(FWP_##name == (value), #name);
#include "model/tables/types.def"
#define MATCH(name, value) _Static_assert(FWP_MATCH_##name == (value), #name);
#include "model/tables/matches.def"
#define LAYER(id, name, guid, mode, flags, sublayer, display)                                      \
	_Static_assert(FWPS_LAYER_##name == (id), #name);
#include "model/tables/layers.def"
#undef LAYER
#define ERR(internal, name, code, status_name, status, meaning)                                    \
	_Static_assert((ULONG)(status_name) == (status), #name);
#include "base/err_codes.def"

struct key {
	const char *name;
	const GUID *public;
	GUID table;
};

static const struct key keys[] = {
#define LAYER(id, name, guid, mode, flags, sublayer, display)                                      \
	{#name, &FWPM_LAYER_##name, UNWRAP guid},
#include "model/tables/layers.def"
#define CONDITION(name, guid) {#name, &FWPM_CONDITION_##name, UNWRAP guid},
#include "model/tables/conditions.def"
#define SUBLAYER(name, guid, ...) {#name, &FWPM_SUBLAYER_##name, UNWRAP guid},
#include "model/tables/sublayers.def"
#define CALLOUT(name, guid, ...) {#name, &FWPM_CALLOUT_##name, UNWRAP guid},
#include "model/tables/callouts.def"
#define PROVIDER(name, guid, ...) {#name, &FWPM_PROVIDER_##name, UNWRAP guid},
#include "model/tables/providers.def"
};

struct field {
	int layer, index, old_index;
	const GUID *condition;
	const char *name;
	FWPM_FIELD_TYPE field_type;
	FWP_DATA_TYPE data_type;
};

static const struct field fields[] = {
#define FIELD(layer, index, old_index, condition, field_type, data_type)                           \
	{FWPS_LAYER_##layer,                                                                       \
	 index,                                                                                    \
	 old_index,                                                                                \
	 &FWPM_CONDITION_##condition,                                                              \
	 #layer "." #condition,                                                                    \
	 FWPM_FIELD_##field_type,                                                                  \
	 FWP_##data_type},
#include "model/tables/fields.def"
};

static int wrong;

static void complain(const char *what, const char *name)
{
	printf("wrong %s: %s\n", what, name);
	wrong = 1;
}

static void check_keys(void)
{
	for (size_t i = 0; i < ARRAYSIZE(keys); i++) {
		if (!IsEqualGUID(keys[i].public, &keys[i].table))
			complain("key", keys[i].name);
		for (size_t k = 0; k < i; k++) {
			if (IsEqualGUID(&keys[i].table, &keys[k].table))
				complain("key, not unique", keys[i].name);
		}
	}
}

/* Within a layer the indices of 2026 count from 0, rows without one come last, and those of 2024
 * count from 0 as well, in whatever order. */
static void check_fields(void)
{
	const struct field *f = fields, *end = fields + ARRAYSIZE(fields);

	while (f < end) {
		UINT64 old = 0;
		int layer = f->layer, next = 0;

		for (; f < end && f->layer == layer; f++) {
			if (f->index >= 0 && f->index != next++)
				complain("index", f->name);
			if (f->index < 0 && f + 1 < end && f[1].layer == layer && f[1].index >= 0)
				complain("order", f->name);
			if (f->old_index >= 0 && f->index >= 0 && f->index != f->old_index)
				complain("index, it moved", f->name);
			if (f->old_index >= 0)
				old |= 1ULL << f->old_index;
		}
		if (old & (old + 1))
			complain("index of 2024", f[-1].name);
		if (f < end && f->layer <= layer)
			complain("order of layers", f->name);
	}
}

int main(void)
{
	check_keys();
	check_fields();
	return wrong;
}
