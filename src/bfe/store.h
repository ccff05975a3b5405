/* SPDX-License-Identifier: MIT */
/*
 * store - what survives: opaque records under their kind and key, and named numbers, in one file.
 *
 * The base filtering engine writes here what is persistent or boot-time, inside the transaction
 * and before the change is visible, and reads it back when it starts.  The store knows nothing of
 * what the records mean.  One thread uses a store at a time: whoever holds the writer's role.
 * docs/design/store.md tells of the files, of power loss and of damage.
 */
#pragma once

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"
#include "model/guid.h"

enum store_lifetime {
	STORE_PERSISTENT = 1,
	STORE_BOOTTIME = 2, /* also in the copy PATH.boot, which needs no database to be read */
};

#define STORE_RECORD_MAX (16u << 20) /* bytes of data, and of sd; more is ERR_INVALID_PARAMETER */
#define STORE_NAME_MAX	 64	     /* bytes of an option's name */

struct store;

struct store_record {
	uint32_t kind;
	struct guid key; /* unique within its kind */
	uint32_t lifetime;
	const void *data; /* may be NULL when size is 0 */
	size_t size;
	const void *sd; /* NULL: nothing but what is inherited */
	size_t sd_size;
};

/* What a store is read with; an error ends the reading and is its result. */
typedef wfp_err (*store_record_fn)(void *ctx, const struct store_record *record);

enum store_found {
	STORE_AS_LEFT,	/* as it was left */
	STORE_FRESH,	/* there was none */
	STORE_MIGRATED, /* of an older version, now of this one */
	STORE_DAMAGED,	/* put aside as PATH.damaged-N; the new one holds the boot-time set alone */
};

struct store_opened {
	enum store_found found;
	uint32_t version;   /* MIGRATED: the version it was of */
	uint32_t aside;	    /* DAMAGED: N */
	uint32_t recovered; /* FRESH, DAMAGED: records taken over from PATH.boot */
	bool boot_lost;	 /* FRESH, DAMAGED: PATH.boot was damaged as well, and is put aside too */
	bool boot_stale; /* PATH.boot could not be written; each commit tries again */
};

/*
 * Makes the directory and the file when they are missing; the directory's parent must exist.
 * Damage is no error: a new store takes the place of the damaged one, with the boot-time records
 * of PATH.boot already in it, and `why` says in a sentence what was found.  These are errors, with
 * a sentence in `why`, and leave the files alone: no permission, a full disk,
 * ERR_SHARING_VIOLATION (another process or another struct store has it open), ERR_BAD_FORMAT
 * (somebody else's database), ERR_NOT_SUPPORTED (written by a newer version), no memory.
 */
MUST_CHECK wfp_err store_open(struct store **out, const char *path, struct store_opened *how,
			      struct buf *why);

/* What was not committed is rolled back.  NULL is fine. */
void store_close(struct store *s);

/*
 * A transaction.  Between store_begin and store_commit the functions below may be called in any
 * number; each changes the transaction wholly or not at all.  After an error the transaction may
 * go on, except that a full or failing disk can end it: then everything up to store_rollback
 * answers with the same error.
 */
MUST_CHECK wfp_err store_begin(struct store *s);

/* Inserts, or replaces the record with that kind and key, which then keeps its place in the order.
 */
MUST_CHECK wfp_err store_put(struct store *s, const struct store_record *record);

/* Fine when there is no such record. */
MUST_CHECK wfp_err store_delete(struct store *s, uint32_t kind, const struct guid *key);

MUST_CHECK wfp_err store_set_option(struct store *s, const char *name, uint64_t value);

/* Inside a transaction and outside.  ERR_WIN32_NOT_FOUND: never set; *value is left alone. */
MUST_CHECK wfp_err store_get_option(struct store *s, const char *name, uint64_t *value);

/*
 * Everything since store_begin is on the disk when this returns ERR_OK, and nothing of it is in
 * the store when it returns an error.  The transaction is over either way.
 */
MUST_CHECK wfp_err store_commit(struct store *s);

/* Fine without a transaction. */
void store_rollback(struct store *s);

/*
 * All records in the order they were put.  fn must not use the store.  The bytes are not aligned,
 * and are gone after fn returns.
 */
MUST_CHECK wfp_err store_load(struct store *s, store_record_fn fn, void *ctx);

/*
 * The boot-time records from PATH.boot; the database is not touched, and may be open.  All or
 * none: fn is called when the whole file was found good.  ERR_FILE_NOT_FOUND: there is no such
 * file; ERR_FILE_CORRUPT: it is damaged.
 */
MUST_CHECK wfp_err store_load_boot(const char *path, store_record_fn fn, void *ctx);
