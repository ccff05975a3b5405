/* SPDX-License-Identifier: MIT */
/*
 * engine - a session, a transaction, one's own objects: what each of the examples does with the
 * engine. Called by the main thread of each example.
 */
#include "common.h"

#include <string.h>

/* ---- the engine ------------------------------------------------------------------------------ */

DWORD open_engine(const WCHAR *name, UINT32 flags, HANDLE *engine)
{
	FWPM_SESSION0 session = {0};

	session.displayData.name = (WCHAR *)name;
	session.flags = flags;
	return check("open the engine",
		     FwpmEngineOpen0(NULL, RPC_C_AUTHN_DEFAULT, NULL, &session, engine));
}

DWORD in_transaction(HANDLE engine, change_fn *change, void *ctx)
{
	DWORD result = check("begin a transaction", FwpmTransactionBegin0(engine, 0));

	if (result)
		return result;
	result = change(engine, ctx);
	if (!result)
		return check("commit", FwpmTransactionCommit0(engine));
	FwpmTransactionAbort0(engine);
	return result;
}

/* ---- what a program owns ----------------------------------------------------------------------
 */

DWORD add_owner(HANDLE engine, const struct owner *o)
{
	FWPM_PROVIDER0 provider = {0};
	FWPM_SUBLAYER0 sublayer = {0};
	DWORD result;

	provider.providerKey = *o->provider;
	provider.displayData.name = (WCHAR *)o->name;
	provider.flags = o->persistent ? FWPM_PROVIDER_FLAG_PERSISTENT : 0;
	result = FwpmProviderAdd0(engine, &provider, NULL);
	if (result && !(o->may_exist && IS_CODE(result, FWP_E_ALREADY_EXISTS)))
		return check("add the provider", result);
	sublayer.subLayerKey = *o->sublayer;
	sublayer.displayData.name = (WCHAR *)o->name;
	sublayer.flags = o->persistent ? FWPM_SUBLAYER_FLAG_PERSISTENT : 0;
	sublayer.providerKey = (GUID *)o->provider;
	sublayer.weight = o->weight;
	result = FwpmSubLayerAdd0(engine, &sublayer, NULL);
	if (result && !(o->may_exist && IS_CODE(result, FWP_E_ALREADY_EXISTS)))
		return check("add the sublayer", result);
	return ERROR_SUCCESS;
}

DWORD remove_owner(HANDLE engine, const struct owner *o)
{
	DWORD result = FwpmSubLayerDeleteByKey0(engine, o->sublayer);

	if (result && !IS_CODE(result, FWP_E_SUBLAYER_NOT_FOUND))
		return check("delete the sublayer", result);
	result = FwpmProviderDeleteByKey0(engine, o->provider);
	if (result && !IS_CODE(result, FWP_E_PROVIDER_NOT_FOUND))
		return check("delete the provider", result);
	return ERROR_SUCCESS;
}

#define PAGE 256u

static DWORD each_filter_at(HANDLE engine, const GUID *provider, const GUID *layer,
			    filter_fn *visit, void *ctx)
{
	FWPM_FILTER_ENUM_TEMPLATE0 template = {0};
	FWPM_FILTER0 **filters;
	HANDLE all;
	UINT32 n = PAGE;
	DWORD result;

	template.providerKey = (GUID *)provider;
	template.layerKey = *layer;
	template.enumType = FWP_FILTER_ENUM_OVERLAPPING;
	template.flags =
		FWP_FILTER_ENUM_FLAG_INCLUDE_BOOTTIME | FWP_FILTER_ENUM_FLAG_INCLUDE_DISABLED;
	template.actionMask = 0xFFFFFFFF;
	result = check("list the filters", FwpmFilterCreateEnumHandle0(engine, &template, &all));
	if (result)
		return result;
	while (!result && n == PAGE) {
		result =
			check("list the filters", FwpmFilterEnum0(engine, all, PAGE, &filters, &n));
		if (result)
			break;
		for (UINT32 i = 0; !result && i < n; i++)
			result = visit(engine, filters[i], ctx);
		FwpmFreeMemory0((void **)&filters);
	}
	FwpmFilterDestroyEnumHandle0(engine, all);
	return result;
}

DWORD each_filter_of(HANDLE engine, const GUID *provider, filter_fn *visit, void *ctx)
{
	FWPM_LAYER0 **layers;
	HANDLE all;
	UINT32 n = PAGE;
	DWORD result = check("list the layers", FwpmLayerCreateEnumHandle0(engine, NULL, &all));

	if (result)
		return result;
	while (!result && n == PAGE) {
		result = check("list the layers", FwpmLayerEnum0(engine, all, PAGE, &layers, &n));
		if (result)
			break;
		for (UINT32 i = 0; !result && i < n; i++)
			result = each_filter_at(engine, provider, &layers[i]->layerKey, visit, ctx);
		FwpmFreeMemory0((void **)&layers);
	}
	FwpmLayerDestroyEnumHandle0(engine, all);
	return result;
}

DWORD delete_filter(HANDLE engine, const FWPM_FILTER0 *filter, void *ctx)
{
	UINT32 *count = ctx;

	if (count)
		++*count;
	return check("delete a filter", FwpmFilterDeleteById0(engine, filter->filterId));
}

/* ---- conditions ------------------------------------------------------------------------------ */

FWPM_FILTER_CONDITION0 *where(struct conditions *c, const GUID *field, FWP_DATA_TYPE type)
{
	FWPM_FILTER_CONDITION0 *added = &c->all[c->n++];

	memset(added, 0, sizeof(*added));
	added->fieldKey = *field;
	added->matchType = FWP_MATCH_EQUAL;
	added->conditionValue.type = type;
	return added;
}

void where_protocol(struct conditions *c, UINT8 protocol)
{
	where(c, &FWPM_CONDITION_IP_PROTOCOL, FWP_UINT8)->conditionValue.uint8 = protocol;
}

void where_port(struct conditions *c, const GUID *field, UINT16 port)
{
	where(c, field, FWP_UINT16)->conditionValue.uint16 = port;
}

void where_address(struct conditions *c, const GUID *field, struct address *a)
{
	if (a->is_v6)
		where(c, field, FWP_BYTE_ARRAY16_TYPE)->conditionValue.byteArray16 = &a->v6;
	else
		where(c, field, FWP_UINT32)->conditionValue.uint32 = a->v4;
}
