/* SPDX-License-Identifier: MIT */
/*
 * retire - the list of changes whose old parts are not freed yet.
 */
#include "engine/retire.h"

#include "engine/policy.h"

void engine_retire(struct engine *e, struct policy_change *c)
{
	struct engine_policy *p = e->policy;

	list_add_tail(&p->retired, &c->link);
	p->retired_bytes += policy_change_bytes(c);
	p->n_retired++;
}

bool engine_retired_full(const struct engine *e)
{
	const struct engine_policy *p = e->policy;
	uint32_t most = e->config.max_retired ? e->config.max_retired : ENGINE_RETIRED_MAX;

	return p->n_retired >= most || p->retired_bytes >= ENGINE_RETIRED_BYTES_MAX;
}

void engine_retired_free(struct engine *e)
{
	struct engine_policy *p = e->policy;
	struct list *l, *next;

	LIST_FOR_EACH_SAFE (l, next, &p->retired)
		policy_change_settle(LIST_ENTRY(l, struct policy_change, link));
	list_init(&p->retired);
	history_free(&p->forgotten);
	p->retired_bytes = 0;
	p->n_retired = 0;
}
