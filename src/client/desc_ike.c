/* SPDX-License-Identifier: MIT */
/*
 * desc_ike - the policy of main mode and extended mode, in its three generations.
 *
 * A store of certificates is one configuration in the first two generations and a list in the
 * third; the message has the list.
 */
#include "client/desc_macros.h"

/* ---- certificates ---------------------------------------------------------------------------- */

#define T IKEEXT_CERT_ROOT_CONFIG0
static const struct convert_row cert_root_config0_rows[] = {
	ROW(BLOB, certData),
	ROW(U32, flags),
};
DESC_LOCAL(cert_root_config0, ikeext_certificate_criteria);
#undef T

#define T IKEEXT_CERT_EKUS0
static const struct convert_row cert_ekus0_rows[] = {
	ROW(STRINGS, eku, COUNT(numEku)),
};
DESC_LOCAL(cert_ekus0, ikeext_cert_ekus);
#undef T

#define T IKEEXT_CERT_NAME0
static const struct convert_row cert_name0_rows[] = {
	ENUM(nameType, IKEEXT_CERT_CRITERIA_NAME_TYPE_MAX),
	ROW(TEXT, certName),
};
DESC_LOCAL(cert_name0, ikeext_cert_name);
#undef T

#define T IKEEXT_CERTIFICATE_CRITERIA0
static const struct convert_row certificate_criteria0_rows[] = {
	ROW(BLOB, certData),	   ROW(BLOB, certHash), POINTER(eku, cert_ekus0),
	POINTER(name, cert_name0), ROW(U32, flags),
};
DESC_LOCAL(certificate_criteria0, ikeext_certificate_criteria);
#undef T

