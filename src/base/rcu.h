/* SPDX-License-Identifier: MIT */
/*
 * rcu - readers that never wait, and the grace period after which nobody sees the old version.
 *
 * A reader loads a pointer between rcu_read_begin and rcu_read_end and may use what it points to
 * until then.  A writer publishes the new version, calls rcu_wait and frees the old one.  Sections
 * nest.  A thread of thread_start is registered by itself; any other calls rcu_thread_enter first.
 */
#pragma once

#include "base/compiler.h"

#include <stdatomic.h>

#ifdef BASE_DRD
#include "base/host/drd.h"
#endif

struct rcu_ptr {
	_Atomic(void *) v;
};

void rcu_thread_enter(void);
void rcu_thread_leave(void);

BASE_HOT void rcu_read_begin(void);
BASE_HOT void rcu_read_end(void);

/* Inside a section, or by the only writer. */
BASE_HOT void *rcu_load(const struct rcu_ptr *p);

BASE_HOT void rcu_publish(struct rcu_ptr *p, void *value);

/* Returns when every section that was open at the call has ended.  Never inside a section. */
void rcu_wait(void);

#ifdef BASE_HOST
#include "base/host/rcu_inline.h"
#endif
