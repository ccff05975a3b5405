/* SPDX-License-Identifier: MIT */
/*
 * schema - the table, and reading a message through its descriptor.
 *
 * Rows that name a message come before those that hold in any; the first that fits is taken.
 */
#include "import/schema.h"

#include "model/catalogue.h"
#include "rpc/wfp.pb-c.h"

#include <stdio.h>
#include <string.h>

static const struct schema_row rows[] = {
	{"ProviderContext", "policy", SCHEMA_INLINE, 0},
	{"ProviderContext", "type", SCHEMA_ENUM, NAMES_FWPM_PROVIDER_CONTEXT_TYPE},
	{"Field", "type", SCHEMA_ENUM, NAMES_FWPM_FIELD_TYPE},
	{"Value", "type", SCHEMA_ENUM, NAMES_FWP_DATA_TYPE},
	{"Value", "uint32", SCHEMA_ADDRESS, 0},
	{"Value", "byteArray16", SCHEMA_V6, 0},
	{"Value", "sd", SCHEMA_SD, 0},
	{"V4AddrAndMask", "addr", SCHEMA_V4, 0},
	{"V4AddrAndMask", "mask", SCHEMA_V4, 0},
	{"V6AddrAndMask", "addr", SCHEMA_V6, 0},
	{"Action", "type", SCHEMA_ENUM, NAMES_FWP_ACTION_TYPE},
	{"ClassifyOption", "type", SCHEMA_ENUM, NAMES_FWP_CLASSIFY_OPTION_TYPE},
	{"NetworkConnectionPolicySetting", "type", SCHEMA_ENUM,
	 NAMES_FWP_NETWORK_CONNECTION_POLICY_SETTING_TYPE},
	{"NetEvent", "type", SCHEMA_ENUM, NAMES_FWPM_NET_EVENT_TYPE},
	{"SystemPortsByType", "type", SCHEMA_ENUM, NAMES_FWPM_SYSTEM_PORT_TYPE},
	{"Subscription", "kind", SCHEMA_HIDDEN, 0},
	{"SessionInfo", "flags", SCHEMA_FLAGS, NAMES_FWPM_SESSION_FLAG},
	{"Provider", "flags", SCHEMA_FLAGS, NAMES_FWPM_PROVIDER_FLAG},
	{"ProviderContext", "flags", SCHEMA_FLAGS, NAMES_FWPM_PROVIDER_CONTEXT_FLAG},
	{"SubLayer", "flags", SCHEMA_FLAGS, NAMES_FWPM_SUBLAYER_FLAG},
	{"Layer", "flags", SCHEMA_FLAGS, NAMES_FWPM_LAYER_FLAG},
	{"Callout", "flags", SCHEMA_FLAGS, NAMES_FWPM_CALLOUT_FLAG},
	{"Filter", "flags", SCHEMA_FLAGS, NAMES_FWPM_FILTER_FLAG},
	{"NetEventHeader", "flags", SCHEMA_FLAGS, NAMES_FWPM_NET_EVENT_FLAG},
	{"Subscription", "flags", SCHEMA_FLAGS, NAMES_FWPM_SUBSCRIPTION_FLAG},
	{"EnumTemplate", "flags", SCHEMA_FLAGS, NAMES_FWP_FILTER_ENUM_FLAG},
	{"EnumTemplate", "enumType", SCHEMA_ENUM, NAMES_FWP_FILTER_ENUM_TYPE},
	{"EnumTemplate", "actionMask", SCHEMA_FLAGS, NAMES_FWP_ACTION_FLAG},
	{"TerminatingFilter", "actionType", SCHEMA_ENUM, NAMES_FWP_ACTION_TYPE},
	{"TerminatingFilter", "subLayer", SCHEMA_KEY, 0},
	{"NetEventHeader", "effectiveName", SCHEMA_BLOB, 0},
	{"IkeextPolicy", "flags", SCHEMA_FLAGS, NAMES_IKEEXT_POLICY_FLAG},
	{"IpsecTransportPolicy", "flags", SCHEMA_FLAGS, NAMES_IPSEC_POLICY_FLAG},
	{"IpsecTunnelPolicy", "flags", SCHEMA_FLAGS, NAMES_IPSEC_POLICY_FLAG},
	{NULL, "authenticationMethodType", SCHEMA_ENUM, NAMES_IKEEXT_AUTHENTICATION_METHOD_TYPE},
	{NULL, "initiatorImpersonationType", SCHEMA_ENUM,
	 NAMES_IKEEXT_AUTHENTICATION_IMPERSONATION_TYPE},
	{"IkeextCipherAlgorithm", "algoIdentifier", SCHEMA_ENUM, NAMES_IKEEXT_CIPHER_TYPE},
	{"IkeextIntegrityAlgorithm", "algoIdentifier", SCHEMA_ENUM, NAMES_IKEEXT_INTEGRITY_TYPE},
	{NULL, "dhGroup", SCHEMA_ENUM, NAMES_IKEEXT_DH_GROUP},
	{NULL, "inboundConfigType", SCHEMA_ENUM, NAMES_IKEEXT_CERT_CONFIG_TYPE},
	{NULL, "outboundConfigType", SCHEMA_ENUM, NAMES_IKEEXT_CERT_CONFIG_TYPE},
	{NULL, "ipsecTransformType", SCHEMA_ENUM, NAMES_IPSEC_TRANSFORM_TYPE},
	{NULL, "authType", SCHEMA_ENUM, NAMES_IPSEC_AUTH_TYPE},
	{NULL, "authConfig", SCHEMA_ENUM, NAMES_IPSEC_AUTH_CONFIG},
	{NULL, "cipherType", SCHEMA_ENUM, NAMES_IPSEC_CIPHER_TYPE},
	{NULL, "cipherConfig", SCHEMA_ENUM, NAMES_IPSEC_CIPHER_CONFIG},
	{NULL, "pfsGroup", SCHEMA_ENUM, NAMES_IPSEC_PFS_GROUP},
	{NULL, "cryptoModuleId", SCHEMA_KEY, 0},
	{NULL, "keyModKeys", SCHEMA_KEY, 0},
	{NULL, "matchType", SCHEMA_ENUM, NAMES_FWP_MATCH_TYPE},
	{NULL, "dataType", SCHEMA_ENUM, NAMES_FWP_DATA_TYPE},
	{NULL, "providerContextType", SCHEMA_ENUM, NAMES_FWPM_PROVIDER_CONTEXT_TYPE},
	{NULL, "ipVersion", SCHEMA_ENUM, NAMES_FWP_IP_VERSION},
	{NULL, "ipsecTrafficModeType", SCHEMA_ENUM, NAMES_IPSEC_TRAFFIC_TYPE},
	{NULL, "keyModuleType", SCHEMA_ENUM, NAMES_IKEEXT_KEY_MODULE_TYPE},
	{NULL, "addressFamily", SCHEMA_ENUM, NAMES_FWP_AF},
	{NULL, "msFwpDirection", SCHEMA_PLAIN, 0},
	{NULL, "sessionKey", SCHEMA_KEY, 0},
	{NULL, "providerKey", SCHEMA_KEY, 0},
	{NULL, "providerContextKey", SCHEMA_KEY, 0},
	{NULL, "subLayerKey", SCHEMA_KEY, 0},
	{NULL, "layerKey", SCHEMA_KEY, 0},
	{NULL, "defaultSubLayerKey", SCHEMA_KEY, 0},
	{NULL, "calloutKey", SCHEMA_KEY, 0},
	{NULL, "applicableLayer", SCHEMA_KEY, 0},
	{NULL, "filterKey", SCHEMA_KEY, 0},
	{NULL, "fieldKey", SCHEMA_KEY, 0},
	{NULL, "filterType", SCHEMA_KEY, 0},
	{NULL, "reserved", SCHEMA_KEY, 0},
	{NULL, "virtualIfTunnelId", SCHEMA_PLAIN, 0},
	{NULL, "localAddrV4", SCHEMA_V4, 0},
	{NULL, "remoteAddrV4", SCHEMA_V4, 0},
	{NULL, "localV4Address", SCHEMA_V4, 0},
	{NULL, "remoteV4Address", SCHEMA_V4, 0},
	{NULL, "localAddrV6", SCHEMA_V6, 0},
	{NULL, "remoteAddrV6", SCHEMA_V6, 0},
	{NULL, "localV6Address", SCHEMA_V6, 0},
	{NULL, "remoteV6Address", SCHEMA_V6, 0},
	{NULL, "sid", SCHEMA_SID, 0},
	{NULL, "userId", SCHEMA_SID, 0},
	{NULL, "packageSid", SCHEMA_SID, 0},
	{NULL, "timeStamp", SCHEMA_TIME, 0},
	{NULL, "startTime", SCHEMA_TIME, 0},
	{NULL, "endTime", SCHEMA_TIME, 0},
	{NULL, "startSysTime", SCHEMA_TIME, 0},
};

