/* SPDX-License-Identifier: MIT */
/*
 * desc_ipsec - the policy of quick mode: transport, tunnels, keying, and the protection against
 * denial of service.
 */
#include "client/desc_macros.h"

/* ---- proposals ------------------------------------------------------------------------------- */

#define T IPSEC_SA_LIFETIME0
static const struct convert_row sa_lifetime0_rows[] = {
	ROW(U32, lifetimeSeconds),
	ROW(U32, lifetimeKilobytes),
	ROW(U32, lifetimePackets),
};
DESC_LOCAL(sa_lifetime0, ipsec_sa_lifetime);
#undef T

#define T IPSEC_AUTH_TRANSFORM_ID0
static const struct convert_row auth_transform_id0_rows[] = {
	ENUM(authType, IPSEC_AUTH_MAX),
	ROW(U8, authConfig),
};
DESC_LOCAL(auth_transform_id0, ipsec_auth_transform_id);
#undef T

#define T IPSEC_AUTH_TRANSFORM0
static const struct convert_row auth_transform0_rows[] = {
	STRUCT(authTransformId, auth_transform_id0),
	ROW(GUID_PTR, cryptoModuleId),
};
DESC_LOCAL(auth_transform0, ipsec_auth_transform);
#undef T

#define T IPSEC_CIPHER_TRANSFORM_ID0
static const struct convert_row cipher_transform_id0_rows[] = {
	ENUM(cipherType, IPSEC_CIPHER_TYPE_MAX),
	ROW(U8, cipherConfig),
};
DESC_LOCAL(cipher_transform_id0, ipsec_cipher_transform_id);
#undef T

#define T IPSEC_CIPHER_TRANSFORM0
static const struct convert_row cipher_transform0_rows[] = {
	STRUCT(cipherTransformId, cipher_transform_id0),
	ROW(GUID_PTR, cryptoModuleId),
};
DESC_LOCAL(cipher_transform0, ipsec_cipher_transform);
#undef T

#define T IPSEC_AUTH_AND_CIPHER_TRANSFORM0
static const struct convert_row auth_and_cipher_transform0_rows[] = {
	STRUCT(authTransform, auth_transform0),
	STRUCT(cipherTransform, cipher_transform0),
};
DESC_LOCAL(auth_and_cipher_transform0, ipsec_auth_and_cipher_transform);
#undef T

