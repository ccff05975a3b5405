/* SPDX-License-Identifier: MIT */
/*
 * toys - tiny concurrent programs, and a world that runs them under a controller.
 *
 * A toy is up to TOY_THREADS threads of a few operations each over a few objects.  It is
 * interpreted: toy_step is the only definition of what an operation does, so that the searches and
 * the stupid enumeration in the tests run exactly the same program.  A run leaves its state and the
 * list of its events in `toy`.
 */
#pragma once

#include "base/hash.h"
#include "explore/strategy.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#define TOY_THREADS 6u
#define TOY_OPS	    12u
#define TOY_OBJECTS 6u
#define TOY_EVENTS  64u

enum toy_kind {
	TOY_END,
	TOY_READ,   /* local = object */
	TOY_WRITE,  /* object = value */
	TOY_ADD,    /* object += value, local = object */
	TOY_LOCK,   /* waits until nobody holds it */
	TOY_UNLOCK, /* by its holder */
	TOY_POST,   /* object = 1: an event that is set */
	TOY_AWAIT,  /* waits until it is set, and takes it back */
	TOY_CHOOSE, /* local = one of value */
	TOY_SPAWN,  /* thread `object` begins to exist */
	TOY_LAST,   /* if local is 0: object2 = 1: the last one frees */
	TOY_USE,    /* wrong when object is 1: it was freed */
	TOY_SLEEP,  /* waits for time */
	TOY_WAIT,   /* drops lock `object` to wait for a signal of condition `value` */
	TOY_RETAKE, /* follows: once signalled, waits for the lock */
	TOY_SIGNAL, /* wakes all who wait for condition `object` */
};

struct toy_op {
	uint8_t kind, object;
	uint32_t value;
};

struct toy_program {
	struct toy_op ops[TOY_THREADS][TOY_OPS];
	uint32_t threads;
	uint32_t spawned; /* set of threads that do not exist at first */
};

struct toy_state {
	uint32_t objects[TOY_OBJECTS], holder[TOY_OBJECTS];
	uint32_t pc[TOY_THREADS];
	uint64_t local[TOY_THREADS]; /* a hash of all that the thread has seen */
	uint32_t seen[TOY_THREADS];  /* the last of it */
	uint32_t exists;
	uint32_t slept;	    /* set of threads whose time has come */
	uint32_t signalled; /* set of threads whose signal has come */
	bool wrong;
};

struct toy_event {
	uint8_t thread, kind, object;
	uint8_t value;	/* of a choose */
	uint8_t second; /* of a wait: the condition */
};

struct toy_trace {
	struct toy_event events[TOY_EVENTS];
	uint32_t n;
	uint32_t preemptions;
};

/* What exists once: the program at hand, and what its last run has left. */
static struct {
	const struct toy_program *program;
	struct toy_state state;
	struct toy_trace trace;
	const struct sim_controller *controller;
	jmp_buf leave;
	uint64_t slots[TOY_OBJECTS + 1]; /* their addresses are those of the objects */
	void (*main)(void *);
	void *arg;
	bool ready_only;
} toy;

static inline const struct toy_op *toy_next(const struct toy_program *p, const struct toy_state *s,
					    uint32_t t)
{
	return &p->ops[t][s->pc[t]];
}

static inline bool toy_alive(const struct toy_program *p, const struct toy_state *s, uint32_t t)
{
	return (s->exists >> t & 1) && toy_next(p, s, t)->kind != TOY_END;
}

static inline bool toy_enabled(const struct toy_program *p, const struct toy_state *s, uint32_t t)
{
	const struct toy_op *o = toy_next(p, s, t);

	if (!toy_alive(p, s, t))
		return false;
	switch (o->kind) {
	case TOY_LOCK:
		return s->holder[o->object] == 0;
	case TOY_RETAKE:
		return s->holder[o->object] == 0 && (s->signalled >> t & 1);
	case TOY_AWAIT:
		return s->objects[o->object] != 0;
	case TOY_SLEEP:
		return s->slept >> t & 1;
	default:
		return true;
	}
}

static inline bool toy_waits_timed(const struct toy_program *p, const struct toy_state *s,
				   uint32_t t)
{
	return toy_alive(p, s, t) && toy_next(p, s, t)->kind == TOY_SLEEP && !(s->slept >> t & 1);
}

static inline void toy_see(struct toy_state *s, uint32_t t, uint32_t what)
{
	s->seen[t] = what;
	s->local[t] = hash_u64(s->local[t] ^ (what + 1));
}

static inline void toy_signal(const struct toy_program *p, struct toy_state *s, uint32_t condition)
{
	for (uint32_t t = 0; t < p->threads; t++)
		if (toy_next(p, s, t)->kind == TOY_RETAKE && toy_next(p, s, t)->value == condition)
			s->signalled |= 1u << t;
}

