/* SPDX-License-Identifier: MIT */
/*
 * store_world - a store in a directory of its own, and the stupid thing it must agree with: a list.
 *
 * A record's bytes follow from its stamp, so that a record read back is checked to the last byte.
 */
#pragma once

#include "harness.h"

#include "base/file.h"
#include "base/rng.h"
#include "bfe/store.h"
#include "bfe/store_row.h"
#include "bfe/store_schema.h"
#include "bfe/store_sql.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Below the working directory; but a test that defines STORE_WORLD_IN_MEMORY does not depend on
 * what a disk does, only on what a process does, and need not wait for one.
 */
#ifdef STORE_WORLD_IN_MEMORY
#define STORE_WORLD_ROOT (access("/dev/shm", W_OK) == 0 ? "/dev/shm" : ".")
#else
#define STORE_WORLD_ROOT "."
#endif

#define MODEL_MAX   64
#define MODEL_NAMES 3

struct entry {
	uint32_t kind;
	uint32_t key;
	uint32_t lifetime;
	uint64_t stamp;
};

/* In the order they were put. */
struct model {
	struct entry list[MODEL_MAX];
	size_t count;
	uint64_t options[MODEL_NAMES]; /* 0: never set */
};

static const char *const model_names[MODEL_NAMES] = {"next_filter_id", "collect", "b"};

struct world {
	char dir[64];
	char path[96];
	struct store *store;
	struct store_opened how;
	struct buf why;
};

/* ---- records ---- */

static inline size_t stamp_size(uint64_t stamp)
{
	return stamp % 17 == 0 ? 9000 : 8 + stamp % 500;
}

static inline void stamp_fill(uint8_t *to, size_t size, uint64_t stamp)
{
	memcpy(to, &stamp, size < 8 ? size : 8);
	for (size_t i = 8; i < size; i++)
		to[i] = (uint8_t)(stamp >> i % 57 ^ i);
}

static inline struct guid key_guid(uint32_t key)
{
	return (struct guid){key, (uint16_t)(key * 7), 3, {1, 2, 3, 4, 5, 6, 7, 8}};
}

/* Points into memory of its own, until the next call. */
static inline struct store_record entry_record(const struct entry *e)
{
	static uint8_t data[9000], sd[64];
	struct store_record record = {
		.kind = e->kind,
		.key = key_guid(e->key),
		.lifetime = e->lifetime,
		.data = data,
		.size = stamp_size(e->stamp),
		.sd = e->stamp % 3 ? sd : NULL,
		.sd_size = e->stamp % 3 ? e->stamp % 61 : 0,
	};

	stamp_fill(data, record.size, e->stamp);
	stamp_fill(sd, record.sd_size, e->stamp);
	return record;
}

static inline void check_bytes(const struct entry *e, const struct store_record *got)
{
	struct store_record want = entry_record(e);
	const struct guid key = key_guid(e->key);

	CHECK(guid_equal(&key, &got->key));
	CHECK_EQ_U(got->size, want.size);
	CHECK(memcmp(got->data, want.data, want.size) == 0);
	CHECK_EQ_U(got->sd != NULL, want.sd != NULL);
	CHECK_EQ_U(got->sd_size, want.sd_size);
	CHECK(!want.sd || memcmp(got->sd, want.sd, want.sd_size) == 0);
}

/* ---- the list ---- */

static inline size_t model_find(const struct model *m, uint32_t kind, uint32_t key)
{
	size_t i = 0;

	while (i < m->count && (m->list[i].kind != kind || m->list[i].key != key))
		i++;
	return i;
}

static inline void model_put(struct model *m, const struct entry *e)
{
	size_t i = model_find(m, e->kind, e->key);

	BUG_ON(i == MODEL_MAX);
	m->list[i] = *e;
	if (i == m->count)
		m->count++;
}

static inline void model_delete(struct model *m, uint32_t kind, uint32_t key)
{
	size_t i = model_find(m, kind, key);

	if (i == m->count)
		return;
	memmove(&m->list[i], &m->list[i + 1], (m->count - i - 1) * sizeof(m->list[0]));
	m->count--;
}

static inline struct model model_boot(const struct model *m)
{
	struct model boot = {0};

	for (size_t i = 0; i < m->count; i++)
		if (m->list[i].lifetime == STORE_BOOTTIME)
			boot.list[boot.count++] = m->list[i];
	return boot;
}

static inline bool model_same(const struct model *a, const struct model *b)
{
	if (a->count != b->count || memcmp(a->options, b->options, sizeof(a->options)) != 0)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->list[i].kind != b->list[i].kind || a->list[i].key != b->list[i].key ||
		    a->list[i].lifetime != b->list[i].lifetime ||
		    a->list[i].stamp != b->list[i].stamp)
			return false;
	return true;
}

static inline wfp_err model_take(void *ctx, const struct store_record *record)
{
	struct model *m = ctx;
	struct entry e = {record->kind, record->key.a, record->lifetime, 0};

	BUG_ON(m->count == MODEL_MAX || record->size < 8);
	memcpy(&e.stamp, record->data, 8);
	check_bytes(&e, record);
	m->list[m->count++] = e;
	return ERR_OK;
}

