/* SPDX-License-Identifier: MIT */
/*
 * ale - the table behind the drawing in ale.h.
 *
 * Called by authorize.c, held.c and inject.c on the flow's worker.
 */
#include "stack/ale.h"

static const struct {
	enum ale_state from;
	enum ale_event event;
	enum ale_state to;
} rows[] = {
	{ALE_NEW, ALE_EV_ASK, ALE_ASKING},
	{ALE_PERMITTED, ALE_EV_ASK, ALE_ASKING},
	{ALE_BLOCKED, ALE_EV_ASK, ALE_ASKING},
	{ALE_ASKING, ALE_EV_PERMIT, ALE_PERMITTED},
	{ALE_ASKING, ALE_EV_BLOCK, ALE_BLOCKED},
	{ALE_ASKING, ALE_EV_PEND, ALE_PENDED},
	{ALE_ASKING, ALE_EV_AWAIT, ALE_AWAITING},
	{ALE_PENDED, ALE_EV_RETRY, ALE_ASKING},
	{ALE_PENDED, ALE_EV_AWAIT, ALE_AWAITING},
	{ALE_PENDED, ALE_EV_PERMIT, ALE_PERMITTED}, /* by default */
	{ALE_PENDED, ALE_EV_BLOCK, ALE_BLOCKED},
	{ALE_AWAITING, ALE_EV_RELEASE, ALE_NEW},
	{ALE_AWAITING, ALE_EV_BLOCK, ALE_BLOCKED},
	{ALE_PERMITTED, ALE_EV_BLOCK, ALE_BLOCKED}, /* by the stream */
	{ALE_PENDED, ALE_EV_CLOSE, ALE_CLOSED},
	{ALE_AWAITING, ALE_EV_CLOSE, ALE_CLOSED},
	{ALE_PERMITTED, ALE_EV_CLOSE, ALE_CLOSED}, /* callouts still have its first packet */
};

void ale_init(struct ale *a, bool inbound)
{
	*a = (struct ale){.state = ALE_NEW, .inbound = inbound};
	list_init(&a->queue);
}

void ale_step(struct ale *a, enum ale_event event)
{
	size_t i = 0;

	while (rows[i].from != a->state || rows[i].event != event) {
		i++;
		BUG_ON(i == ARRAY_LEN(rows));
	}
	a->state = rows[i].to;
}

bool ale_is_held(const struct ale *a)
{
	return a->state == ALE_PENDED || a->state == ALE_AWAITING || a->first;
}
