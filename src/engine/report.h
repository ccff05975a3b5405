/* SPDX-License-Identifier: MIT */
/*
 * report - how the parts of the engine, and the driver border, say that a driver broke a rule.
 *
 * A report is counted by rule and handed to the configured function on the thread that broke the
 * rule.  Nothing else follows from it: whoever reports has already decided what happens instead.
 * Thread: any, with no lock held.
 */
#pragma once

#include "engine/callout.h"

/* callout_id and op 0: unknown.  driver NULL: that of the callout, if it is still registered. */
void engine_report(struct engine *e, enum engine_rule rule, uint32_t callout_id, const char *driver,
		   uint64_t op);
/* The same with id and driver of a registration; NULL: unknown. */
void engine_report_callout(struct engine *e, enum engine_rule rule, const struct engine_callout *c,
			   uint64_t op);
/*
 * Who runs on this thread, asked when a report does not know the driver; set once, before any
 * driver runs, by whoever runs drivers.  NULL from it: nobody.
 */
void engine_report_ask(struct engine *e, const char *(*driver_on_thread)(void));
