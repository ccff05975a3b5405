/* SPDX-License-Identifier: MIT */
/*
 * appblock - keeps programs off the network, until Ctrl-C.
 *
 * The session is dynamic: what it added goes with it, also when this program is killed. So there is
 * no way to leave a program blocked by accident, and nothing to clean up.
 *
 * With --permit it does the opposite: a hard permit in a sublayer above the others lets a program
 * through that their filters block. (Another hard block, or a callout's veto, still wins.)
 */
#include <initguid.h>

#include "common.h"

#include <rpc.h>
#include <stdio.h>
#include <string.h>

/* Nothing outlives the program, so its keys are made anew each time and several may run at once. */
static GUID provider, sublayer;

static const GUID *const layers[] = {
	&FWPM_LAYER_ALE_AUTH_CONNECT_V4,
	&FWPM_LAYER_ALE_AUTH_CONNECT_V6,
	&FWPM_LAYER_ALE_AUTH_RECV_ACCEPT_V4,
	&FWPM_LAYER_ALE_AUTH_RECV_ACCEPT_V6,
};

struct wishes {
	FWP_ACTION_TYPE action;
	int n;
	char **programs; /* paths */
};

static DWORD add_filters(HANDLE engine, FWP_ACTION_TYPE action, FWP_BYTE_BLOB *app, WCHAR *name)
{
	struct conditions c = {0};
	FWPM_FILTER0 filter = {0};
	DWORD result = ERROR_SUCCESS;

	where(&c, &FWPM_CONDITION_ALE_APP_ID, FWP_BYTE_BLOB_TYPE)->conditionValue.byteBlob = app;
	filter.displayData.name = name;
	filter.providerKey = &provider;
	filter.subLayerKey = sublayer;
	filter.flags = FWPM_FILTER_FLAG_CLEAR_ACTION_RIGHT;
	filter.weight.type = FWP_EMPTY; /* the engine chooses: all filters here are alike */
	filter.action.type = action;
	filter.numFilterConditions = c.n;
	filter.filterCondition = c.all;
	for (size_t i = 0; !result && i < _countof(layers); i++) {
		filter.layerKey = *layers[i];
		result = check("add a filter", FwpmFilterAdd0(engine, &filter, NULL, NULL));
	}
	return result;
}

/* The id is made from the path once: a program that is moved needs another filter. */
static DWORD add_program(HANDLE engine, FWP_ACTION_TYPE action, const char *path)
{
	FWP_BYTE_BLOB *app = NULL;
	WCHAR wide[1024];
	DWORD result;

	if (!widen(path, wide, _countof(wide)))
		return check(path, ERROR_INVALID_NAME);
	result = check(path, FwpmGetAppIdFromFileName0(wide, &app));
	if (!result)
		result = add_filters(engine, action, app, wide);
	FwpmFreeMemory0((void **)&app);
	return result;
}

static DWORD add_all(HANDLE engine, void *ctx)
{
	const struct owner owner = {.provider = &provider,
				    .sublayer = &sublayer,
				    .name = L"appblock",
				    .weight = 0xF000};
	struct wishes *w = ctx;
	DWORD result = add_owner(engine, &owner);

	for (int i = 0; !result && i < w->n; i++)
		result = add_program(engine, w->action, w->programs[i]);
	return result;
}

int main(int argc, char **argv)
{
	BOOL permit = argc > 1 && strcmp(argv[1], "--permit") == 0;
	struct wishes w = {FWP_ACTION_BLOCK, argc - 1, argv + 1};
	HANDLE engine;
	DWORD result;

	if (permit)
		w = (struct wishes){FWP_ACTION_PERMIT, argc - 2, argv + 2};
	if (w.n < 1 || w.programs[0][0] == '-') {
		fprintf(stderr, "usage: appblock [--permit] PROGRAM...\n");
		return 2;
	}
	UuidCreate(&provider);
	UuidCreate(&sublayer);
	if (open_engine(L"appblock", FWPM_SESSION_FLAG_DYNAMIC, &engine))
		return 1;
	result = in_transaction(engine, add_all, &w);
	if (!result) {
		printf("%s until Ctrl-C\n", permit ? "permitted" : "blocked");
		fflush(stdout);
		wait_for_ctrl_c();
	}
	FwpmEngineClose0(engine);
	return result != ERROR_SUCCESS;
}