#define ROOTS(direction)                                                                           \
	ENUM(direction##ConfigType, IKEEXT_CERT_CONFIG_TYPE_MAX),                                  \
		ROW_AS(direction##RootCriteria, STRUCTS, direction##RootArray,                     \
		       COUNT(direction##RootArraySize), .sub = &cert_root_config0,                 \
		       WHEN(direction##ConfigType, IKEEXT_CERT_CONFIG_EXPLICIT_TRUST_LIST)),       \
		ROW_AS(direction##EnterpriseStoreCriteria, STRUCT_ONE,                             \
		       direction##EnterpriseStoreConfig, .sub = &cert_root_config0,                \
		       WHEN(direction##ConfigType, IKEEXT_CERT_CONFIG_ENTERPRISE_STORE)),          \
		ROW_AS(direction##TrustedRootStoreCriteria, STRUCT_ONE,                            \
		       direction##TrustedRootStoreConfig, .sub = &cert_root_config0,               \
		       WHEN(direction##ConfigType, IKEEXT_CERT_CONFIG_TRUSTED_ROOT_STORE))

#define T IKEEXT_CERTIFICATE_AUTHENTICATION0
static const struct convert_row certificate_authentication0_rows[] = {
	ROOTS(inbound),
	ROOTS(outbound),
	ROW(U32, flags),
};
DESC_LOCAL(certificate_authentication0, ikeext_certificate_authentication);
#undef T

#define T IKEEXT_CERTIFICATE_AUTHENTICATION1
static const struct convert_row certificate_authentication1_rows[] = {
	ROOTS(inbound),
	ROOTS(outbound),
	ROW(U32, flags),
	ROW(BLOB, localCertLocationUrl),
};
DESC_LOCAL(certificate_authentication1, ikeext_certificate_authentication);
#undef T

#define CRITERIA(direction)                                                                        \
	ENUM(direction##ConfigType, IKEEXT_CERT_CONFIG_TYPE_MAX),                                  \
		STRUCTS(direction##RootCriteria, direction##RootArraySize, certificate_criteria0,  \
			WHEN(direction##ConfigType, IKEEXT_CERT_CONFIG_EXPLICIT_TRUST_LIST)),      \
		STRUCTS(direction##EnterpriseStoreCriteria, direction##EnterpriseStoreArraySize,   \
			certificate_criteria0,                                                     \
			WHEN(direction##ConfigType, IKEEXT_CERT_CONFIG_ENTERPRISE_STORE)),         \
		STRUCTS(direction##TrustedRootStoreCriteria, direction##RootStoreArraySize,        \
			certificate_criteria0,                                                     \
			WHEN(direction##ConfigType, IKEEXT_CERT_CONFIG_TRUSTED_ROOT_STORE))

#define T IKEEXT_CERTIFICATE_AUTHENTICATION2
static const struct convert_row certificate_authentication2_rows[] = {
	CRITERIA(inbound),
	CRITERIA(outbound),
	ROW(U32, flags),
	ROW(BLOB, localCertLocationUrl),
};
DESC_LOCAL(certificate_authentication2, ikeext_certificate_authentication);
#undef T

/* ---- the other methods ----------------------------------------------------------------------- */

#define T IKEEXT_PRESHARED_KEY_AUTHENTICATION0
static const struct convert_row preshared_key0_rows[] = {
	ROW(BLOB, presharedKey),
};
DESC_LOCAL(preshared_key0, ikeext_preshared_key_authentication);
#undef T

#define T IKEEXT_PRESHARED_KEY_AUTHENTICATION1
static const struct convert_row preshared_key1_rows[] = {
	ROW(BLOB, presharedKey),
	ROW(U32, flags),
};
DESC_LOCAL(preshared_key1, ikeext_preshared_key_authentication);
#undef T

#define T IKEEXT_KERBEROS_AUTHENTICATION0
static const struct convert_row kerberos0_rows[] = {
	ROW(U32, flags),
};
DESC_LOCAL(kerberos0, ikeext_kerberos_authentication);
#undef T

#define T IKEEXT_KERBEROS_AUTHENTICATION1
static const struct convert_row kerberos1_rows[] = {
	ROW(U32, flags),
	ROW(TEXT, proxyServer),
};
DESC_LOCAL(kerberos1, ikeext_kerberos_authentication);
#undef T

/* NTLM, EAP and the reserved method have the same single member. */
#define T IKEEXT_NTLM_V2_AUTHENTICATION0
static const struct convert_row flags_only_rows[] = {
	ROW(U32, flags),
};
DESC_LOCAL(flags_only, ikeext_flags_authentication);
#undef T

#define T IKEEXT_IPV6_CGA_AUTHENTICATION0
static const struct convert_row ipv6_cga0_rows[] = {
	ROW(TEXT, keyContainerName), ROW(TEXT, cspName),	 ROW(U32, cspType),
	BYTES(cgaModifier),	     ROW(U8, cgaCollisionCount),
};
DESC_LOCAL(ipv6_cga0, ikeext_ipv6_cga_authentication);
#undef T

#define METHOD(member, desc, type)                                                                 \
	STRUCT(member, desc, WHEN(authenticationMethodType, IKEEXT_##type))
#define METHOD_ROWS(below, psk, cert, kerberos)                                                    \
	ENUM(authenticationMethodType, below),                                                     \
		METHOD(presharedKeyAuthentication, psk, PRESHARED_KEY),                            \
		METHOD(certificateAuthentication, cert, CERTIFICATE),                              \
		METHOD(certificateAuthentication, cert, CERTIFICATE_ECDSA_P256),                   \
		METHOD(certificateAuthentication, cert, CERTIFICATE_ECDSA_P384),                   \
		METHOD(kerberosAuthentication, kerberos, KERBEROS),                                \
		METHOD(ntlmV2Authentication, flags_only, NTLM_V2),                                 \
		METHOD(sslAuthentication, cert, SSL),                                              \
		METHOD(sslAuthentication, cert, SSL_ECDSA_P256),                                   \
		METHOD(sslAuthentication, cert, SSL_ECDSA_P384),                                   \
		METHOD(cgaAuthentication, ipv6_cga0, IPV6_CGA)

#define T IKEEXT_AUTHENTICATION_METHOD0
static const struct convert_row authentication_method0_rows[] = {
	METHOD_ROWS(IKEEXT_IPV6_CGA + 1, preshared_key0, certificate_authentication0, kerberos0),
};
DESC_LOCAL(authentication_method0, ikeext_authentication_method);
#undef T

#define T IKEEXT_AUTHENTICATION_METHOD1
static const struct convert_row authentication_method1_rows[] = {
	METHOD_ROWS(IKEEXT_EAP + 1, preshared_key1, certificate_authentication1, kerberos0),
	METHOD(eapAuthentication, flags_only, EAP),
};
DESC_LOCAL(authentication_method1, ikeext_authentication_method);
#undef T

#define T IKEEXT_AUTHENTICATION_METHOD2
static const struct convert_row authentication_method2_rows[] = {
	METHOD_ROWS(IKEEXT_AUTHENTICATION_METHOD_TYPE_MAX, preshared_key1,
		    certificate_authentication2, kerberos1),
	METHOD(eapAuthentication, flags_only, EAP),
	METHOD(reservedAuthentication, flags_only, RESERVED),
};
DESC_LOCAL(authentication_method2, ikeext_authentication_method);
#undef T

/* ---- policies -------------------------------------------------------------------------------- */

#define T IKEEXT_CIPHER_ALGORITHM0
static const struct convert_row cipher_algorithm0_rows[] = {
	ENUM(algoIdentifier, IKEEXT_CIPHER_TYPE_MAX),
	ROW(U32, keyLen),
	ROW(U32, rounds),
};
DESC_LOCAL(cipher_algorithm0, ikeext_cipher_algorithm);
#undef T

#define T IKEEXT_INTEGRITY_ALGORITHM0
static const struct convert_row integrity_algorithm0_rows[] = {
	ENUM(algoIdentifier, IKEEXT_INTEGRITY_TYPE_MAX),
};
DESC_LOCAL(integrity_algorithm0, ikeext_integrity_algorithm);
#undef T

#define T IKEEXT_PROPOSAL0
static const struct convert_row proposal0_rows[] = {
	STRUCT(cipherAlgorithm, cipher_algorithm0),
	STRUCT(integrityAlgorithm, integrity_algorithm0),
	ROW(U32, maxLifetimeSeconds),
	ENUM(dhGroup, IKEEXT_DH_GROUP_MAX),
	ROW(U32, quickModeLimit),
};
DESC_LOCAL(proposal0, ikeext_proposal);
#undef T

#define AUTHENTICATION(method)                                                                     \
	STRUCTS(authenticationMethods, numAuthenticationMethods, method),                          \
		ENUM(initiatorImpersonationType, IKEEXT_IMPERSONATION_MAX)
#define POLICY_ROWS(method)                                                                        \
	ROW(U32, softExpirationTime), AUTHENTICATION(method),                                      \
		STRUCTS(ikeProposals, numIkeProposals, proposal0), ROW(U32, flags),                \
		ROW(U32, maxDynamicFilters)

#define T IKEEXT_POLICY0
static const struct convert_row ikeext_policy0_rows[] = {
	POLICY_ROWS(authentication_method0),
};
DESC(ikeext_policy0, ikeext_policy);
#undef T

#define T IKEEXT_POLICY1
static const struct convert_row ikeext_policy1_rows[] = {
	POLICY_ROWS(authentication_method1),
	ROW(U32, retransmitDurationSecs),
};
DESC(ikeext_policy1, ikeext_policy);
#undef T

#define T IKEEXT_POLICY2
static const struct convert_row ikeext_policy2_rows[] = {
	POLICY_ROWS(authentication_method2),
	ROW(U32, retransmitDurationSecs),
};
DESC(ikeext_policy2, ikeext_policy);
#undef T

#define T IKEEXT_EM_POLICY0
static const struct convert_row ikeext_em_policy0_rows[] = {
	AUTHENTICATION(authentication_method0),
};
DESC(ikeext_em_policy0, ikeext_em_policy);
#undef T

#define T IKEEXT_EM_POLICY1
static const struct convert_row ikeext_em_policy1_rows[] = {
	AUTHENTICATION(authentication_method1),
};
DESC(ikeext_em_policy1, ikeext_em_policy);
#undef T

#define T IKEEXT_EM_POLICY2
static const struct convert_row ikeext_em_policy2_rows[] = {
	AUTHENTICATION(authentication_method2),
};
DESC(ikeext_em_policy2, ikeext_em_policy);
#undef T
