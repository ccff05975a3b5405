/* SPDX-License-Identifier: MIT */
/*
 * digest - SHA-256, so that a trace can say which bytes it was made with.
 *
 * Thread: the explorer's, outside the world.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

#define DIGEST_SIZE 32u
#define DIGEST_TEXT (2 * DIGEST_SIZE + 1)

MUST_CHECK wfp_err digest_bytes(const void *data, size_t len, uint8_t out[DIGEST_SIZE]);
/* Of a whole file, of 256 MiB at most. */
MUST_CHECK wfp_err digest_file(const char *path, uint8_t out[DIGEST_SIZE]);

/* In lower case. */
void digest_print(const uint8_t digest[DIGEST_SIZE], char out[DIGEST_TEXT]);
/* False: not exactly 64 digits. */
MUST_CHECK bool digest_parse(const char *text, size_t len, uint8_t out[DIGEST_SIZE]);
