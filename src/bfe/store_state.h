/* SPDX-License-Identifier: MIT */
/*
 * store_state - what a store is made of; for the store's own files.
 */
#pragma once

#include "bfe/store.h"

struct sqlite3;
struct sqlite3_stmt;

enum store_statement {
	STORE_BEGIN,
	STORE_COMMIT,
	STORE_ROLLBACK,
	STORE_FIND,
	STORE_INSERT,
	STORE_REPLACE,
	STORE_DELETE,
	STORE_LOAD,
	STORE_LOAD_BOOT,
	STORE_FIND_OPTION,
	STORE_SET_OPTION,
	STORE_SET_TOTAL,
	STORE_STATEMENTS,
};

/* How many rows there are, and the sum of their checksums modulo 2^64. */
struct store_total {
	uint64_t entries;
	uint64_t sum;
};

/* Everything belongs to the one thread that uses the store. */
struct store {
	char *path;
	int lock; /* of PATH.lock, as long as the store lives; -1 before */
	struct sqlite3 *db;
	struct sqlite3_stmt *statements[STORE_STATEMENTS];

	struct store_total total;     /* with the open transaction's changes */
	struct store_total committed; /* without */
	int64_t next_seq;	      /* above every record's; goes on after a rollback */

	bool in_txn;
	bool changed;	   /* the transaction has written something */
	bool boot_changed; /* a boot-time record among it */
	wfp_err doomed;	   /* SQLite gave the transaction up: the error it did so with */
	bool boot_stale;   /* PATH.boot is not what the database says */
};

/* path + suffix; the buffer is the caller's. */
MUST_CHECK wfp_err store_path(const struct store *s, const char *suffix, struct buf *out);

/* The statements, and the totals after they were found true; ERR_FILE_CORRUPT otherwise. */
MUST_CHECK wfp_err store_attach(struct store *s);
void store_detach(struct store *s);

/*
 * Renames PATH and what belongs to it to PATH.damaged-N, and what of them is there; *out: N.  Also
 * the copy of the boot-time set when `copy` says that it is damaged.
 */
MUST_CHECK wfp_err store_aside(const struct store *s, bool copy, uint32_t *out);

/* Writes PATH.boot-next, durably, from what the database says now, the open transaction included.
 */
MUST_CHECK wfp_err store_copy_prepare(struct store *s);

/* PATH.boot-next becomes PATH.boot. */
MUST_CHECK wfp_err store_copy_publish(struct store *s);

/* At opening: writes PATH.boot when it is not what the database says. */
MUST_CHECK wfp_err store_copy_refresh(struct store *s);
