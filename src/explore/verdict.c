/* SPDX-License-Identifier: MIT */
/*
 * verdict - rules of the platform as rules of the explorer, and what the end of a run shows.
 */
#include "explore/verdict.h"

#include "explore/platform_world.h"
#include "explore/stack.h"

#include "engine/ledger.h"
#include "engine/pend.h"
#include "model/catalogue.h"
#include "stack/headers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_text(char *to, size_t room, const char *from)
{
	snprintf(to, room, "%s", from ? from : "");
}

void verdict_found(enum explore_rule rule, const char *driver, const char *fmt, ...)
{
	struct explore_finding f = {.rule = rule};
	va_list args;

	va_start(args, fmt);
	vsnprintf(f.sentence, sizeof(f.sentence), fmt, args);
	va_end(args);
	set_text(f.driver, sizeof(f.driver), driver);
	explore_found(&f, false);
}

/* ---- what the engine reports --------------------------------------------------------------- */

/* Those that have no row are BrokenRule. */
static const struct {
	enum engine_rule platform;
	enum explore_rule rule;
} reported[] = {
	{ENGINE_RULE_PendDoubleComplete, EXPLORE_DoubleCompletion},
	{ENGINE_RULE_StaleContext, EXPLORE_StaleCompletion},
	{ENGINE_RULE_LateComplete, EXPLORE_StaleCompletion},
	{ENGINE_RULE_PacketLost, EXPLORE_LostPacket},
	{ENGINE_RULE_PendLost, EXPLORE_LostPacket},
	{ENGINE_RULE_Irql, EXPLORE_IrqlViolation},
	{ENGINE_RULE_UnloadRunning, EXPLORE_UnloadTooEarly},
	{ENGINE_RULE_PoolLeak, EXPLORE_LeakAtUnload},
	{ENGINE_RULE_HandleLeak, EXPLORE_LeakAtUnload},
	{ENGINE_RULE_FlowContextLeak, EXPLORE_LeakAtUnload},
	{ENGINE_RULE_UnloadWithHolds, EXPLORE_LeakAtUnload},
	{ENGINE_RULE_ClassifyHandleBalance, EXPLORE_LeakAtUnload},
};

static enum explore_rule rule_of(enum engine_rule platform)
{
	for (size_t i = 0; i < ARRAY_LEN(reported); i++)
		if (reported[i].platform == platform)
			return reported[i].rule;
	return EXPLORE_BrokenRule;
}

/* Something in this scenario takes holds away under their holders. */
static bool something_revokes(const struct scenario *s)
{
	for (uint32_t i = 0; i < s->n_packets; i++)
		if (s->packets[i].tcp_flags & (HEADERS_RST | HEADERS_FIN))
			return true;
	for (uint32_t i = 0; i < s->n_disturbances; i++) {
		const enum scenario_disturb kind = s->disturbances[i].kind;

		if (kind == SCENARIO_TIMEOUT || kind == SCENARIO_CLOSE || kind == SCENARIO_STOP ||
		    kind == SCENARIO_UNREGISTER || kind == SCENARIO_UNLOAD)
			return true;
	}
	return false;
}

/* Is it the first report about this context? */
static bool is_first(struct platform_world *w, uint64_t context)
{
	for (uint32_t i = 0; i < w->n_late; i++)
		if (w->late[i] == context)
			return false;
	if (w->n_late < ARRAY_LEN(w->late))
		w->late[w->n_late++] = context;
	return true;
}

/* Which driver this is, if it is being unloaded; SCENARIO_DRIVERS: none. */
static uint32_t unloading(const struct platform_world *w, const char *driver)
{
	char name[32];
	uint32_t i;

	for (i = 0; i < w->scenario->n_drivers; i++) {
		scenario_driver_name(w->scenario->drivers[i], name, sizeof(name));
		if (w->unloading[i] && strcmp(name, driver) == 0)
			return i;
	}
	return SCENARIO_DRIVERS;
}

/*
 * A holder cannot know that its hold was taken away: that it completes once, later, is what it
 * should do, and what the watchdog took was not lost by the driver.
 */
