/* SPDX-License-Identifier: MIT */
/*
 * rcu - registration of readers and grace periods, by liburcu.
 */
#include "base/rcu.h"

char rcu_grace_tag;

void rcu_thread_enter(void)
{
	urcu_memb_register_thread();
}

void rcu_thread_leave(void)
{
	BUG_ON(urcu_memb_read_ongoing());
	urcu_memb_unregister_thread();
}

void rcu_wait(void)
{
	BUG_ON(urcu_memb_read_ongoing());
	urcu_memb_synchronize_rcu();
	RCU_GRACE_ENDS();
}