static inline struct model model_of(struct store *s)
{
	struct model m = {0};

	CHECK_OK(store_load(s, model_take, &m));
	for (size_t i = 0; i < MODEL_NAMES; i++) {
		wfp_err err = store_get_option(s, model_names[i], &m.options[i]);

		CHECK(err == ERR_OK || err == ERR_WIN32_NOT_FOUND);
	}
	return m;
}

static inline UNUSED struct model model_of_boot(const char *path)
{
	struct model m = {0};

	CHECK_OK(store_load_boot(path, model_take, &m));
	return m;
}

/* ---- the store ---- */

static inline void world_init(struct world *w)
{
	static unsigned number;

	*w = (struct world){0};
	snprintf(w->dir, sizeof(w->dir), "%s/store_test.%d.%u", STORE_WORLD_ROOT, (int)getpid(),
		 number++);
	snprintf(w->path, sizeof(w->path), "%s/policy.db", w->dir);
}

static inline wfp_err world_try_open(struct world *w)
{
	buf_reset(&w->why);
	return store_open(&w->store, w->path, &w->how, &w->why);
}

static inline void world_open(struct world *w)
{
	wfp_err err = world_try_open(w);

	if (err)
		CHECK_SAY("%s: %s", err_name(err), buf_str(&w->why));
}

static inline void world_close(struct world *w)
{
	store_close(w->store);
	w->store = NULL;
}

static inline void world_empty(struct world *w)
{
	struct file_names names = {0};
	char path[400];

	if (file_list_dir(w->dir, &names) != ERR_OK)
		return;
	for (size_t i = 0; i < names.count; i++) {
		snprintf(path, sizeof(path), "%s/%s", w->dir, names.names[i]);
		CHECK_OK(file_remove(path));
	}
	file_names_free(&names);
	CHECK(rmdir(w->dir) == 0);
}

static inline void world_fini(struct world *w)
{
	world_close(w);
	world_empty(w);
	buf_free(&w->why);
}

/* PATH and a suffix, until the call after the next. */
static inline UNUSED const char *world_file(const struct world *w, const char *suffix)
{
	static char paths[2][160];
	static unsigned turn;

	turn = !turn;
	snprintf(paths[turn], sizeof(paths[turn]), "%s%s", w->path, suffix);
	return paths[turn];
}

static inline void put(struct store *s, struct model *m, uint32_t kind, uint32_t key,
		       uint32_t lifetime, uint64_t stamp)
{
	const struct entry e = {kind, key, lifetime, stamp};
	const struct store_record record = entry_record(&e);

	CHECK_OK(store_put(s, &record));
	model_put(m, &e);
}

static inline UNUSED void check_same(struct store *s, const struct model *m)
{
	const struct model got = model_of(s);

	CHECK(model_same(&got, m));
}

/* Four records, one of them boot-time, and an option. */
static inline UNUSED void put_some(struct store *s, struct model *m)
{
	CHECK_OK(store_begin(s));
	put(s, m, 1, 10, STORE_PERSISTENT, 1000);
	put(s, m, 2, 10, STORE_PERSISTENT, 1001);
	put(s, m, 2, 5, STORE_BOOTTIME, 1002);
	put(s, m, 1, 2, STORE_PERSISTENT, 1003);
	CHECK_OK(store_set_option(s, model_names[0], 65536));
	m->options[0] = 65536;
	CHECK_OK(store_commit(s));
}

/* ---- behind the store's back ---- */

static inline UNUSED void run_sql(const char *path, const char *sql)
{
	struct sqlite3 *db = NULL;

	CHECK_EQ_U(sqlite3_open(path, &db), SQLITE_OK);
	CHECK_OK(store_sql_exec(db, sql));
	sqlite3_close(db);
}

/* A store as the first version wrote it: no checksums, no total, no boot-time copy. */
static inline UNUSED void make_version_1(struct world *w, struct model *m)
{
	struct sqlite3 *db = NULL;
	struct sqlite3_stmt *st = NULL;

	CHECK_OK(file_mkdir(w->dir, 0700));
	CHECK_EQ_U(sqlite3_open(w->path, &db), SQLITE_OK);
	CHECK_OK(store_schema_migrate(db, 0, 1));
	CHECK_OK(store_sql_prepare(
		db, "INSERT INTO record SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ?7 = 0", &st));
	for (uint32_t i = 0; i < 5; i++) {
		const struct entry e = {1, 50 - i, 1 + i % 2, 1015 + i};
		const struct store_record record = entry_record(&e);

		CHECK_OK(store_row_bind(st, i + 1, &record, 0));
		CHECK_OK(store_sql_run(st));
		model_put(m, &e);
	}
	sqlite3_finalize(st);
	CHECK_OK(store_sql_exec(db, "INSERT INTO option VALUES ('next_filter_id', 77)"));
	m->options[0] = 77;
	sqlite3_close(db);
}
