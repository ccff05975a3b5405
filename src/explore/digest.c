/* SPDX-License-Identifier: MIT */
/*
 * digest - SHA-256 by libcrypto: a hash that others can compute too (sha256sum) is worth a library
 * that every Debian has.
 */
#include "explore/digest.h"

#include "base/file.h"

#include <openssl/evp.h>

#define FILE_MAX (256u << 20)

wfp_err digest_bytes(const void *data, size_t len, uint8_t out[DIGEST_SIZE])
{
	return EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL) == 1 ? ERR_OK : ERR_NO_MEMORY;
}

wfp_err digest_file(const char *path, uint8_t out[DIGEST_SIZE])
{
	struct buf bytes = {0};
	wfp_err err = file_read_all(path, FILE_MAX, &bytes);

	if (!err)
		err = digest_bytes(buf_str(&bytes), bytes.len, out);
	buf_free(&bytes);
	return err;
}