static bool is_excused(struct platform_world *w, const struct engine_report *r)
{
	switch (r->rule) {
	case ENGINE_RULE_PendLost:
		return something_revokes(w->scenario);
	case ENGINE_RULE_UnloadWithHolds: /* else its callouts were taken out */
		return unloading(w, r->driver) == SCENARIO_DRIVERS;
	case ENGINE_RULE_LateComplete:
		return is_first(w, r->op);
	case ENGINE_RULE_StaleContext:
		return something_revokes(w->scenario) && is_first(w, r->op);
	default:
		return false;
	}
}

static void report_found(enum explore_rule rule, const struct engine_report *r)
{
	struct explore_finding f = {.rule = rule};

	snprintf(f.sentence, sizeof(f.sentence), "%s %s", *r->driver ? r->driver : "somebody",
		 engine_rule_text(r->rule));
	set_text(f.driver, sizeof(f.driver), r->driver);
	set_text(f.platform_rule, sizeof(f.platform_rule), engine_rule_name(r->rule));
	explore_found(&f, true);
}

void verdict_report(void *world, const struct engine_report *r)
{
	struct platform_world *w = world;
	const enum explore_rule rule = rule_of(r->rule);
	const uint32_t leaver = unloading(w, r->driver);

	if (is_excused(w, r))
		return;
	/* What is left at an unload is told at once, with the list of it. */
	if (leaver < SCENARIO_DRIVERS &&
	    (rule == EXPLORE_LeakAtUnload || r->rule == ENGINE_RULE_NblRefBalance))
		w->left[leaver] = w->left[leaver] ? w->left[leaver] : 1 + (uint32_t)r->rule;
	else
		report_found(rule, r);
}

/* ---- at an unload ---------------------------------------------------------------------------- */

/* The lines of nt_driver_unload as one: "firewall.so: left 2 net buffer lists; ...". */
static void join_lines(const struct buf *why, char *to, size_t room)
{
	const char *text = buf_str(why);
	size_t n = 0;

	for (; *text && n + 3 < room; text++) {
		if (*text != '\n') {
			to[n++] = *text;
		} else if (text[1]) {
			to[n++] = ';';
			to[n++] = ' ';
		}
	}
	to[n] = '\0';
}

void verdict_unloaded(struct platform_world *w, uint32_t i, wfp_err err, const struct buf *why)
{
	struct explore_finding f = {.rule = EXPLORE_LeakAtUnload};

	if (err == ERR_TIMEOUT)
		f.rule = EXPLORE_UnloadTooEarly;
	else if (!w->left[i])
		return;
	if (w->left[i])
		set_text(f.platform_rule, sizeof(f.platform_rule),
			 engine_rule_name((enum engine_rule)(w->left[i] - 1)));
	scenario_driver_name(w->scenario->drivers[i], f.driver, sizeof(f.driver));
	join_lines(why, f.sentence, sizeof(f.sentence));
	/* Code that runs on, over what is about to be taken down, would only bring more. */
	explore_found(&f, err != ERR_TIMEOUT);
}

/* ---- when all is quiet ----------------------------------------------------------------------- */

struct holders {
	const struct platform_world *w;
	char text[160];
	size_t len;
};

static void PRINTF_LIKE(2, 3) add_holder(struct holders *h, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(h->text + h->len, sizeof(h->text) - h->len, fmt, args);
	va_end(args);
	if (n > 0 && (size_t)n < sizeof(h->text) - h->len)
		h->len += (size_t)n;
	else
		h->text[h->len] = '\0';
}

static void add_pended(void *ctx, const struct pend_info *info)
{
	const struct model_layer *layer = model_layer_by_id(info->layer);

	add_holder(ctx, "; %s holds an operation at %s", info->driver,
		   layer ? layer->name : "a layer");
}

static void add_absorbed(void *ctx, const struct ledger_info *info)
{
	struct holders *h = ctx;

	for (uint32_t i = 0; i < h->w->scenario->n_drivers; i++) {
		const struct nt_driver *d = h->w->drivers[i];

		if (h->w->unloading[i] || nt_driver_id(d) != info->driver)
			continue;
		add_holder(h, "; %s holds a packet, and %u clones or references of it",
			   nt_driver_name(d), info->claims);
	}
}

