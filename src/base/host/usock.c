/* SPDX-License-Identifier: MIT */
/*
 * usock - the socket calls behind base/usock.h.
 *
 * Whether a socket file is alive is decided by a lock beside it, which dies with the process;
 * without it, two programs that start at once could each remove the other's socket.
 */
#include "base/usock.h"

#include "base/clock.h"
#include "base/host/time_left.h"
#include "base/mem.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG		  128
#define SOCKET_MODE	  0666
#define DIRECTORY_MODE	  0755
#define CONNECT_SECONDS	  5
#define INHERITED_FIRST	  3 /* the first descriptor that systemd passes */
#define GROUPS_FIRST_ROOM 32u

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

/* [I] all */
#define LOOK_FIRST (50 * CLOCK_US)  /* how long to look before sleeping */
#define BRISK	   (500 * CLOCK_US) /* a wait that is worth it */

struct usock {
	int fd;
	int lock_fd; /* a listener's lock file; -1: none */
	char *path;  /* a listener's; NULL: not ours to remove */
	bool brisk;  /* whoever waits: the last wait was short */
};

struct usock_wake {
	int fd;
};

/* ---- making ------------------------------------------------------------------------------------
 */

/* The descriptor becomes the socket's, or is closed. */
static wfp_err wrap(struct usock **out, int fd)
{
	struct usock *s;

	if (fd < 0)
		return err_from_errno(errno);
	s = mem_zalloc(sizeof(*s));
	if (!s) {
		close(fd);
		return ERR_NO_MEMORY;
	}
	s->fd = fd;
	s->lock_fd = -1;
	*out = s;
	return ERR_OK;
}

void usock_close(struct usock *s)
{
	if (!s)
		return;
	if (s->path)
		unlink(s->path);
	close(s->fd);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	mem_free(s->path);
	mem_free(s);
}

static wfp_err make_address(struct sockaddr_un *to, const char *path)
{
	if (!*path || strlen(path) >= sizeof(to->sun_path))
		return ERR_INVALID_PARAMETER;
	*to = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(to->sun_path, path, strlen(path));
	return ERR_OK;
}

static int connect_fd(int fd, const struct sockaddr_un *to)
{
	int done;

	do
		done = connect(fd, (const struct sockaddr *)to, sizeof(*to));
	while (done < 0 && errno == EINTR);
	return done;
}

/* ---- being reached -----------------------------------------------------------------------------
 */

static wfp_err make_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];

	if (!slash || slash == path)
		return ERR_OK;
	memcpy(dir, path, (size_t)(slash - path));
	dir[slash - path] = 0;
	if (mkdir(dir, DIRECTORY_MODE) < 0 && errno != EEXIST)
		return err_from_errno(errno);
	return ERR_OK;
}

static bool somebody_answers(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool answered;

	if (fd < 0)
		return false;
	answered = connect_fd(fd, at) == 0 || errno == EAGAIN;
	close(fd);
	return answered;
}

/* Held as long as the listener lives. */
static wfp_err take_lock(struct usock *s, const char *path)
{
	char name[sizeof(((struct sockaddr_un *)0)->sun_path) + sizeof(".lock")];

	snprintf(name, sizeof(name), "%s.lock", path);
	s->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0)
		return err_from_errno(errno);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? ERR_BUSY : err_from_errno(errno);
	return ERR_OK;
}

/* Whoever gave the path may have meant something else: only a socket is removed. */
static wfp_err remove_dead(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? ERR_OK : err_from_errno(errno);
	if (!S_ISSOCK(st.st_mode))
		return ERR_WIN32_ALREADY_EXISTS;
	return unlink(path) < 0 ? err_from_errno(errno) : ERR_OK;
}

static wfp_err bind_at(struct usock *s, const struct sockaddr_un *at)
{
	wfp_err err = somebody_answers(at) ? ERR_BUSY : remove_dead(at->sun_path);

	if (err)
		return err;
	if (bind(s->fd, (const struct sockaddr *)at, sizeof(*at)) < 0)
		return err_from_errno(errno);
	s->path = mem_strdup(at->sun_path);
	if (!s->path)
		return ERR_NO_MEMORY;
	if (chmod(at->sun_path, SOCKET_MODE) < 0 || listen(s->fd, BACKLOG) < 0)
		return err_from_errno(errno);
	return ERR_OK;
}

