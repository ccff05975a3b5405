/* SPDX-License-Identifier: MIT */
/*
 * Damaged files: a store is served whole or not at all, what was damaged is kept, and the boot-time
 * set is there.
 */
#define STORE_WORLD_IN_MEMORY
#include "store_world.h"

#define ROUNDS	    400u
#define COMMITS	    6u
#define HEADER_FROM 60 /* user_version */
#define HEADER_TO   72 /* behind application_id */

/* What the store held after each commit; the last is what it should hold. */
struct history {
	struct model after[COMMITS + 1];
};

static void build(struct world *w, struct history *h, struct rng *r)
{
	struct model m = {0};

	world_open(w);
	h->after[0] = m;
	for (uint32_t i = 1; i <= COMMITS; i++) {
		CHECK_OK(store_begin(w->store));
		for (uint32_t n = 1 + rng_below(r, 9); n > 0; n--)
			put(w->store, &m, rng_below(r, 3), rng_below(r, 15), 1 + rng_below(r, 2),
			    1 + rng_below(r, 100000));
		m.options[i % MODEL_NAMES] = i;
		CHECK_OK(store_set_option(w->store, model_names[i % MODEL_NAMES], i));
		CHECK_OK(store_commit(w->store));
		h->after[i] = m;
	}
}

static const struct model *latest(const struct history *h)
{
	return &h->after[COMMITS];
}

static void copy_file(const struct world *from, const struct world *to, const char *suffix)
{
	struct buf bytes = {0};

	CHECK_OK(file_read_all(world_file(from, suffix), 1 << 24, &bytes));
	CHECK_OK(file_write_all(world_file(to, suffix), bytes.data, bytes.len));
	buf_free(&bytes);
}

/* As a crash would leave it, with a log. */
static void build_crashed(struct world *w, struct history *h, struct rng *r)
{
	struct world live;

	world_init(&live);
	build(&live, h, r);
	CHECK_OK(file_mkdir(w->dir, 0700));
	copy_file(&live, w, "");
	copy_file(&live, w, "-wal");
	copy_file(&live, w, ".boot");
	world_fini(&live);
}

static void build_closed(struct world *w, struct history *h, struct rng *r)
{
	build(w, h, r);
	world_close(w);
}

/* Returns where. */
static size_t damage(const char *path, struct rng *r)
{
	struct buf b = {0};
	size_t at, len;

	CHECK_OK(file_read_all(path, 1 << 24, &b));
	at = b.len > 0 ? rng_below(r, (uint32_t)b.len) : 0;
	len = b.len;
	switch (rng_below(r, 4)) {
	case 0:
		b.data[at] ^= (uint8_t)(1u << rng_below(r, 8));
		break;
	case 1:
		b.data[at] = (uint8_t)rng_u32(r);
		break;
	case 2:
		len = at;
		break;
	default:
		at &= ~(size_t)511;
		memset(b.data + at, 0, b.len - at < 512 ? b.len - at : 512);
	}
	CHECK_OK(file_write_all(path, b.data, len));
	buf_free(&b);
	return at;
}

static bool was_once(const struct history *h, const struct model *m)
{
	for (uint32_t i = 0; i <= COMMITS; i++)
		if (model_same(&h->after[i], m))
			return true;
	return false;
}

static void check_replaced(struct world *w, const struct history *h)
{
	const struct model got = model_of(w->store), boot = model_boot(latest(h));

	CHECK(strstr(buf_str(&w->why), "is damaged (") != NULL);
	CHECK_EQ_U(w->how.aside, 1);
	CHECK(file_exists(world_file(w, ".damaged-1")));
	CHECK_EQ_U(w->how.recovered, boot.count);
	CHECK(model_same(&got, &boot));
}

static void check_copy(struct world *w)
{
	const struct model all = model_of(w->store), boot = model_boot(&all);
	const struct model copy = model_of_boot(w->path);

	CHECK(model_same(&copy, &boot));
}

TEST(a_damaged_database_is_served_whole_or_replaced_by_the_boot_time_set)
{
	struct rng r;
	unsigned replaced = 0;

	rng_seed(&r, test_seed());
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct world w;
		struct history h;
		size_t at;
		wfp_err err;

		world_init(&w);
		build_closed(&w, &h, &r);
		at = damage(w.path, &r);
		err = world_try_open(&w);
		if (err) {
			CHECK(err == ERR_NOT_SUPPORTED || err == ERR_BAD_FORMAT);
			CHECK(at < HEADER_TO && w.why.len > 0);
		} else if (w.how.found == STORE_DAMAGED) {
			check_replaced(&w, &h);
			check_copy(&w);
			replaced++;
		} else {
			CHECK_EQ_U(w.how.found, STORE_AS_LEFT);
			check_same(w.store, latest(&h));
			check_copy(&w);
		}
		world_fini(&w);
	}
	CHECK(replaced > ROUNDS / 4);
}

