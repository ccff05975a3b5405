/* SPDX-License-Identifier: MIT */
/*
 * procfs - see base/procfs.h.
 *
 * All paths are relative to a descriptor of the root, so the tree that was opened is the tree that
 * is read.
 */
#include "base/procfs.h"

#include "base/clock.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE   48u /* "PID/fd/FD" */
#define LINK_SIZE   64u /* "socket:[NUMBER]" */
#define CLOCK_EVERY 32u /* descriptors between two looks at the clock */
#define DELETED	    " (deleted)"

struct procfs {
	int root;
	uint32_t pids[PROCFS_PROCESSES_MAX]; /* of the search that runs */
};

wfp_err procfs_open(struct procfs **out, const char *root)
{
	struct procfs *p = mem_zalloc(sizeof(*p));

	if (!p)
		return ERR_NO_MEMORY;
	p->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->root < 0) {
		wfp_err err = err_from_errno(errno);

		mem_free(p);
		return err;
	}
	*out = p;
	return ERR_OK;
}

void procfs_close(struct procfs *p)
{
	if (!p)
		return;
	close(p->root);
	mem_free(p);
}

/* A number and nothing else; 0 is no process, and every descriptor is below UINT32_MAX. */
static bool read_number(const char *name, uint32_t *out)
{
	uint64_t n = 0;

	if (*name == '\0')
		return false;
	for (; *name; name++) {
		if (*name < '0' || *name > '9')
			return false;
		n = n * 10 + (uint64_t)(*name - '0');
		if (n >= UINT32_MAX)
			return false;
	}
	*out = (uint32_t)n;
	return true;
}

/* NULL: gone, or not for us. */
static DIR *open_dir(const struct procfs *p, const char *path)
{
	int fd = openat(p->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !dir)
		close(fd);
	return dir;
}

/* ---- sockets ------------------------------------------------------------------------------- */

static bool links_to(int dir, const char *path, uint64_t inode)
{
	char wanted[LINK_SIZE], link[LINK_SIZE];
	ssize_t size = readlinkat(dir, path, link, sizeof(link));
	int len = snprintf(wanted, sizeof(wanted), "socket:[%llu]", (unsigned long long)inode);

	return size == len && memcmp(link, wanted, (size_t)len) == 0;
}

bool procfs_is_socket(const struct procfs *p, const struct procfs_place *at, uint64_t inode)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%u/fd/%u", at->pid, at->fd);
	return links_to(p->root, path, inode);
}

static bool find_fd(DIR *dir, uint64_t inode, uint64_t deadline, uint32_t *fd)
{
	const struct dirent *entry;

	for (unsigned n = 0; n < PROCFS_FDS_MAX && (entry = readdir(dir)); n++) {
		if (n % CLOCK_EVERY == 0 && clock_now() >= deadline)
			return false;
		if (read_number(entry->d_name, fd) && links_to(dirfd(dir), entry->d_name, inode))
			return true;
	}
	return false;
}

bool procfs_find_in(const struct procfs *p, uint32_t pid, uint64_t inode, uint64_t deadline,
		    struct procfs_place *out)
{
	struct procfs_place at = {.pid = pid};
	char path[PATH_SIZE];
	bool found;
	DIR *dir;

	snprintf(path, sizeof(path), "%u/fd", pid);
	dir = open_dir(p, path);
	if (!dir)
		return false;
	found = find_fd(dir, inode, deadline, &at.fd);
	closedir(dir);
	if (found)
		*out = at;
	return found;
}

static int highest_first(const void *x, const void *y)
{
	const uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return (a < b) - (a > b);
}

/* The kernel lists processes by number, so those kept are the last; the number of them. */
static unsigned list_processes(struct procfs *p)
{
	DIR *dir = open_dir(p, ".");
	const struct dirent *entry;
	uint32_t pid;
	unsigned n = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		if (read_number(entry->d_name, &pid) && pid > 0)
			p->pids[n++ % PROCFS_PROCESSES_MAX] = pid;
	closedir(dir);
	if (n > PROCFS_PROCESSES_MAX)
		n = PROCFS_PROCESSES_MAX;
	qsort(p->pids, n, sizeof(p->pids[0]), highest_first);
	return n;
}

bool procfs_find(struct procfs *p, uint64_t inode, uint32_t *below, uint64_t deadline,
		 struct procfs_place *out)
{
	const unsigned n = list_processes(p);
	unsigned looked = 0;

	for (unsigned i = 0; i < n; i++) {
		const uint32_t pid = p->pids[i];

		if (pid >= *below)
			continue;
		if (clock_now() < deadline && procfs_find_in(p, pid, inode, deadline, out))
			return true;
		/* Perhaps it was not looked at to the end. */
		if (clock_now() >= deadline) {
			*below = looked > 0 ? pid + 1 : pid;
			return false;
		}
		looked++;
	}
	*below = 0;
	return false;
}

/* ---- programs ------------------------------------------------------------------------------ */

/* A name may end in that by itself: only the kernel's own addition is taken off. */
static void strip_deleted(const struct procfs *p, const char *path, char *exe, size_t len)
{
	const size_t end = strlen(DELETED);
	struct stat st;

	if (len <= end || strcmp(exe + len - end, DELETED) != 0)
		return;
	if (fstatat(p->root, path, &st, 0) != 0 || st.st_nlink == 0)
		exe[len - end] = '\0';
}

bool procfs_exe(const struct procfs *p, uint32_t pid, char out[PROCFS_EXE_MAX])
{
	char path[PATH_SIZE];
	ssize_t size;

	snprintf(path, sizeof(path), "%u/exe", pid);
	size = readlinkat(p->root, path, out, PROCFS_EXE_MAX);
	if (size <= 0 || size >= (ssize_t)PROCFS_EXE_MAX)
		return false;
	out[size] = '\0';
	strip_deleted(p, path, out, (size_t)size);
	return true;
}
