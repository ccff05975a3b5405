/* SPDX-License-Identifier: MIT */
/*
 * point - who may go on in the controlled world, and asking the controller who does.
 *
 * A thread always stands before its next operation; telling it to go on executes that operation and
 * what follows up to the next.  What the controller sees is kept up to date at every change, so
 * that a point costs a call and nothing else.
 *
 *	ready     nothing it waits for keeps it
 *	enabled   ready, and it has a processor or one is free
 *
 * A thread that rises to DISPATCH_LEVEL takes the processor it runs on; it gives it up when it is
 * not ready, and takes one again when it goes on.  Everything here is put back by a rewind.
 */
#include "base/clock.h"
#include "base/sim/control.h"
#include "base/sim/world.h"

#include <string.h>

#define SETTLED_MAX 100000u

static struct {
	struct sim_thread threads[SIM_THREADS_MAX];
	struct thread *of[SIM_THREADS_MAX]; /* NULL: joined */
	char names[SIM_THREADS_MAX][32];    /* of those too */
	struct sim_view view;
	uint32_t enabled;
	uint32_t timed;	      /* wait for something or for time */
	uint32_t yielding;    /* until another makes a step */
	uint32_t raised;      /* have a processor */
	struct list standing; /* before something that is no gate */
	uint32_t settled;     /* so many more choices are made plainly */
} points;

static bool plain_points; /* one value for all runs: set while no run has begun */

void control_points_reset(void)
{
	points.view = (struct sim_view){.threads = points.threads};
	points.enabled = 0;
	points.timed = 0;
	points.yielding = 0;
	points.raised = 0;
	points.settled = 0;
	list_init(&points.standing);
}

void control_points_forget(void)
{
	struct thread *self = world.self;

	points.view.running = self->id;
	points.view.time = points.view.only_time = false;
	if (!self->granted)
		self->view->next = (struct sim_op){0};
}

void sim_settled(void)
{
	if (control_on)
		points.settled = SETTLED_MAX;
}

/* Is the controller not to be asked? */
static bool plainly(void)
{
	if (!control->exploring)
		return true;
	if (points.settled == 0)
		return false;
	points.settled--;
	return true;
}

struct thread *control_thread(uint32_t id)
{
	return id > 0 && id <= points.view.n ? points.of[id - 1] : NULL;
}

const struct sim_view *control_view(void)
{
	return &points.view;
}

/* ---- who may go on -------------------------------------------------------------------------- */

static uint32_t processors(void)
{
	return control->exploring ? control->controller.processors : 0;
}

static bool processor_is_free(void)
{
	uint32_t n = processors();

	return n == 0 || points.raised < n;
}

static void refresh(struct thread *t)
{
	bool enabled = t->ready && (t->has_processor || processor_is_free());

	points.enabled += (uint32_t)enabled - (uint32_t)t->view->enabled;
	t->view->enabled = enabled;
}

static void refresh_all(void)
{
	for (uint32_t i = 0; i < points.view.n; i++)
		if (points.of[i])
			refresh(points.of[i]);
}

static void processor_take(struct thread *t)
{
	t->has_processor = true;
	points.raised++;
	if (points.raised == processors())
		refresh_all();
}

static void processor_give(struct thread *t)
{
	t->has_processor = false;
	points.raised--;
	if (points.raised + 1 == processors())
		refresh_all();
}

static void set_ready(struct thread *t, bool ready)
{
	t->ready = ready;
	if (!ready && t->has_processor)
		processor_give(t);
	refresh(t);
}

void sim_raised(bool raised)
{
	struct thread *self = world.self;

	if (!control_on || self->view->raised == raised)
		return;
	self->view->raised = raised;
	if (raised && !self->has_processor)
		processor_take(self);
	else if (!raised && self->has_processor)
		processor_give(self);
}

/* ---- time ----------------------------------------------------------------------------------- */

static void yields_end(const struct thread *but)
{
	for (uint32_t i = 0; i < points.view.n && points.yielding > 0; i++) {
		struct thread *t = points.of[i];

		if (!t || !t->yields || t == but)
			continue;
		t->yields = false;
		points.yielding--;
		set_ready(t, true);
	}
}

static uint64_t earliest_deadline(void)
{
	uint64_t earliest = CLOCK_NEVER;

	for (uint32_t i = 0; i < points.view.n; i++)
		if (points.of[i] && points.of[i]->waits_in && points.of[i]->deadline < earliest)
			earliest = points.of[i]->deadline;
	return earliest;
}

