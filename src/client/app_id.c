/* SPDX-License-Identifier: MIT */
/*
 * app_id - the id of a program: what FWPM_CONDITION_ALE_APP_ID is compared with.
 *
 * On Windows that is the path of the image as the kernel writes it, in lower case.  Here it is the
 * path of the image as Linux writes it: absolute, without links, and in its own case, because two
 * files may differ in nothing else.  A device path of Windows is kept as it is, so that policy from
 * there can be stored.  Called by programs, on any thread; no session.
 */
#include "base/file.h"
#include "base/mem.h"
#include "client/block.h"
#include "client/session.h"
#include "client/text.h"

#include <string.h>

static bool is_device_path(const char *path)
{
	return strncasecmp(path, "\\device\\", 8) == 0;
}

static wfp_err seal_id(struct arena *a, const char *path, FWP_BYTE_BLOB **appId)
{
	FWP_BYTE_BLOB blob;
	uint16_t *text = text_to_utf16(a, path);
	void *sealed;
	wfp_err err;

	if (!text)
		return ERR_NO_MEMORY;
	blob.size = (UINT32)((text_length(text) + 1) * sizeof(*text));
	blob.data = (UINT8 *)text;
	err = block_seal(a, &blob, sizeof(blob), &sealed);
	if (!err)
		*appId = sealed;
	return err;
}

static wfp_err id_of_file(struct arena *a, const char *path, FWP_BYTE_BLOB **appId)
{
	char *real;
	wfp_err err = file_resolve(path, &real);

	if (err)
		return err;
	err = seal_id(a, real, appId);
	mem_free(real);
	return err;
}

DWORD WINAPI FwpmGetAppIdFromFileName0(const WCHAR *fileName, FWP_BYTE_BLOB **appId)
{
	struct arena a;
	char *path;
	wfp_err err = ERR_NO_MEMORY;

	if (!fileName || !appId)
		return ERR_NULL_POINTER;
	session_arena_init(&a);
	path = text_to_utf8(&a, fileName);
	if (path)
		err = is_device_path(path) ? seal_id(&a, path, appId) : id_of_file(&a, path, appId);
	arena_free(&a);
	return err;
}
