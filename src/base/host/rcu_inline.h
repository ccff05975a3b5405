/* SPDX-License-Identifier: MIT */
/*
 * rcu_inline - the host's RCU: liburcu, memb flavour.
 *
 * liburcu's inline readers would put its licence on our objects, so its functions are called.
 * ThreadSanitizer and DRD do not see the barriers inside liburcu; the pointer is therefore
 * published and loaded with C11 orders, and the end of a section and of a grace period are
 * announced to them.
 */
#pragma once

#include "base/host/delay.h"
#include "base/rcu.h"

#include <urcu/urcu-memb.h>

extern char rcu_grace_tag; /* only its address counts */

#if defined(BASE_TSAN)
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#define RCU_SECTION_ENDS() __tsan_release(&rcu_grace_tag)
#define RCU_GRACE_ENDS()   __tsan_acquire(&rcu_grace_tag)
#elif defined(BASE_DRD)
#define RCU_SECTION_ENDS() ANNOTATE_HAPPENS_BEFORE(&rcu_grace_tag)
#define RCU_GRACE_ENDS()   ANNOTATE_HAPPENS_AFTER(&rcu_grace_tag)
#else
#define RCU_SECTION_ENDS() ((void)0)
#define RCU_GRACE_ENDS()   ((void)0)
#endif

static inline void rcu_read_begin(void)
{
	urcu_memb_read_lock();
	DELAY_POINT();
}

static inline void rcu_read_end(void)
{
	DELAY_POINT();
	RCU_SECTION_ENDS();
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
