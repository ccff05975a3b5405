/* SPDX-License-Identifier: MIT */
/*
 * lock_types - what locks are made of on the host: POSIX mutexes and condition variables.
 *
 * Included by base/lock.h alone.
 */
#pragma once

#include "base/compiler.h"

#include <pthread.h>

/* [I] immutable */
struct CAPABILITY("lock") lock {
	pthread_mutex_t mutex;
	const char *name; /* [I] */
	unsigned rank;	  /* [I] */
};

/* The same with an adaptive mutex: it tries for a moment before it sleeps. */
struct CAPABILITY("spin lock") spin {
	struct lock lock;
};

struct cond {
	pthread_cond_t cond;
	const char *name; /* [I] */
};