/* In the order of the threads: what they do then is the controller's choice again. */
static void jump(void)
{
	uint64_t deadline = earliest_deadline();

	BUG_ON(deadline == CLOCK_NEVER);
	if (deadline > world.now)
		world.now = deadline;
	for (uint32_t i = 0; i < points.view.n; i++)
		if (points.of[i] && points.of[i]->waits_in && points.of[i]->deadline <= world.now)
			control_wake(points.of[i], false);
	yields_end(NULL);
}

/* ---- asking --------------------------------------------------------------------------------- */

/* Before the world is ready, and at the end: whoever runs goes on until it cannot, then the first
 * that can. */
static uint32_t pick_plainly(void)
{
	if (points.enabled == 0)
		return SIM_TIME;
	if (world.self->view->enabled)
		return world.self->id;
	for (uint32_t i = 0; i < points.view.n; i++)
		if (points.threads[i].enabled)
			return i + 1;
	bug_fail(__FILE__, __LINE__, "nobody is enabled");
}

static uint32_t ask(void)
{
	uint32_t picked;

	points.view.running = world.self->id;
	points.view.time = points.timed > 0;
	points.view.only_time = points.enabled == 0;
	if (plainly())
		return pick_plainly();
	control->asked = true;
	picked = control->controller.pick(control->controller.ctx, &points.view);
	control->asked = false;
	return picked;
}

static struct thread *chosen(void)
{
	uint32_t id;

	for (;;) {
		if (points.enabled == 0 && points.timed == 0) {
			if (points.yielding == 0) {
				ask(); /* only shows it */
				control_leave(SIM_END_DEADLOCK);
			}
			yields_end(NULL);
		}
		id = ask();
		if (id != SIM_TIME)
			break;
		jump();
	}
	BUG_ON(id > points.view.n || !points.threads[id - 1].enabled);
	return points.of[id - 1];
}

/* First thing when a thread goes on. */
static void arrive(struct thread *self)
{
	if (self->view->raised && !self->has_processor)
		processor_take(self);
	if (points.yielding > 0)
		yields_end(self);
}

/* The running thread stands before something: whoever is chosen goes on, at last itself. */
static void let_choose(void)
{
	struct thread *self = world.self, *next = chosen();

	if (next != self) {
		world.self = next;
		fiber_switch(self, next);
	}
	arrive(self);
}

void control_step(const struct sim_op *op)
{
	if (!control->exploring || !control->controller.step)
		return;
	control->asked = true;
	control->controller.step(control->controller.ctx, world.self->id, op);
	control->asked = false;
}

/* ---- points --------------------------------------------------------------------------------- */

/* What the controller sees of it: of a quiet one, nothing that others could. */
static void announce(struct thread *t, const struct sim_op *op)
{
	t->view->next = *op;
	if (op->quiet) {
		t->view->next.object = NULL;
		t->view->next.object2 = NULL;
	}
}

/* Nobody is asked, and who runs can go on. */
static bool goes_on(struct thread *self)
{
	if (!self->view->enabled || !plainly())
		return false;
	arrive(self);
	return true;
}

void control_point(const struct sim_op *op)
{
	struct thread *self = world.self;

	if (self->granted) {
		self->granted = false;
		BUG_ON(!op->quiet && self->view->next.object != op->object);
	} else if (!goes_on(self)) {
		announce(self, op);
		let_choose();
	}
	control_step(op);
}

void control_op(const char *what, const void *object, unsigned access, unsigned sync)
{
	const struct sim_op op = {
		.what = what, .object = object, .access = (uint8_t)access, .sync = (uint8_t)sync};

	control_point(&op);
}

void sim_plain(const void *address, uint32_t size, enum sim_access access)
{
	struct sim_op op = {
		.what = access == SIM_READ ? "read" : "write",
		.object = address,
		.size = size,
		.access = (uint8_t)access,
	};

	if (!control_on)
		return;
	if (plain_points)
		control_point(&op);
	else
		control_step(&op);
}

bool sim_own_stack(const void *address)
{
	const char *stack = world.self->stack;

	return control_on && stack && (const char *)address >= stack &&
	       (const char *)address < stack + world.self->stack_size;
}

bool control_plain_points(void)
{
	return plain_points;
}

void sim_plain_points(bool on)
{
	plain_points = on;
}

void control_stand(struct sim_waitq *gate, const struct sim_op *op)
{
	struct thread *self = world.self;

	if (!self->granted && !gate->shut && goes_on(self)) {
		control_step(op);
		return;
	}
	if (!self->granted) {
		list_add_tail(&gate->threads, &self->queued);
		self->gate = gate;
		set_ready(self, !gate->shut);
	}
	control_point(op);
	list_del(&self->queued);
	self->gate = NULL;
}

