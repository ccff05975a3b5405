/* SPDX-License-Identifier: MIT */
/*
 * api_engine - the functions for sessions, transactions and options, and the one that frees.
 *
 * Called by programs, on any thread.
 */
#include "client/block.h"
#include "client/call_enum.h"
#include "client/desc.h"
#include "client/security.h"

void WINAPI FwpmFreeMemory0(void **p)
{
	if (!p)
		return;
	block_free(*p);
	*p = NULL;
}

/* ---- sessions -------------------------------------------------------------------------------- */

/* There is no remote management: the name of a server is not supported, but an empty one is none.
 */
static wfp_err check_open(const WCHAR *serverName, UINT32 authnService, const HANDLE *engineHandle)
{
	if (!engineHandle)
		return ERR_NULL_POINTER;
	if (serverName && *serverName)
		return ERR_NOT_SUPPORTED;
	if (authnService != RPC_C_AUTHN_WINNT && authnService != RPC_C_AUTHN_DEFAULT)
		return ERR_NOT_SUPPORTED;
	return ERR_OK;
}

DWORD WINAPI FwpmEngineOpen0(const WCHAR *serverName, UINT32 authnService,
			     SEC_WINNT_AUTH_IDENTITY_W *authIdentity, const FWPM_SESSION0 *session,
			     HANDLE *engineHandle)
{
	wfp_err err = check_open(serverName, authnService, engineHandle);

	return err ? err : session_open(session, engineHandle);
}

DWORD WINAPI FwpmEngineClose0(HANDLE engineHandle)
{
	return session_close(engineHandle);
}

DWORD WINAPI FwpmSessionCreateEnumHandle0(HANDLE engineHandle,
					  const FWPM_SESSION_ENUM_TEMPLATE0 *enumTemplate,
					  HANDLE *enumHandle)
{
	return call_enum_create(engineHandle, OPENWFP__KIND__SESSION, &desc_session_enum_template0,
				enumTemplate, enumHandle);
}

DWORD WINAPI FwpmSessionEnum0(HANDLE engineHandle, HANDLE enumHandle, UINT32 numEntriesRequested,
			      FWPM_SESSION0 ***entries, UINT32 *numEntriesReturned)
{
	static const struct call_enum_what what = {OPENWFP__KIND__SESSION, &desc_session0};

	return call_enum_next(engineHandle, enumHandle, &what, numEntriesRequested, entries,
			      numEntriesReturned);
}

DWORD WINAPI FwpmSessionDestroyEnumHandle0(HANDLE engineHandle, HANDLE enumHandle)
{
	return call_enum_destroy(engineHandle, enumHandle, OPENWFP__KIND__SESSION);
}

/* ---- transactions ---------------------------------------------------------------------------- */

DWORD WINAPI FwpmTransactionBegin0(HANDLE engineHandle, UINT32 flags)
{
	Openwfp__TxnBegin begin = OPENWFP__TXN_BEGIN__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;

	begin.has_flags = 1;
	begin.flags = flags;
	request.op_case = OPENWFP__REQUEST__OP_TXN_BEGIN;
	request.txnbegin = &begin;
	return session_call(engineHandle, &request, NULL);
}

DWORD WINAPI FwpmTransactionCommit0(HANDLE engineHandle)
{
	return call_plain(engineHandle, OPENWFP__REQUEST__OP_TXN_COMMIT);
}

DWORD WINAPI FwpmTransactionAbort0(HANDLE engineHandle)
{
	return call_plain(engineHandle, OPENWFP__REQUEST__OP_TXN_ABORT);
}

/* ---- options --------------------------------------------------------------------------------- */

static void option_of(Openwfp__Option *message, FWPM_ENGINE_OPTION option)
{
	openwfp__option__init(message);
	message->has_option = 1;
	message->option = option;
}

DWORD WINAPI FwpmEngineGetOption0(HANDLE engineHandle, FWPM_ENGINE_OPTION option,
				  FWP_VALUE0 **value)
{
	Openwfp__Option wanted;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	struct rpc_reply *reply;
	wfp_err err;

	if (!value)
		return ERR_NULL_POINTER;
	if ((UINT32)option >= FWPM_ENGINE_OPTION_MAX)
		return ERR_INVALID_ENUMERATOR;
	option_of(&wanted, option);
	request.op_case = OPENWFP__REQUEST__OP_OPTION_GET;
	request.optionget = &wanted;
	err = session_call(engineHandle, &request, &reply);
	if (err)
		return err;
	err = reply->msg->result_case == OPENWFP__REPLY__RESULT_VALUE
		      ? call_result(&desc_value0, reply->msg->value, value)
		      : ERR_INVALID_DATA;
	rpc_reply_free(reply);
	return err;
}

static wfp_err set_option(HANDLE engineHandle, FWPM_ENGINE_OPTION option, const FWP_VALUE0 *value,
			  struct arena *a)
{
	Openwfp__Option wanted;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	ProtobufCMessage *message;
	wfp_err err = convert_to_message(&desc_value0, value, a, &message);

	if (err)
		return err;
	option_of(&wanted, option);
	wanted.value = (Openwfp__Value *)message;
	request.op_case = OPENWFP__REQUEST__OP_OPTION_SET;
	request.optionset = &wanted;
	return session_call(engineHandle, &request, NULL);
}

DWORD WINAPI FwpmEngineSetOption0(HANDLE engineHandle, FWPM_ENGINE_OPTION option,
				  const FWP_VALUE0 *newValue)
{
	struct arena a;
	wfp_err err;

	if (!newValue)
		return ERR_NULL_POINTER;
	if ((UINT32)option >= FWPM_ENGINE_OPTION_MAX)
		return ERR_INVALID_ENUMERATOR;
	session_arena_init(&a);
	err = set_option(engineHandle, option, newValue, &a);
	arena_free(&a);
	return err;
}

/* ---- security -------------------------------------------------------------------------------- */

DWORD WINAPI FwpmEngineGetSecurityInfo0(HANDLE engineHandle, SECURITY_INFORMATION securityInfo,
					PSID *sidOwner, PSID *sidGroup, PACL *dacl, PACL *sacl,
					PSECURITY_DESCRIPTOR *securityDescriptor)
{
	return security_get(
		engineHandle, OPENWFP__KIND__ENGINE, NULL, securityInfo,
		&(struct security_out){sidOwner, sidGroup, dacl, sacl, securityDescriptor});
}

DWORD WINAPI FwpmEngineSetSecurityInfo0(HANDLE engineHandle, SECURITY_INFORMATION securityInfo,
					const SID *sidOwner, const SID *sidGroup, const ACL *dacl,
					const ACL *sacl)
{
	return security_set(engineHandle, OPENWFP__KIND__ENGINE, NULL, securityInfo,
			    &(struct security_in){sidOwner, sidGroup, dacl, sacl});
}
