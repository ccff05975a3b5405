/* SPDX-License-Identifier: MIT */
/*
 * installer - installs the policy that a small table describes (policy.txt is one), upgrades it,
 * and uninstalls it without a trace.
 *
 * A filter's key is made from its row, so a row that did not change is the same filter: what the
 * engine has and what the table says are compared by keys alone, and only the difference is
 * written. Twice the same table writes nothing. All of it is one transaction: if the program is
 * killed in the middle, the engine aborts it, and the old policy was in force all the time.
 *
 * The table is read whole before the engine is asked for anything.
 */
#include <initguid.h>

#include "table.h"

#include <stdio.h>
#include <string.h>

DEFINE_GUID(INSTALLER_PROVIDER, 0xb2d9604e, 0x53f1, 0x4c8a, 0x87, 0x1e, 0x6a, 0x90, 0x3c, 0xf2,
	    0x15, 0xd8);
DEFINE_GUID(INSTALLER_SUBLAYER, 0xb2d9604f, 0x53f1, 0x4c8a, 0x87, 0x1e, 0x6a, 0x90, 0x3c, 0xf2,
	    0x15, 0xd8);
DEFINE_GUID(INSTALLER_CALLOUT, 0xb2d96050, 0x53f1, 0x4c8a, 0x87, 0x1e, 0x6a, 0x90, 0x3c, 0xf2, 0x15,
	    0xd8);
static const struct owner owner = {&INSTALLER_PROVIDER, &INSTALLER_SUBLAYER, L"installer", 0x4000,
				   .persistent = TRUE,	.may_exist = TRUE};

struct work {
	struct row *table;
	UINT32 added, removed, kept;
};

/* ---- installing ------------------------------------------------------------------------------ */

/* Keeps what the table still wants. */
static DWORD keep_or_delete(HANDLE engine, const FWPM_FILTER0 *filter, void *ctx)
{
	struct work *w = ctx;
	struct row *row = table_find(w->table, &filter->filterKey);

	if (!row)
		return delete_filter(engine, filter, &w->removed);
	row->present = TRUE;
	w->kept++;
	return ERROR_SUCCESS;
}

/* The managed half of a callout, for the rows whose action is callout. Its driver registers the
 * functions under the same key, before or after. */
static DWORD add_callout(HANDLE engine)
{
	FWPM_CALLOUT0 callout = {0};
	DWORD result;

	callout.calloutKey = INSTALLER_CALLOUT;
	callout.displayData.name = (WCHAR *)L"installer's callout";
	callout.flags = FWPM_CALLOUT_FLAG_PERSISTENT;
	callout.providerKey = (GUID *)&INSTALLER_PROVIDER;
	callout.applicableLayer = FWPM_LAYER_ALE_AUTH_CONNECT_V4;
	result = FwpmCalloutAdd0(engine, &callout, NULL, NULL);
	return IS_CODE(result, FWP_E_ALREADY_EXISTS) ? ERROR_SUCCESS
						     : check("add the callout", result);
}

static DWORD add_row(HANDLE engine, struct row *row)
{
	FWPM_FILTER0 filter = {0};

	filter.filterKey = row->key;
	filter.displayData.name = row->name;
	filter.providerKey = (GUID *)&INSTALLER_PROVIDER;
	filter.layerKey = *row->layer;
	filter.subLayerKey = INSTALLER_SUBLAYER;
	filter.flags = FWPM_FILTER_FLAG_PERSISTENT;
	filter.weight.type = FWP_EMPTY; /* the engine ranks: the narrower filter first */
	filter.action.type = row->action;
	if (row->action & FWP_ACTION_FLAG_CALLOUT) {
		filter.action.calloutKey = INSTALLER_CALLOUT;
		filter.flags |= FWPM_FILTER_FLAG_PERMIT_IF_CALLOUT_UNREGISTERED;
	}
	filter.numFilterConditions = row->conditions.n;
	filter.filterCondition = row->conditions.all;
	return check(row->text, FwpmFilterAdd0(engine, &filter, NULL, NULL));
}

static DWORD install_all(HANDLE engine, void *ctx)
{
	struct work *w = ctx;
	DWORD result = each_filter_of(engine, &INSTALLER_PROVIDER, keep_or_delete, w);

	if (!result)
		result = add_owner(engine, &owner);
	if (!result)
		result = add_callout(engine);
	for (struct row *row = w->table; !result && row; row = row->next) {
		if (row->present)
			continue;
		result = add_row(engine, row);
		w->added++;
	}
	return result;
}

static DWORD install(HANDLE engine, struct work *w)
{
	DWORD result = in_transaction(engine, install_all, w);

	if (!result)
		printf("installed: %u added, %u removed, %u kept\n", w->added, w->removed, w->kept);
	return result;
}

/* ---- uninstalling ---------------------------------------------------------------------------- */

/* What refers to others goes first. What is not there need not be deleted. */
static DWORD uninstall_all(HANDLE engine, void *ctx)
{
	struct work *w = ctx;
	DWORD result = each_filter_of(engine, &INSTALLER_PROVIDER, delete_filter, &w->removed);

	if (result)
		return result;
	result = FwpmCalloutDeleteByKey0(engine, &INSTALLER_CALLOUT);
	if (result && !IS_CODE(result, FWP_E_CALLOUT_NOT_FOUND))
		return check("delete the callout", result);
	return remove_owner(engine, &owner);
}

static DWORD uninstall(HANDLE engine, struct work *w)
{
	DWORD result = in_transaction(engine, uninstall_all, w);

	if (!result)
		printf("uninstalled: %u filters removed\n", w->removed);
	return result;
}

/* ---- listing --------------------------------------------------------------------------------- */

static DWORD print_filter(HANDLE engine, const FWPM_FILTER0 *filter, void *ctx)
{
	struct work *w = ctx;
	char name[NARROW_MAX];

	(void)engine;
	w->kept++;
	printf("%8llu  %s\n", (unsigned long long)filter->filterId,
	       narrow(filter->displayData.name, name, sizeof(name)));
	return ERROR_SUCCESS;
}

static DWORD list(HANDLE engine, struct work *w)
{
	DWORD result = each_filter_of(engine, &INSTALLER_PROVIDER, print_filter, w);

	if (!result)
		printf("%u filters\n", w->kept);
	return result;
}

/* ---- the command line ------------------------------------------------------------------------ */

static const struct {
	const char *name;
	int n_args;
	DWORD (*run)(HANDLE engine, struct work *w);
} commands[] = {{"install", 1, install}, {"uninstall", 0, uninstall}, {"list", 0, list}};

int main(int argc, char **argv)
{
	struct work w = {0};
	HANDLE engine;
	DWORD result;

	for (size_t i = 0; argc > 1 && i < _countof(commands); i++) {
		if (strcmp(argv[1], commands[i].name) != 0 || argc != 2 + commands[i].n_args)
			continue;
		if (argc == 3 && !table_read(&w.table, argv[2]))
			return 2;
		if (open_engine(L"installer", 0, &engine))
			return 1;
		result = commands[i].run(engine, &w);
		FwpmEngineClose0(engine);
		table_free(w.table);
		return result != ERROR_SUCCESS;
	}
	fprintf(stderr, "usage: installer install TABLE | uninstall | list\n");
	return 2;
}
