/* SPDX-License-Identifier: MIT */
/*
 * exit - one table from errors to exit statuses; what is not in it is the input's fault.
 */
#include "common/exit.h"

#include "base/compiler.h"

static const struct {
	wfp_err err;
	enum exit_status status;
} rows[] = {
	{ERR_OK, EXIT_DONE},
	{ERR_ACCESS_DENIED, EXIT_MACHINE},
	{ERR_NOT_SUPPORTED, EXIT_MACHINE},
	{ERR_BUSY, EXIT_MACHINE},
	{ERR_NO_MEMORY, EXIT_MACHINE},
	{ERR_EPT_S_NOT_REGISTERED, EXIT_MACHINE},
	{ERR_RPC_S_SERVER_UNAVAILABLE, EXIT_MACHINE},
	{ERR_RPC_S_CALL_FAILED, EXIT_MACHINE},
	{ERR_TIMEOUT, EXIT_MACHINE},
};

enum exit_status exit_from_err(wfp_err err)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].err == err)
			return rows[i].status;
	return EXIT_INPUT;
}