/* The first of the holders is the one that is accused. */
static void accuse(const struct platform_world *w, const struct holders *h, char *driver,
		   size_t room)
{
	const char *name = h->len > 2 ? h->text + 2 : "";

	for (uint32_t i = 0; i < w->scenario->n_drivers; i++) {
		scenario_driver_name(w->scenario->drivers[i], driver, room);
		if (strncmp(name, driver, strlen(driver)) == 0 && name[strlen(driver)] == ' ')
			return;
	}
	driver[0] = '\0';
}

static uint32_t first_unanswered(const struct platform_world *w)
{
	uint32_t i = 0;

	while (i < w->n_packets && w->packets[i].answered)
		i++;
	return i;
}

void verdict_lost(struct platform_world *w)
{
	const uint32_t packet = first_unanswered(w);
	struct holders h = {.w = w};
	char driver[32];

	pend_list(w->engine, add_pended, &h);
	ledger_list(w->engine, add_absorbed, &h);
	accuse(w, &h, driver, sizeof(driver));
	if (packet < w->n_packets)
		verdict_found(EXPLORE_LostPacket, driver, "packet %u was never answered%s",
			      packet + 1, h.text);
	else
		verdict_found(EXPLORE_LostPacket, driver,
			      "every packet is answered, but something is still held%s", h.text);
}

/* ---- outside, after the run ------------------------------------------------------------------ */

/* The driver whose code a return address is in; false: none's. */
static bool driver_at(const struct scenario *s, const void *address, char *driver, size_t room)
{
	struct stack_place place;
	char module[48];

	if (!stack_find(address, &place))
		return false;
	scenario_driver_name(place.module, module, sizeof(module));
	for (uint32_t i = 0; i < s->n_drivers; i++) {
		scenario_driver_name(s->drivers[i], driver, room);
		if (strcmp(module, driver) == 0)
			return true;
	}
	return false;
}

/* Of the calls of a thread, the innermost that is a driver's; "": none is. */
static void driver_of(const struct scenario *s, uint32_t thread, char *driver, size_t room)
{
	void *frames[EXPLORE_FRAMES];
	const uint32_t n = sim_control_stack(thread, frames, EXPLORE_FRAMES);

	for (uint32_t i = 0; i < n; i++)
		if (driver_at(s, frames[i], driver, room))
			return;
	driver[0] = '\0';
}

static void judge_crash(const struct scenario *s)
{
	const struct sim_crash crash = sim_control_crash();
	struct explore_finding f = {.rule = EXPLORE_Crash};
	struct sim_block block;
	const char *who;

	driver_of(s, crash.thread, f.driver, sizeof(f.driver));
	who = f.driver[0] ? f.driver : "the platform";
	if (crash.address && sim_block_find(crash.address, &block) && block.freed) {
		f.rule = EXPLORE_UseAfterFree;
		snprintf(f.sentence, sizeof(f.sentence),
			 "%s used a block of %zu bytes that had been freed", who, block.size);
	} else {
		snprintf(f.sentence, sizeof(f.sentence), "%s crashed (signal %d, at address %p)",
			 who, crash.signal, crash.address);
	}
	explore_found(&f, true);
}

static void judge_bug(const struct scenario *s)
{
	const struct sim_crash crash = sim_control_crash();
	struct explore_finding f = {.rule = EXPLORE_PlatformBug};

	driver_of(s, crash.thread, f.driver, sizeof(f.driver));
	snprintf(f.sentence, sizeof(f.sentence), "the platform stopped itself: %s", crash.text);
	explore_found(&f, true);
}

/* Nobody is caught in the act: who wrote is for the run that explains. */
static void report_freed(const struct sim_block *block)
{
	struct explore_finding f = {.rule = EXPLORE_UseAfterFree};

	snprintf(f.sentence, sizeof(f.sentence),
		 "a block of %zu bytes was written to after it had been freed", block->size);
	explore_found(&f, true);
}

void verdict_end(const struct scenario *s, enum sim_end how)
{
	struct sim_block block;

	if (how == SIM_END_CRASHED)
		judge_crash(s);
	else if (how == SIM_END_BUG)
		judge_bug(s);
	else if (sim_block_check_freed(&block))
		report_freed(&block);
}
