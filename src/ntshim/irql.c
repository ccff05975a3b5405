/* SPDX-License-Identifier: MIT */
/*
 * irql - whose code a thread runs, at which interrupt request level, and who broke a rule.
 *
 * The level is kept per thread in the innermost frame.  Threads outside of any driver run at
 * PASSIVE_LEVEL.  There are no interrupts here: a level only says what may be called, and each
 * function asks nt_irql_ok first, as a checked build of Windows would.
 */
#include "ntshim/shim.h"

#include "base/log.h"
#include "base/sim_control.h"
#include "engine/report.h"

struct nt_kernel nt;

struct nt_frame *nt_frame_current(void)
{
	return thread_slot_get(THREAD_SLOT_NT);
}

/* Who is raised keeps its processor: the simulator has few. */
static void note_level(void)
{
	sim_raised(KeGetCurrentIrql() >= DISPATCH_LEVEL);
}

void nt_enter(struct nt_frame *f, struct nt_driver *driver, const char *what, KIRQL irql)
{
	f->driver = driver;
	f->outer = nt_frame_current();
	f->outer_driver = thread_slot_get(THREAD_SLOT_DRIVER);
	f->what = what;
	f->thread = NULL;
	f->irql = irql;
	f->irql_on_entry = irql;
	thread_slot_set(THREAD_SLOT_NT, f);
	thread_slot_set(THREAD_SLOT_DRIVER, driver);
	note_level();
	lock_assert_none_held();
	sched_point(what);
}

void nt_leave(struct nt_frame *f)
{
	sched_point(f->what);
	if (f->irql != f->irql_on_entry)
		nt_report(f->driver, ENGINE_RULE_Irql, f->what);
	thread_slot_set(THREAD_SLOT_NT, f->outer);
	thread_slot_set(THREAD_SLOT_DRIVER, f->outer_driver);
	note_level();
}

struct nt_driver *nt_driver_current(void)
{
	return thread_slot_get(THREAD_SLOT_DRIVER);
}

const char *nt_driver_label(const struct nt_driver *d)
{
	return d ? d->name : "";
}

void nt_report(const struct nt_driver *d, enum engine_rule rule, const char *function)
{
	log_debug("%s: %s: %s", nt_driver_label(d), function, engine_rule_name(rule));
	if (nt.engine)
		engine_report(nt.engine, rule, 0, nt_driver_label(d), 0);
}

bool nt_irql_ok(KIRQL max, const char *function)
{
	if (KeGetCurrentIrql() <= max)
		return true;
	nt_report(nt_driver_current(), ENGINE_RULE_Irql, function);
	return false;
}

KIRQL KeGetCurrentIrql(void)
{
	const struct nt_frame *f = nt_frame_current();

	return f ? f->irql : PASSIVE_LEVEL;
}

static KIRQL irql_set(KIRQL to)
{
	struct nt_frame *f = nt_frame_current();
	KIRQL from = KeGetCurrentIrql();

	if (f)
		f->irql = to;
	note_level();
	return from;
}

KIRQL KfRaiseIrql(KIRQL new_irql)
{
	if (new_irql < KeGetCurrentIrql())
		nt_report(nt_driver_current(), ENGINE_RULE_Irql, "KeRaiseIrql");
	return irql_set(new_irql);
}

VOID KeLowerIrql(KIRQL new_irql)
{
	if (new_irql > KeGetCurrentIrql())
		nt_report(nt_driver_current(), ENGINE_RULE_Irql, "KeLowerIrql");
	irql_set(new_irql);
}
