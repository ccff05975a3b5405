/* SPDX-License-Identifier: MIT */
/*
 * desc_template - templates of enumerations and subscriptions.  All of them are the one message
 * EnumTemplate, of which each kind of object has the fields that its struct has.
 */
#include "client/desc_macros.h"

/* ---- templates ------------------------------------------------------------------------------- */

/* Three kinds have a template without a meaning: a reserved number that is not looked at. */
#define RESERVED_TEMPLATE(name_)                                                                   \
	const struct convert_desc desc_##name_ = {                                                 \
		.name = DESC_TEXT(T),                                                              \
		.size = sizeof(T),                                                                 \
		.message = &openwfp__enum_template__descriptor,                                    \
	}

#define T FWPM_SESSION_ENUM_TEMPLATE0
RESERVED_TEMPLATE(session_enum_template0);
#undef T
#define T FWPM_PROVIDER_ENUM_TEMPLATE0
RESERVED_TEMPLATE(provider_enum_template0);
#undef T
#define T FWPM_LAYER_ENUM_TEMPLATE0
RESERVED_TEMPLATE(layer_enum_template0);
#undef T

#define T FWPM_PROVIDER_CONTEXT_ENUM_TEMPLATE0
/* FWPM_PROVIDER_CONTEXT_TYPE_MAX is a valid wish here: any type. */
#define CONTEXT_TEMPLATE_ROWS                                                                      \
	ROW(GUID_PTR, providerKey), ENUM(providerContextType, FWPM_PROVIDER_CONTEXT_TYPE_MAX + 1)
static const struct convert_row provider_context_enum_template0_rows[] = {
	CONTEXT_TEMPLATE_ROWS,
};
DESC(provider_context_enum_template0, enum_template);
static const struct convert_row context_of_filter_rows[] = {
	CONTEXT_TEMPLATE_ROWS,
};
DESC_LOCAL(context_of_filter, provider_context_template);
#undef T

#define T FWPM_SUBLAYER_ENUM_TEMPLATE0
static const struct convert_row sublayer_enum_template0_rows[] = {
	ROW(GUID_PTR, providerKey),
};
DESC(sublayer_enum_template0, enum_template);
#undef T

#define T FWPM_CALLOUT_ENUM_TEMPLATE0
static const struct convert_row callout_enum_template0_rows[] = {
	ROW(GUID_PTR, providerKey),
	ROW(GUID, layerKey),
};
DESC(callout_enum_template0, enum_template);
#undef T

#define T FWPM_FILTER_ENUM_TEMPLATE0
static const struct convert_row filter_enum_template0_rows[] = {
	ROW(GUID_PTR, providerKey),
	ROW(GUID, layerKey),
	ENUM(enumType, FWP_FILTER_ENUM_TYPE_MAX),
	ROW(U32, flags),
	POINTER(providerContextTemplate, context_of_filter),
	STRUCTS(filterCondition, numFilterConditions, desc_filter_condition0),
	ROW(U32, actionMask),
	ROW(GUID_PTR, calloutKey),
};
DESC(filter_enum_template0, enum_template);
#undef T

#define T FWPM_NET_EVENT_ENUM_TEMPLATE0
static const struct convert_row net_event_enum_template0_rows[] = {
	ROW(FILETIME, startTime),
	ROW(FILETIME, endTime),
	STRUCTS(filterCondition, numFilterConditions, desc_filter_condition0),
};
DESC(net_event_enum_template0, enum_template);
#undef T

#define T FWPM_CONNECTION_ENUM_TEMPLATE0
static const struct convert_row connection_enum_template0_rows[] = {
	ROW(U64, connectionId),
	ROW(U32, flags),
};
DESC(connection_enum_template0, enum_template);
#undef T

/* ---- subscriptions --------------------------------------------------------------------------- */

#define SUBSCRIPTION_ROWS(template_)                                                               \
	POINTER(enumTemplate, desc_##template_), ROW(U32, flags), ROW(GUID, sessionKey)

#define T FWPM_PROVIDER_SUBSCRIPTION0
static const struct convert_row provider_subscription0_rows[] = {
	SUBSCRIPTION_ROWS(provider_enum_template0),
};
DESC(provider_subscription0, subscription);
#undef T

#define T FWPM_PROVIDER_CONTEXT_SUBSCRIPTION0
static const struct convert_row provider_context_subscription0_rows[] = {
	SUBSCRIPTION_ROWS(provider_context_enum_template0),
};
DESC(provider_context_subscription0, subscription);
#undef T

#define T FWPM_SUBLAYER_SUBSCRIPTION0
static const struct convert_row sublayer_subscription0_rows[] = {
	SUBSCRIPTION_ROWS(sublayer_enum_template0),
};
DESC(sublayer_subscription0, subscription);
#undef T

#define T FWPM_CALLOUT_SUBSCRIPTION0
static const struct convert_row callout_subscription0_rows[] = {
	SUBSCRIPTION_ROWS(callout_enum_template0),
};
DESC(callout_subscription0, subscription);
#undef T

#define T FWPM_FILTER_SUBSCRIPTION0
static const struct convert_row filter_subscription0_rows[] = {
	SUBSCRIPTION_ROWS(filter_enum_template0),
};
DESC(filter_subscription0, subscription);
#undef T

#define T FWPM_NET_EVENT_SUBSCRIPTION0
static const struct convert_row net_event_subscription0_rows[] = {
	SUBSCRIPTION_ROWS(net_event_enum_template0),
};
DESC(net_event_subscription0, subscription);
#undef T

#define T FWPM_CONNECTION_SUBSCRIPTION0
static const struct convert_row connection_subscription0_rows[] = {
	SUBSCRIPTION_ROWS(connection_enum_template0),
};
DESC(connection_subscription0, subscription);
#undef T
