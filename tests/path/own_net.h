/* SPDX-License-Identifier: MIT */
/*
 * own_net - a network namespace of its own for a test, with lo up.  libcheck forks each test, so
 * the namespace ends with it.
 */
#pragma once

#include "base/proc.h"

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* False: not possible here; says so for the runner. */
static inline UNUSED bool own_net(const char *test)
{
	struct ifreq lo = {.ifr_flags = IFF_UP};
	int fd;

	if (unshare(CLONE_NEWNET) != 0) {
		printf("ok - %s # SKIP a network namespace needs root\n", test);
		return false;
	}
	strcpy(lo.ifr_name, "lo");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	BUG_ON(fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) != 0);
	close(fd);
	return true;
}

/* What a command prints; NULL: it failed or is not installed. */
static inline UNUSED const char *output_of(const char *const argv[])
{
	static struct buf out;
	int status;

	buf_reset(&out);
	if (proc_run(argv, &status, &out) != ERR_OK || status != 0)
		return NULL;
	return buf_str(&out);
}