static const struct schema_row plain = {NULL, "", SCHEMA_PLAIN, 0};
static const struct schema_row blob = {NULL, "", SCHEMA_BLOB, 0};

const struct schema_row *schema_find(const ProtobufCMessageDescriptor *message,
				     const ProtobufCFieldDescriptor *field)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].field[0] == field->name[0] && strcmp(rows[i].field, field->name) == 0 &&
		    (!rows[i].message || strcmp(rows[i].message, message->short_name) == 0))
			return &rows[i];
	return field->type == PROTOBUF_C_TYPE_BYTES ? &blob : &plain;
}

void *schema_member(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	return (uint8_t *)(uintptr_t)m + f->offset;
}

size_t schema_count(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	return *(const size_t *)(const void *)((const uint8_t *)m + f->quantifier_offset);
}

bool schema_is_set(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	const uint8_t *quantifier = (const uint8_t *)m + f->quantifier_offset;

	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return *(const uint32_t *)(const void *)quantifier == f->id;
	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return schema_count(m, f) > 0;
	if (f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_MESSAGE)
		return *(void *const *)schema_member(m, f) != NULL;
	return *(const protobuf_c_boolean *)(const void *)quantifier;
}

size_t schema_size(const ProtobufCFieldDescriptor *f)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
	case PROTOBUF_C_TYPE_STRING:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return sizeof(uint64_t);
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	default:
		return sizeof(uint32_t);
	}
}

