/* SPDX-License-Identifier: MIT */
/*
 * policy_test - IPsec and IKE policy that is not well-formed has its codes.
 */
#include "real_engine.h"

#define NAME                                                                                       \
	{                                                                                          \
		.name = (WCHAR *)(uintptr_t)L"a test"                                              \
	}

static const IPSEC_AUTH_TRANSFORM0 sha1 = {
	.authTransformId = {IPSEC_AUTH_SHA_1, IPSEC_AUTH_CONFIG_HMAC_SHA_1_96}};

/* The policy of a quick mode with one transform, or of a main mode with one method. */
struct policy {
	IPSEC_AUTH_AND_CIPHER_TRANSFORM0 both;
	IPSEC_SA_TRANSFORM0 transform;
	IPSEC_PROPOSAL0 proposal;
	IKEEXT_AUTHENTICATION_METHOD2 method;
	IKEEXT_PROPOSAL0 ike_proposal;
	IKEEXT_EM_POLICY2 em;
	IPSEC_TRANSPORT_POLICY2 transport;
	IPSEC_TUNNEL_POLICY3 tunnel;
	IKEEXT_POLICY2 ike;
};

static void make(struct policy *p)
{
	*p = (struct policy){
		.both = {.authTransform = sha1,
			 .cipherTransform =
				 {.cipherTransformId = {IPSEC_CIPHER_TYPE_AES_128,
							IPSEC_CIPHER_CONFIG_GCM_AES_128}}},
		.transform = {.ipsecTransformType = IPSEC_TRANSFORM_ESP_AUTH_AND_CIPHER,
			      .espAuthAndCipherTransform = &p->both},
		.proposal = {.numSaTransforms = 1, .saTransforms = &p->transform},
		.method = {.authenticationMethodType = IKEEXT_KERBEROS},
		.em = {.numAuthenticationMethods = 1, .authenticationMethods = &p->method},
		.transport = {.numIpsecProposals = 1, .ipsecProposals = &p->proposal},
		.tunnel = {.numIpsecProposals = 1, .ipsecProposals = &p->proposal},
		.ike = {.numAuthenticationMethods = 1,
			.authenticationMethods = &p->method,
			.numIkeProposals = 1,
			.ikeProposals = &p->ike_proposal},
	};
}

/* Any pointer of the union: all are at one place. */
static wfp_err add(HANDLE engine, FWPM_PROVIDER_CONTEXT_TYPE type, void *policy)
{
	FWPM_PROVIDER_CONTEXT3 context = {.displayData = NAME, .type = type};

	context.keyingPolicy = policy;
	return FwpmProviderContextAdd3(engine, &context, NULL, NULL);
}

TEST(policy_that_is_well_formed_is_kept)
{
	HANDLE engine = real_begin();
	struct policy p;

	make(&p);
	CHECK_OK(add(engine, FWPM_IPSEC_IKE_QM_TRANSPORT_CONTEXT, &p.transport));
	CHECK_OK(add(engine, FWPM_IPSEC_IKEV2_QM_TUNNEL_CONTEXT, &p.tunnel));
	CHECK_OK(add(engine, FWPM_IPSEC_IKE_MM_CONTEXT, &p.ike));
	p.tunnel.emPolicy = &p.em;
	CHECK_OK(add(engine, FWPM_IPSEC_AUTHIP_QM_TUNNEL_CONTEXT, &p.tunnel));
	CHECK_ERR(add(engine, FWPM_IPSEC_IKE_MM_CONTEXT, NULL), ERR_NULL_POINTER);
	real_end(engine);
}

