/* SPDX-License-Identifier: MIT */
/*
 * engine_options - the shared rows' stores.
 */
#include "common/engine_options.h"

#include "base/log.h"

#include <string.h>

void engine_options_init(struct engine_options *o)
{
	*o = (struct engine_options){
		.platform = {.engine = {.pend_timeout = DEFAULT_PEND_TIMEOUT}, .workers = 1}};
}

bool store_policy(void *into, const char *value)
{
	struct engine_options *o = into;

	o->platform.policy = value;
	return true;
}

bool store_driver(void *into, const char *value)
{
	struct engine_options *o = into;

	if (o->platform.n_drivers == PLATFORM_DRIVERS_MAX)
		return false;
	o->platform.drivers[o->platform.n_drivers++] = value;
	return true;
}

bool store_on_revoke(void *into, const char *value)
{
	struct engine_options *o = into;

	o->platform.engine.on_revoke =
		strcmp(value, "permit") == 0 ? ENGINE_DEFAULT_PERMIT : ENGINE_DEFAULT_BLOCK;
	return strcmp(value, "permit") == 0 || strcmp(value, "block") == 0;
}

bool store_join(void *into, const char *value)
{
	struct engine_options *o = into;

	o->platform.engine.join =
		strcmp(value, "freeze") == 0 ? ENGINE_JOIN_FREEZE : ENGINE_JOIN_PARALLEL;
	return strcmp(value, "freeze") == 0 || strcmp(value, "parallel") == 0;
}

bool store_strict(void *into, const char *value)
{
	struct engine_options *o = into;

	o->platform.engine.strict_rights = true;
	return value == NULL;
}

bool store_pend_timeout(void *into, const char *value)
{
	struct engine_options *o = into;
	uint64_t ms;

	if (!options_u64(value, 0, 86400000, &ms))
		return false;
	o->platform.engine.pend_timeout = ms * 1000000;
	return true;
}

bool store_json(void *into, const char *value)
{
	struct engine_options *o = into;

	o->json = true;
	return value == NULL;
}

bool store_verbose(void *into, const char *value)
{
	struct engine_options *o = into;

	o->verbose = true;
	log_set_level(LOG_LEVEL_DEBUG);
	return value == NULL;
}

bool store_help(void *into, const char *value)
{
	struct engine_options *o = into;

	o->help = true;
	return value == NULL;
}
