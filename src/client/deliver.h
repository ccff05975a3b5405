/* SPDX-License-Identifier: MIT */
/*
 * deliver - the types of subscriptions: what each callback is shown.
 */
#pragma once

#include "client/subscription.h"

extern const struct subscription_type subscription_provider;
extern const struct subscription_type subscription_provider_context;
extern const struct subscription_type subscription_sublayer;
extern const struct subscription_type subscription_callout;
extern const struct subscription_type subscription_filter;
extern const struct subscription_type subscription_connection;
extern const struct subscription_type subscription_system_ports;

/* FwpmNetEventSubscribe0 to 4: their callbacks see FWPM_NET_EVENT1 to 5. */
extern const struct subscription_type subscription_net_event0;
extern const struct subscription_type subscription_net_event1;
extern const struct subscription_type subscription_net_event2;
extern const struct subscription_type subscription_net_event3;
extern const struct subscription_type subscription_net_event4;
