/* SPDX-License-Identifier: MIT */
/*
 * desc_object - the objects of the base filtering engine, provider contexts apart.
 */
#include "client/desc_macros.h"

#define T FWPM_DISPLAY_DATA0
static const struct convert_row display_data0_rows[] = {
	ROW(TEXT, name),
	ROW(TEXT, description),
};
DESC(display_data0, display_data);
#undef T

#define T FWPM_SESSION0
static const struct convert_row session0_rows[] = {
	ROW(GUID, sessionKey), STRUCT(displayData, desc_display_data0),
	ROW(U32, flags),       ROW(U32, txnWaitTimeoutInMSec),
	ROW(U32, processId),   ROW(SID, sid),
	ROW(TEXT, username),   ROW(BOOL, kernelMode),
};
DESC(session0, session_info);
#undef T

#define T FWPM_PROVIDER0
static const struct convert_row provider0_rows[] = {
	ROW(GUID, providerKey), STRUCT(displayData, desc_display_data0),
	ROW(U32, flags),	ROW(BLOB, providerData),
	ROW(TEXT, serviceName),
};
DESC(provider0, provider);
#undef T

#define T FWPM_SUBLAYER0
static const struct convert_row sublayer0_rows[] = {
	ROW(GUID, subLayerKey),	 STRUCT(displayData, desc_display_data0),
	ROW(U32, flags),	 ROW(GUID_PTR, providerKey),
	ROW(BLOB, providerData), ROW(U16, weight),
};
DESC(sublayer0, sub_layer);
#undef T

#define T FWPM_FIELD0
static const struct convert_row field0_rows[] = {
	ROW(GUID_PTR, fieldKey),
	ENUM(type, FWPM_FIELD_TYPE_MAX),
	ROW(DATA_TYPE, dataType),
};
DESC_LOCAL(field0, field);
#undef T

#define T FWPM_LAYER0
static const struct convert_row layer0_rows[] = {
	ROW(GUID, layerKey),
	STRUCT(displayData, desc_display_data0),
	ROW(U32, flags),
	STRUCTS(field, numFields, field0),
	ROW(GUID, defaultSubLayerKey),
	ROW(U16, layerId),
};
DESC(layer0, layer);
#undef T

#define T FWPM_CALLOUT0
static const struct convert_row callout0_rows[] = {
	ROW(GUID, calloutKey),	 STRUCT(displayData, desc_display_data0),
	ROW(U32, flags),	 ROW(GUID_PTR, providerKey),
	ROW(BLOB, providerData), ROW(GUID, applicableLayer),
	ROW(U32, calloutId),
};
DESC(callout0, callout);
#undef T

#define T FWPM_FILTER_CONDITION0
static const struct convert_row filter_condition0_rows[] = {
	ROW(GUID, fieldKey),
	ENUM(matchType, FWP_MATCH_TYPE_MAX),
	STRUCT(conditionValue, desc_condition_value0),
};
DESC(filter_condition0, filter_condition);
#undef T

#define T FWPM_ACTION0
static const struct convert_row action0_rows[] = {
	ROW(U32, type),
	ROW(GUID, filterType),
};
DESC_LOCAL(action0, action);
#undef T

/* Either flag makes the key of a provider context of what is a number otherwise. */
#define HAS_CONTEXT                                                                                \
	(FWPM_FILTER_FLAG_HAS_PROVIDER_CONTEXT |                                                   \
	 FWPM_FILTER_FLAG_HAS_SECURITY_REALM_PROVIDER_CONTEXT)

#define T FWPM_FILTER0
static const struct convert_row filter0_rows[] = {
	ROW(GUID, filterKey),
	STRUCT(displayData, desc_display_data0),
	ROW(U32, flags),
	ROW(GUID_PTR, providerKey),
	ROW(BLOB, providerData),
	ROW(GUID, layerKey),
	ROW(GUID, subLayerKey),
	STRUCT(weight, desc_value0),
	STRUCTS(filterCondition, numFilterConditions, desc_filter_condition0),
	STRUCT(action, action0),
	ROW(U64, rawContext, WHEN_BITS(flags, HAS_CONTEXT, 0)),
	ROW(GUID, providerContextKey,
	    WHEN_BITS(flags, FWPM_FILTER_FLAG_HAS_PROVIDER_CONTEXT,
		      FWPM_FILTER_FLAG_HAS_PROVIDER_CONTEXT)),
	ROW(GUID, providerContextKey,
	    WHEN_BITS(flags, HAS_CONTEXT, FWPM_FILTER_FLAG_HAS_SECURITY_REALM_PROVIDER_CONTEXT)),
	ROW(GUID_PTR, reserved),
	ROW(U64, filterId),
	STRUCT(effectiveWeight, desc_value0),
};
DESC(filter0, filter);
#undef T
