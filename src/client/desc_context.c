/* SPDX-License-Identifier: MIT */
/*
 * desc_context - the four generations of the provider context.
 *
 * The type decides which policy the union points at.  A type that a generation does not know yet is
 * FWP_E_INVALID_ENUMERATOR when it is written, and a policy that is NULL when it is read.
 */
#include "client/desc_macros.h"

#define T FWPM_CLASSIFY_OPTION0
static const struct convert_row classify_option0_rows[] = {
	ENUM(type, FWP_CLASSIFY_OPTION_MAX),
	STRUCT(value, desc_value0),
};
DESC_LOCAL(classify_option0, classify_option);
#undef T

#define T FWPM_CLASSIFY_OPTIONS0
static const struct convert_row classify_options0_rows[] = {
	STRUCTS(options, numOptions, classify_option0),
};
DESC(classify_options0, classify_options);
#undef T

#define T FWPM_NETWORK_CONNECTION_POLICY_SETTING0
static const struct convert_row network_connection_policy_setting0_rows[] = {
	ENUM(type, FWP_NETWORK_CONNECTION_POLICY_MAX),
	STRUCT(value, desc_value0),
};
DESC_LOCAL(network_connection_policy_setting0, network_connection_policy_setting);
#undef T

#define T FWPM_NETWORK_CONNECTION_POLICY_SETTINGS0
static const struct convert_row network_connection_policy_settings0_rows[] = {
	STRUCTS(settings, numSettings, network_connection_policy_setting0),
};
DESC(network_connection_policy_settings0, network_connection_policy_settings);
#undef T

#define POLICY(member, context, desc) POINTER(member, desc, WHEN(type, FWPM_##context), REQUIRED)

/* What Windows Vista knew; the numbers say which generation of each policy. */
#define FIRST_POLICIES(keying, transport, tunnel, ike)                                             \
	POLICY(keyingPolicy, IPSEC_KEYING_CONTEXT, desc_ipsec_keying_policy##keying),              \
		POLICY(ikeQmTransportPolicy, IPSEC_IKE_QM_TRANSPORT_CONTEXT,                       \
		       desc_ipsec_transport_policy##transport),                                    \
		POLICY(ikeQmTunnelPolicy, IPSEC_IKE_QM_TUNNEL_CONTEXT,                             \
		       desc_ipsec_tunnel_policy##tunnel),                                          \
		POLICY(authipQmTransportPolicy, IPSEC_AUTHIP_QM_TRANSPORT_CONTEXT,                 \
		       desc_ipsec_transport_policy##transport),                                    \
		POLICY(authipQmTunnelPolicy, IPSEC_AUTHIP_QM_TUNNEL_CONTEXT,                       \
		       desc_ipsec_tunnel_policy##tunnel),                                          \
		POLICY(ikeMmPolicy, IPSEC_IKE_MM_CONTEXT, desc_ikeext_policy##ike),                \
		POLICY(authIpMmPolicy, IPSEC_AUTHIP_MM_CONTEXT, desc_ikeext_policy##ike),          \
		ROW(BLOB_PTR, dataBuffer, WHEN(type, FWPM_GENERAL_CONTEXT)),                       \
		POLICY(classifyOptions, CLASSIFY_OPTIONS_CONTEXT, desc_classify_options0)

/* What Windows 7 added. */
#define MORE_POLICIES(tunnel, ike)                                                                 \
	POLICY(ikeV2QmTunnelPolicy, IPSEC_IKEV2_QM_TUNNEL_CONTEXT,                                 \
	       desc_ipsec_tunnel_policy##tunnel),                                                  \
		POLICY(ikeV2MmPolicy, IPSEC_IKEV2_MM_CONTEXT, desc_ikeext_policy##ike),            \
		POLICY(idpOptions, IPSEC_DOSP_CONTEXT, desc_ipsec_dosp_options0)

#define CONTEXT_ROWS(below, policies)                                                              \
	ROW(GUID, providerContextKey), STRUCT(displayData, desc_display_data0), ROW(U32, flags),   \
		ROW(GUID_PTR, providerKey), ROW(BLOB, providerData), ENUM(type, below),            \
		PART(policy, policies), ROW(U64, providerContextId)

#define T FWPM_PROVIDER_CONTEXT0
static const struct convert_row policies0_rows[] = {
	FIRST_POLICIES(0, 0, 0, 0),
};
DESC_LOCAL(policies0, context_policy);
static const struct convert_row provider_context0_rows[] = {
	CONTEXT_ROWS(FWPM_GENERAL_CONTEXT + 1, policies0),
};
DESC(provider_context0, provider_context);
#undef T

#define T FWPM_PROVIDER_CONTEXT1
static const struct convert_row policies1_rows[] = {
	FIRST_POLICIES(0, 1, 1, 1),
	MORE_POLICIES(1, 1),
};
DESC_LOCAL(policies1, context_policy);
static const struct convert_row provider_context1_rows[] = {
	CONTEXT_ROWS(FWPM_IPSEC_DOSP_CONTEXT + 1, policies1),
};
DESC(provider_context1, provider_context);
#undef T

#define T FWPM_PROVIDER_CONTEXT2
static const struct convert_row policies2_rows[] = {
	FIRST_POLICIES(1, 2, 2, 2),
	MORE_POLICIES(2, 2),
	POLICY(ikeV2QmTransportPolicy, IPSEC_IKEV2_QM_TRANSPORT_CONTEXT,
	       desc_ipsec_transport_policy2),
};
DESC_LOCAL(policies2, context_policy);
static const struct convert_row provider_context2_rows[] = {
	CONTEXT_ROWS(FWPM_IPSEC_IKEV2_QM_TRANSPORT_CONTEXT + 1, policies2),
};
DESC(provider_context2, provider_context);
#undef T

#define T FWPM_PROVIDER_CONTEXT3
static const struct convert_row policies3_rows[] = {
	FIRST_POLICIES(1, 2, 3, 2),
	MORE_POLICIES(3, 2),
	POLICY(ikeV2QmTransportPolicy, IPSEC_IKEV2_QM_TRANSPORT_CONTEXT,
	       desc_ipsec_transport_policy2),
	POLICY(networkConnectionPolicy, NETWORK_CONNECTION_POLICY_CONTEXT,
	       desc_network_connection_policy_settings0),
};
DESC_LOCAL(policies3, context_policy);
static const struct convert_row provider_context3_rows[] = {
	CONTEXT_ROWS(FWPM_NETWORK_CONNECTION_POLICY_CONTEXT + 1, policies3),
};
DESC(provider_context3, provider_context);
#undef T
