/* SPDX-License-Identifier: MIT */
/*
 * desc - the descriptors of all structs of the API that the protocol can carry.
 *
 * The tables are in desc_*.c, one row per member; what a row may say is in convert.h.  A name is
 * that of the struct without its prefix: desc_filter0 is FWPM_FILTER0.
 */
#pragma once

#include "client/convert.h"

#include "fwpmtypes.h"

/* Every descriptor, for the tests that go through all of them. */
#define DESC_LIST(X)                                                                               \
	X(value0)                                                                                  \
	X(condition_value0)                                                                        \
	X(range0)                                                                                  \
	X(token_information)                                                                       \
	X(display_data0)                                                                           \
	X(session0)                                                                                \
	X(provider0)                                                                               \
	X(sublayer0)                                                                               \
	X(layer0)                                                                                  \
	X(callout0)                                                                                \
	X(filter_condition0)                                                                       \
	X(filter0)                                                                                 \
	X(classify_options0)                                                                       \
	X(network_connection_policy_settings0)                                                     \
	X(provider_context0)                                                                       \
	X(provider_context1)                                                                       \
	X(provider_context2)                                                                       \
	X(provider_context3)                                                                       \
	X(ikeext_em_policy0)                                                                       \
	X(ikeext_em_policy1)                                                                       \
	X(ikeext_em_policy2)                                                                       \
	X(ikeext_policy0)                                                                          \
	X(ikeext_policy1)                                                                          \
	X(ikeext_policy2)                                                                          \
	X(ipsec_keying_policy0)                                                                    \
	X(ipsec_keying_policy1)                                                                    \
	X(ipsec_transport_policy0)                                                                 \
	X(ipsec_transport_policy1)                                                                 \
	X(ipsec_transport_policy2)                                                                 \
	X(ipsec_tunnel_policy0)                                                                    \
	X(ipsec_tunnel_policy1)                                                                    \
	X(ipsec_tunnel_policy2)                                                                    \
	X(ipsec_tunnel_policy3)                                                                    \
	X(ipsec_dosp_options0)                                                                     \
	X(net_event0)                                                                              \
	X(net_event1)                                                                              \
	X(net_event2)                                                                              \
	X(net_event3)                                                                              \
	X(net_event4)                                                                              \
	X(net_event5)                                                                              \
	X(connection0)                                                                             \
	X(system_ports0)                                                                           \
	X(session_enum_template0)                                                                  \
	X(provider_enum_template0)                                                                 \
	X(provider_context_enum_template0)                                                         \
	X(sublayer_enum_template0)                                                                 \
	X(layer_enum_template0)                                                                    \
	X(callout_enum_template0)                                                                  \
	X(filter_enum_template0)                                                                   \
	X(net_event_enum_template0)                                                                \
	X(connection_enum_template0)                                                               \
	X(provider_subscription0)                                                                  \
	X(provider_context_subscription0)                                                          \
	X(sublayer_subscription0)                                                                  \
	X(callout_subscription0)                                                                   \
	X(filter_subscription0)                                                                    \
	X(net_event_subscription0)                                                                 \
	X(connection_subscription0)

#define DESC_DECLARE(name) extern const struct convert_desc desc_##name;
DESC_LIST(DESC_DECLARE)
#undef DESC_DECLARE