void control_stand_while(const struct sim_op *op, bool (*can)(const void *object))
{
	struct thread *self = world.self;

	list_add_tail(&points.standing, &self->queued);
	self->can = can;
	set_ready(self, can(op->object));
	control_point(op);
	list_del(&self->queued);
	self->can = NULL;
}

void control_changed(const void *object)
{
	struct list *pos;

	LIST_FOR_EACH (pos, &points.standing) {
		struct thread *t = LIST_ENTRY(pos, struct thread, queued);

		if (t->view->next.object == object)
			set_ready(t, t->can(object));
	}
}

void control_gate(struct sim_waitq *gate, bool shut)
{
	struct list *pos;

	gate->shut = shut;
	LIST_FOR_EACH (pos, &gate->threads)
		set_ready(LIST_ENTRY(pos, struct thread, queued), !shut);
}

/* ---- waiting -------------------------------------------------------------------------------- */

/* What it waited for is over, one way or the other. */
static void go_on(struct thread *t, bool woken)
{
	t->woken = woken;
	if (t->gate)
		list_add_tail(&t->gate->threads, &t->queued);
	set_ready(t, !t->gate || !t->gate->shut);
}

static void begin_to_wait(struct thread *t, struct sim_waitq *q, uint64_t deadline)
{
	list_add_tail(&q->threads, &t->queued);
	t->waits_in = q;
	t->deadline = deadline;
	if (deadline != CLOCK_NEVER) {
		t->view->waits_timed = true;
		points.timed++;
	}
	set_ready(t, false);
}

bool control_wait(struct sim_waitq *q, uint64_t deadline, const struct sim_op *then)
{
	struct thread *self = world.self;

	announce(self, then);
	if (deadline <= world.now)
		go_on(self, false);
	else
		begin_to_wait(self, q, deadline);
	let_choose();
	self->granted = then->object != NULL;
	return self->woken;
}

void control_wake(struct thread *t, bool woken)
{
	list_del(&t->queued);
	t->waits_in = NULL;
	if (t->view->waits_timed) {
		t->view->waits_timed = false;
		points.timed--;
	}
	go_on(t, woken);
}

void control_wake_one(struct sim_waitq *q)
{
	uint32_t n = (uint32_t)list_count(&q->threads);
	uint32_t which = n > 1 ? control_choose(n, "who is woken") : 0;
	struct list *pos = q->threads.next;

	while (which-- > 0)
		pos = pos->next;
	control_wake(LIST_ENTRY(pos, struct thread, queued), true);
}

void control_yield(void)
{
	struct thread *self = world.self;

	self->view->next = (struct sim_op){.what = "yield"};
	self->yields = true;
	points.yielding++;
	set_ready(self, false);
	let_choose();
}

uint32_t control_choose(uint32_t n, const char *what)
{
	uint32_t choice;

	if (n < 2 || !control->controller.choose || plainly())
		return 0;
	control->asked = true;
	choice = control->controller.choose(control->controller.ctx, n, what);
	control->asked = false;
	BUG_ON(choice >= n);
	return choice;
}

/* ---- threads -------------------------------------------------------------------------------- */

static struct sim_op begin_of(const struct thread *t)
{
	return (struct sim_op){
		.what = "thread begin", .object = t, .access = SIM_READ, .sync = SIM_SYNC_ACQUIRE};
}

void control_admit(struct thread *t)
{
	struct sim_thread *view = &points.threads[t->id - 1];

	list_init(&t->queued);
	t->ended.shut = true;
	t->view = view;
	memcpy(points.names[t->id - 1], t->name, sizeof(t->name));
	*view = (struct sim_thread){
		.id = t->id, .name = points.names[t->id - 1], .next = begin_of(t)};
	points.of[t->id - 1] = t;
	points.view.n = t->id;
	set_ready(t, true);
}

void control_thread_begin(void)
{
	struct sim_op begin = begin_of(world.self);

	arrive(world.self);
	control_step(&begin);
}

void control_thread_end(void)
{
	control_op("thread end", world.self, SIM_WRITE, SIM_SYNC_RELEASE);
}

void control_leave_thread(void)
{
	struct thread *self = world.self, *next;

	self->view->next = (struct sim_op){.what = "joined"};
	control_gate(&self->ended, false);
	set_ready(self, false);
	next = chosen();
	world.self = next;
	fiber_switch(self, next);
	bug_fail(__FILE__, __LINE__, "a thread ran after its end");
}

void control_forget(const struct thread *t)
{
	points.of[t->id - 1] = NULL;
}

void control_settle(void)
{
	set_ready(world.self, true);
	while (points.enabled > 1)
		control_yield();
}