wfp_err usock_listen(struct usock **out, const char *path)
{
	struct sockaddr_un at;
	struct usock *s = NULL;
	wfp_err err = make_address(&at, path);

	if (!err)
		err = make_directory(path);
	if (!err)
		err = wrap(&s, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (err)
		return err;
	err = take_lock(s, path);
	if (!err)
		err = bind_at(s, &at);
	if (err) {
		usock_close(s);
		return err;
	}
	*out = s;
	return ERR_OK;
}

static bool is_listener(int fd)
{
	int family = 0, listening = 0;
	socklen_t len = sizeof(family);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) < 0 || family != AF_UNIX)
		return false;
	len = sizeof(listening);
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening;
}

wfp_err usock_listen_inherited(struct usock **out)
{
	const char *pid = proc_env("LISTEN_PID"), *fds = proc_env("LISTEN_FDS");

	if (!pid || !fds || strtol(pid, NULL, 10) != (long)getpid() || strtol(fds, NULL, 10) < 1)
		return ERR_FILE_NOT_FOUND;
	if (!is_listener(INHERITED_FIRST))
		return ERR_INVALID_HANDLE;
	if (fcntl(INHERITED_FIRST, F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(INHERITED_FIRST, F_SETFL, O_NONBLOCK) < 0)
		return err_from_errno(errno);
	return wrap(out, INHERITED_FIRST);
}

wfp_err usock_accept(struct usock *listener, struct usock **out)
{
	int fd;

	do
		fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return ERR_NOT_READY;
	return wrap(out, fd);
}

/* Room for one more in front; grows until all fit. */
static wfp_err read_groups(struct usock *s, struct usock_peer *peer)
{
	socklen_t len = GROUPS_FIRST_ROOM * sizeof(gid_t);
	uint32_t *gids = NULL, *larger;
	int done;

	do {
		larger = mem_realloc_array(gids, len / sizeof(gid_t) + 1, sizeof(gid_t));
		if (!larger) {
			mem_free(gids);
			return ERR_NO_MEMORY;
		}
		gids = larger;
		done = getsockopt(s->fd, SOL_SOCKET, SO_PEERGROUPS, gids + 1, &len);
	} while (done < 0 && errno == ERANGE);
	peer->gids = gids;
	peer->n_gids = 1 + (done < 0 ? 0 : (uint32_t)(len / sizeof(gid_t)));
	return ERR_OK;
}

wfp_err usock_peer_get(struct usock *s, struct usock_peer *out)
{
	struct usock_peer peer = {0};
	struct ucred cred;
	socklen_t len = sizeof(cred);
	wfp_err err;

	if (getsockopt(s->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return err_from_errno(errno);
	err = read_groups(s, &peer);
	if (err)
		return err;
	peer.pid = (uint32_t)cred.pid;
	peer.uid = cred.uid;
	peer.gids[0] = cred.gid;
	*out = peer;
	return ERR_OK;
}

void usock_peer_free(struct usock_peer *peer)
{
	mem_free(peer->gids);
	*peer = (struct usock_peer){0};
}

/* ---- reaching ----------------------------------------------------------------------------------
 */

static wfp_err connect_error(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		return ERR_FILE_NOT_FOUND;
	case EAGAIN:
		return ERR_WIN32_TIMEOUT;
	default:
		return err_from_errno(error);
	}
}

wfp_err usock_connect(struct usock **out, const char *path)
{
	const struct timeval limit = {.tv_sec = CONNECT_SECONDS};
	struct sockaddr_un to;
	struct usock *s = NULL;
	wfp_err err = make_address(&to, path);

	if (!err)
		err = wrap(&s, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	if (err)
		return err;
	setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect_fd(s->fd, &to) < 0)
		err = connect_error(errno);
	else if (fcntl(s->fd, F_SETFL, O_NONBLOCK) < 0)
		err = err_from_errno(errno);
	if (err) {
		usock_close(s);
		return err;
	}
	*out = s;
	return ERR_OK;
}

/* ---- data --------------------------------------------------------------------------------------
 */

wfp_err usock_read(struct usock *s, void *to, size_t n, size_t *got)
{
	ssize_t done;

	*got = 0;
	do
		done = recv(s->fd, to, n, MSG_DONTWAIT);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? ERR_OK : ERR_HANDLE_EOF;
	*got = (size_t)done;
	return done > 0 || n == 0 ? ERR_OK : ERR_HANDLE_EOF;
}

wfp_err usock_write(struct usock *s, const void *data, size_t n, size_t *put)
{
	ssize_t done;

	*put = 0;
	do
		done = send(s->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? ERR_OK : ERR_CONNECTION_ABORTED;
	*put = (size_t)done;
	return ERR_OK;
}

static bool take_wake(struct usock_wake *w)
{
	uint64_t count;

	return read(w->fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

static uint32_t events_of(short revents)
{
	uint32_t mask = 0;

	if (revents & (POLLIN | POLLHUP | POLLERR))
		mask |= USOCK_IN;
	if (revents & POLLOUT)
		mask |= USOCK_OUT;
	if (revents & (POLLHUP | POLLERR | POLLNVAL))
		mask |= USOCK_GONE;
	return mask;
}

/*
 * To sleep and be woken costs more than a short answer takes, most of all on a quiet machine whose
 * processors doze: a round trip took 140 us there, and 16 us on a busy one.  So whoever had to wait
 * only briefly the last time looks for a moment, and lets others run, before he sleeps.
 */
static int look_first(struct pollfd polled[2], uint64_t until)
{
	static const struct timespec at_once;
	int ready;

	while ((ready = ppoll(polled, 2, &at_once, NULL)) == 0 && clock_now() < until)
		sched_yield();
	return ready;
}

uint32_t usock_wait(struct usock *s, struct usock_wake *wake, uint32_t want, uint64_t deadline)
{
	const uint64_t start = clock_now();
	struct pollfd polled[2] = {{.fd = s->fd}, {.fd = wake ? wake->fd : -1, .events = POLLIN}};
	struct timespec left;
	uint32_t mask;
	int ready = 0;

	if (want & USOCK_IN)
		polled[0].events |= POLLIN;
	if (want & USOCK_OUT)
		polled[0].events |= POLLOUT;
	if (s->brisk)
		ready = look_first(polled,
				   start + LOOK_FIRST < deadline ? start + LOOK_FIRST : deadline);
	while (ready == 0 || (ready < 0 && (errno == EINTR || errno == EAGAIN))) {
		ready = ppoll(polled, ARRAY_LEN(polled), time_left(deadline, &left), NULL);
		if (ready == 0)
			break;
	}
	BUG_ON(ready < 0);
	s->brisk = clock_now() - start < BRISK;
	mask = events_of(polled[0].revents) & (want | USOCK_GONE);
	if (polled[1].revents && take_wake(wake))
		mask |= USOCK_WOKE;
	return mask;
}

bool usock_hung_up(struct usock *s)
{
	struct pollfd polled = {.fd = s->fd, .events = POLLRDHUP};

	return poll(&polled, 1, 0) > 0 && polled.revents != 0;
}

void usock_shutdown(struct usock *s, bool writing_too)
{
	shutdown(s->fd, writing_too ? SHUT_RDWR : SHUT_RD);
}

/* ---- waking ------------------------------------------------------------------------------------
 */

wfp_err usock_wake_create(struct usock_wake **out)
{
	struct usock_wake *w;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return err_from_errno(errno);
	w = mem_alloc(sizeof(*w));
	if (!w) {
		close(fd);
		return ERR_NO_MEMORY;
	}
	w->fd = fd;
	*out = w;
	return ERR_OK;
}

void usock_wake_destroy(struct usock_wake *w)
{
	if (!w)
		return;
	close(w->fd);
	mem_free(w);
}

void usock_wake_up(struct usock_wake *w)
{
	const uint64_t one = 1;
	ssize_t done UNUSED;

	/* Full means that it is woken already. */
	done = write(w->fd, &one, sizeof(one));
}
