/* SPDX-License-Identifier: MIT */
/*
 * store_schema - the tables, version by version.
 */
#pragma once

#include "bfe/store.h"

#define STORE_SCHEMA_VERSION 2u /* what this program writes */

struct sqlite3;

/* *out: 0 when the tables were never made, or by a header that is damaged.  ERR_BAD_FORMAT: the
 * database is somebody else's. */
MUST_CHECK wfp_err store_schema_version(struct sqlite3 *db, uint32_t *out);

/* From one version to another, up; the caller has a transaction open. */
MUST_CHECK wfp_err store_schema_migrate(struct sqlite3 *db, uint32_t from, uint32_t to);
