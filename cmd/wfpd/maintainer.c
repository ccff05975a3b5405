/* SPDX-License-Identifier: MIT */
/*
 * maintainer - asks the engine once a second; it says itself whether there is something to do.
 */
#include "wfpd/maintainer.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"

#define PAUSE		CLOCK_S
#define RANK_MAINTAINER 20u

/* [L] lock */
struct maintainer {
	struct engine *engine; /* [I] */
	struct thread *thread; /* [I] */
	struct lock lock;
	struct cond wake;
	bool stopping; /* [L] */
};

/* False: it is time to end. */
static bool wait_a_while(struct maintainer *m)
{
	const uint64_t deadline = clock_now() + PAUSE;
	bool stopping;

	lock_take(&m->lock);
	while (!m->stopping && cond_wait_until(&m->wake, &m->lock, deadline))
		;
	stopping = m->stopping;
	lock_drop(&m->lock);
	return !stopping;
}

static void maintain(void *arg)
{
	struct maintainer *m = arg;

	while (wait_a_while(m)) {
		wfp_err err = engine_maintain(m->engine);

		if (err)
			log_debug("the index is not built anew: %s", err_text(err));
	}
}

wfp_err maintainer_start(struct maintainer **out, struct engine *e)
{
	struct maintainer *m = mem_zalloc(sizeof(*m));
	wfp_err err;

	if (!m)
		return ERR_NO_MEMORY;
	m->engine = e;
	lock_init(&m->lock, "maintainer", RANK_MAINTAINER);
	cond_init(&m->wake, "maintainer");
	err = thread_start(&m->thread, "maintain", maintain, m);
	if (err) {
		cond_destroy(&m->wake);
		lock_destroy(&m->lock);
		mem_free(m);
		return err;
	}
	*out = m;
	return ERR_OK;
}

void maintainer_stop(struct maintainer *m)
{
	if (!m)
		return;
	lock_take(&m->lock);
	m->stopping = true;
	cond_signal(&m->wake);
	lock_drop(&m->lock);
	thread_join(m->thread);
	cond_destroy(&m->wake);
	lock_destroy(&m->lock);
	mem_free(m);
}
