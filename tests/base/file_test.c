/* SPDX-License-Identifier: MIT */
/*
 * Files, directories, shared objects and child programs, on the real system in both builds.
 */
#include "harness.h"

#include "base/dl.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"

#include <sys/stat.h>
#include <unistd.h>

/* A fresh directory below the working one; one test per process, so the number is enough. */
static const char *fresh_dir(void)
{
	static char dir[64];

	snprintf(dir, sizeof(dir), "file_test.%d", (int)getpid());
	CHECK_OK(file_mkdir(dir, 0700));
	return dir;
}

static const char *in(const char *dir, const char *name)
{
	static char path[2][128];
	static unsigned turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static void remove_dir(const char *dir)
{
	CHECK(rmdir(dir) == 0);
}

TEST(what_was_written_is_read_back)
{
	const char *dir = fresh_dir(), *path = in(dir, "a");
	struct buf b = {0};

	buf_append_str(&b, "before ");
	CHECK(!file_exists(path));
	CHECK_OK(file_write_all(path, "hello", 5));
	CHECK(file_exists(path));
	CHECK_OK(file_read_all(path, 5, &b));
	CHECK_EQ_S(buf_str(&b), "before hello");
	CHECK_OK(file_remove(path));
	CHECK_OK(file_remove(path));
	buf_free(&b);
	remove_dir(dir);
}

TEST(a_file_longer_than_allowed_is_refused_and_leaves_the_buffer)
{
	const char *dir = fresh_dir(), *path = in(dir, "a");
	struct buf b = {0};

	buf_append_str(&b, "kept");
	CHECK_OK(file_write_all(path, "hello", 5));
	CHECK_ERR(file_read_all(path, 4, &b), ERR_INSUFFICIENT_BUFFER);
	CHECK_EQ_S(buf_str(&b), "kept");
	CHECK_ERR(file_read_all(in(dir, "none"), 4, &b), ERR_FILE_NOT_FOUND);
	CHECK_OK(file_remove(in(dir, "a")));
	buf_free(&b);
	remove_dir(dir);
}

TEST(an_atomic_write_replaces_the_file_and_leaves_nothing_else)
{
	const char *dir = fresh_dir(), *path = in(dir, "a");
	struct file_names names;
	struct buf b = {0};

	CHECK_OK(file_write_all(path, "old", 3));
	CHECK_OK(file_write_atomic(path, "new contents", 12));
	CHECK_OK(file_read_all(path, 100, &b));
	CHECK_EQ_S(buf_str(&b), "new contents");
	CHECK_OK(file_list_dir(dir, &names));
	CHECK_EQ_U(names.count, 1);
	file_names_free(&names);
	CHECK_OK(file_remove(path));
	CHECK_ERR(file_write_atomic(in("no such directory", "a"), "x", 1), ERR_FILE_NOT_FOUND);
	buf_free(&b);
	remove_dir(dir);
}

TEST(directories_are_listed_in_order)
{
	const char *dir = fresh_dir();
	struct file_names names;

	CHECK_OK(file_mkdir(dir, 0700));
	CHECK_OK(file_list_dir(dir, &names));
	CHECK_EQ_U(names.count, 0);
	file_names_free(&names);
	CHECK_OK(file_write_all(in(dir, "b"), "", 0));
	CHECK_OK(file_write_all(in(dir, "a"), "", 0));
	CHECK_OK(file_list_dir(dir, &names));
	CHECK_EQ_U(names.count, 2);
	CHECK_EQ_S(names.names[0], "a");
	CHECK_EQ_S(names.names[1], "b");
	file_names_free(&names);
	CHECK_OK(file_remove(in(dir, "a")));
	CHECK_OK(file_remove(in(dir, "b")));
	remove_dir(dir);
	CHECK_ERR(file_list_dir(dir, &names), ERR_FILE_NOT_FOUND);
}

TEST(listing_survives_every_allocation_that_fails)
{
	const char *dir = fresh_dir();
	struct file_names names;
	uint64_t live = mem_live();
	wfp_err err = ERR_NO_MEMORY;

	CHECK_OK(file_write_all(in(dir, "a"), "", 0));
	CHECK_OK(file_write_all(in(dir, "b"), "", 0));
	for (uint64_t nth = 1; err; nth++) {
		mem_fail_at(nth);
		err = file_list_dir(dir, &names);
		if (err)
			CHECK_EQ_U(mem_live(), live);
	}
	mem_fail_at(0);
	file_names_free(&names);
	CHECK_OK(file_remove(in(dir, "a")));
	CHECK_OK(file_remove(in(dir, "b")));
	remove_dir(dir);
}

TEST(a_full_disk_is_found_when_the_stream_is_closed)
{
	FILE *stream;

	CHECK_OK(file_open_stream("/dev/full", "w", &stream));
	CHECK(fputs("text", stream) >= 0);
	CHECK_ERR(file_close_stream(stream), ERR_DISK_FULL);
}

TEST(an_object_that_is_not_there_is_explained)
{
	struct buf why = {0};
	struct dl *dl;

	CHECK_ERR(dl_open(&dl, "./no such driver.so", &why), ERR_MOD_NOT_FOUND);
	CHECK(strstr(buf_str(&why), "no such driver"));
	CHECK_ERR(dl_open(&dl, "./no such driver.so", NULL), ERR_MOD_NOT_FOUND);
	buf_free(&why);
}

TEST(a_shared_object_is_loaded_and_really_unloaded)
{
	struct dl *dl;

	CHECK_OK(dl_open(&dl, "libutil.so.1", NULL));
	CHECK(!dl_sym(dl, "no_such_symbol_anywhere"));
	CHECK_OK(dl_close(dl));
}

TEST(closing_says_when_an_object_stays)
{
	struct dl *first, *second;

	CHECK_OK(dl_open(&first, "libutil.so.1", NULL));
	CHECK_OK(dl_open(&second, "libutil.so.1", NULL));
	CHECK_ERR(dl_close(first), ERR_BUSY);
	CHECK_OK(dl_close(second));
}

TEST(a_child_program_is_run_and_heard)
{
	const char *const say[] = {"sh", "-c", "echo out; echo err >&2; exit 3", NULL};
	const char *const die[] = {"sh", "-c", "kill -9 $$", NULL};
	const char *const none[] = {"no-such-program-here", NULL};
	struct buf out = {0};
	int status;

	CHECK_OK(proc_run(say, &status, &out));
	CHECK_EQ_U(status, 3);
	CHECK_EQ_S(buf_str(&out), "out\nerr\n");
	CHECK_OK(proc_run(die, &status, NULL));
	CHECK_EQ_U(status, 128 + 9);
	CHECK_ERR(proc_run(none, &status, NULL), ERR_FILE_NOT_FOUND);
	buf_free(&out);
}

TEST(a_durable_file_has_the_mode_asked_for_whatever_the_umask)
{
	const char *dir = fresh_dir(), *path = in(dir, "a");
	struct stat st;

	umask(0277);
	CHECK_OK(file_write_durable(path, "long contents", 13, 0640));
	CHECK_OK(file_write_durable(path, "short", 5, 0600));
	CHECK(stat(path, &st) == 0);
	CHECK_EQ_U(st.st_size, 5);
	CHECK_EQ_U(st.st_mode & 07777, 0600);
	CHECK_OK(file_remove(path));
	CHECK_ERR(file_write_durable("no such directory/a", "x", 1, 0600), ERR_FILE_NOT_FOUND);
	remove_dir(dir);
}

TEST(renaming_replaces_what_has_the_name)
{
	const char *dir = fresh_dir(), *from = in(dir, "a"), *to = in(dir, "b");
	struct buf b = {0};

	CHECK_OK(file_write_all(from, "new", 3));
	CHECK_OK(file_write_all(to, "old", 3));
	CHECK_OK(file_rename(from, to));
	CHECK(!file_exists(from));
	CHECK_OK(file_read_all(to, 10, &b));
	CHECK_EQ_S(buf_str(&b), "new");
	CHECK_ERR(file_rename(from, to), ERR_FILE_NOT_FOUND);
	CHECK_OK(file_remove(to));
	buf_free(&b);
	remove_dir(dir);
}

TEST(a_lock_is_taken_once_at_a_time)
{
	const char *dir = fresh_dir(), *path = in(dir, "lock");
	int first, second = -5;

	CHECK_OK(file_lock_take(path, &first));
	CHECK_ERR(file_lock_take(path, &second), ERR_SHARING_VIOLATION);
	CHECK(second == -5);
	file_lock_drop(first);
	CHECK_OK(file_lock_take(path, &second));
	file_lock_drop(second);
	CHECK_OK(file_remove(path));
	remove_dir(dir);
}
