/* SPDX-License-Identifier: MIT */
/*
 * serve - management clients: the socket, the service behind it, and the thread that looks after
 * net events and transactions that last too long.
 *
 * Started and stopped by the control thread, after the platform is loaded and before it is
 * unloaded.
 */
#pragma once

#include "common/platform.h"
#include "rpc/client.h"

struct serve;

/* Where programs look for us. */
#define SERVE_SOCKET RPC_SOCKET_DEFAULT

/* path NULL: the socket that systemd passed, else SERVE_SOCKET.  `why` is a sentence. */
MUST_CHECK wfp_err serve_start(struct serve **out, struct platform *p, const char *path,
			       struct buf *why);
/* Every client is disconnected and its session closed.  NULL is fine. */
void serve_stop(struct serve *s);
