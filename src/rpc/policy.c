/* SPDX-License-Identifier: MIT */
/*
 * policy - walks the messages of ipsec.proto; one function per message, one row per kind of policy.
 *
 * Called by the codec, on the thread of the connection.
 */
#include "rpc/policy.h"

#include "rpc/wfp.pb-c.h"

#include <string.h>

/* Who negotiates by a policy. */
enum module {
	IKE = 1,
	AUTHIP = 2,
	IKEV2 = 4,
	ANY = IKE | AUTHIP | IKEV2,
};

/* By IKEEXT_AUTHENTICATION_METHOD_TYPE: who knows the method. */
static const uint8_t methods[] = {
	IKE | IKEV2, /* PRESHARED_KEY */
	IKE | IKEV2, /* CERTIFICATE */
	ANY,	     /* KERBEROS */
	AUTHIP,	     /* ANONYMOUS */
	AUTHIP,	     /* SSL */
	AUTHIP,	     /* NTLM_V2 */
	IKE,	     /* IPV6_CGA */
	IKE | IKEV2, /* CERTIFICATE_ECDSA_P256 */
	IKE | IKEV2, /* CERTIFICATE_ECDSA_P384 */
	AUTHIP,	     /* SSL_ECDSA_P256 */
	AUTHIP,	     /* SSL_ECDSA_P384 */
	IKEV2,	     /* EAP */
	ANY,	     /* RESERVED */
};

static wfp_err check_methods(Openwfp__IkeextAuthenticationMethod *const *list, size_t n,
			     enum module by)
{
	if (!n)
		return ERR_ZERO_LENGTH_ARRAY;
	for (size_t i = 0; i < n; i++) {
		if (list[i]->authenticationmethodtype >= ARRAY_LEN(methods))
			return ERR_INVALID_ENUMERATOR;
		if (!(methods[list[i]->authenticationmethodtype] & by))
			return ERR_INCOMPATIBLE_AUTH_METHOD;
	}
	return ERR_OK;
}

static wfp_err check_ike(const Openwfp__IkeextPolicy *p, enum module by)
{
	if (!p->n_ikeproposals)
		return ERR_ZERO_LENGTH_ARRAY;
	return check_methods(p->authenticationmethods, p->n_authenticationmethods, by);
}

/* Only AuthIP has an extended mode. */
static wfp_err check_em(const Openwfp__IkeextEmPolicy *em, enum module by)
{
	if (!em)
		return ERR_OK;
	if (by != AUTHIP)
		return ERR_EM_NOT_SUPPORTED;
	return check_methods(em->authenticationmethods, em->n_authenticationmethods, by);
}

/* ---- transforms ------------------------------------------------------------------------------ */

#define AUTH_TYPES   6u /* IPSEC_AUTH_TYPE, from 0; each has the one config of its number */
#define CIPHER_TYPES 5u /* IPSEC_CIPHER_TYPE, from 1; each has the CBC config of its number */
#define FIRST_AES    3u /* ... and those of AES the GCM config that many further */
#define CBC_TO_GCM   3u

static wfp_err check_auth(const Openwfp__IpsecAuthTransform *t)
{
	const Openwfp__IpsecAuthTransformId *id = t ? t->authtransformid : NULL;

	if (!id || id->authtype >= AUTH_TYPES || id->authconfig != id->authtype)
		return ERR_INVALID_AUTH_TRANSFORM;
	return ERR_OK;
}

static wfp_err check_cipher(const Openwfp__IpsecCipherTransform *t)
{
	const Openwfp__IpsecCipherTransformId *id = t ? t->ciphertransformid : NULL;

	if (!id || id->ciphertype < 1 || id->ciphertype > CIPHER_TYPES)
		return ERR_INVALID_CIPHER_TRANSFORM;
	if (id->cipherconfig == id->ciphertype)
		return ERR_OK;
	if (id->ciphertype >= FIRST_AES && id->cipherconfig == id->ciphertype + CBC_TO_GCM)
		return ERR_OK;
	return ERR_INVALID_CIPHER_TRANSFORM;
}

