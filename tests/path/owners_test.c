/* SPDX-License-Identifier: MIT */
/*
 * The program behind a socket: its id, what is remembered of it, and when it is looked at anew.
 */
#include "harness.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/proc.h"
#include "path/owners.h"

#include <sys/stat.h>
#include <unistd.h>

static char root[64];
static struct owners *owners;
static uint64_t passed; /* since the test began, ns */

static const char *in(uint32_t pid, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%u%s", root, pid, name);
	return path;
}

static void set_link(const char *path, const char *link)
{
	(void)!unlink(path);
	CHECK(symlink(link, path) == 0);
}

static void add_process(uint32_t pid, const char *exe, uint32_t inode)
{
	char link[32];

	CHECK(mkdir(in(pid, ""), 0700) == 0);
	CHECK(mkdir(in(pid, "/fd"), 0700) == 0);
	set_link(in(pid, "/exe"), exe);
	snprintf(link, sizeof(link), "socket:[%u]", inode);
	set_link(in(pid, "/fd/3"), link);
}

static void remove_process(uint32_t pid)
{
	int status;

	CHECK_OK(proc_run((const char *const[]){"rm", "-rf", in(pid, ""), NULL}, &status, NULL));
}

static void begin(void)
{
	snprintf(root, sizeof(root), "owners_test.%d", (int)getpid());
	CHECK(mkdir(root, 0700) == 0);
	CHECK_OK(owners_open(&owners, root));
}

static void end(void)
{
	int status;

	owners_close(owners);
	CHECK_OK(proc_run((const char *const[]){"rm", "-rf", root, NULL}, &status, NULL));
}

/* Of ASCII alone; "nobody". */
static const char *program_of(uint32_t inode)
{
	static char text[256];
	struct model_app *app;
	uint32_t pid, n = 0;

	if (!owners_find(owners, inode, clock_now() + passed, &pid, &app))
		return "nobody";
	for (; n < app->blob.size / 2; n++) {
		CHECK(app->bytes[n * 2 + 1] == 0);
		text[n] = (char)app->bytes[n * 2];
	}
	CHECK(n > 0 && text[n - 1] == '\0');
	model_app_put(app);
	return text;
}

TEST(the_id_is_the_path_in_utf16_with_its_nul)
{
	static const uint8_t id[] = {'/', 0, 0xe9, 0, 0x3d, 0xd8, 0, 0xde, 0, 0};
	struct model_app *app;
	uint32_t pid;

	begin();
	add_process(10, "/\xc3\xa9\xf0\x9f\x98\x80", 5);
	CHECK(owners_find(owners, 5, clock_now(), &pid, &app));
	CHECK_EQ_U(pid, 10);
	CHECK_EQ_U(app->blob.size, sizeof(id));
	CHECK(memcmp(app->bytes, id, sizeof(id)) == 0);
	model_app_put(app);
	end();
}

TEST(a_path_that_is_no_text_is_unknown)
{
	begin();
	add_process(10, "/\xff", 5);
	CHECK_EQ_S(program_of(5), "nobody");
	end();
}

TEST(a_socket_without_a_number_is_nobodys)
{
	begin();
	add_process(10, "/a", 0);
	CHECK_EQ_S(program_of(0), "nobody");
	end();
}

TEST(sockets_of_one_process_share_its_id)
{
	struct model_app *app[2];
	uint32_t pid;

	begin();
	add_process(10, "/a", 5);
	CHECK(owners_find(owners, 5, clock_now(), &pid, &app[0]));
	CHECK(owners_find(owners, 5, clock_now(), &pid, &app[1]));
	CHECK(app[0] == app[1]);
	CHECK_EQ_U(atom32_load(&app[0]->refs), 3);
	model_app_put(app[0]);
	model_app_put(app[1]);
	end();
}

TEST(a_process_that_runs_another_program_is_that_program)
{
	begin();
	add_process(10, "/a", 5);
	CHECK_EQ_S(program_of(5), "/a");
	set_link(in(10, "/exe"), "/b");
	CHECK_EQ_S(program_of(5), "/b");
	end();
}

TEST(a_socket_that_moved_to_another_process_is_found_there)
{
	begin();
	add_process(10, "/a", 5);
	CHECK_EQ_S(program_of(5), "/a");
	remove_process(10);
	add_process(11, "/b", 5);
	CHECK_EQ_S(program_of(5), "/b");
	end();
}

TEST(a_number_that_is_another_process_now_is_noticed)
{
	begin();
	add_process(10, "/a", 5);
	CHECK_EQ_S(program_of(5), "/a");
	remove_process(10);
	add_process(10, "/b", 6);
	CHECK_EQ_S(program_of(5), "nobody");
	CHECK_EQ_S(program_of(6), "/b");
	end();
}

TEST(who_has_had_a_socket_is_asked_first)
{
	begin();
	add_process(10, "/a", 5);
	CHECK_EQ_S(program_of(5), "/a");
	set_link(in(10, "/fd/4"), "socket:[6]");
	add_process(20, "/b", 6); /* of both, the one with the higher number, were it not known */
	CHECK_EQ_S(program_of(6), "/a");
	end();
}

TEST(a_socket_that_nobody_has_is_not_searched_again_at_once)
{
	begin();
	CHECK_EQ_S(program_of(5), "nobody");
	add_process(10, "/a", 5);
	CHECK_EQ_S(program_of(5), "nobody");
	passed = OWNERS_NOBODY_TIME;
	CHECK_EQ_S(program_of(5), "/a");
	end();
}

TEST(more_sockets_than_are_remembered_are_all_found)
{
	begin();
	for (uint32_t i = 1; i <= 100; i++)
		add_process(i, "/a", 1000 + i);
	for (unsigned round = 0; round < 2; round++)
		for (uint32_t i = 1; i <= 100; i++)
			CHECK_EQ_S(program_of(1000 + i), "/a");
	end();
}

TEST(without_memory_nobody_is_known_and_nothing_is_lost)
{
	uint64_t live;

	begin();
	add_process(10, "/a", 5);
	live = mem_live();
	mem_fail_at(1);
	CHECK_EQ_S(program_of(5), "nobody");
	mem_fail_at(0);
	CHECK_EQ_U(mem_live(), live);
	end();
}
