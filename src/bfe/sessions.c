/* SPDX-License-Identifier: MIT */
/*
 * sessions - the list of open sessions, and the watchdog over their transactions.
 *
 * The list is a copy that its caller owns.  The watchdog is called by the host program now and
 * then, on any thread; it waits for no transaction and leaves a session alone whose call runs at
 * that moment.  It also finishes the dying, for which there may never be another call.
 */
#include "bfe/state.h"

#include "base/clock.h"
#include "base/mem.h"
#include "model/access.h"
#include "model/token.h"

#include <string.h>

/* ---- the list ----------------------------------------------------------------------------------
 */

static bool copy_text(char **out, const char *text)
{
	*out = text ? mem_strdup(text) : NULL;
	return *out || !text;
}

static void copy_user(struct bfe_session_info *info, const struct bfe_session *s)
{
	const void *sid = s->token ? model_token_owner(s->token) : NULL;
	size_t size = sid ? sid_size(sid, SID_MAX) : 0;

	info->has_sid = size > 0;
	if (size)
		memcpy(info->sid.bytes, sid, size);
}

static bool copy_session(struct bfe_session_info *info, const struct bfe_session *s)
{
	info->key = s->key;
	info->flags = s->flags;
	info->txn_wait_ms = s->wait_ms;
	info->pid = s->pid;
	info->kernel = s->kernel;
	copy_user(info, s);
	return copy_text(&info->name, s->name) && copy_text(&info->description, s->description) &&
	       copy_text(&info->user, s->user);
}

void bfe_sessions_free(struct bfe_session_info *infos, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		mem_free(infos[i].name);
		mem_free(infos[i].description);
		mem_free(infos[i].user);
	}
	mem_free(infos);
}

/* *n grows with what must be freed.  REQUIRES(b->lock) */
static wfp_err copy_all(struct bfe *b, struct bfe_session_info *infos, size_t *n)
{
	struct list *l;

	LIST_FOR_EACH (l, &b->sessions) {
		const struct bfe_session *s = LIST_ENTRY(l, struct bfe_session, all);

		if (!s->closing && !copy_session(&infos[(*n)++], s))
			return ERR_NO_MEMORY;
	}
	return ERR_OK;
}

static wfp_err list_all(struct bfe *b, struct bfe_session_info **out, size_t *n)
{
	struct bfe_session_info *infos;
	size_t count = 0;
	wfp_err err;

	lock_take(&b->lock);
	infos = mem_zalloc_array(list_count(&b->sessions), sizeof(*infos));
	err = infos ? copy_all(b, infos, &count) : ERR_NO_MEMORY;
	lock_drop(&b->lock);
	if (err) {
		bfe_sessions_free(infos, count);
		return err;
	}
	*out = infos;
	*n = count;
	return ERR_OK;
}

wfp_err bfe_sessions_get(struct bfe_session *s, struct bfe_session_info **out, size_t *n)
{
	wfp_err err = bfe_call_enter(s);

	if (err)
		return err;
	err = bfe_container_check(s, BFE_SECURED_ENGINE, MODEL_RIGHT_ENUM);
	if (!err)
		err = list_all(s->bfe, out, n);
	bfe_call_leave(s);
	return err;
}

/* ---- the watchdog ------------------------------------------------------------------------------
 */

static bool is_due(const struct bfe_session *s, uint64_t now)
{
	uint64_t limit = bfe_option_value(s->bfe, BFE_OPTION_TXN_WATCHDOG_MS) * CLOCK_MS;

	return !s->busy && s->in_txn && !s->closing && !s->kernel && limit &&
	       now - s->txn_began >= limit;
}

/* NULL: none; else it is busy until the transaction is rolled back. */
static struct bfe_session *next_due(struct bfe *b)
{
	uint64_t now = clock_now();
	struct bfe_session *due = NULL;
	struct list *l;

	lock_take(&b->lock);
	LIST_FOR_EACH (l, &b->sessions) {
		struct bfe_session *s = LIST_ENTRY(l, struct bfe_session, all);

		if (!is_due(s, now))
			continue;
		due = s;
		s->busy = true;
		break;
	}
	lock_drop(&b->lock);
	return due;
}

void bfe_tick(struct bfe *b)
{
	struct bfe_session *s;

	while ((s = next_due(b)) != NULL) {
		bfe_txn_roll_back(s);
		s->aborted = true;
		bfe_call_leave(s);
	}
	bfe_sessions_reap(b);
}