static wfp_err check_transform(const Openwfp__IpsecSaTransform *t)
{
	wfp_err err;

	switch (t->transform_case) {
	case OPENWFP__IPSEC_SA_TRANSFORM__TRANSFORM_AH_TRANSFORM:
	case OPENWFP__IPSEC_SA_TRANSFORM__TRANSFORM_ESP_AUTH_TRANSFORM:
	case OPENWFP__IPSEC_SA_TRANSFORM__TRANSFORM_ESP_AUTH_FW_TRANSFORM:
		return check_auth(t->ahtransform);
	case OPENWFP__IPSEC_SA_TRANSFORM__TRANSFORM_ESP_CIPHER_TRANSFORM:
		return check_cipher(t->espciphertransform);
	case OPENWFP__IPSEC_SA_TRANSFORM__TRANSFORM_ESP_AUTH_AND_CIPHER_TRANSFORM:
		err = check_auth(t->espauthandciphertransform->authtransform);
		return err ? err : check_cipher(t->espauthandciphertransform->ciphertransform);
	default:
		return ERR_INVALID_ENUMERATOR;
	}
}

static wfp_err check_proposals(Openwfp__IpsecProposal *const *list, size_t n)
{
	if (!n)
		return ERR_ZERO_LENGTH_ARRAY;
	for (size_t i = 0; i < n; i++) {
		if (!list[i]->n_satransforms)
			return ERR_ZERO_LENGTH_ARRAY;
		for (size_t k = 0; k < list[i]->n_satransforms; k++) {
			wfp_err err = check_transform(list[i]->satransforms[k]);

			if (err)
				return err;
		}
	}
	return ERR_OK;
}

static wfp_err check_transport(const Openwfp__IpsecTransportPolicy *p, enum module by)
{
	wfp_err err = check_proposals(p->ipsecproposals, p->n_ipsecproposals);

	return err ? err : check_em(p->empolicy, by);
}

static wfp_err check_tunnel(const Openwfp__IpsecTunnelPolicy *p, enum module by)
{
	wfp_err err = check_proposals(p->ipsecproposals, p->n_ipsecproposals);

	return err ? err : check_em(p->empolicy, by);
}

/* ---- keying ---------------------------------------------------------------------------------- */

static wfp_err check_keying(const Openwfp__IpsecKeyingPolicy *p)
{
	if (!p->n_keymodkeys)
		return ERR_ZERO_LENGTH_ARRAY;
	for (size_t i = 0; i < p->n_keymodkeys; i++)
		for (size_t k = 0; k < i; k++)
			if (p->keymodkeys[i].len == p->keymodkeys[k].len &&
			    memcmp(p->keymodkeys[i].data, p->keymodkeys[k].data,
				   p->keymodkeys[i].len) == 0)
				return ERR_DUPLICATE_KEYMOD;
	return ERR_OK;
}

wfp_err rpc_policy_check(const Openwfp__ContextPolicy *policy)
{
	switch (policy->policy_case) {
	case OPENWFP__CONTEXT_POLICY__POLICY_KEYING_POLICY:
		return check_keying(policy->keyingpolicy);
	case OPENWFP__CONTEXT_POLICY__POLICY_IKE_QM_TRANSPORT_POLICY:
		return check_transport(policy->ikeqmtransportpolicy, IKE);
	case OPENWFP__CONTEXT_POLICY__POLICY_AUTHIP_QM_TRANSPORT_POLICY:
		return check_transport(policy->authipqmtransportpolicy, AUTHIP);
	case OPENWFP__CONTEXT_POLICY__POLICY_IKE_V2_QM_TRANSPORT_POLICY:
		return check_transport(policy->ikev2qmtransportpolicy, IKEV2);
	case OPENWFP__CONTEXT_POLICY__POLICY_IKE_QM_TUNNEL_POLICY:
		return check_tunnel(policy->ikeqmtunnelpolicy, IKE);
	case OPENWFP__CONTEXT_POLICY__POLICY_AUTHIP_QM_TUNNEL_POLICY:
		return check_tunnel(policy->authipqmtunnelpolicy, AUTHIP);
	case OPENWFP__CONTEXT_POLICY__POLICY_IKE_V2_QM_TUNNEL_POLICY:
		return check_tunnel(policy->ikev2qmtunnelpolicy, IKEV2);
	case OPENWFP__CONTEXT_POLICY__POLICY_IKE_MM_POLICY:
		return check_ike(policy->ikemmpolicy, IKE);
	case OPENWFP__CONTEXT_POLICY__POLICY_AUTH_IP_MM_POLICY:
		return check_ike(policy->authipmmpolicy, AUTHIP);
	case OPENWFP__CONTEXT_POLICY__POLICY_IKE_V2_MM_POLICY:
		return check_ike(policy->ikev2mmpolicy, IKEV2);
	default:
		return ERR_OK;
	}
}
