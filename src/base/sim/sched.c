/* SPDX-License-Identifier: MIT */
/*
 * sched - announcements of other modules' objects, for whoever is in control; nobody is in control
 * of a seeded run, where a point is a point.
 */
#include "base/sched.h"

#include "base/sim/control.h"

bool sched_controlled(void)
{
	return control_on;
}

bool sched_stand(const char *what, const void *object, unsigned access, unsigned sync,
		 bool (*can)(const void *object))
{
	const struct sim_op op = {
		.what = what, .object = object, .access = (uint8_t)access, .sync = (uint8_t)sync};

	if (!control_on)
		return false;
	control_stand_until(&op, can);
	return true;
}

void sched_changed(const void *object)
{
	if (control_on)
		control_changed(object);
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

void sched_note(const char *what, const void *object, unsigned sync)
{
	const struct sim_op op = {.what = what,
				  .object = object,
				  .access = SIM_READ,
				  .sync = (uint8_t)sync,
				  .note = true};

	if (control_on)
		control_step(&op);
}

void sched_touch(const char *what, const void *address, size_t size, unsigned access)
{
	const struct sim_op op = {
		.what = what,
		.object = address,
		.size = (uint32_t)size,
		.access = (uint8_t)access,
		.note = true,
	};

	if (control_on)
		control_step(&op);
}