/* The value of a choose is given. */
static inline void toy_step(const struct toy_program *p, struct toy_state *s, uint32_t t,
			    uint32_t value)
{
	const struct toy_op *o = toy_next(p, s, t);
	uint32_t *object = &s->objects[o->object];

	s->pc[t]++;
	switch (o->kind) {
	case TOY_READ:
		toy_see(s, t, *object);
		break;
	case TOY_WRITE:
		*object = o->value;
		break;
	case TOY_ADD:
		*object += o->value;
		toy_see(s, t, *object);
		break;
	case TOY_LOCK:
		s->holder[o->object] = t + 1;
		break;
	case TOY_RETAKE:
		s->holder[o->object] = t + 1;
		s->signalled &= ~(1u << t);
		break;
	case TOY_SIGNAL:
		toy_signal(p, s, o->object);
		break;
	case TOY_WAIT:
	case TOY_UNLOCK:
		s->holder[o->object] = 0;
		break;
	case TOY_POST:
		*object = 1;
		break;
	case TOY_AWAIT:
		*object = 0;
		break;
	case TOY_CHOOSE:
		toy_see(s, t, value);
		break;
	case TOY_SPAWN:
		s->exists |= 1u << o->object;
		break;
	case TOY_LAST:
		if (s->seen[t] == 0)
			*object = 1;
		break;
	case TOY_USE:
		s->wrong = s->wrong || *object == 1;
		break;
	default:
		break;
	}
}

static inline struct toy_state toy_begin(const struct toy_program *p)
{
	return (struct toy_state){.exists = ((1u << p->threads) - 1) & ~p->spawned};
}

static inline bool toy_writes(uint32_t kind)
{
	return kind != TOY_READ && kind != TOY_USE;
}

static inline bool toy_touches(uint32_t kind)
{
	return kind != TOY_CHOOSE && kind != TOY_SPAWN && kind != TOY_SLEEP;
}

/* As the explorer is told. */
static inline struct sim_op toy_op_of(const struct toy_op *o)
{
	static const char *const names[] = {
		"end",	  "read",  "write", "add", "lock",  "unlock", "post",	"await",
		"choose", "spawn", "last",  "use", "sleep", "wait",   "retake", "signal",
	};
	bool waits = o->kind == TOY_WAIT;

	return (struct sim_op){
		.what = names[o->kind],
		.object = toy_touches(o->kind) ? &toy.slots[waits ? o->value : o->object] : NULL,
		.object2 = waits ? &toy.slots[o->object] : NULL,
		.access = toy_writes(o->kind) ? SIM_WRITE : SIM_READ,
	};
}

/* ---- the world */

static inline wfp_err toy_open(const struct sim_controller *c, void (*main)(void *), void *arg)
{
	toy.controller = c;
	toy.main = main;
	toy.arg = arg;
	if (setjmp(toy.leave) == 0)
		main(arg);
	return ERR_OK;
}

/* Preparation ends here; the toy itself is run by toy_run, not by its subject. */
static inline void toy_ready(void)
{
	longjmp(toy.leave, 1);
}

static inline void toy_stop(void)
{
	longjmp(toy.leave, 1);
}

static inline struct sim_view toy_view(struct sim_thread *threads, uint32_t running)
{
	struct sim_view v = {.threads = threads, .running = running};
	bool any = false;

	for (uint32_t t = 0; t < toy.program->threads; t++) {
		if (!toy_alive(toy.program, &toy.state, t))
			continue;
		threads[v.n++] = (struct sim_thread){
			.id = t + 1,
			.name = "toy",
			.enabled = toy_enabled(toy.program, &toy.state, t),
			.waits_timed = toy_waits_timed(toy.program, &toy.state, t),
			.next = toy_op_of(toy_next(toy.program, &toy.state, t)),
		};
		any = any || threads[v.n - 1].enabled;
		v.time = v.time || threads[v.n - 1].waits_timed;
	}
	v.only_time = !any && v.time;
	return v;
}

static inline void toy_time(struct toy_state *s)
{
	for (uint32_t t = 0; t < toy.program->threads; t++)
		if (toy_waits_timed(toy.program, s, t))
			s->slept |= 1u << t;
}

static inline void toy_execute(uint32_t t)
{
	const struct sim_controller *c = toy.controller;
	const struct toy_op *o = toy_next(toy.program, &toy.state, t);
	struct sim_op op = toy_op_of(o);
	uint32_t value = 0;

	c->step(c->ctx, t + 1, &op);
	if (o->kind == TOY_CHOOSE)
		value = c->choose(c->ctx, o->value, "toy");
	toy.trace.events[toy.trace.n++] = (struct toy_event){
		.thread = (uint8_t)t,
		.kind = o->kind,
		.object = o->object,
		.value = (uint8_t)value,
		.second = (uint8_t)o->value,
	};
	toy_step(toy.program, &toy.state, t, value);
}

static inline enum sim_end toy_loop(void)
{
	const struct sim_controller *c = toy.controller;
	uint32_t running = 0;

	for (;;) {
		struct sim_thread threads[TOY_THREADS];
		struct sim_view v = toy_view(threads, running);
		uint32_t who;

		if (v.n == 0)
			return SIM_END_DONE;
		who = c->pick(c->ctx, &v);
		if (who != SIM_TIME) {
			running = who;
			toy_execute(who - 1);
		} else if (v.time) {
			toy_time(&toy.state);
		} else {
			return SIM_END_DEADLOCK;
		}
	}
}

static inline enum sim_end toy_run(void)
{
	toy.state = toy_begin(toy.program);
	toy.trace = (struct toy_trace){0};
	return setjmp(toy.leave) == 0 ? toy_loop() : SIM_END_STOPPED;
}

static inline void toy_nothing(void)
{
}

static const struct search_world toy_world = {
	.open = toy_open,
	.ready = toy_ready,
	.run = toy_run,
	.rewind = toy_nothing,
	.close = toy_nothing,
	.stop = toy_stop,
};
