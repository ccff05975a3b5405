/* SPDX-License-Identifier: MIT */
/*
 * procfs - which process has a socket open, and what it runs: the kernel's tree under /proc.
 *
 * Everything there may change or go between two looks, and part of it is what programs wrote: a
 * link, a name or a number that is not as expected is passed over.  A search is bounded by its
 * deadline, by PROCFS_PROCESSES_MAX and by PROCFS_FDS_MAX.  One thread owns an object.  Host only.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

#define PROCFS_PROCESSES_MAX 8192u  /* in one search; the newest, when there are more */
#define PROCFS_FDS_MAX	     65536u /* looked at in one process */
#define PROCFS_EXE_MAX	     4096u  /* with its NUL */

struct procfs;

struct procfs_place {
	uint32_t pid, fd;
};

/* root: "/proc". */
MUST_CHECK wfp_err procfs_open(struct procfs **out, const char *root);
void procfs_close(struct procfs *p); /* NULL is fine */

/* This descriptor is, now, the socket of that number. */
bool procfs_is_socket(const struct procfs *p, const struct procfs_place *at, uint64_t inode);

/* False: not there, not readable for us, or not found before the deadline (clock_now). */
bool procfs_find_in(const struct procfs *p, uint32_t pid, uint64_t inode, uint64_t deadline,
		    struct procfs_place *out);
/*
 * In any process with a number below *below; those with the highest, usually the newest, first.
 * When it was not found, *below is where a search that ran out of time goes on, 0 when it looked
 * everywhere.  A process that alone takes all the time is passed over, so that every search gets
 * further.
 */
bool procfs_find(struct procfs *p, uint64_t inode, uint32_t *below, uint64_t deadline,
		 struct procfs_place *out);

/*
 * The program's path as the kernel says it; of a file that has been removed or replaced, the path
 * that it had.  False: no such process, one of the kernel's own, or longer than there is room for.
 */
bool procfs_exe(const struct procfs *p, uint32_t pid, char out[PROCFS_EXE_MAX]);
