/* SPDX-License-Identifier: MIT */
/*
 * policy - any bytes as a policy file.
 *
 * Each input is loaded into a dynamic session of an engine that is made once, and is gone again
 * when that session is closed: what is refused must leave nothing behind, and say why.
 */
#include "fuzz.h"

#include "base/rcu.h"
#include "bfe/policy_file.h"

#define AUTH MODEL_LAYER_ALE_AUTH_CONNECT_V4

static struct engine *engine;
static struct bfe *bfe;

static void set_up(void)
{
	static const struct engine_config config = {.max_ops = 4};

	rcu_thread_enter();
	BUG_ON(engine_create(&engine, &config));
	BUG_ON(bfe_create(&bfe, &(struct bfe_config){.engine = engine}));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bfe_session_config dynamic = {.flags = BFE_SESSION_DYNAMIC};
	struct bfe_session *session;
	struct buf why = {0};

	if (!engine)
		set_up();
	BUG_ON(bfe_session_open(bfe, &dynamic, &session));
	if (policy_file_parse(session, (const char *)data, size, "input", &why)) {
		BUG_ON(why.len == 0);
		BUG_ON(!engine_layer_empty(engine, AUTH));
	}
	bfe_session_close(session);
	BUG_ON(!engine_layer_empty(engine, AUTH));
	buf_free(&why);
	return 0;
}
