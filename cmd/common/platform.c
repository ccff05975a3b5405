/* SPDX-License-Identifier: MIT */
/*
 * platform - creation in dependency order, an undo ladder, and the same order backwards at the end.
 *
 * Drivers come last and go first: while one is loaded, everything that it may call exists.
 */
#include "common/platform.h"

#include "base/atomic.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "bfe/monitor.h"
#include "bfe/policy_file.h"
#include "bfe/store.h"
#include "ntshim/nt.h"

#include <string.h>

#define RELOAD_TRIES 50
#define RELOAD_PAUSE 20000000ull /* 20 ms */

/* [I] after platform_open, but for the drivers and reloads: the reloading thread's   [A] atomic */
struct platform {
	struct platform_options options;
	struct engine *engine;
	struct stack *stack;
	struct bfe *bfe;
	struct store *store;	     /* NULL: none */
	bool damaged;		     /* the store was: its boot-time set stays in force */
	struct bfe_monitor *monitor; /* NULL: none */
	struct bfe_session *session; /* of the policy file */
	struct nt_driver *drivers[PLATFORM_DRIVERS_MAX];
	char *names[PLATFORM_DRIVERS_MAX];
	struct atom32 reloads;		  /* [A] */
	bool unloaded;			  /* platform_unload was called: once is enough */
	struct atom32 said[ENGINE_RULES]; /* [A] a broken rule was logged */
};

/* Each rule is said once; the summary counts, and --verbose says every time.  Any thread. */
static void report(void *ctx, const struct engine_report *r)
{
	struct platform *p = ctx;
	const bool first = atom32_exchange(&p->said[r->rule], 1) == 0;

	log_at(first ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "%s: driver '%s' %s",
	       engine_rule_name(r->rule), r->driver, engine_rule_text(r->rule));
}

static wfp_err load_policy(struct platform *p, struct buf *why)
{
	/* Not a dynamic one: objects of the drivers may refer to those of the file. */
	wfp_err err =
		bfe_session_open(p->bfe, &(struct bfe_session_config){.kernel = true}, &p->session);

	if (err) {
		buf_printf(why, "no session for the policy: %s", err_text(err));
		return err;
	}
	return p->options.policy ? policy_file_load(p->session, p->options.policy, why) : ERR_OK;
}

static wfp_err load_driver(struct platform *p, unsigned i, struct buf *why)
{
	/* Whatever a driver's DriverEntry answers: it is the driver that was bad, not the machine.
	 */
	if (nt_driver_load(&p->drivers[i], p->options.drivers[i], why) != ERR_OK)
		return ERR_INVALID_DATA;
	if (p->names[i])
		return ERR_OK;
	p->names[i] = mem_strdup(nt_driver_name(p->drivers[i]));
	return p->names[i] ? ERR_OK : ERR_NO_MEMORY;
}

static wfp_err load_drivers(struct platform *p, struct buf *why)
{
	wfp_err err = ERR_OK;

	for (unsigned i = 0; !err && i < p->options.n_drivers; i++)
		err = load_driver(p, i, why);
	return err;
}

/* ---- the store ------------------------------------------------------------------------ */

/* Does systemd start this service by itself?  Without systemd there is nobody who does not. */
static bool service_starts(void *ctx, const char *name)
{
	const char *const argv[] = {"systemctl", "is-enabled", "--quiet", "--", name, NULL};
	struct buf output = {0};
	int status;

	if (proc_run(argv, &status, &output) != ERR_OK || status == 127)
		status = 0;
	buf_free(&output);
	return status == 0;
}

static void tell_how(const struct store_opened *how, const char *why)
{
	if (how->found == STORE_DAMAGED)
		log_error("%s; %u boot-time records were kept, and are in force", why,
			  how->recovered);
	else if (how->found == STORE_FRESH && how->recovered)
		log_error("the policy store is gone; the %u records of its boot-time copy are in "
			  "force",
			  how->recovered);
	else if (how->found == STORE_MIGRATED)
		log_info("the policy store was of version %u and is brought up to date",
			 how->version);
	if (how->boot_lost || how->boot_stale)
		log_error("the copy of the boot-time set is %s%s%s",
			  how->boot_lost ? "damaged" : "out of date", *why ? ": " : "", why);
}