/* ---- what depends on the surroundings ---------------------------------------------------------
 */

static bool is_address(const ProtobufCBinaryData *key)
{
	struct guid guid;

	if (key->len != sizeof(guid))
		return false;
	memcpy(&guid, key->data, sizeof(guid));
	for (unsigned i = 0; i < model_layer_count(); i++) {
		const struct model_field *f = model_field_find(model_layer_at(i), &guid);

		if (f)
			return f->field_type == MODEL_FIELD_IP_ADDRESS;
	}
	return false;
}

struct schema_place schema_enter(struct schema_place at, const ProtobufCMessage *m)
{
	if (m->descriptor == &openwfp__filter_condition__descriptor)
		at.address =
			is_address(&((const Openwfp__FilterCondition *)(const void *)m)->fieldkey);
	if (m->descriptor == &openwfp__subscription__descriptor)
		at.kind = ((const Openwfp__Subscription *)(const void *)m)->kind;
	return at;
}

/* The protocol has one template for all kinds; a listing shows what the API's has. */
static const struct {
	unsigned kind;
	const char *fields;
} templates[] = {
	{OPENWFP__KIND__PROVIDER, " "},
	{OPENWFP__KIND__PROVIDER_CONTEXT, " providerKey providerContextType "},
	{OPENWFP__KIND__SUB_LAYER, " providerKey "},
	{OPENWFP__KIND__CALLOUT, " providerKey layerKey "},
	{OPENWFP__KIND__FILTER, " providerKey layerKey enumType flags providerContextTemplate "
				"filterCondition actionMask calloutKey "},
	{OPENWFP__KIND__NET_EVENT, " startTime endTime filterCondition "},
	{OPENWFP__KIND__CONNECTION, " connectionId "},
};

static bool template_has(unsigned kind, const char *field)
{
	char word[64];

	snprintf(word, sizeof(word), " %s ", field);
	for (size_t i = 0; i < ARRAY_LEN(templates); i++)
		if (templates[i].kind == kind)
			return strstr(templates[i].fields, word) != NULL;
	return true;
}

bool schema_shown(struct schema_place at, const ProtobufCMessage *m,
		  const ProtobufCFieldDescriptor *f)
{
	if (m->descriptor == &openwfp__enum_template__descriptor)
		return template_has(at.kind, f->name);
	return schema_find(m->descriptor, f)->form != SCHEMA_HIDDEN;
}
