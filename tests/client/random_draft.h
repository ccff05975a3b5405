/* SPDX-License-Identifier: MIT */
/*
 * random_draft - a random object of the rules, and the struct of the API that asks for it.
 */
#pragma once

#include "random_world.h"

struct draft {
	GUID key, provider;
	FWPM_DISPLAY_DATA0 names;
	uint32_t flags;
	uint64_t weight;
	FWP_RANGE0 range;
	FWPM_FILTER_CONDITION0 conditions[4];
	FWP_BYTE_BLOB blob;
	UINT8 byte;
	union {
		FWPM_PROVIDER0 provider;
		FWPM_PROVIDER_CONTEXT0 context;
		FWPM_SUBLAYER0 sublayer;
		FWPM_CALLOUT0 callout;
		FWPM_FILTER0 filter;
	} as;
};

static void draft_conditions(struct draft *d, const struct thing *t)
{
	FWPM_FILTER_CONDITION0 *c = d->conditions;

	if (t->shape & SHAPE_REMOTE_PORT)
		*c++ = (FWPM_FILTER_CONDITION0){
			.fieldKey = FWPM_CONDITION_IP_REMOTE_PORT,
			.conditionValue = {.type = FWP_UINT16, .uint16 = (UINT16)t->port}};
	if (t->shape & SHAPE_PROTOCOL)
		*c++ = (FWPM_FILTER_CONDITION0){.fieldKey = FWPM_CONDITION_IP_PROTOCOL,
						.conditionValue = {.type = FWP_UINT8, .uint8 = 6}};
	if (t->shape & SHAPE_REMOTE_ADDRESS)
		*c++ = (FWPM_FILTER_CONDITION0){
			.fieldKey = FWPM_CONDITION_IP_REMOTE_ADDRESS,
			.conditionValue = {.type = FWP_UINT32, .uint32 = 0x0a000000 + any(1000)}};
	d->range = (FWP_RANGE0){{.type = FWP_UINT16, .uint16 = 1000},
				{.type = FWP_UINT16, .uint16 = 1999}};
	if (t->shape & SHAPE_LOCAL_PORT)
		*c++ = (FWPM_FILTER_CONDITION0){
			.fieldKey = FWPM_CONDITION_IP_LOCAL_PORT,
			.matchType = FWP_MATCH_RANGE,
			.conditionValue = {.type = FWP_RANGE_TYPE, .rangeValue = &d->range}};
	d->as.filter.numFilterConditions = (UINT32)(c - d->conditions);
	d->as.filter.filterCondition = d->conditions;
}

static void draft_filter(struct draft *d, const struct thing *t)
{
	FWPM_FILTER0 *f = &d->as.filter;

	*f = (FWPM_FILTER0){.filterKey = d->key,
			    .displayData = d->names,
			    .flags = d->flags,
			    .layerKey = *layer_guid(t->layer),
			    .action = {.type = t->action}};
	if (t->uses[PROVIDER] != NOBODY)
		f->providerKey = &d->provider;
	if (t->uses[SUBLAYER] != NOBODY)
		f->subLayerKey = key_guid(SUBLAYER, (unsigned)t->uses[SUBLAYER]);
	if (t->uses[CALLOUT] != NOBODY)
		f->action.calloutKey = key_guid(CALLOUT, (unsigned)t->uses[CALLOUT]);
	if (t->uses[CONTEXT] != NOBODY)
		f->providerContextKey = key_guid(CONTEXT, (unsigned)t->uses[CONTEXT]);
	d->weight = t->asked_weight;
	if (t->weight_kind == WEIGHT_RANGE)
		f->weight = (FWP_VALUE0){.type = FWP_UINT8, .uint8 = (UINT8)t->asked_weight};
	if (t->weight_kind == WEIGHT_EXACT)
		f->weight = (FWP_VALUE0){.type = FWP_UINT64, .uint64 = &d->weight};
	draft_conditions(d, t);
}

static void draft(struct draft *d, unsigned kind, unsigned key, const struct thing *t,
		  uint32_t more_flags)
{
	GUID *provider = t->uses[PROVIDER] == NOBODY ? NULL : &d->provider;

	*d = (struct draft){.key = key_guid(kind, key),
			    .names = {.name = (WCHAR *)(uintptr_t)L"random"},
			    .flags = flags_of(kind, t) | more_flags};
	d->blob = (FWP_BYTE_BLOB){1, &d->byte};
	if (provider)
		d->provider = key_guid(PROVIDER, (unsigned)t->uses[PROVIDER]);
	if (kind == PROVIDER)
		d->as.provider = (FWPM_PROVIDER0){d->key, d->names, d->flags};
	if (kind == CONTEXT)
		d->as.context = (FWPM_PROVIDER_CONTEXT0){.providerContextKey = d->key,
							 .displayData = d->names,
							 .flags = d->flags,
							 .providerKey = provider,
							 .type = FWPM_GENERAL_CONTEXT,
							 .dataBuffer = &d->blob};
	if (kind == SUBLAYER)
		d->as.sublayer = (FWPM_SUBLAYER0){.subLayerKey = d->key,
						  .displayData = d->names,
						  .flags = d->flags,
						  .providerKey = provider,
						  .weight = t->weight};
	if (kind == CALLOUT)
		d->as.callout = (FWPM_CALLOUT0){.calloutKey = d->key,
						.displayData = d->names,
						.flags = d->flags,
						.providerKey = provider,
						.applicableLayer = *layer_guid(t->layer)};
	if (kind == FILTER)
		draft_filter(d, t);
}

/* Mostly something that is there. */
static int random_use(unsigned kind)
{
	unsigned key = any(KEYS);

	for (unsigned i = 0; i < 4 && !run.rules.now.t[kind][key].there; i++)
		key = any(KEYS);
	return (int)key;
}

static struct thing random_filter(struct thing t)
{
	static const uint32_t plain[] = {FWP_ACTION_BLOCK, FWP_ACTION_PERMIT};
	static const uint32_t with[] = {FWP_ACTION_CALLOUT_TERMINATING,
					FWP_ACTION_CALLOUT_INSPECTION};

	t.action = t.uses[CALLOUT] == NOBODY ? plain[any(2)] : with[any(2)];
	t.shape = any(SHAPES);
	t.port = 1 + any(3);
	t.weight_kind = (enum weight_kind)any(3);
	t.asked_weight = t.weight_kind == WEIGHT_RANGE ? any(16)
			 : once_in(2)		       ? any(3) /* so that there are equal ones */
						       : rng_u64(&run.rng) >> any(64);
	return t;
}

static struct thing random_thing(unsigned m, unsigned kind)
{
	static const uint16_t weights[] = {0, 1, 100, 101, 32767, 32768, 65535, 65534};
	const struct member *member = &run.rules.member[m];
	struct thing t = {.there = true,
			  .life = member->dynamic ? DYNAMIC : STATIC,
			  .owner = member->number,
			  .uses = {NOBODY, NOBODY, NOBODY, NOBODY, NOBODY},
			  .layer = any(LAYERS),
			  .weight = weights[any(ARRAY_LEN(weights))]};

	for (unsigned k = PROVIDER; k < FILTER; k++)
		if ((kind == FILTER || (k == PROVIDER && kind != PROVIDER)) && once_in(2))
			t.uses[k] = random_use(k);
	if (member->dynamic ? once_in(32) : once_in(2))
		t.life = kind == FILTER && once_in(3) ? BOOTTIME : PERSISTENT;
	return kind == FILTER ? random_filter(t) : t;
}
