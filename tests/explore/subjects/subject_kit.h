/* SPDX-License-Identifier: MIT */
/*
 * subject_kit - small programs over the engine alone, for the explorer: no stack, no drivers.
 *
 * A subject prepares an engine with some callouts and is then run on every schedule that a search
 * makes.  They are small enough to be searched to the end, and are what the mutants of the engine
 * (tools/prove) must not survive.  Everything runs in the controlled world; a check that fails is a
 * finding and ends the run.
 */
#pragma once

#include "base/atomic.h"
#include "base/clock.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "base/sim.h"
#include "base/thread.h"
#include "engine/callout.h"
#include "engine/engine.h"
#include "model/catalogue.h"

#define SUBJECT_LAYER	 MODEL_LAYER_ALE_AUTH_CONNECT_V4
#define SUBJECT_CALLOUTS 3u

struct subject {
	const char *name, *about;
	uint32_t settings; /* the subject's own */
	void (*prepare)(uint32_t settings);
	void (*run)(uint32_t settings);
};

/* Each ends with a row without a name. */
extern const struct subject pend_subjects[], ticket_subjects[], ledger_subjects[],
	flowctx_subjects[], rundown_subjects[], snapshot_subjects[];

NORETURN void subject_fail(const char *sentence);

#define SUBJECT_CHECK(cond)                                                                        \
	do {                                                                                       \
		if (UNLIKELY(!(cond)))                                                             \
			subject_fail(#cond " is false");                                           \
	} while (0)
#define SUBJECT_OK(err) SUBJECT_CHECK((err) == ERR_OK)

/* The engine of the subject at hand, and how often each rule was broken. */
extern struct engine *subject_engine;
extern unsigned subject_broken[ENGINE_RULES];

void subject_engine_open(const struct engine_config *config);
/*
 * The last thing in prepare but for what a run frees: how much memory there is without the callouts
 * is remembered, and they are registered once more.
 */
void subject_engine_ready(void);
/*
 * The end of a run: every callout is unregistered; nothing is held, and no more memory is there
 * than was.  The engine is left to the rewind, because taking it down would cost more than the run.
 */
void subject_engine_end(void);

/* Callout n, of driver n + 1. */
uint32_t subject_register(unsigned n, const struct engine_callout_ops *ops, void *ctx);
/* A filter that calls callout n, in a sublayer below that of callout n - 1. */
void subject_filter(unsigned n);
wfp_err subject_unregister(unsigned n, enum engine_unregister how);
/* A filter that answers by itself, in sublayer n: 0 is asked first.  old_id 0: there is none yet.
 */
void subject_replace_filter(uint64_t old_id, uint64_t new_id, unsigned n, uint32_t action);

/* What every indication shares. */
struct engine_indication subject_indication(void);

void subject_start(struct thread **out, const char *name, void (*fn)(void *), void *arg);
