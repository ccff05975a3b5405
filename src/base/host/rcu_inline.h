/* SPDX-License-Identifier: MIT */
/*
 * rcu_inline - the host's RCU: liburcu, memb flavour.
 *
 * liburcu's inline readers would put its licence on our objects, so its functions are called.
 * ThreadSanitizer does not see the barriers inside liburcu; the pointer is therefore published and
 * loaded with C11 orders, and the end of a section and of a grace period are announced to it.
 */
#pragma once

#include "base/host/delay.h"
#include "base/rcu.h"

#include <urcu/urcu-memb.h>

#ifdef BASE_TSAN
extern char rcu_tsan_tag;
void __tsan_release(void *addr);
#define RCU_TSAN_RELEASE() __tsan_release(&rcu_tsan_tag)
#else
#define RCU_TSAN_RELEASE() ((void)0)
#endif

static inline void rcu_read_begin(void)
{
	urcu_memb_read_lock();
	DELAY_POINT();
}

static inline void rcu_read_end(void)
{
	DELAY_POINT();
	RCU_TSAN_RELEASE();
	urcu_memb_read_unlock();
}

static inline void *rcu_load(const struct rcu_ptr *p)
{
	return atomic_load_explicit(&p->v, memory_order_acquire);
}

static inline void rcu_publish(struct rcu_ptr *p, void *value)
{
	DELAY_POINT();
	atomic_store_explicit(&p->v, value, memory_order_release);
}
