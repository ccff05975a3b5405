/* SPDX-License-Identifier: MIT */
/*
 * proc - child programs and our own privileges.
 */
#include "base/proc.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_STEP  4096u
#define STATUS_MAX 65536u

extern char **environ;

/* The child writes to fd, or to where we write when fd is negative. */
static int spawn(const char *const argv[], int fd, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return error;
	if (fd >= 0) {
		error = posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
		if (!error)
			error = posix_spawn_file_actions_adddup2(&actions, fd, STDERR_FILENO);
	}
	if (!error)
		error = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv,
				     environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* To the end in any case, so that the child never blocks; without memory the rest is dropped. */
static void drain(int fd, struct buf *out)
{
	uint8_t chunk[READ_STEP];
	ssize_t got;

	do {
		got = read(fd, chunk, sizeof(chunk));
		if (got > 0)
			buf_append(out, chunk, (size_t)got);
	} while (got > 0 || (got < 0 && errno == EINTR));
}

static wfp_err wait_for(pid_t pid, int *status)
{
	int raw;

	while (waitpid(pid, &raw, 0) < 0)
		if (errno != EINTR)
			return err_from_errno(errno);
	*status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
	return ERR_OK;
}

wfp_err proc_run(const char *const argv[], int *status, struct buf *out)
{
	int ends[2] = {-1, -1};
	wfp_err err;
	pid_t pid = 0;

	if (out && pipe2(ends, O_CLOEXEC) != 0)
		return err_from_errno(errno);
	err = err_from_errno(spawn(argv, ends[1], &pid));
	if (out)
		close(ends[1]);
	if (!err && out)
		drain(ends[0], out);
	if (out)
		close(ends[0]);
	return err ? err : wait_for(pid, status);
}

wfp_err proc_exec(const char *path, char *const argv[])
{
	execv(path, argv);
	return err_from_errno(errno);
}

wfp_err proc_own_path(struct buf *out)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	if (n < 0)
		return err_from_errno(errno);
	buf_append(out, path, (size_t)n);
	return buf_err(out);
}

uint32_t proc_uid(void)
{
	return geteuid();
}

bool proc_can_net_admin(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data) != 0)
		return false;
	return (data[CAP_TO_INDEX(CAP_NET_ADMIN)].effective & CAP_TO_MASK(CAP_NET_ADMIN)) != 0;
}

bool proc_traced(void)
{
	static const char word[] = "\nTracerPid:\t";
	struct buf status = {0};
	const char *at = NULL;
	bool traced;

	if (file_read_all("/proc/self/status", STATUS_MAX, &status) == ERR_OK)
		at = strstr(buf_str(&status), word);
	traced = at && at[sizeof(word) - 1] != '0';
	buf_free(&status);
	return traced;
}

void proc_break(void)
{
	raise(SIGTRAP);
}

const char *proc_env(const char *name)
{
	return secure_getenv(name);
}

/* A name that begins with '@' is an abstract one. */
void proc_notify(const char *state)
{
	const char *path = proc_env("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (!len || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* The manager has its own time-out for what does not arrive. */
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}
