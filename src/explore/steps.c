/* SPDX-License-Identifier: MIT */
/*
 * steps - a ring of steps with their stacks.
 */
#include "explore/steps.h"

#include <stdio.h>
#include <string.h>

wfp_err steps_create(struct steps **out)
{
	struct steps *s = sim_control_alloc(sizeof(*s));

	if (!s)
		return ERR_NO_MEMORY;
	*out = s;
	return ERR_OK;
}

void steps_destroy(struct steps *s)
{
	sim_control_free(s);
}

void steps_begin(struct steps *s)
{
	s->n = 0;
}

static bool is_plain(const struct sim_op *op)
{
	return op->size > 0 && (strcmp(op->what, "read") == 0 || strcmp(op->what, "write") == 0);
}

void steps_add(struct steps *s, uint32_t thread, const struct sim_op *op)
{
	struct step *step = &s->kept[s->n % STEPS_KEPT];

	if (!op->object || is_plain(op) || (op->quiet && !op->note))
		return;
	s->n++;
	step->what = op->what;
	step->object = op->object;
	step->stack.thread = thread;
	step->stack.n = sim_control_stack(thread, step->stack.frames, EXPLORE_FRAMES);
}

void steps_name(struct steps *s, const struct sim_view *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (v->threads[i].id < ARRAY_LEN(s->names) && !s->names[v->threads[i].id][0])
			snprintf(s->names[v->threads[i].id], sizeof(s->names[0]), "%s",
				 v->threads[i].name);
}

const struct step *steps_back(const struct steps *s, uint64_t back)
{
	uint64_t kept = s->n < STEPS_KEPT ? s->n : STEPS_KEPT;

	return back < kept ? &s->kept[(s->n - 1 - back) % STEPS_KEPT] : NULL;
}

const struct step *steps_last(const struct steps *s, uint32_t thread, const char *what)
{
	const struct step *step;

	for (uint64_t back = 0; (step = steps_back(s, back)); back++)
		if ((!thread || step->stack.thread == thread) && strstr(step->what, what))
			return step;
	return NULL;
}

const struct step *steps_before(const struct steps *s, const struct step *before)
{
	const struct step *step;
	bool passed = false;

	for (uint64_t back = 0; (step = steps_back(s, back)); back++) {
		if (passed && step->object == before->object)
			return step;
		passed = passed || step == before;
	}
	return NULL;
}

const char *steps_name_of(const struct steps *s, uint32_t thread)
{
	return thread < ARRAY_LEN(s->names) ? s->names[thread] : "";
}