static wfp_err open_store(struct platform *p, struct buf *why)
{
	struct store_opened how = {0};
	struct buf said = {0};
	wfp_err err;

	if (!p->options.store)
		return ERR_OK;
	err = store_open(&p->store, p->options.store, &how, &said);
	if (err)
		buf_printf(why, "%s", said.len ? buf_str(&said) : err_text(err));
	else
		tell_how(&how, buf_str(&said));
	/* One that is gone, but not its copy, is no first start either. */
	p->damaged = !err && (how.found == STORE_DAMAGED ||
			      (how.found == STORE_FRESH && how.recovered > 0));
	buf_free(&said);
	return err;
}

/* ---- opening and loading -------------------------------------------------------------- */

static wfp_err create_engine(struct platform *p)
{
	struct engine_config engine = p->options.engine;

	engine.report = report;
	engine.report_ctx = p;
	return engine_create(&p->engine, &engine);
}

static wfp_err create_stack(struct platform *p)
{
	struct stack_config stack = {.engine = p->engine,
				     .workers = p->options.workers,
				     .hold_timeout = p->options.hold_timeout,
				     .sink = p->monitor ? bfe_monitor_sink(p->monitor) : NULL};

	return stack_create(&p->stack, &stack);
}

static wfp_err create_bfe(struct platform *p)
{
	return bfe_create(&p->bfe, &(struct bfe_config){.engine = p->engine,
							.store = p->store,
							.service_starts = service_starts});
}

static wfp_err create_parts(struct platform *p)
{
	wfp_err err = create_engine(p);

	if (!err && p->options.monitor)
		err = bfe_monitor_create(&p->monitor, &(struct bfe_monitor_config){0});
	if (!err)
		err = create_stack(p);
	if (!err)
		err = create_bfe(p);
	if (!err)
		err = nt_start(
			&(struct nt_config){.engine = p->engine, .stack = p->stack, .bfe = p->bfe});
	return err;
}

/* In the opposite order of creation; what was not created is NULL. */
static void destroy_parts(struct platform *p)
{
	if (p->bfe)
		bfe_destroy(p->bfe);
	if (p->stack)
		stack_destroy(p->stack);
	if (p->monitor)
		bfe_monitor_destroy(p->monitor);
	if (p->engine)
		engine_destroy(p->engine);
	store_close(p->store);
}

wfp_err platform_open(struct platform **out, const struct platform_options *options,
		      struct buf *why)
{
	struct platform *p = mem_zalloc(sizeof(*p));
	wfp_err err;

	if (!p)
		return ERR_NO_MEMORY;
	p->options = *options;
	err = open_store(p, why);
	if (!err) {
		err = create_parts(p);
		if (err)
			buf_printf(why, "the platform could not be set up: %s", err_text(err));
	}
	if (err) {
		destroy_parts(p);
		mem_free(p);
		return err;
	}
	if (p->store)
		err = bfe_load_boot(p->bfe, p->options.store);
	if (err) {
		buf_printf(why, "%s: the boot-time filters could not be loaded: %s",
			   p->options.store, err_text(err));
		platform_close(p);
		return err;
	}
	*out = p;
	return ERR_OK;
}

wfp_err platform_load(struct platform *p, struct buf *why)
{
	wfp_err err = ERR_OK;

	if (p->store)
		err = p->damaged ? bfe_recover(p->bfe) : bfe_load(p->bfe);
	if (err) {
		buf_printf(why, "%s: the policy could not be loaded: %s", p->options.store,
			   err_text(err));
		return err;
	}
	err = load_policy(p, why);
	return err ? err : load_drivers(p, why);
}

/* ERR_TIMEOUT: its code still runs, for which the attempt has waited long enough. */
static wfp_err unload_politely(struct platform *p, unsigned i, struct buf *why)
{
	wfp_err err = ERR_IN_USE;

	for (int tries = 0; tries < RELOAD_TRIES && err && err != ERR_TIMEOUT; tries++) {
		if (tries > 0)
			clock_sleep_until(clock_now() + RELOAD_PAUSE);
		buf_reset(why);
		err = nt_driver_unload(p->drivers[i], NT_UNLOAD_POLITE, why);
	}
	return err;
}

/*
 * Asks politely while the driver still holds something; by force in the end.  Force does not end a
 * thread: a driver whose code runs on cannot be unmapped, and stays.
 */
