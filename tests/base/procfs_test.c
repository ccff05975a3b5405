/* SPDX-License-Identifier: MIT */
/*
 * Who has a socket: a tree as the kernel makes it, with what may be wrong in it, and the real one.
 */
#include "harness.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/procfs.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];
static struct procfs *procfs;

static const char *in(uint32_t pid, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%u%s", root, pid, name);
	return path;
}

static void begin(void)
{
	snprintf(root, sizeof(root), "procfs_test.%d", (int)getpid());
	CHECK(mkdir(root, 0700) == 0);
	CHECK_OK(procfs_open(&procfs, root));
}

static void end(void)
{
	int status;

	procfs_close(procfs);
	CHECK_OK(proc_run((const char *const[]){"rm", "-rf", root, NULL}, &status, NULL));
}

static void add_process(uint32_t pid)
{
	CHECK(mkdir(in(pid, ""), 0700) == 0);
	CHECK(mkdir(in(pid, "/fd"), 0700) == 0);
}

static void add_fd(uint32_t pid, const char *fd, const char *link)
{
	char name[64];

	snprintf(name, sizeof(name), "/fd/%s", fd);
	CHECK(symlink(link, in(pid, name)) == 0);
}

static void set_exe(uint32_t pid, const char *link)
{
	(void)!unlink(in(pid, "/exe"));
	CHECK(symlink(link, in(pid, "/exe")) == 0);
}

static uint64_t soon(void)
{
	return clock_now() + 10 * CLOCK_S;
}

/* The descriptor, and -1: nobody has it. */
static int64_t fd_of(uint64_t inode, uint32_t pid)
{
	struct procfs_place at;

	uint32_t below = UINT32_MAX;

	if (!procfs_find(procfs, inode, &below, soon(), &at)) {
		CHECK_EQ_U(below, 0);
		return -1;
	}
	CHECK_EQ_U(at.pid, pid);
	CHECK(procfs_is_socket(procfs, &at, inode));
	return at.fd;
}

TEST(the_process_and_its_descriptor_are_found)
{
	begin();
	add_process(100);
	add_fd(100, "0", "/dev/null");
	add_process(200);
	add_fd(200, "1", "pipe:[77]");
	add_fd(200, "7", "socket:[77]");
	CHECK_EQ_U(fd_of(77, 200), 7);
	CHECK(fd_of(78, 0) == -1);
	end();
}

TEST(of_several_the_process_with_the_highest_number_is_found)
{
	begin();
	for (uint32_t pid = 90; pid < 110; pid += 3) {
		add_process(pid);
		add_fd(pid, "3", "socket:[5]");
	}
	CHECK_EQ_U(fd_of(5, 108), 3);
	end();
}

