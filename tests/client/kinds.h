/* SPDX-License-Identifier: MIT */
/*
 * kinds - the five kinds of objects behind one table, so that a test can choose among them.
 *
 * Keys are made from kind and number; what comes back is told apart from what is built in by them.
 */
#pragma once

#define INITGUID
#include "real_engine.h"
#include "rules.h"

#define OWN_MARK 0x7357u

static GUID key_guid(unsigned kind, unsigned key)
{
	return (GUID){kind * 100 + key, OWN_MARK, 1, {1, 2, 3, 4, 5, 6, 7, 8}};
}

/* The key's number, or NOBODY. */
static int key_number(const GUID *key, unsigned kind)
{
	return key && key->Data2 == OWN_MARK && key->Data1 / 100 == kind ? (int)(key->Data1 % 100)
									 : NOBODY;
}

/* What an object shows of itself. */
struct shown {
	GUID key;
	int provider;
	uint64_t id, weight;
	uint32_t flags;
	GUID layer;
	const FWPM_FILTER0 *filter;
};

static void show_provider(const void *p, struct shown *s)
{
	const FWPM_PROVIDER0 *o = p;

	*s = (struct shown){.key = o->providerKey, .flags = o->flags, .provider = NOBODY};
}

static void show_context(const void *p, struct shown *s)
{
	const FWPM_PROVIDER_CONTEXT0 *o = p;

	*s = (struct shown){.key = o->providerContextKey,
			    .provider = key_number(o->providerKey, PROVIDER),
			    .flags = o->flags,
			    .id = o->providerContextId};
}

static void show_sublayer(const void *p, struct shown *s)
{
	const FWPM_SUBLAYER0 *o = p;

	*s = (struct shown){.key = o->subLayerKey,
			    .provider = key_number(o->providerKey, PROVIDER),
			    .flags = o->flags,
			    .weight = o->weight};
}

static void show_callout(const void *p, struct shown *s)
{
	const FWPM_CALLOUT0 *o = p;

	*s = (struct shown){.key = o->calloutKey,
			    .provider = key_number(o->providerKey, PROVIDER),
			    .flags = o->flags,
			    .layer = o->applicableLayer,
			    .id = o->calloutId};
}

static void show_filter(const void *p, struct shown *s)
{
	const FWPM_FILTER0 *o = p;

	CHECK_EQ_U(o->effectiveWeight.type, FWP_UINT64);
	*s = (struct shown){.key = o->filterKey,
			    .provider = key_number(o->providerKey, PROVIDER),
			    .flags = o->flags,
			    .layer = o->layerKey,
			    .id = o->filterId,
			    .weight = *o->effectiveWeight.uint64,
			    .filter = o};
}

/* ---- callbacks ------------------------------------------------------------------------------- */

/* Of one subscription, by the callback thread of its session. */
static void heard(void *context, uint32_t type, const GUID *key, uint64_t id);

#define HEAR(name, NAME, KEY, ID)                                                                  \
	static void CALLBACK hear_##name(void *context, const FWPM_##NAME##_CHANGE0 *c)            \
	{                                                                                          \
		heard(context, c->changeType, &c->KEY, ID);                                        \
	}

HEAR(provider, PROVIDER, providerKey, 0)
HEAR(context, PROVIDER_CONTEXT, providerContextKey, c->providerContextId)
HEAR(sublayer, SUBLAYER, subLayerKey, 0)
HEAR(callout, CALLOUT, calloutKey, c->calloutId)
HEAR(filter, FILTER, filterKey, c->filterId)

/* ---- the table ------------------------------------------------------------------------------- */

struct kind_calls {
	const char *name;
	DWORD (*add)(HANDLE h, const void *object, uint64_t *id);
	DWORD (*get)(HANDLE h, const GUID *key, void **out);
	DWORD (*get_id)(HANDLE h, uint64_t id, void **out); /* NULL: has none */
	DWORD (*delete)(HANDLE h, const GUID *key);
	DWORD (*delete_id)(HANDLE h, uint64_t id);
	DWORD (*enum_create)(HANDLE h, const void *template, HANDLE *out);
	DWORD (*enum_next)(HANDLE h, HANDLE e, UINT32 max, void ***entries, UINT32 *n);
	DWORD (*enum_destroy)(HANDLE h, HANDLE e);
	DWORD (*security_get)(HANDLE h, const GUID *key, PACL *dacl, PSECURITY_DESCRIPTOR *sd);
	DWORD (*security_set)(HANDLE h, const GUID *key, const ACL *dacl);
	DWORD (*subscribe)(HANDLE h, void *template, UINT32 flags, void *context, HANDLE *out);
	DWORD (*unsubscribe)(HANDLE h, HANDLE change);
	void (*show)(const void *object, struct shown *s);
};

