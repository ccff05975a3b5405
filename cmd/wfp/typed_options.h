/* SPDX-License-Identifier: MIT */
/*
 * typed_options - the options that say which packets: one row for each field that people use, and
 * --condition for all others.  A struct that begins with struct typed_options takes these rows.
 */
#pragma once

#include "common/options.h"
#include "wfp/typed.h"

struct typed_options {
	const char *layer;
	struct typed typed[TYPED_MAX]; /* field NULL: all of it is in the value, for typed_split */
	size_t n;
};

bool store_typed(void *into, const struct option_row *row, const char *value);
bool store_condition(void *into, const char *value);
bool store_loopback(void *into, const char *value);

#define TYPED_ROWS(option, value, help, field)                                                     \
	{option, value, help, NULL, store_typed, field},                                           \
	{                                                                                          \
		"not-" option, value, "any other", NULL, store_typed, field                        \
	}

#define TYPED_OPTION_ROWS                                                                          \
	OPTION_TEXT(struct typed_options, layer, "layer", "LAYER",                                 \
		    "where: ale-auth-connect-v4; without -v4 and -v6 both"),                       \
		TYPED_FIELD_ROWS

#define TYPED_FIELD_ROWS                                                                           \
	TYPED_ROWS("app", "PATH", "the program", "ALE_APP_ID"),                                    \
		TYPED_ROWS("user", "USER[,USER]", "whose: name, number, @group or SID",            \
			   "ALE_USER_ID"),                                                         \
		TYPED_ROWS("protocol", "PROTOCOL[,...]", "tcp, udp, icmp, icmpv6, igmp, number",   \
			   "IP_PROTOCOL"),                                                         \
		TYPED_ROWS("local-address", "ADDRESS[,...]", "10.0.0.1, 10.0.0.0/8, a-b",          \
			   "IP_LOCAL_ADDRESS"),                                                    \
		TYPED_ROWS("remote-address", "ADDRESS[,...]", "likewise", "IP_REMOTE_ADDRESS"),    \
		TYPED_ROWS("local-port", "PORT[,...]", "80, 80-90", "IP_LOCAL_PORT"),              \
		TYPED_ROWS("remote-port", "PORT[,...]", "likewise", "IP_REMOTE_PORT"),             \
		TYPED_ROWS("icmp-type", "NUMBER[,...]", "the type of an ICMP message",             \
			   "ICMP_TYPE"),                                                           \
		TYPED_ROWS("icmp-code", "NUMBER[,...]", "its code", "ICMP_CODE"),                  \
		TYPED_ROWS("direction", "in|out", "where the first packet went", "DIRECTION"),     \
		TYPED_ROWS("interface", "LUID[,...]", "the local interface",                       \
			   "IP_LOCAL_INTERFACE"),                                                  \
		TYPED_ROWS("interface-index", "NUMBER[,...]", "the same by its index",             \
			   "INTERFACE_INDEX"),                                                     \
		TYPED_ROWS("flags", "NUMBER", "flags of the operation, all set", "FLAGS"),         \
		{"loopback", NULL, "traffic of the host with itself", store_loopback},             \
	{                                                                                          \
		"condition", "'FIELD OP VALUE'", "any field: 'ip-remote-port >= 1024'",            \
			store_condition                                                            \
	}

#define TYPED_LAYERS_MAX 2u

/* One layer, or both of a pair when neither -v4 nor -v6 was said. */
MUST_CHECK wfp_err typed_options_layers(const struct typed_options *o,
					const struct model_layer *out[TYPED_LAYERS_MAX],
					unsigned *n, struct buf *why);
MUST_CHECK wfp_err typed_options_resolve(struct arena *a, const struct typed_options *o,
					 const struct model_layer *layer,
					 struct typed_conditions *out, struct buf *why);
