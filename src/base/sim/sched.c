/* SPDX-License-Identifier: MIT */
/*
 * sched - announcements of other modules' objects: to the controller, where there is one.
 */
#include "base/sched.h"

#include "base/sim/control.h"

bool sched_stand(const char *what, const void *object, unsigned access, unsigned sync,
		 bool (*can)(const void *object))
{
	const struct sim_op op = {
		.what = what,
		.object = object,
		.access = (uint8_t)access,
		.sync = (uint8_t)sync,
	};

	if (!control_on)
		return false;
	control_stand_while(&op, can);
	return true;
}

void sched_changed(const void *object)
{
	if (control_on)
		control_changed(object);
}

void sched_after(const char *what)
{
	const struct sim_op op = {.what = what};

	if (control_on)
		control_point(&op);
}

void sched_free(const char *what, const void *address, size_t size)
{
	const struct sim_op op = {
		.what = what,
		.object = address,
		.size = control_plain_points() ? (uint32_t)size : 0,
		.access = SIM_WRITE,
	};

	if (control_on)
		control_point(&op);
	else
		sched_point(what);
}

void sched_op2(const char *what, const void *object, const void *object2, unsigned access,
	       unsigned sync)
{
	const struct sim_op op = {
		.what = what,
		.object = object,
		.object2 = object2,
		.access = (uint8_t)access,
		.sync = (uint8_t)sync,
	};

	if (control_on)
		control_point(&op);
	else
		sched_point(what);
}

static void note(const char *what, const void *object, size_t size, unsigned access, unsigned sync)
{
	const struct sim_op op = {
		.what = what,
		.object = object,
		.size = (uint32_t)size,
		.access = (uint8_t)access,
		.sync = (uint8_t)sync,
		.quiet = true,
		.note = true,
	};

	if (control_on)
		control_step(&op);
}

void sched_note(const char *what, const void *object, unsigned sync)
{
	note(what, object, 0, SIM_READ, sync);
}

void sched_touch(const char *what, const void *address, size_t size, unsigned access)
{
	note(what, address, size, access, SIM_SYNC_NONE);
}