/* A log that is cut or wrong from some commit on is, to SQLite, one that ended there. */
TEST(a_damaged_log_gives_one_of_the_committed_sets)
{
	struct rng r;
	unsigned older = 0;

	rng_seed(&r, test_seed());
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct world w;
		struct history h;

		world_init(&w);
		build_crashed(&w, &h, &r);
		damage(world_file(&w, "-wal"), &r);
		world_open(&w);
		if (w.how.found == STORE_DAMAGED) {
			check_replaced(&w, &h);
		} else {
			const struct model got = model_of(w.store);

			CHECK_EQ_U(w.how.found, STORE_AS_LEFT);
			CHECK(was_once(&h, &got));
			older += !model_same(&got, latest(&h));
		}
		check_copy(&w);
		world_fini(&w);
	}
	CHECK(older > ROUNDS / 4);
}

static wfp_err count_record(void *ctx, const struct store_record *record)
{
	++*(size_t *)ctx;
	return ERR_OK;
}

TEST(a_damaged_boot_copy_gives_no_record_and_is_made_again)
{
	struct rng r;

	rng_seed(&r, test_seed());
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct world w;
		struct history h;
		size_t count = 0;
		wfp_err err;

		world_init(&w);
		build_closed(&w, &h, &r);
		damage(world_file(&w, ".boot"), &r);
		err = store_load_boot(w.path, count_record, &count);
		CHECK(err == ERR_OK || err == ERR_FILE_CORRUPT);
		CHECK_EQ_U(count, err ? 0 : model_boot(latest(&h)).count);
		world_open(&w);
		CHECK_EQ_U(w.how.found, STORE_AS_LEFT);
		check_same(w.store, latest(&h));
		check_copy(&w);
		world_fini(&w);
	}
}

TEST(when_both_are_damaged_both_are_kept_and_the_store_is_empty)
{
	struct world w;
	struct model m = {0};

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	world_close(&w);
	CHECK_OK(file_write_all(w.path, "x", 1));
	CHECK_OK(file_write_all(world_file(&w, ".boot"), "y", 1));
	world_open(&w);
	CHECK_EQ_U(w.how.found, STORE_DAMAGED);
	CHECK(w.how.boot_lost);
	CHECK(strstr(buf_str(&w.why), "damaged too"));
	CHECK_EQ_U(model_of(w.store).count, 0);
	CHECK(file_exists(world_file(&w, ".damaged-1")));
	CHECK(file_exists(world_file(&w, ".damaged-1.boot")));
	world_fini(&w);
}

/* Each thing that a person's eye would call damage, and that SQLite would not. */
TEST(rows_that_were_changed_behind_the_stores_back_are_damage)
{
	static const char *const changes[] = {
		"UPDATE record SET data = x'00' WHERE seq = 1",
		"UPDATE record SET lifetime = 1 WHERE lifetime = 2",
		"UPDATE record SET seq = 100 WHERE seq = 1",
		"UPDATE option SET value = 1",
		"DELETE FROM record WHERE seq = 1",
		"DELETE FROM option",
		"DELETE FROM total",
		"INSERT INTO total SELECT * FROM total",
		"DROP INDEX record_boot; DROP TABLE option",
	};

	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct world w;
		struct history h;

		world_init(&w);
		world_open(&w);
		put_some(w.store, (h.after[COMMITS] = (struct model){0}, &h.after[COMMITS]));
		world_close(&w);
		run_sql(w.path, changes[i]);
		world_open(&w);
		CHECK_EQ_U(w.how.found, STORE_DAMAGED);
		check_replaced(&w, &h);
		world_fini(&w);
	}
}

TEST(each_damage_is_put_aside_under_a_number_of_its_own)
{
	struct world w;

	world_init(&w);
	for (uint32_t i = 1; i <= 3; i++) {
		world_open(&w);
		world_close(&w);
		CHECK_OK(file_write_all(w.path, "", 0));
		world_open(&w);
		CHECK_EQ_U(w.how.found, STORE_DAMAGED);
		CHECK_EQ_U(w.how.aside, i);
		world_close(&w);
	}
	world_fini(&w);
}
