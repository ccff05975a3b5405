/* SPDX-License-Identifier: MIT */
/*
 * template - the options that narrow a listing, as the engine's templates.
 */
#pragma once

#include "wfp/remote.h"
#include "wfp/typed_options.h"

struct template_options {
	struct typed_options typed; /* first: its rows store here */
	const char *provider, *callout, *type, *action;
	bool best, overlapping, boot_time, disabled;
};

/* For listings of filters. */
#define TEMPLATE_FILTER_ROWS                                                                       \
	TYPED_OPTION_ROWS,                                                                         \
		OPTION_TEXT(struct template_options, provider, "provider", "PROVIDER",             \
			    "of this provider: name or key"),                                      \
		OPTION_TEXT(struct template_options, callout, "callout", "CALLOUT",                \
			    "that ask this callout: name or key"),                                 \
		OPTION_TEXT(struct template_options, action, "action",                             \
			    "block|permit|continue|callout-...", "with this action"),              \
		OPTION_TRUE(struct template_options, best, "best", "only the one that decides"),   \
		OPTION_TRUE(struct template_options, overlapping, "overlapping",                   \
			    "also those that match some of the packets only"),                     \
		OPTION_TRUE(struct template_options, boot_time, "boot-time",                       \
			    "only boot-time filters"),                                             \
		OPTION_TRUE(struct template_options, disabled, "disabled",                         \
			    "only filters that are not in force")

#define TEMPLATES_MAX TYPED_LAYERS_MAX

struct template_set {
	Openwfp__EnumTemplate t[TEMPLATES_MAX];
	Openwfp__ProviderContextTemplate context;
	struct guid provider, callout;
	unsigned n; /* one for each layer; one without a layer for any */
};

/*
 * What the options ask of objects of this kind.  ERR_INVALID_DATA and errors of the engine: why
 * says it.  *set borrows from the arena and must stay where it is.
 */
MUST_CHECK wfp_err template_make(struct remote *r, struct arena *a,
				 const struct template_options *o, Openwfp__Kind kind,
				 struct template_set *set, struct buf *why);

/* What templates cannot say: is it shown? */
bool template_shows(const struct template_options *o, const Openwfp__Object *object);