#define TRANSFORM(member, desc, type)                                                              \
	POINTER(member, desc, WHEN(ipsecTransformType, IPSEC_TRANSFORM_##type), REQUIRED)

#define T IPSEC_SA_TRANSFORM0
static const struct convert_row sa_transform0_rows[] = {
	ENUM(ipsecTransformType, IPSEC_TRANSFORM_TYPE_MAX),
	TRANSFORM(ahTransform, auth_transform0, AH),
	TRANSFORM(espAuthTransform, auth_transform0, ESP_AUTH),
	TRANSFORM(espCipherTransform, cipher_transform0, ESP_CIPHER),
	TRANSFORM(espAuthAndCipherTransform, auth_and_cipher_transform0, ESP_AUTH_AND_CIPHER),
	TRANSFORM(espAuthFwTransform, auth_transform0, ESP_AUTH_FW),
};
DESC_LOCAL(sa_transform0, ipsec_sa_transform);
#undef T

#define T IPSEC_PROPOSAL0
static const struct convert_row ipsec_proposal0_rows[] = {
	STRUCT(lifetime, sa_lifetime0),
	STRUCTS(saTransforms, numSaTransforms, sa_transform0),
	ENUM(pfsGroup, IPSEC_PFS_MAX),
};
DESC_LOCAL(ipsec_proposal0, ipsec_proposal);
#undef T

#define T IPSEC_SA_IDLE_TIMEOUT0
static const struct convert_row sa_idle_timeout0_rows[] = {
	ROW(U32, idleTimeoutSeconds),
	ROW(U32, idleTimeoutSecondsFailOver),
};
DESC_LOCAL(sa_idle_timeout0, ipsec_sa_idle_timeout);
#undef T

/* ---- transport ------------------------------------------------------------------------------- */

#define TRANSPORT_ROWS(em)                                                                         \
	STRUCTS(ipsecProposals, numIpsecProposals, ipsec_proposal0), ROW(U32, flags),              \
		ROW(U32, ndAllowClearTimeoutSeconds), STRUCT(saIdleTimeout, sa_idle_timeout0),     \
		POINTER(emPolicy, em)

#define T IPSEC_TRANSPORT_POLICY0
static const struct convert_row ipsec_transport_policy0_rows[] = {
	TRANSPORT_ROWS(desc_ikeext_em_policy0),
};
DESC(ipsec_transport_policy0, ipsec_transport_policy);
#undef T

#define T IPSEC_TRANSPORT_POLICY1
static const struct convert_row ipsec_transport_policy1_rows[] = {
	TRANSPORT_ROWS(desc_ikeext_em_policy1),
};
DESC(ipsec_transport_policy1, ipsec_transport_policy);
#undef T

#define T IPSEC_TRANSPORT_POLICY2
static const struct convert_row ipsec_transport_policy2_rows[] = {
	TRANSPORT_ROWS(desc_ikeext_em_policy2),
};
DESC(ipsec_transport_policy2, ipsec_transport_policy);
#undef T

/* ---- tunnels --------------------------------------------------------------------------------- */

#define ADDRESSES(v4, v6)                                                                          \
	ROW(U32, v4, WHEN(ipVersion, FWP_IP_VERSION_V4)),                                          \
		BYTES(v6, WHEN(ipVersion, FWP_IP_VERSION_V6))
#define ENDPOINTS_ROWS                                                                             \
	ENUM(ipVersion, FWP_IP_VERSION_MAX), ADDRESSES(localV4Address, localV6Address),            \
		ADDRESSES(remoteV4Address, remoteV6Address)

#define T IPSEC_TUNNEL_ENDPOINTS0
static const struct convert_row tunnel_endpoints0_rows[] = {
	ENDPOINTS_ROWS,
};
DESC_LOCAL(tunnel_endpoints0, ipsec_tunnel_endpoints);
#undef T

#define T IPSEC_TUNNEL_ENDPOINTS1
static const struct convert_row tunnel_endpoints1_rows[] = {
	ENDPOINTS_ROWS,
	ROW(U64, localIfLuid),
};
DESC_LOCAL(tunnel_endpoints1, ipsec_tunnel_endpoints);
#undef T

#define T IPSEC_TUNNEL_ENDPOINT0
static const struct convert_row tunnel_endpoint0_rows[] = {
	ENUM(ipVersion, FWP_IP_VERSION_MAX),
	ADDRESSES(v4Address, v6Address),
};
DESC_LOCAL(tunnel_endpoint0, ipsec_tunnel_endpoint);
#undef T

#define T IPSEC_TUNNEL_ENDPOINTS2
static const struct convert_row tunnel_endpoints2_rows[] = {
	ENDPOINTS_ROWS,
	ROW(U64, localIfLuid),
	ROW(TEXT, remoteFqdn),
	STRUCTS(remoteAddresses, numAddresses, tunnel_endpoint0),
};
DESC_LOCAL(tunnel_endpoints2, ipsec_tunnel_endpoints);
#undef T

#define T IPSEC_TRAFFIC_SELECTOR0
static const struct convert_row traffic_selector0_rows[] = {
	ROW(U8, protocolId),
	ROW(U16, portStart),
	ROW(U16, portEnd),
	ENUM(ipVersion, FWP_IP_VERSION_MAX),
	ADDRESSES(startV4Address, startV6Address),
	ADDRESSES(endV4Address, endV6Address),
};
DESC_LOCAL(traffic_selector0, ipsec_traffic_selector);
#undef T

#define T IPSEC_TRAFFIC_SELECTOR_POLICY0
static const struct convert_row traffic_selector_policy0_rows[] = {
	ROW(U32, flags),
	STRUCTS(localTrafficSelectors, numLocalTrafficSelectors, traffic_selector0),
	STRUCTS(remoteTrafficSelectors, numRemoteTrafficSelectors, traffic_selector0),
};
DESC_LOCAL(traffic_selector_policy0, ipsec_traffic_selector_policy);
#undef T

#define TUNNEL_ROWS(endpoints, em)                                                                 \
	ROW(U32, flags), STRUCTS(ipsecProposals, numIpsecProposals, ipsec_proposal0),              \
		STRUCT(tunnelEndpoints, endpoints), STRUCT(saIdleTimeout, sa_idle_timeout0),       \
		POINTER(emPolicy, em)

#define T IPSEC_TUNNEL_POLICY0
static const struct convert_row ipsec_tunnel_policy0_rows[] = {
	TUNNEL_ROWS(tunnel_endpoints0, desc_ikeext_em_policy0),
};
DESC(ipsec_tunnel_policy0, ipsec_tunnel_policy);
#undef T

#define T IPSEC_TUNNEL_POLICY1
static const struct convert_row ipsec_tunnel_policy1_rows[] = {
	TUNNEL_ROWS(tunnel_endpoints1, desc_ikeext_em_policy1),
};
DESC(ipsec_tunnel_policy1, ipsec_tunnel_policy);
#undef T

#define T IPSEC_TUNNEL_POLICY2
static const struct convert_row ipsec_tunnel_policy2_rows[] = {
	TUNNEL_ROWS(tunnel_endpoints2, desc_ikeext_em_policy2),
	ROW(U32, fwdPathSaLifetime),
};
DESC(ipsec_tunnel_policy2, ipsec_tunnel_policy);
#undef T

#define T IPSEC_TUNNEL_POLICY3
static const struct convert_row ipsec_tunnel_policy3_rows[] = {
	TUNNEL_ROWS(tunnel_endpoints2, desc_ikeext_em_policy2),
	ROW(U32, fwdPathSaLifetime),
	ROW(U32, compartmentId),
	STRUCTS(trafficSelectorPolicies, numTrafficSelectorPolicy, traffic_selector_policy0),
};
DESC(ipsec_tunnel_policy3, ipsec_tunnel_policy);
#undef T

/* ---- keying ---------------------------------------------------------------------------------- */

#define T IPSEC_KEYING_POLICY0
static const struct convert_row ipsec_keying_policy0_rows[] = {
	ROW(GUIDS, keyModKeys, COUNT(numKeyMods)),
};
DESC(ipsec_keying_policy0, ipsec_keying_policy);
#undef T

#define T IPSEC_KEYING_POLICY1
static const struct convert_row ipsec_keying_policy1_rows[] = {
	ROW(GUIDS, keyModKeys, COUNT(numKeyMods)),
	ROW(U32, flags),
};
DESC(ipsec_keying_policy1, ipsec_keying_policy);
#undef T

/* ---- denial of service ----------------------------------------------------------------------- */

#define T FWP_V6_ADDR_AND_MASK
static const struct convert_row dosp_addr_and_mask_rows[] = {
	BYTES(addr),
	ROW(U8, prefixLength),
};
DESC_LOCAL(dosp_addr_and_mask, ipsec_v6_addr_and_mask);
#undef T

#define T IPSEC_DOSP_OPTIONS0
static const struct convert_row ipsec_dosp_options0_rows[] = {
	ROW(U32, stateIdleTimeoutSeconds),
	ROW(U32, perIPRateLimitQueueIdleTimeoutSeconds),
	ROW(U8, ipV6IPsecUnauthDscp),
	ROW(U32, ipV6IPsecUnauthRateLimitBytesPerSec),
	ROW(U32, ipV6IPsecUnauthPerIPRateLimitBytesPerSec),
	ROW(U8, ipV6IPsecAuthDscp),
	ROW(U32, ipV6IPsecAuthRateLimitBytesPerSec),
	ROW(U8, icmpV6Dscp),
	ROW(U32, icmpV6RateLimitBytesPerSec),
	ROW(U8, ipV6FilterExemptDscp),
	ROW(U32, ipV6FilterExemptRateLimitBytesPerSec),
	ROW(U8, defBlockExemptDscp),
	ROW(U32, defBlockExemptRateLimitBytesPerSec),
	ROW(U32, maxStateEntries),
	ROW(U32, maxPerIPRateLimitQueues),
	ROW(U32, flags),
	ROW(U64S, publicIFLuids, COUNT(numPublicIFLuids)),
	ROW(U64S, internalIFLuids, COUNT(numInternalIFLuids)),
	STRUCT(publicV6AddrMask, dosp_addr_and_mask),
	STRUCT(internalV6AddrMask, dosp_addr_and_mask),
};
DESC(ipsec_dosp_options0, ipsec_dosp_options);
#undef T
