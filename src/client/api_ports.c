/* SPDX-License-Identifier: MIT */
/*
 * api_ports - the functions for system ports, which need no session of the program: without one
 * they open their own, and a subscription keeps it.
 *
 * Called by programs, on any thread.
 */
#include "client/call.h"
#include "client/deliver.h"
#include "client/desc.h"

/* A session of ours; NULL is fine.  Nobody else has its handle, so that closing cannot fail. */
static void end(HANDLE own)
{
	wfp_err err = session_close(own);

	BUG_ON(err);
}

static wfp_err ports_get(HANDLE session, FWPM_SYSTEM_PORTS0 **sysPorts)
{
	Openwfp__Empty empty = OPENWFP__EMPTY__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;
	struct rpc_reply *reply;
	wfp_err err;

	request.op_case = OPENWFP__REQUEST__OP_SYSTEM_PORTS_GET;
	request.systemportsget = &empty;
	err = session_call(session, &request, &reply);
	if (err)
		return err;
	err = reply->msg->result_case == OPENWFP__REPLY__RESULT_SYSTEM_PORTS
		      ? call_result(&desc_system_ports0, reply->msg->systemports, sysPorts)
		      : ERR_INVALID_DATA;
	rpc_reply_free(reply);
	return err;
}

DWORD WINAPI FwpmSystemPortsGet0(HANDLE engineHandle, FWPM_SYSTEM_PORTS0 **sysPorts)
{
	HANDLE own = NULL;
	wfp_err err;

	if (!sysPorts)
		return ERR_NULL_POINTER;
	if (!engineHandle) {
		err = session_open(NULL, &own);
		if (err)
			return err;
	}
	err = ports_get(own ? own : engineHandle, sysPorts);
	end(own);
	return err;
}

static wfp_err subscribe_alone(FWPM_SYSTEM_PORTS_CALLBACK0 callback, void *context, HANDLE *handle)
{
	HANDLE own;
	wfp_err err = session_open(NULL, &own);

	if (err)
		return err;
	err = subscription_add(own, &subscription_system_ports, NULL, (void (*)(void))callback,
			       context, handle);
	if (err)
		end(own);
	else
		subscription_own(*handle, own);
	return err;
}

DWORD WINAPI FwpmSystemPortsSubscribe0(HANDLE engineHandle, void *reserved,
				       FWPM_SYSTEM_PORTS_CALLBACK0 callback, void *context,
				       HANDLE *sysPortsHandle)
{
	if (!callback || !sysPortsHandle)
		return ERR_NULL_POINTER;
	if (reserved)
		return ERR_RESERVED;
	if (!engineHandle)
		return subscribe_alone(callback, context, sysPortsHandle);
	return subscription_add(engineHandle, &subscription_system_ports, NULL,
				(void (*)(void))callback, context, sysPortsHandle);
}

/* The session would have to wait for the callback that closes it. */
static bool from_its_callback(HANDLE own)
{
	struct session *s = session_use(own);
	bool yes = s && session_in_callback(s);

	if (s)
		handle_release(own);
	return yes;
}

DWORD WINAPI FwpmSystemPortsUnsubscribe0(HANDLE engineHandle, HANDLE sysPortsHandle)
{
	HANDLE own = engineHandle ? NULL : subscription_owned(sysPortsHandle);
	wfp_err err;

	if (own && from_its_callback(own))
		return ERR_BUSY;
	err = subscription_remove(own ? own : engineHandle, OPENWFP__KIND__SYSTEM_PORTS,
				  sysPortsHandle);
	/* Of two that remove it at once, the one that did closes the session. */
	if (own && err != ERR_INVALID_HANDLE)
		end(own);
	return err;
}