static wfp_err unload(struct platform *p, unsigned i)
{
	struct buf why;
	wfp_err err;

	buf_init(&why);
	err = unload_politely(p, i, &why);
	if (err) {
		log_warn("%s is unloaded by force: %s", p->names[i], buf_str(&why));
		buf_reset(&why);
		err = nt_driver_unload(p->drivers[i], NT_UNLOAD_FORCED, &why);
	}
	if (err)
		log_error("%s cannot be unloaded: %s", p->names[i], buf_str(&why));
	else
		p->drivers[i] = NULL;
	buf_free(&why);
	return err;
}

wfp_err platform_reload(struct platform *p, unsigned driver, struct buf *why)
{
	wfp_err err;

	if (driver >= p->options.n_drivers)
		return ERR_INVALID_PARAMETER;
	err = p->drivers[driver] ? unload(p, driver) : ERR_OK;
	if (err) {
		buf_append_str(why, "the one before it is still there");
		return err;
	}
	err = load_driver(p, driver, why);
	if (!err)
		atom32_add(&p->reloads, 1);
	return err;
}

void platform_unload(struct platform *p)
{
	if (p->unloaded)
		return;
	p->unloaded = true;
	stack_end(p->stack);
	for (unsigned i = p->options.n_drivers; i-- > 0;)
		if (p->drivers[i])
			(void)unload(p, i); /* it has said so, and nt_has_drivers tells */
}

void platform_close(struct platform *p)
{
	platform_unload(p);
	/* Code of a driver still runs and may call anything: it all stays, until the process ends.
	 */
	if (nt_has_drivers())
		return;
	nt_stop();
	bfe_session_close(p->session);
	destroy_parts(p);
	for (unsigned i = 0; i < p->options.n_drivers; i++)
		mem_free(p->names[i]);
	mem_free(p);
}

struct engine *platform_engine(struct platform *p)
{
	return p->engine;
}

struct stack *platform_stack(struct platform *p)
{
	return p->stack;
}

struct bfe *platform_bfe(struct platform *p)
{
	return p->bfe;
}

struct bfe_monitor *platform_monitor(struct platform *p)
{
	return p->monitor;
}

unsigned platform_driver_count(const struct platform *p)
{
	return p->options.n_drivers;
}

const char *platform_driver_name(const struct platform *p, unsigned driver)
{
	return p->names[driver];
}

/* ---- the summary ---------------------------------------------------------------------- */

static json_t *pended_by_driver(struct platform *p)
{
	json_t *out = json_object();

	for (unsigned i = 0; out && i < p->options.n_drivers; i++)
		json_object_set_new(
			out, p->names[i],
			json_integer((json_int_t)engine_driver_pend_count(p->engine, p->names[i])));
	return out;
}

static json_t *broken_rules(const struct engine_counters *c)
{
	json_t *out = json_object();

	for (unsigned i = 0; out && i < ENGINE_RULES; i++)
		if (c->rules[i])
			json_object_set_new(out, engine_rule_name((enum engine_rule)i),
					    json_integer((json_int_t)c->rules[i]));
	return out;
}

void platform_stats(struct platform *p, void (*put)(void *to, const char *name, uint64_t value),
		    void *to)
{
	struct engine_counters e;
	struct stack_counters s;

	engine_counters_get(p->engine, &e);
	stack_counters_get(p->stack, &s);
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{"packets", s.packets},
		{"malformed", s.malformed},
		{"flows", s.flows_opened},
		{"permitted", s.permitted},
		{"blocked", s.blocked},
		{"joined", e.joined},
		{"completed_before_return", e.completed_before_return},
		{"resumed", e.resumed},
		{"absorbed", s.absorbed},
		{"injected", s.injected},
		{"merged", s.injected_merged},
		{"discarded", e.discarded},
		{"reclaimed", e.reclaimed},
		{"reauthorizations", s.reauthorizations},
		{"dropped_queue_full", s.dropped_full},
		{"held_at_end", e.pended_now + e.absorbed_now},
		{"drivers_reloaded", atom32_load(&p->reloads)},
		{"endpoints_closed_while_pended", s.closed_while_pended},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		put(to, rows[i].name, rows[i].value);
}

static void put_json(void *to, const char *name, uint64_t value)
{
	json_object_set_new(to, name, json_integer((json_int_t)value));
}

json_t *platform_summary(struct platform *p)
{
	struct engine_counters e;
	json_t *out = json_object();

	if (!out)
		return NULL;
	engine_counters_get(p->engine, &e);
	platform_stats(p, put_json, out);
	json_object_set_new(out, "pended", pended_by_driver(p));
	json_object_set_new(out, "rules", broken_rules(&e));
	return out;
}
