/* SPDX-License-Identifier: MIT */
/*
 * file - whole files and directories.
 *
 * For policies, captures and state; never on a packet's way.  Errors are those of errno.
 */
#pragma once

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"

#include <stdio.h>

/* Appends to out; ERR_INSUFFICIENT_BUFFER when there is more than max. */
MUST_CHECK wfp_err file_read_all(const char *path, size_t max, struct buf *out);

MUST_CHECK wfp_err file_write_all(const char *path, const void *data, size_t len);

/* A reader, and a crash at any moment, sees the old file or the whole new one. */
MUST_CHECK wfp_err file_write_atomic(const char *path, const void *data, size_t len);

/* On the disk, contents and name, when this returns; a crash before may leave a part of it. */
MUST_CHECK wfp_err file_write_durable(const char *path, const void *data, size_t len,
				      unsigned mode);

/* The name itself is on the disk when this returns, as after it was made or renamed. */
MUST_CHECK wfp_err file_sync_parent(const char *path);

/* In one directory; replaces `to`; on the disk when this returns.  A crash leaves either name. */
MUST_CHECK wfp_err file_rename(const char *from, const char *to);

/*
 * Makes the file if need be and locks it, against other processes and other takers in this one;
 * the end of the process drops the lock.  ERR_SHARING_VIOLATION: somebody has it.
 */
MUST_CHECK wfp_err file_lock_take(const char *path, int *out);
void file_lock_drop(int lock);

bool file_exists(const char *path);
bool file_is_directory(const char *path);

/* The absolute path without links, "." and ".."; the caller frees it with mem_free. */
MUST_CHECK wfp_err file_resolve(const char *path, char **out);

/* Fine when there is no such file. */
MUST_CHECK wfp_err file_remove(const char *path);

/* mode: as of fopen; the descriptor does not survive an exec. */
MUST_CHECK wfp_err file_open_stream(const char *path, const char *mode, FILE **out);

/* The error is the first one of the stream's life: a full disk is found here at the latest. */
MUST_CHECK wfp_err file_close_stream(FILE *stream);

/* Fine when the directory exists already; parents must exist. */
MUST_CHECK wfp_err file_mkdir(const char *path, unsigned mode);

struct file_names {
	char **names;
	size_t count;
};

/* Names without "." and "..", sorted. */
MUST_CHECK wfp_err file_list_dir(const char *path, struct file_names *out);
void file_names_free(struct file_names *names);
