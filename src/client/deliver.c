/* SPDX-License-Identifier: MIT */
/*
 * deliver - calls the program's callbacks with the structs that they expect.
 *
 * Runs on the thread of the rpc client, no lock held.
 */
#include "client/deliver.h"

#include "client/desc.h"

#include <string.h>

/* ---- changes of objects ---------------------------------------------------------------------- */

static GUID key_of(const Openwfp__Notification *n)
{
	GUID key = {0};

	if (n->has_key && n->key.len == sizeof(key))
		memcpy(&key, n->key.data, sizeof(key));
	return key;
}

/* A change has a key; some have an id of some width as well. */
#define DELIVER_CHANGE(name, NAME, ...)                                                            \
	static void deliver_##name(const struct subscription *s, const Openwfp__Notification *n,   \
				   const void *told)                                               \
	{                                                                                          \
		const FWPM_##NAME##_CHANGE0 change = {                                             \
			.changeType = (FWPM_CHANGE_TYPE)n->changetype, __VA_ARGS__};               \
                                                                                                   \
		((FWPM_##NAME##_CHANGE_CALLBACK0)s->callback)(s->context, &change);                \
	}

#define CHANGE_TYPE(name, KIND)                                                                    \
	const struct subscription_type subscription_##name = {                                     \
		.kind = OPENWFP__KIND__##KIND,                                                     \
		.wish = &desc_##name##_subscription0,                                              \
		.deliver = deliver_##name,                                                         \
	}

DELIVER_CHANGE(provider, PROVIDER, .providerKey = key_of(n))
DELIVER_CHANGE(provider_context, PROVIDER_CONTEXT, .providerContextKey = key_of(n),
	       .providerContextId = n->id)
DELIVER_CHANGE(sublayer, SUBLAYER, .subLayerKey = key_of(n))
DELIVER_CHANGE(callout, CALLOUT, .calloutKey = key_of(n), .calloutId = (UINT32)n->id)
DELIVER_CHANGE(filter, FILTER, .filterKey = key_of(n), .filterId = n->id)

CHANGE_TYPE(provider, PROVIDER);
CHANGE_TYPE(provider_context, PROVIDER_CONTEXT);
CHANGE_TYPE(sublayer, SUB_LAYER);
CHANGE_TYPE(callout, CALLOUT);
CHANGE_TYPE(filter, FILTER);

/* ---- net events ------------------------------------------------------------------------------ */

/* All generations of the callback differ only in the type of the pointer. */
static void deliver_net_event(const struct subscription *s, const Openwfp__Notification *n,
			      const void *told)
{
	((void(CALLBACK *)(void *, const void *))s->callback)(s->context, told);
}

#define NET_EVENT_TYPE(generation, event, below)                                                   \
	const struct subscription_type subscription_net_event##generation = {                      \
		.kind = OPENWFP__KIND__NET_EVENT,                                                  \
		.wish = &desc_net_event_subscription0,                                             \
		.told = &desc_net_event##event,                                                    \
		.types = (below),                                                                  \
		.deliver = deliver_net_event,                                                      \
	}

NET_EVENT_TYPE(0, 1, FWPM_NET_EVENT_TYPE_IPSEC_DOSP_DROP + 1);
NET_EVENT_TYPE(1, 2, FWPM_NET_EVENT_TYPE_CLASSIFY_DROP_MAC + 1);
NET_EVENT_TYPE(2, 3, FWPM_NET_EVENT_TYPE_CLASSIFY_DROP_MAC + 1);
NET_EVENT_TYPE(3, 4, FWPM_NET_EVENT_TYPE_CLASSIFY_DROP_MAC + 1);
NET_EVENT_TYPE(4, 5, FWPM_NET_EVENT_TYPE_MAX);

/* ---- connections and ports ------------------------------------------------------------------- */

static void deliver_connection(const struct subscription *s, const Openwfp__Notification *n,
			       const void *told)
{
	((FWPM_CONNECTION_CALLBACK0)s->callback)(s->context,
						 (FWPM_CONNECTION_EVENT_TYPE)n->changetype, told);
}

const struct subscription_type subscription_connection = {
	.kind = OPENWFP__KIND__CONNECTION,
	.wish = &desc_connection_subscription0,
	.told = &desc_connection0,
	.deliver = deliver_connection,
};

static void deliver_system_ports(const struct subscription *s, const Openwfp__Notification *n,
				 const void *told)
{
	((FWPM_SYSTEM_PORTS_CALLBACK0)s->callback)(s->context, told);
}

const struct subscription_type subscription_system_ports = {
	.kind = OPENWFP__KIND__SYSTEM_PORTS,
	.told = &desc_system_ports0,
	.deliver = deliver_system_ports,
};