TEST(what_is_not_as_expected_is_passed_over)
{
	const char *const links[] = {
		"socket:[1",
		"socket:[10]",
		"socket:[01]",
		"socket:[1] ",
		"socket:1",
		"xsocket:[1]",
		"anon_inode:[1]",
		"socket:[1]x",
		"socket:[-1]",
		"socket:[18446744073709551617]",
		"socket:[11111111111111111111111111111111111111111111111111111111111111111111]",
	};
	char name[16];

	begin();
	add_process(100);
	for (unsigned i = 0; i < ARRAY_LEN(links); i++) {
		snprintf(name, sizeof(name), "%u", i);
		add_fd(100, name, links[i]);
	}
	add_fd(100, "x", "socket:[1]"); /* none of these is a descriptor's name */
	add_fd(100, "3x", "socket:[1]");
	add_fd(100, "99999999999999999999", "socket:[1]");
	CHECK(mkdir(in(100, "/fd/50"), 0700) == 0);
	CHECK(close(open(in(100, "/fd/51"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) == 0);
	CHECK(fd_of(1, 0) == -1);
	end();
}

TEST(a_process_that_is_none_or_cannot_be_read_is_passed_over)
{
	begin();
	CHECK(mkdir(in(0, ""), 0700) == 0);
	CHECK(mkdir(in(5, ""), 0700) == 0);
	CHECK(mkdir(in(6, "x"), 0700) == 0);
	CHECK(mkfifo(in(7, ""), 0600) == 0);
	CHECK(mkdir(in(8, ""), 0700) == 0);
	CHECK(mkfifo(in(8, "/fd"), 0600) == 0); /* opening it must not wait */
	CHECK(symlink("9", in(9, "")) == 0);
	add_process(4);
	add_fd(4, "3", "socket:[1]");
	CHECK_EQ_U(fd_of(1, 4), 3);
	end();
}

TEST(a_search_ends_at_its_deadline)
{
	struct procfs_place at = {.pid = 1};
	uint32_t below = UINT32_MAX;

	begin();
	add_process(4);
	add_fd(4, "3", "socket:[1]");
	CHECK(!procfs_find(procfs, 1, &below, clock_now(), &at));
	CHECK(!procfs_find_in(procfs, 4, 1, clock_now(), &at));
	CHECK_EQ_U(at.pid, 1);
	CHECK(procfs_find_in(procfs, 4, 1, soon(), &at));
	CHECK_EQ_U(at.pid, 4);
	end();
}

TEST(a_search_goes_on_below_a_number)
{
	struct procfs_place at;
	uint32_t below = 20;

	begin();
	add_process(10);
	add_fd(10, "3", "socket:[1]");
	add_process(20);
	add_fd(20, "3", "socket:[1]");
	CHECK(procfs_find(procfs, 1, &below, soon(), &at));
	CHECK_EQ_U(at.pid, 10);
	below = 10;
	CHECK(!procfs_find(procfs, 1, &below, soon(), &at));
	CHECK_EQ_U(below, 0);
	end();
}

TEST(searches_without_time_still_get_to_the_end)
{
	struct procfs_place at;
	uint32_t below = UINT32_MAX;

	begin();
	for (uint32_t pid = 1; pid <= 5; pid++)
		add_process(pid);
	for (uint32_t left = 5; left > 0; left--) {
		CHECK(!procfs_find(procfs, 1, &below, clock_now(), &at));
		CHECK_EQ_U(below, left);
	}
	CHECK(!procfs_find(procfs, 1, &below, clock_now(), &at));
	CHECK_EQ_U(below, 0);
	end();
}

TEST(a_descriptor_that_is_another_socket_now_is_noticed)
{
	const struct procfs_place at = {.pid = 4, .fd = 3};

	begin();
	add_process(4);
	CHECK(!procfs_is_socket(procfs, &at, 1));
	add_fd(4, "3", "socket:[1]");
	CHECK(procfs_is_socket(procfs, &at, 1));
	CHECK(unlink(in(4, "/fd/3")) == 0);
	add_fd(4, "3", "socket:[2]");
	CHECK(!procfs_is_socket(procfs, &at, 1));
	end();
}

static const char *exe_of(uint32_t pid)
{
	static char exe[PROCFS_EXE_MAX];

	return procfs_exe(procfs, pid, exe) ? exe : "none";
}

TEST(the_kernels_note_that_a_file_is_gone_is_taken_off)
{
	begin();
	add_process(4);
	CHECK_EQ_S(exe_of(4), "none");
	set_exe(4, "/no/such/file");
	CHECK_EQ_S(exe_of(4), "/no/such/file");
	set_exe(4, "/no/such/file (deleted)");
	CHECK_EQ_S(exe_of(4), "/no/such/file");
	set_exe(4, " (deleted)");
	CHECK_EQ_S(exe_of(4), " (deleted)");
	end();
}

TEST(a_file_that_is_called_deleted_keeps_its_name)
{
	char link[256], cwd[128];

	begin();
	add_process(4);
	CHECK(getcwd(cwd, sizeof(cwd)));
	snprintf(link, sizeof(link), "%s/%s/x (deleted)", cwd, root);
	CHECK(close(open(link, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) == 0);
	set_exe(4, link);
	CHECK_EQ_S(exe_of(4), link);
	end();
}

TEST(the_longest_path_fits)
{
	static char link[PROCFS_EXE_MAX];

	begin();
	add_process(4);
	memset(link, 'a', sizeof(link) - 1); /* the longest that the system can make */
	set_exe(4, link);
	CHECK_EQ_S(exe_of(4), link);
	end();
}

TEST(there_must_be_a_tree)
{
	struct procfs *none;

	CHECK_ERR(procfs_open(&none, "no-such-directory"), ERR_FILE_NOT_FOUND);
}

TEST(our_own_socket_is_ours)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct procfs_place at;
	uint32_t below = UINT32_MAX;
	char exe[PROCFS_EXE_MAX], mine[PROCFS_EXE_MAX] = {0};
	struct stat st;

	CHECK(fd >= 0 && fstat(fd, &st) == 0);
	CHECK_OK(procfs_open(&procfs, "/proc"));
	CHECK(procfs_find(procfs, st.st_ino, &below, soon(), &at));
	CHECK_EQ_U(at.pid, (unsigned)getpid());
	CHECK_EQ_U(at.fd, (unsigned)fd);
	CHECK(readlink("/proc/self/exe", mine, sizeof(mine) - 1) > 0);
	CHECK(procfs_exe(procfs, at.pid, exe));
	CHECK_EQ_S(exe, mine);
	close(fd);
	CHECK(!procfs_is_socket(procfs, &at, st.st_ino));
	CHECK(!procfs_find(procfs, st.st_ino, &below, soon(), &at));
	procfs_close(procfs);
}