#define KIND_CALLS(name, Name, NAME)                                                               \
	static DWORD name##_get(HANDLE h, const GUID *key, void **out)                             \
	{                                                                                          \
		return Fwpm##Name##GetByKey0(h, key, (FWPM_##NAME##0 **)out);                      \
	}                                                                                          \
	static DWORD name##_delete(HANDLE h, const GUID *key)                                      \
	{                                                                                          \
		return Fwpm##Name##DeleteByKey0(h, key);                                           \
	}                                                                                          \
	static DWORD name##_enum_create(HANDLE h, const void *template, HANDLE *out)               \
	{                                                                                          \
		return Fwpm##Name##CreateEnumHandle0(h, template, out);                            \
	}                                                                                          \
	static DWORD name##_enum_next(HANDLE h, HANDLE e, UINT32 max, void ***entries, UINT32 *n)  \
	{                                                                                          \
		return Fwpm##Name##Enum0(h, e, max, (FWPM_##NAME##0 ***)entries, n);               \
	}                                                                                          \
	static DWORD name##_enum_destroy(HANDLE h, HANDLE e)                                       \
	{                                                                                          \
		return Fwpm##Name##DestroyEnumHandle0(h, e);                                       \
	}                                                                                          \
	static DWORD name##_security_get(HANDLE h, const GUID *key, PACL *dacl,                    \
					 PSECURITY_DESCRIPTOR *sd)                                 \
	{                                                                                          \
		return Fwpm##Name##GetSecurityInfoByKey0(h, key, DACL_SECURITY_INFORMATION, NULL,  \
							 NULL, dacl, NULL, sd);                    \
	}                                                                                          \
	static DWORD name##_security_set(HANDLE h, const GUID *key, const ACL *dacl)               \
	{                                                                                          \
		return Fwpm##Name##SetSecurityInfoByKey0(h, key, DACL_SECURITY_INFORMATION, NULL,  \
							 NULL, dacl, NULL);                        \
	}                                                                                          \
	static DWORD name##_subscribe(HANDLE h, void *template, UINT32 flags, void *context,       \
				      HANDLE *out)                                                 \
	{                                                                                          \
		FWPM_##NAME##_SUBSCRIPTION0 wish = {.enumTemplate = template, .flags = flags};     \
                                                                                                   \
		return Fwpm##Name##SubscribeChanges0(h, &wish, hear_##name, context, out);         \
	}                                                                                          \
	static DWORD name##_unsubscribe(HANDLE h, HANDLE change)                                   \
	{                                                                                          \
		return Fwpm##Name##UnsubscribeChanges0(h, change);                                 \
	}

#define KIND_IDS(name, Name, NAME, ID)                                                             \
	static DWORD name##_get_id(HANDLE h, uint64_t id, void **out)                              \
	{                                                                                          \
		return Fwpm##Name##GetById0(h, (ID)id, (FWPM_##NAME##0 **)out);                    \
	}                                                                                          \
	static DWORD name##_delete_id(HANDLE h, uint64_t id)                                       \
	{                                                                                          \
		return Fwpm##Name##DeleteById0(h, (ID)id);                                         \
	}                                                                                          \
	static DWORD name##_add(HANDLE h, const void *object, uint64_t *id)                        \
	{                                                                                          \
		ID given = 0;                                                                      \
		DWORD err = Fwpm##Name##Add0(h, object, NULL, &given);                             \
                                                                                                   \
		*id = given;                                                                       \
		return err;                                                                        \
	}

#define KIND_NO_IDS(name, Name)                                                                    \
	static DWORD name##_add(HANDLE h, const void *object, uint64_t *id)                        \
	{                                                                                          \
		*id = 0;                                                                           \
		return Fwpm##Name##Add0(h, object, NULL);                                          \
	}

KIND_CALLS(provider, Provider, PROVIDER)
KIND_CALLS(context, ProviderContext, PROVIDER_CONTEXT)
KIND_CALLS(sublayer, SubLayer, SUBLAYER)
KIND_CALLS(callout, Callout, CALLOUT)
KIND_CALLS(filter, Filter, FILTER)
KIND_IDS(context, ProviderContext, PROVIDER_CONTEXT, UINT64)
KIND_IDS(callout, Callout, CALLOUT, UINT32)
KIND_IDS(filter, Filter, FILTER, UINT64)
KIND_NO_IDS(provider, Provider)
KIND_NO_IDS(sublayer, SubLayer)

#define KIND_ROW(name, ...)                                                                        \
	{                                                                                          \
#name, name##_add,                                                                 \
			.get = name##_get, .delete = name##_delete,                                \
			.enum_create = name##_enum_create, .enum_next = name##_enum_next,          \
			.enum_destroy = name##_enum_destroy, .security_get = name##_security_get,  \
			.security_set = name##_security_set, .subscribe = name##_subscribe,        \
			.unsubscribe = name##_unsubscribe, .show = show_##name, __VA_ARGS__        \
	}
#define KIND_ROW_IDS(name) KIND_ROW(name, .get_id = name##_get_id, .delete_id = name##_delete_id)

static const struct kind_calls kind_calls[KINDS] = {
	[PROVIDER] = KIND_ROW(provider), [CONTEXT] = KIND_ROW_IDS(context),
	[SUBLAYER] = KIND_ROW(sublayer), [CALLOUT] = KIND_ROW_IDS(callout),
	[FILTER] = KIND_ROW_IDS(filter),
};
