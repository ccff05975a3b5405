/* SPDX-License-Identifier: MIT */
/*
 * session - a search that is not over after one schedule: for those who try many, one by one.
 *
 * Called by recording and by shrinking, on the explorer's thread.
 */
#include "explore/strategy.h"

#include "base/sim_control.h"

struct explore_session {
	struct search *search;
};

wfp_err explore_session_open(struct explore_session **out, const struct explore_subject *subject,
			     const struct explore_limits *limits, struct buf *why)
{
	struct explore_session *session = sim_control_alloc(sizeof(*session));
	wfp_err err = ERR_NO_MEMORY;

	if (!session)
		return err;
	session->search = search_new(&search_controlled, subject, EXPLORE_REPLAY, limits);
	if (session->search)
		err = search_enter(session->search, why);
	if (err) {
		if (session->search)
			search_delete(session->search);
		sim_control_free(session);
		return err;
	}
	session->search->once = true;
	*out = session;
	return ERR_OK;
}

void explore_session_replay(struct explore_session *session,
			    const struct explore_schedule *schedule, struct explore_result *out)
{
	struct search *s = session->search;

	s->result = (struct explore_result){0};
	s->replay = schedule;
	search_run(s);
	*out = s->result;
	s->result = (struct explore_result){0};
}

void explore_session_close(struct explore_session *session)
{
	search_leave(session->search);
	search_delete(session->search);
	sim_control_free(session);
}
