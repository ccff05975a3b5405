/* SPDX-License-Identifier: MIT */
/*
 * options - the settings of the engine: numbers that are kept in the store.
 *
 * Each is one row of the table: its default and the largest value.  A change is a transaction of
 * its own; reading takes no lock.  Any thread.
 */
#include "bfe/state.h"

#include "model/access.h"

#define HOUR_MS 3600000u

static const struct {
	uint32_t initial, max;
} options[BFE_OPTIONS] = {
	[BFE_OPTION_COLLECT_NET_EVENTS] = {1, 1},
	[BFE_OPTION_NET_EVENT_KEYWORDS] = {0, UINT32_MAX},
	[BFE_OPTION_NAME_CACHE] = {0, UINT32_MAX},
	[BFE_OPTION_MONITOR_IPSEC_CONNECTIONS] = {0, 1},
	[BFE_OPTION_PACKET_QUEUING] = {0, 3},
	[BFE_OPTION_TXN_WATCHDOG_MS] = {HOUR_MS, UINT32_MAX},
};

void bfe_options_reset(struct bfe *b)
{
	for (unsigned i = 0; i < BFE_OPTIONS; i++)
		atom32_init(&b->options[i], options[i].initial);
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

static wfp_err set_op(struct bfe_session *s, void *arg)
{
	const struct setting *set = arg;
	wfp_err err = bfe_container_check(s, BFE_SECURED_ENGINE, MODEL_RIGHT_WRITE);

	if (!err && s->flags & BFE_SESSION_DYNAMIC)
		err = ERR_DYNAMIC_SESSION_IN_PROGRESS;
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
	return bfe_write_alone(s, set_op, &set);
}