TEST(a_policy_without_what_it_is_made_of_is_refused)
{
	IPSEC_KEYING_POLICY1 none = {0};
	HANDLE engine = real_begin();
	struct policy p;

	CHECK_ERR(add(engine, FWPM_IPSEC_KEYING_CONTEXT, &none), ERR_ZERO_LENGTH_ARRAY);
	make(&p);
	p.transport.numIpsecProposals = 0;
	CHECK_ERR(add(engine, FWPM_IPSEC_IKE_QM_TRANSPORT_CONTEXT, &p.transport),
		  ERR_ZERO_LENGTH_ARRAY);
	p.proposal.numSaTransforms = 0;
	CHECK_ERR(add(engine, FWPM_IPSEC_IKE_QM_TUNNEL_CONTEXT, &p.tunnel), ERR_ZERO_LENGTH_ARRAY);
	p.ike.numAuthenticationMethods = 0;
	CHECK_ERR(add(engine, FWPM_IPSEC_IKE_MM_CONTEXT, &p.ike), ERR_ZERO_LENGTH_ARRAY);
	make(&p);
	p.ike.numIkeProposals = 0;
	CHECK_ERR(add(engine, FWPM_IPSEC_IKEV2_MM_CONTEXT, &p.ike), ERR_ZERO_LENGTH_ARRAY);
	real_end(engine);
}

TEST(a_keying_module_is_named_once)
{
	GUID modules[2] = {{1, 0, 0, {0}}, {1, 0, 0, {0}}};
	IPSEC_KEYING_POLICY1 keying = {.numKeyMods = 2, .keyModKeys = modules};
	HANDLE engine = real_begin();

	CHECK_ERR(add(engine, FWPM_IPSEC_KEYING_CONTEXT, &keying), ERR_DUPLICATE_KEYMOD);
	modules[1].Data1 = 2;
	CHECK_OK(add(engine, FWPM_IPSEC_KEYING_CONTEXT, &keying));
	real_end(engine);
}

TEST(only_authip_has_an_extended_mode)
{
	HANDLE engine = real_begin();
	struct policy p;

	make(&p);
	p.transport.emPolicy = &p.em;
	CHECK_ERR(add(engine, FWPM_IPSEC_IKE_QM_TRANSPORT_CONTEXT, &p.transport),
		  ERR_EM_NOT_SUPPORTED);
	CHECK_ERR(add(engine, FWPM_IPSEC_IKEV2_QM_TRANSPORT_CONTEXT, &p.transport),
		  ERR_EM_NOT_SUPPORTED);
	CHECK_OK(add(engine, FWPM_IPSEC_AUTHIP_QM_TRANSPORT_CONTEXT, &p.transport));
	real_end(engine);
}

TEST(a_method_must_be_one_of_its_keying_module)
{
	HANDLE engine = real_begin();
	struct policy p;

	make(&p);
	p.method.authenticationMethodType = IKEEXT_ANONYMOUS;
	CHECK_ERR(add(engine, FWPM_IPSEC_IKE_MM_CONTEXT, &p.ike), ERR_INCOMPATIBLE_AUTH_METHOD);
	CHECK_OK(add(engine, FWPM_IPSEC_AUTHIP_MM_CONTEXT, &p.ike));
	p.method.authenticationMethodType = IKEEXT_EAP;
	CHECK_ERR(add(engine, FWPM_IPSEC_AUTHIP_MM_CONTEXT, &p.ike), ERR_INCOMPATIBLE_AUTH_METHOD);
	CHECK_OK(add(engine, FWPM_IPSEC_IKEV2_MM_CONTEXT, &p.ike));
	real_end(engine);
}

TEST(a_transform_has_the_configuration_of_its_type)
{
	HANDLE engine = real_begin();
	struct policy p;

	make(&p);
	p.both.authTransform.authTransformId.authConfig = IPSEC_AUTH_CONFIG_HMAC_MD5_96;
	CHECK_ERR(add(engine, FWPM_IPSEC_IKE_QM_TRANSPORT_CONTEXT, &p.transport),
		  ERR_INVALID_AUTH_TRANSFORM);
	make(&p);
	p.both.cipherTransform.cipherTransformId.cipherConfig = IPSEC_CIPHER_CONFIG_CBC_DES;
	CHECK_ERR(add(engine, FWPM_IPSEC_IKE_QM_TRANSPORT_CONTEXT, &p.transport),
		  ERR_INVALID_CIPHER_TRANSFORM);
	p.both.cipherTransform.cipherTransformId.cipherConfig = IPSEC_CIPHER_CONFIG_CBC_AES_128;
	CHECK_OK(add(engine, FWPM_IPSEC_IKE_QM_TRANSPORT_CONTEXT, &p.transport));
	real_end(engine);
}
