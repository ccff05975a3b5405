/* SPDX-License-Identifier: MIT */
/*
 * The policy store: what it keeps, in which order, and what it answers when it cannot.
 */
#include "store_world.h"

#include "base/mem.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

TEST(a_new_store_is_empty_and_private)
{
	struct world w;
	struct stat st;

	world_init(&w);
	world_open(&w);
	CHECK_EQ_U(w.how.found, STORE_FRESH);
	CHECK_EQ_U(model_of(w.store).count, 0);
	CHECK(stat(w.dir, &st) == 0 && (st.st_mode & 07777) == 0700);
	CHECK(stat(w.path, &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK(stat(world_file(&w, "-wal"), &st) != 0 || (st.st_mode & 07777) == 0600);
	CHECK(stat(world_file(&w, ".boot"), &st) == 0 && (st.st_mode & 07777) == 0600);
	world_fini(&w);
}

TEST(records_come_back_in_the_order_they_were_put)
{
	struct world w;
	struct model m = {0};

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	check_same(w.store, &m);
	world_close(&w);
	world_open(&w);
	CHECK_EQ_U(w.how.found, STORE_AS_LEFT);
	check_same(w.store, &m);
	world_fini(&w);
}

TEST(a_replaced_record_keeps_its_place)
{
	struct world w;
	struct model m = {0};

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	CHECK_OK(store_begin(w.store));
	put(w.store, &m, 1, 10, STORE_PERSISTENT, 5);
	CHECK_OK(store_commit(w.store));
	CHECK_EQ_U(m.list[0].stamp, 5);
	check_same(w.store, &m);
	world_fini(&w);
}

TEST(a_record_put_again_after_its_deletion_comes_last)
{
	struct world w;
	struct model m = {0};
	const struct guid key = key_guid(10);

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	CHECK_OK(store_begin(w.store));
	CHECK_OK(store_delete(w.store, 1, &key));
	model_delete(&m, 1, 10);
	put(w.store, &m, 1, 10, STORE_PERSISTENT, 6);
	CHECK_OK(store_commit(w.store));
	CHECK_EQ_U(m.list[3].stamp, 6);
	check_same(w.store, &m);
	world_fini(&w);
}

TEST(deleting_what_is_absent_is_fine)
{
	struct world w;
	const struct guid key = key_guid(1);

	world_init(&w);
	world_open(&w);
	CHECK_OK(store_begin(w.store));
	CHECK_OK(store_delete(w.store, 9, &key));
	CHECK_OK(store_commit(w.store));
	world_fini(&w);
}

static wfp_err check_bare(void *ctx, const struct store_record *record)
{
	CHECK_EQ_U(record->size, 0);
	CHECK_EQ_U(record->sd != NULL, record->kind == 1);
	CHECK_EQ_U(record->sd_size, 0);
	++*(unsigned *)ctx;
	return ERR_OK;
}

TEST(an_empty_descriptor_and_none_differ)
{
	struct world w;
	unsigned count = 0;

	world_init(&w);
	world_open(&w);
	CHECK_OK(store_begin(w.store));
	for (uint32_t kind = 0; kind < 2; kind++) {
		const struct store_record record = {
			.kind = kind, .lifetime = STORE_BOOTTIME, .sd = kind ? "" : NULL};

		CHECK_OK(store_put(w.store, &record));
	}
	CHECK_OK(store_commit(w.store));
	CHECK_OK(store_load(w.store, check_bare, &count));
	CHECK_OK(store_load_boot(w.path, check_bare, &count));
	CHECK_EQ_U(count, 4);
	world_fini(&w);
}

TEST(options_hold_64_bits)
{
	struct world w;
	uint64_t value = 7;

	world_init(&w);
	world_open(&w);
	CHECK_ERR(store_get_option(w.store, "id", &value), ERR_WIN32_NOT_FOUND);
	CHECK_EQ_U(value, 7);
	CHECK_OK(store_begin(w.store));
	CHECK_OK(store_set_option(w.store, "id", 1));
	CHECK_OK(store_set_option(w.store, "id", UINT64_MAX));
	CHECK_OK(store_commit(w.store));
	world_close(&w);
	world_open(&w);
	CHECK_OK(store_get_option(w.store, "id", &value));
	CHECK_EQ_U(value, UINT64_MAX);
	world_fini(&w);
}

TEST(a_rollback_changes_nothing)
{
	struct world w;
	struct model m = {0}, changed;
	const struct guid key = key_guid(5);

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	changed = m;
	CHECK_OK(store_begin(w.store));
	put(w.store, &changed, 7, 7, STORE_BOOTTIME, 7);
	CHECK_OK(store_delete(w.store, 2, &key));
	CHECK_OK(store_set_option(w.store, model_names[0], 1));
	store_rollback(w.store);
	store_rollback(w.store);
	check_same(w.store, &m);
	world_close(&w);
	world_open(&w);
	check_same(w.store, &m);
	world_fini(&w);
}

TEST(closing_rolls_back_what_was_not_committed)
{
	struct world w;
	struct model m = {0}, changed;

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	changed = m;
	CHECK_OK(store_begin(w.store));
	put(w.store, &changed, 7, 7, STORE_PERSISTENT, 7);
	world_close(&w);
	world_open(&w);
	CHECK_EQ_U(w.how.found, STORE_AS_LEFT);
	check_same(w.store, &m);
	world_fini(&w);
}

TEST(a_record_that_is_not_valid_is_refused_and_the_transaction_goes_on)
{
	struct world w;
	struct model m = {0};
	const struct store_record no_lifetime = {.kind = 1};
	const struct store_record too_large = {
		.kind = 1, .lifetime = STORE_PERSISTENT, .data = "", .size = STORE_RECORD_MAX + 1};
	char name[STORE_NAME_MAX + 2];

	world_init(&w);
	world_open(&w);
	memset(name, 'n', sizeof(name));
	name[STORE_NAME_MAX + 1] = 0;
	CHECK_OK(store_begin(w.store));
	CHECK_ERR(store_put(w.store, &no_lifetime), ERR_INVALID_PARAMETER);
	CHECK_ERR(store_put(w.store, &too_large), ERR_INVALID_PARAMETER);
	CHECK_ERR(store_set_option(w.store, name, 1), ERR_INVALID_PARAMETER);
	put(w.store, &m, 7, 7, STORE_PERSISTENT, 7);
	CHECK_OK(store_commit(w.store));
	check_same(w.store, &m);
	world_fini(&w);
}

static wfp_err refuse(void *ctx, const struct store_record *record)
{
	++*(unsigned *)ctx;
	return ERR_IN_USE;
}

TEST(the_readers_error_ends_the_reading)
{
	struct world w;
	struct model m = {0};
	unsigned count = 0;

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	CHECK_ERR(store_load(w.store, refuse, &count), ERR_IN_USE);
	CHECK_EQ_U(count, 1);
	check_same(w.store, &m);
	world_fini(&w);
}

/* ---- the boot-time copy ---- */

TEST(the_boot_copy_follows_each_commit_that_changes_a_boot_time_record)
{
	struct world w;
	struct model m = {0}, boot, got;
	const struct guid key = key_guid(5);

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	boot = model_boot(&m);
	got = model_of_boot(w.path);
	CHECK_EQ_U(boot.count, 1);
	CHECK(model_same(&got, &boot));

	CHECK_OK(store_begin(w.store));
	put(w.store, &m, 2, 5, STORE_PERSISTENT, 5);
	CHECK_OK(store_commit(w.store));
	CHECK_EQ_U(model_of_boot(w.path).count, 0);

	CHECK_OK(store_begin(w.store));
	put(w.store, &m, 2, 5, STORE_BOOTTIME, 5);
	CHECK_OK(store_commit(w.store));
	CHECK_EQ_U(model_of_boot(w.path).count, 1);

	CHECK_OK(store_begin(w.store));
	CHECK_OK(store_delete(w.store, 2, &key));
	CHECK_OK(store_commit(w.store));
	CHECK_EQ_U(model_of_boot(w.path).count, 0);
	world_fini(&w);
}

TEST(a_boot_copy_that_differs_is_made_again_at_opening)
{
	static const char *const contents[] = {NULL, "", "nonsense"};

	for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
		struct world w;
		struct model m = {0}, boot, got;

		world_init(&w);
		world_open(&w);
		put_some(w.store, &m);
		world_close(&w);
		CHECK_OK(file_remove(world_file(&w, ".boot")));
		if (contents[i]) {
			CHECK_OK(file_write_all(world_file(&w, ".boot"), contents[i],
						strlen(contents[i])));
			CHECK_ERR(store_load_boot(w.path, model_take, &got), ERR_FILE_CORRUPT);
		} else {
			CHECK_ERR(store_load_boot(w.path, model_take, &got), ERR_FILE_NOT_FOUND);
		}
		world_open(&w);
		CHECK_EQ_U(w.how.found, STORE_AS_LEFT);
		boot = model_boot(&m);
		got = model_of_boot(w.path);
		CHECK(model_same(&got, &boot));
		world_fini(&w);
	}
}

TEST(a_boot_copy_that_cannot_be_written_fails_the_commit)
{
	struct world w;
	struct model m = {0}, changed;

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	changed = m;
	CHECK(mkdir(world_file(&w, ".boot-next"), 0700) == 0);
	CHECK_OK(store_begin(w.store));
	put(w.store, &changed, 9, 9, STORE_BOOTTIME, 9);
	CHECK_ERR(store_commit(w.store), ERR_ACCESS_DENIED);
	check_same(w.store, &m);
	CHECK_OK(store_begin(w.store));
	put(w.store, &m, 9, 9, STORE_PERSISTENT, 9);
	CHECK_OK(store_commit(w.store));
	check_same(w.store, &m);
	CHECK(rmdir(world_file(&w, ".boot-next")) == 0);
	world_fini(&w);
}

TEST(a_store_whose_boot_copy_cannot_be_written_opens_and_says_so)
{
	struct world w;
	struct model m = {0};

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	world_close(&w);
	CHECK_OK(file_remove(world_file(&w, ".boot")));
	CHECK(mkdir(world_file(&w, ".boot-next"), 0700) == 0);
	world_open(&w);
	CHECK(w.how.boot_stale);
	CHECK(strstr(buf_str(&w.why), "cannot be written"));
	check_same(w.store, &m);
	CHECK(rmdir(world_file(&w, ".boot-next")) == 0);
	CHECK_OK(store_begin(w.store));
	CHECK_OK(store_commit(w.store));
	CHECK_EQ_U(model_of_boot(w.path).count, 1);
	world_fini(&w);
}

TEST(a_store_whose_database_is_gone_begins_with_the_boot_time_set)
{
	struct world w;
	struct model m = {0}, boot;

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	world_close(&w);
	CHECK_OK(file_remove(w.path));
	world_open(&w);
	CHECK_EQ_U(w.how.found, STORE_FRESH);
	CHECK_EQ_U(w.how.recovered, 1);
	boot = model_boot(&m);
	check_same(w.store, &boot);
	world_fini(&w);
}

/* ---- versions ---- */

TEST(a_store_of_version_1_is_migrated)
{
	struct world w;
	struct model m = {0}, boot, got;

	world_init(&w);
	make_version_1(&w, &m);
	world_open(&w);
	CHECK_EQ_U(w.how.found, STORE_MIGRATED);
	CHECK_EQ_U(w.how.version, 1);
	check_same(w.store, &m);
	boot = model_boot(&m);
	got = model_of_boot(w.path);
	CHECK(boot.count > 0 && model_same(&got, &boot));
	world_close(&w);
	world_open(&w);
	CHECK_EQ_U(w.how.found, STORE_AS_LEFT);
	check_same(w.store, &m);
	world_fini(&w);
}

TEST(a_store_of_a_newer_version_is_refused_and_left_alone)
{
	struct world w;
	struct model m = {0};
	struct buf before = {0}, after = {0};

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	world_close(&w);
	run_sql(w.path, "PRAGMA user_version = 77");
	CHECK_OK(file_read_all(w.path, 1 << 20, &before));
	CHECK_ERR(world_try_open(&w), ERR_NOT_SUPPORTED);
	CHECK(strstr(buf_str(&w.why), "version 77"));
	CHECK_OK(file_read_all(w.path, 1 << 20, &after));
	CHECK_EQ_U(before.len, after.len);
	CHECK(memcmp(before.data, after.data, before.len) == 0);
	buf_free(&before);
	buf_free(&after);
	world_fini(&w);
}

TEST(a_database_of_another_program_is_refused_and_left_alone)
{
	struct world w;

	world_init(&w);
	CHECK_OK(file_mkdir(w.dir, 0700));
	run_sql(w.path, "CREATE TABLE songs (name)");
	CHECK_ERR(world_try_open(&w), ERR_BAD_FORMAT);
	CHECK(strstr(buf_str(&w.why), "another program"));
	CHECK(!file_exists(world_file(&w, ".damaged-1")));
	world_fini(&w);
}

/* ---- who may not, and what does not fit ---- */

TEST(two_cannot_share_a_store)
{
	struct world w;
	struct store *second = NULL;
	struct store_opened how;

	world_init(&w);
	world_open(&w);
	CHECK_ERR(store_open(&second, w.path, &how, &w.why), ERR_SHARING_VIOLATION);
	CHECK(!second);
	CHECK(strstr(buf_str(&w.why), "in use"));
	world_close(&w);
	world_open(&w);
	world_fini(&w);
}

TEST(a_directory_without_a_parent_is_an_error)
{
	struct world w;
	struct store *s = NULL;
	struct store_opened how;

	world_init(&w);
	CHECK_ERR(store_open(&s, "no_such_dir/neither/policy.db", &how, &w.why),
		  ERR_FILE_NOT_FOUND);
	CHECK(!s && w.why.len > 0);
	buf_free(&w.why);
}

/* Forks, because the process gives up something that it cannot take back. */
static void in_child(void (*body)(struct world *), struct world *w)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		body(w);
		_exit(0);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void open_as_nobody(struct world *w)
{
	if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		_exit(2);
	CHECK_ERR(world_try_open(w), ERR_ACCESS_DENIED);
	CHECK(w->why.len > 0);
}

TEST(a_store_of_somebody_else_is_an_error_and_no_damage)
{
	struct world w;
	struct model m = {0};

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	world_close(&w);
	CHECK(chmod(w.path, 0) == 0 && chmod(w.dir, 0555) == 0);
	CHECK(chmod(world_file(&w, ".lock"), 0) == 0);
	in_child(open_as_nobody, &w);
	CHECK(chmod(w.path, 0600) == 0 && chmod(w.dir, 0700) == 0);
	CHECK(chmod(world_file(&w, ".lock"), 0600) == 0);
	world_open(&w);
	CHECK_EQ_U(w.how.found, STORE_AS_LEFT);
	check_same(w.store, &m);
	world_fini(&w);
}

/* Nothing may grow past the limit: to a program the same as a full disk. */
static void fill_the_disk(struct world *w)
{
	const struct rlimit limit = {100000, 100000};
	struct model before, changed;

	signal(SIGXFSZ, SIG_IGN);
	world_open(w);
	before = model_of(w->store);
	changed = before;
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	CHECK_OK(store_begin(w->store));
	for (uint32_t i = 0; i < 30; i++)
		put(w->store, &changed, 20, i, STORE_PERSISTENT, 17 * (i + 1));
	CHECK_ERR(store_commit(w->store), ERR_DISK_FULL);
	check_same(w->store, &before);
	world_close(w);
}

TEST(a_full_disk_fails_the_commit_and_changes_nothing)
{
	struct world w;
	struct model m = {0};

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	world_close(&w);
	in_child(fill_the_disk, &w);
	world_open(&w);
	CHECK_EQ_U(w.how.found, STORE_AS_LEFT);
	check_same(w.store, &m);
	world_fini(&w);
}

/* ---- memory ---- */

TEST(each_lack_of_memory_while_opening_is_an_error)
{
	wfp_err err = ERR_NO_MEMORY;
	struct world w;
	struct model m = {0};

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	world_close(&w);
	for (uint64_t n = 1; err; n++) {
		uint64_t live = mem_live();

		mem_fail_at(n);
		err = world_try_open(&w);
		mem_fail_at(0);
		CHECK(err == ERR_OK || err == ERR_NO_MEMORY);
		buf_free(&w.why);
		if (err)
			CHECK_EQ_U(mem_live(), live);
	}
	check_same(w.store, &m);
	world_fini(&w);
}

/* SQLite's own memory; a little more each time, until it is enough. */
TEST(each_lack_of_memory_in_sqlite_is_an_error)
{
	struct world w;
	struct model m = {0};
	wfp_err err = ERR_NO_MEMORY;

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	world_close(&w);
	for (sqlite3_int64 limit = 1000; err; limit += 1500) {
		sqlite3_hard_heap_limit64(limit);
		err = world_try_open(&w);
		sqlite3_hard_heap_limit64(0);
		CHECK(err == ERR_OK || err == ERR_NO_MEMORY);
		CHECK(!file_exists(world_file(&w, ".damaged-1")));
	}
	CHECK_EQ_U(w.how.found, STORE_AS_LEFT);
	check_same(w.store, &m);
	world_fini(&w);
}

TEST(a_transaction_that_lacks_memory_is_whole_or_nothing)
{
	struct world w;
	struct model m = {0}, changed;
	wfp_err err = ERR_NO_MEMORY;

	world_init(&w);
	world_open(&w);
	put_some(w.store, &m);
	for (sqlite3_int64 more = 0; err; more += 2000) {
		changed = m;
		CHECK_OK(store_begin(w.store));
		sqlite3_hard_heap_limit64(sqlite3_memory_used() + more);
		err = ERR_OK;
		for (uint32_t i = 0; i < 40 && !err; i++) {
			const struct entry e = {40, i, i % 2 + 1, 17 * (i + 1)};
			const struct store_record record = entry_record(&e);

			err = store_put(w.store, &record);
			model_put(&changed, &e);
		}
		if (err)
			store_rollback(w.store);
		else
			err = store_commit(w.store);
		sqlite3_hard_heap_limit64(0);
		CHECK(err == ERR_OK || err == ERR_NO_MEMORY);
		check_same(w.store, err ? &m : &changed);
	}
	world_fini(&w);
}
