/* SPDX-License-Identifier: MIT */
/*
 * absent - how a function answers whose subject does not exist on this host: first what is wrong
 * with its arguments, then the code.
 */
#pragma once

#include "client/session.h"

static inline wfp_err refuse(HANDLE engineHandle, bool given, wfp_err code)
{
	if (!given)
		return ERR_NULL_POINTER;
	if (!session_use(engineHandle))
		return ERR_INVALID_HANDLE;
	handle_release(engineHandle);
	return code;
}
