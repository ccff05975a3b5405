/* SPDX-License-Identifier: MIT */
/*
 * kernel - everything under a driver: engine, base filtering engine, stack and kernel, and a count
 * of the rules that were broken.
 *
 * Drivers are functions of the test (kernel_driver) or the examples' shared objects (kernel_load).
 */
#pragma once

#include "harness.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "bfe/bfe.h"
#include "engine/engine.h"
#include "ntshim/nt.h"
#include "stack/stack.h"

static struct kernel {
	struct engine *engine;
	struct bfe *bfe;
	struct stack *stack;
	struct stack_worker *worker;
	struct atom32 broken[ENGINE_RULES];
} k;

static inline UNUSED void kernel_report(UNUSED void *ctx, const struct engine_report *r)
{
	atom32_add(&k.broken[r->rule], 1);
}

static inline UNUSED void kernel_start_with(const struct engine_config *given)
{
	struct engine_config config = *given;

	memset(&k, 0, sizeof(k));
	config.report = kernel_report;
	CHECK_OK(engine_create(&k.engine, &config));
	CHECK_OK(bfe_create(&k.bfe, &(struct bfe_config){.engine = k.engine}));
	CHECK_OK(stack_create(&k.stack, &(struct stack_config){.engine = k.engine, .workers = 1}));
	k.worker = stack_worker(k.stack, 0);
	CHECK_OK(nt_start(&(struct nt_config){.engine = k.engine, .stack = k.stack, .bfe = k.bfe}));
}

static inline UNUSED void kernel_start(void)
{
	kernel_start_with(&(struct engine_config){0});
}

static inline UNUSED void kernel_stop(void)
{
	nt_stop();
	stack_destroy(k.stack);
	bfe_destroy(k.bfe);
	engine_destroy(k.engine);
}

static inline UNUSED unsigned broken(enum engine_rule rule)
{
	return atom32_load(&k.broken[rule]);
}

static inline UNUSED struct nt_driver *kernel_driver(nt_driver_entry entry)
{
	struct nt_driver *d;
	struct buf why = {0};

	CHECK_OK(nt_driver_start(&d, "test.so", entry, &why));
	buf_free(&why);
	return d;
}

/* A driver that the build has made; `file` is below its directory. */
static inline UNUSED struct nt_driver *kernel_load_file(const char *file)
{
	const char *root = getenv("BLDROOT");
	struct buf path = {0}, why = {0};
	struct nt_driver *d;
	wfp_err err;

	buf_printf(&path, "%s/%s.so", root ? root : ".", file);
	err = nt_driver_load(&d, buf_str(&path), &why);
	if (err)
		CHECK_SAY("%s: %s", file, buf_str(&why));
	buf_free(&path);
	buf_free(&why);
	return d;
}

/* One of the examples. */
static inline UNUSED struct nt_driver *kernel_load(const char *name)
{
	char file[64];

	snprintf(file, sizeof(file), "examples/%s", name);
	return kernel_load_file(file);
}

static inline UNUSED wfp_err kernel_try_unload(struct nt_driver *d, enum nt_unload how)
{
	struct buf why = {0};
	wfp_err err = nt_driver_unload(d, how, &why);

	buf_free(&why);
	return err;
}

static inline UNUSED void kernel_unload(struct nt_driver *d)
{
	CHECK_OK(kernel_try_unload(d, NT_UNLOAD_POLITE));
}
