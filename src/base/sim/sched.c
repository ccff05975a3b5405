/* SPDX-License-Identifier: MIT */
/*
 * sched - announcements of other modules' objects; nobody is in control of a seeded run, where a
 * point is a point.
 */
#include "base/sched.h"

#include "base/sim_control.h"

bool sched_controlled(void)
{
	return false;
}

bool sched_stand(const char *what, const void *object, unsigned access, unsigned sync,
		 bool (*can)(const void *object))
{
	return false;
}

void sched_changed(const void *object)
{
}

void sched_op2(const char *what, const void *object, const void *object2, unsigned access,
	       unsigned sync)
{
	sched_op(what, object, access, sync);
}

void sched_note(const char *what, const void *object, unsigned sync)
{
}

void sched_touch(const char *what, const void *address, size_t size, unsigned access)
{
}

void sim_raised(bool raised)
{
}
