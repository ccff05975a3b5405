/* SPDX-License-Identifier: MIT */
/*
 * options - the settings of the engine: numbers that are kept in the store.
 *
 * Each is one row of the table: its default and the largest value.  A change is a transaction of
 * its own; reading takes no lock.  Any thread.
 */
#include "bfe/persist.h"
#include "bfe/store.h"
#include "model/access.h"
#include "model/netevent.h"

#define HOUR_MS 3600000u

/* The name is what the store knows it by. */
static const struct {
	const char *name;
	uint32_t initial, max;
} options[BFE_OPTIONS] = {
	[BFE_OPTION_COLLECT_NET_EVENTS] = {"collect-net-events", 1, 1},
	[BFE_OPTION_NET_EVENT_KEYWORDS] = {"net-event-keywords", 0, MODEL_NETEVENT_KEYWORDS},
	[BFE_OPTION_NAME_CACHE] = {"name-cache", 0, UINT32_MAX},
	[BFE_OPTION_MONITOR_IPSEC_CONNECTIONS] = {"monitor-ipsec-connections", 0, 1},
	[BFE_OPTION_PACKET_QUEUING] = {"packet-queuing", 0, 3},
	[BFE_OPTION_TXN_WATCHDOG_MS] = {"txn-watchdog-ms", HOUR_MS, UINT32_MAX},
};

void bfe_options_reset(struct bfe *b)
{
	for (unsigned i = 0; i < BFE_OPTIONS; i++)
		atom32_init(&b->options[i], options[i].initial);
}

wfp_err bfe_options_load(struct bfe *b)
{
	for (unsigned i = 0; i < BFE_OPTIONS; i++) {
		uint64_t value = options[i].initial;
		wfp_err err = store_get_option(b->config.store, options[i].name, &value);

		if (err && err != ERR_WIN32_NOT_FOUND)
			return err;
		if (value <= options[i].max)
			atom32_store(&b->options[i], (uint32_t)value);
	}
	return ERR_OK;
}

uint32_t bfe_option_value(struct bfe *b, enum bfe_option option)
{
	return atom32_load(&b->options[option]);
}

wfp_err bfe_option_get(struct bfe_session *s, uint32_t option, uint32_t *out)
{
	wfp_err err;

	if (option >= BFE_OPTIONS)
		return ERR_INVALID_ENUMERATOR;
	err = bfe_call_enter(s);
	if (err)
		return err;
	err = bfe_container_check(s, BFE_SECURED_ENGINE, MODEL_RIGHT_READ);
	if (!err)
		*out = bfe_option_value(s->bfe, (enum bfe_option)option);
	bfe_call_leave(s);
	return err;
}

struct setting {
	uint32_t option, value;
};

static wfp_err may_set(struct bfe_session *s, UNUSED void *arg)
{
	wfp_err err = bfe_container_check(s, BFE_SECURED_ENGINE, MODEL_RIGHT_WRITE);

	if (!err && s->flags & BFE_SESSION_DYNAMIC)
		err = ERR_DYNAMIC_SESSION_IN_PROGRESS;
	return err;
}

static wfp_err set_op(struct bfe_session *s, void *arg)
{
	const struct setting *set = arg;
	wfp_err err = may_set(s, arg);

	if (!err)
		err = bfe_persist_option(s->bfe, options[set->option].name, set->value);
	if (!err)
		atom32_store(&s->bfe->options[set->option], set->value);
	return err;
}

wfp_err bfe_option_set(struct bfe_session *s, uint32_t option, uint32_t value)
{
	struct setting set = {.option = option, .value = value};

	if (option >= BFE_OPTIONS)
		return ERR_INVALID_ENUMERATOR;
	if (value > options[option].max)
		return ERR_OUT_OF_BOUNDS;
	return bfe_write_alone(s, may_set, set_op, &set);
}
