/* SPDX-License-Identifier: MIT */
/*
 * owner - see owner.h.
 *
 * The worker's own port is asked, not the packet's: that one may belong to another worker, and the
 * sockets of the host are the same for all.
 */
#include "stack/owner.h"

#include "base/mem.h"
#include "model/token.h"
#include "stack/worker.h"

/* Without the token, filters on the user do not match. */
void owner_set_user(struct flow *f, uint32_t uid)
{
	struct ale *a = &f->ale;

	if (!a->token && uid != PACKET_UID_UNKNOWN &&
	    model_token_make_unix(&a->token, uid, NULL, 0) != ERR_OK)
		a->token = NULL;
}

void owner_learn(const struct journey *j, uint32_t looks)
{
	struct stack_port *port = j->w->port;
	struct port_owner who = {.uid = PACKET_UID_UNKNOWN};
	struct ale *a;

	if (!j->flow || j->flow->key.kind != FLOW_LOCAL)
		return;
	a = &j->flow->ale;
	looks &= ~a->sought;
	if (a->token)
		looks &= ~(uint32_t)ENGINE_LOOKS_AT_USER;
	if (!looks || !port || !port->ops->owner)
		return;
	a->sought |= looks;
	port->ops->owner(port, j->p, looks, &who);
	owner_set_user(j->flow, who.uid);
	if (!who.app)
		return;
	a->app = who.app;
	a->pid = who.pid;
}

void owner_forget(struct flow *f)
{
	mem_free(f->ale.token);
	model_app_put(f->ale.app);
}
