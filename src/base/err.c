/* SPDX-License-Identifier: MIT */
/*
 * err - names, sentences and NTSTATUS twins of error codes.
 *
 * Called where an error leaves the project: in messages and at the kernel border.  The table is
 * small and success is answered first, so a linear search is fine.
 */
#include "base/err.h"

#include <errno.h>

struct err_row {
	const char *name;
	const char *text;
	wfp_err code;
	uint32_t status;
};

#define ERR(name, public_name, code, nt_name, nt_code, text) {#public_name, text, code, nt_code},
static const struct err_row err_rows[] = {
#include "base/err_codes.def"
};
#undef ERR

static const struct {
	int error;
	wfp_err code;
} errno_rows[] = {
	{0, ERR_OK},
	{EPERM, ERR_PRIVILEGE_NOT_HELD},
	{EACCES, ERR_ACCESS_DENIED},
	{EROFS, ERR_ACCESS_DENIED},
	{EISDIR, ERR_ACCESS_DENIED},
	{ENOENT, ERR_FILE_NOT_FOUND},
	{ENOTDIR, ERR_FILE_NOT_FOUND},
	{ENODEV, ERR_WIN32_NOT_FOUND},
	{ENXIO, ERR_WIN32_NOT_FOUND},
	{ESRCH, ERR_WIN32_NOT_FOUND},
	{EEXIST, ERR_WIN32_ALREADY_EXISTS},
	{ENOMEM, ERR_NO_MEMORY},
	{ENOBUFS, ERR_NO_MEMORY},
	{EMFILE, ERR_NO_MEMORY},
	{ENFILE, ERR_NO_MEMORY},
	{EINVAL, ERR_INVALID_PARAMETER},
	{EMSGSIZE, ERR_INVALID_PARAMETER},
	{ENAMETOOLONG, ERR_INVALID_PARAMETER},
	{EBADF, ERR_INVALID_HANDLE},
	{EBUSY, ERR_BUSY},
	{EADDRINUSE, ERR_BUSY},
	{EAGAIN, ERR_NOT_READY},
	{EINTR, ERR_OPERATION_ABORTED},
	{EIO, ERR_IO_DEVICE},
	{ENOSPC, ERR_DISK_FULL},
	{EDQUOT, ERR_DISK_FULL},
	{EFBIG, ERR_DISK_FULL},
	{ENOEXEC, ERR_BAD_FORMAT},
	{EOVERFLOW, ERR_ARITHMETIC_OVERFLOW},
	{ENOSYS, ERR_NOT_SUPPORTED},
	{EOPNOTSUPP, ERR_NOT_SUPPORTED},
	{EPROTONOSUPPORT, ERR_NOT_SUPPORTED},
	{EAFNOSUPPORT, ERR_NOT_SUPPORTED},
	{ENETDOWN, ERR_BAD_NETPATH},
	{ENETUNREACH, ERR_BAD_NETPATH},
	{EHOSTUNREACH, ERR_BAD_NETPATH},
	{ETIMEDOUT, ERR_WIN32_TIMEOUT},
	{EPIPE, ERR_CONNECTION_ABORTED},
	{ECONNRESET, ERR_CONNECTION_ABORTED},
	{ECONNABORTED, ERR_CONNECTION_ABORTED},
};

static const struct err_row *err_find(wfp_err err)
{
	for (size_t i = 0; i < ARRAY_LEN(err_rows); i++)
		if (err_rows[i].code == err)
			return &err_rows[i];
	return NULL;
}

const char *err_name(wfp_err err)
{
	const struct err_row *row = err_find(err);

	return row ? row->name : "unknown error";
}

const char *err_text(wfp_err err)
{
	const struct err_row *row = err_find(err);

	return row ? row->text : "an error without a name";
}

uint32_t err_ntstatus(wfp_err err)
{
	const struct err_row *row;

	if (LIKELY(err == ERR_OK))
		return 0;
	row = err_find(err);
	return row ? row->status : err_ntstatus(ERR_GEN_FAILURE);
}

wfp_err err_from_ntstatus(uint32_t status)
{
	/* The two severities below this bit are success and information. */
	if (LIKELY((status & UINT32_C(0x80000000)) == 0))
		return ERR_OK;
	for (size_t i = 0; i < ARRAY_LEN(err_rows); i++)
		if (err_rows[i].status == status)
			return err_rows[i].code;
	return ERR_GEN_FAILURE;
}

wfp_err err_from_errno(int error)
{
	for (size_t i = 0; i < ARRAY_LEN(errno_rows); i++)
		if (errno_rows[i].error == error)
			return errno_rows[i].code;
	return ERR_GEN_FAILURE;
}
