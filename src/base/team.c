/* SPDX-License-Identifier: MIT */
/*
 * team - fork, a pipe from each member to the leader, and shared memory.
 */
#include "base/team.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Nobody would hear a member whose leader was killed. */
static void end_with(pid_t leader)
{
	(void)!prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != leader)
		_exit(1);
}

wfp_err team_fork(struct team_member *m)
{
	pid_t leader = getpid(), pid;
	int ends[2];

	if (pipe(ends) != 0)
		return err_from_errno(errno);
	fflush(NULL); /* or what is buffered is written twice */
	pid = fork();
	if (pid < 0) {
		wfp_err err = err_from_errno(errno);

		close(ends[0]);
		close(ends[1]);
		return err;
	}
	if (pid == 0)
		end_with(leader);
	close(ends[pid == 0 ? 0 : 1]);
	*m = (struct team_member){.pid = pid, .fd = ends[pid == 0 ? 1 : 0]};
	return ERR_OK;
}

wfp_err team_tell(const struct team_member *m, const void *data, size_t len)
{
	const char *rest = data;

	while (len > 0) {
		ssize_t n = write(m->fd, rest, len);

		if (n < 0 && errno != EINTR)
			return err_from_errno(errno);
		if (n > 0) {
			rest += n;
			len -= (size_t)n;
		}
	}
	return ERR_OK;
}

void team_leave(void)
{
	fflush(NULL);
	_exit(0);
}

wfp_err team_hear(const struct team_member *m, void *data, size_t len)
{
	char *rest = data;

	while (len > 0) {
		ssize_t n = read(m->fd, rest, len);

		if (n == 0)
			return ERR_HANDLE_EOF;
		if (n < 0 && errno != EINTR)
			return err_from_errno(errno);
		if (n > 0) {
			rest += n;
			len -= (size_t)n;
		}
	}
	return ERR_OK;
}

int team_await(struct team_member *m)
{
	int status = 0;

	close(m->fd);
	while (waitpid(m->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void *team_share(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void team_unshare(void *shared, size_t len)
{
	if (shared)
		munmap(shared, len);
}

uint64_t team_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
