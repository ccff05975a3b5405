/* SPDX-License-Identifier: MIT */
/*
 * dl - shared objects: how drivers are loaded and unloaded.
 *
 * Symbols are bound at once and stay local.
 */
#pragma once

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"

struct dl;

/* On failure why, unless NULL, gets the loader's sentence appended. */
MUST_CHECK wfp_err dl_open(struct dl **out, const char *path, struct buf *why);

/* Every object that is mapped: its file ("": the program), and what is added to its addresses. */
void dl_each(void (*fn)(void *ctx, const char *path, uintptr_t base), void *ctx);

/* NULL when the object does not define the name. */
void *dl_sym(const struct dl *dl, const char *name);

/* The file of the loaded object that the address belongs to, and how far into it; NULL: none. */
const char *dl_file_at(const void *address, uint64_t *offset);

/*
 * Frees dl.  ERR_BUSY: the object is still mapped, because it was opened more than once or is
 * marked as not to be unloaded; its next load would find its old data.
 */
wfp_err dl_close(struct dl *dl);
