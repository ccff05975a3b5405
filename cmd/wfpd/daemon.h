/* SPDX-License-Identifier: MIT */
/*
 * daemon - one run of wfpd, from its options to its exit status. The main thread.
 */
#pragma once

#include "common/engine_options.h"
#include "common/exit.h"
#include "path/nfqueue.h"

#define DAEMON_LOCAL_MAX 64

struct daemon_options {
	struct engine_options common; /* first: the shared rows store here */
	const char *path;	      /* "nfqueue", "replay:FILE", "none" */
	bool probe;
	const char *socket; /* NULL: the default one */
	bool no_socket;
	struct nfqueue_options nfqueue;
	const char *out;
	const char *local[DAEMON_LOCAL_MAX];
	unsigned n_local;
};

void daemon_options_init(struct daemon_options *o);
enum exit_status daemon_run(const struct daemon_options *o);
