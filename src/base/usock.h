/* SPDX-License-Identifier: MIT */
/*
 * usock - Unix stream sockets that never block but where they are waited for.
 *
 * A socket is used by one thread at a time, but for usock_shutdown, usock_hung_up and usock_write,
 * which others may call while its owner waits or reads.  Host only.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

struct usock;
struct usock_wake;

/* ---- being reached -----------------------------------------------------------------------------
 */

/*
 * Listens at path, which everybody may connect to (the directory is made if need be; its parent
 * must exist).  A socket left by a process that died is replaced; ERROR_BUSY: somebody listens
 * there; ERROR_ALREADY_EXISTS: a file that is no socket.
 */
MUST_CHECK wfp_err usock_listen(struct usock **out, const char *path);
/* The listening socket that systemd passed; ERROR_FILE_NOT_FOUND: none.  Once per process. */
MUST_CHECK wfp_err usock_listen_inherited(struct usock **out);
/* ERROR_NOT_READY: nobody there just now. */
MUST_CHECK wfp_err usock_accept(struct usock *listener, struct usock **out);

struct usock_peer {
	uint32_t pid, uid;
	uint32_t n_gids;
	uint32_t *gids; /* the primary group first, then the supplementary ones */
};
/* Who connected, as the kernel knew it then. */
MUST_CHECK wfp_err usock_peer_get(struct usock *s, struct usock_peer *out);
void usock_peer_free(struct usock_peer *peer);

/* ---- reaching ----------------------------------------------------------------------------------
 */

/* ERROR_FILE_NOT_FOUND: nobody listens there; ERROR_TIMEOUT: too many wait to be accepted. */
MUST_CHECK wfp_err usock_connect(struct usock **out, const char *path);

/* ---- data --------------------------------------------------------------------------------------
 */

/* What is there, at most n; 0 bytes: nothing yet.  ERROR_HANDLE_EOF: the peer has closed. */
MUST_CHECK wfp_err usock_read(struct usock *s, void *to, size_t n, size_t *got);
/* As much as fits now.  ERROR_CONNECTION_ABORTED: the peer has gone. */
MUST_CHECK wfp_err usock_write(struct usock *s, const void *data, size_t n, size_t *put);

#define USOCK_IN   0x1u /* something to read, or the end */
#define USOCK_OUT  0x2u /* room to write */
#define USOCK_GONE 0x4u /* hung up or broken; reported unasked */
#define USOCK_WOKE 0x8u /* somebody called usock_wake_up; reported once */

/* Waits until one of what is wanted, or until the deadline (clock_now): 0.  wake may be NULL. */
uint32_t usock_wait(struct usock *s, struct usock_wake *wake, uint32_t want, uint64_t deadline);
/* The peer has closed, even if there are bytes to read still. */
bool usock_hung_up(struct usock *s);
/* Who waits for it sees the end: of reading alone, or of writing as well. */
void usock_shutdown(struct usock *s, bool writing_too);
/* NULL is fine.  A listener's path is removed. */
void usock_close(struct usock *s);

/* ---- waking ------------------------------------------------------------------------------------
 */

MUST_CHECK wfp_err usock_wake_create(struct usock_wake **out);
void usock_wake_destroy(struct usock_wake *w); /* NULL is fine */
/* Ends the usock_wait that runs, or the next one.  Any thread. */
void usock_wake_up(struct usock_wake *w);
