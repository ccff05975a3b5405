/* SPDX-License-Identifier: MIT */
/*
 * engine_options - the options that wfp replay and wfpd share: policy, drivers, and how the engine
 * treats held operations. A struct that begins with struct platform_options takes these rows.
 */
#pragma once

#include "common/options.h"
#include "common/platform.h"

#define DEFAULT_PEND_TIMEOUT 10000000000ull /* 10 s */

/* The first member of a program's own options. */
struct engine_options {
	struct platform_options platform;
	bool json, verbose, help;
};

bool store_policy(void *into, const char *value);
bool store_driver(void *into, const char *value);
bool store_on_revoke(void *into, const char *value);
bool store_join(void *into, const char *value);
bool store_strict(void *into, const char *value);
bool store_pend_timeout(void *into, const char *value);
bool store_json(void *into, const char *value);
bool store_verbose(void *into, const char *value);
bool store_help(void *into, const char *value);

#define ENGINE_OPTION_ROWS                                                                         \
	{"driver", "FILE.so", "load this callout driver (may be repeated)", store_driver},         \
		{"policy", "FILE.json", "load this policy before the drivers", store_policy},      \
		{"on-revoke", "block|permit", "what becomes of an operation that was taken back",  \
		 store_on_revoke},                                                                 \
		{"join", "parallel|freeze",                                                        \
		 "ask below a callout that pended at once, or when it completed", store_join},     \
		{"strict", NULL, "a callout whose right was cleared above may not pend",           \
		 store_strict},                                                                    \
		{"pend-timeout", "MILLISECONDS", "take a hold back after this long (0: never)",    \
		 store_pend_timeout},                                                              \
		{"verbose", NULL, "say more on standard error", store_verbose},                    \
		{"json", NULL, "print for programs", store_json},                                  \
	{                                                                                          \
		"help", NULL, "this list", store_help                                              \
	}

void engine_options_init(struct engine_options *o);
