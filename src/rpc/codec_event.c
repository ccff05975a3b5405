/* SPDX-License-Identifier: MIT */
/*
 * codec_event - what happened, and what is going on, as messages.
 *
 * Called by the service for enumerations, and on the thread that drains events for subscribers.
 */
#include "rpc/codec_event.h"

#include "model/connection.h"
#include "model/netevent.h"
#include "rpc/wfp.pb-c.h"

#define FILETIME_NS    UINT64_C(100)
#define FILETIME_EPOCH UINT64_C(116444736000000000) /* 1970 in FILETIME */

uint64_t rpc_filetime(uint64_t ns)
{
	return ns / FILETIME_NS + FILETIME_EPOCH;
}

uint64_t rpc_unix_ns(uint64_t filetime)
{
	uint64_t since = filetime > FILETIME_EPOCH ? filetime - FILETIME_EPOCH : 0;

	return since > UINT64_MAX / FILETIME_NS ? UINT64_MAX : since * FILETIME_NS;
}

static ProtobufCBinaryData bytes(const void *data, size_t len)
{
	return (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)data};
}

/* ---- net events --------------------------------------------------------------------------------
 */

#define SET(m, member, value)                                                                      \
	do {                                                                                       \
		(m)->has_##member = true;                                                          \
		(m)->member = (value);                                                             \
	} while (0)
#define SET_IF(m, e, flag, member, value)                                                          \
	do {                                                                                       \
		if ((e)->flags & MODEL_NETEVENT_##flag)                                            \
			SET(m, member, value);                                                     \
	} while (0)

static void encode_addresses(const struct model_netevent *e, Openwfp__NetEventHeader *m)
{
	if (e->ip == MODEL_NETEVENT_V4) {
		SET_IF(m, e, HAS_LOCAL_ADDRESS, localaddrv4, e->local.v4);
		SET_IF(m, e, HAS_REMOTE_ADDRESS, remoteaddrv4, e->remote.v4);
	} else if (e->ip == MODEL_NETEVENT_V6) {
		SET_IF(m, e, HAS_LOCAL_ADDRESS, localaddrv6,
		       bytes(e->local.v6.b, sizeof(e->local.v6.b)));
		SET_IF(m, e, HAS_REMOTE_ADDRESS, remoteaddrv6,
		       bytes(e->remote.v6.b, sizeof(e->remote.v6.b)));
	}
}

static void encode_header(const struct model_netevent *e, Openwfp__NetEventHeader *m)
{
	*m = (Openwfp__NetEventHeader)OPENWFP__NET_EVENT_HEADER__INIT;
	SET(m, timestamp, rpc_filetime(e->time));
	SET(m, flags, e->flags);
	SET(m, addressfamily, e->af);
	SET_IF(m, e, HAS_IP_VERSION, ipversion, e->ip);
	SET_IF(m, e, HAS_PROTOCOL, ipprotocol, e->protocol);
	SET_IF(m, e, HAS_LOCAL_PORT, localport, e->local_port);
	SET_IF(m, e, HAS_REMOTE_PORT, remoteport, e->remote_port);
	SET_IF(m, e, HAS_SCOPE_ID, scopeid, e->scope_id);
	SET_IF(m, e, HAS_USER, userid, bytes(&e->user, sid_size(&e->user, SID_MAX)));
	SET_IF(m, e, HAS_PACKAGE, packagesid, bytes(&e->package, sid_size(&e->package, SID_MAX)));
	if (e->app)
		SET_IF(m, e, HAS_APP, appid, bytes(e->app->blob.data, e->app->blob.size));
	encode_addresses(e, m);
}

/* A drop and an allow have the same members, but for those of a virtual switch. */
#define SET_DECISION(m, e)                                                                         \
	do {                                                                                       \
		SET(m, filterid, (e)->filter_id);                                                  \
		SET(m, layerid, (e)->layer);                                                       \
		SET(m, reauthreason, (e)->reauth_reason);                                          \
		SET(m, originalprofile, (e)->original_profile);                                    \
		SET(m, currentprofile, (e)->current_profile);                                      \
		SET(m, msfwpdirection, (e)->direction);                                            \
		SET(m, isloopback, (e)->loopback);                                                 \
	} while (0)

struct event_message {
	Openwfp__NetEventHeader header;
	Openwfp__ClassifyDrop drop;
	Openwfp__ClassifyAllow allow;
	Openwfp__NetEventInternal internal;
	Openwfp__TerminatingFilter words[MODEL_NETEVENT_WORDS];
	Openwfp__TerminatingFilter *list[MODEL_NETEVENT_WORDS];
};

static void encode_words(const struct model_netevent *e, struct event_message *m)
{
	for (unsigned i = 0; i < e->n_words; i++) {
		const struct model_netevent_word *word = &e->words[i];
		Openwfp__TerminatingFilter *to = &m->words[i];

		*to = (Openwfp__TerminatingFilter)OPENWFP__TERMINATING_FILTER__INIT;
		SET(to, filterid, word->filter_id);
		SET(to, actiontype, word->action);
		rpc_key_encode(&word->sublayer, &to->has_sublayer, &to->sublayer);
		m->list[i] = to;
	}
	m->internal = (Openwfp__NetEventInternal)OPENWFP__NET_EVENT_INTERNAL__INIT;
	m->internal.n_terminatingfiltersinfo = e->n_words;
	m->internal.terminatingfiltersinfo = m->list;
	SET(&m->internal, interfaceindex, e->ifindex);
	SET(&m->internal, veto, e->veto);
}

wfp_err rpc_netevent_encode(struct arena *a, const struct model_netevent *e,
			    struct Openwfp__NetEvent *out)
{
	struct event_message *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return ERR_NO_MEMORY;
	*out = (Openwfp__NetEvent)OPENWFP__NET_EVENT__INIT;
	SET(out, type, e->type);
	encode_header(e, &m->header);
	out->header = &m->header;
	if (e->type == MODEL_NETEVENT_CLASSIFY_DROP) {
		m->drop = (Openwfp__ClassifyDrop)OPENWFP__CLASSIFY_DROP__INIT;
		SET_DECISION(&m->drop, e);
		out->classifydrop = &m->drop;
	} else if (e->type == MODEL_NETEVENT_CLASSIFY_ALLOW) {
		m->allow = (Openwfp__ClassifyAllow)OPENWFP__CLASSIFY_ALLOW__INIT;
		SET_DECISION(&m->allow, e);
		out->classifyallow = &m->allow;
	}
	encode_words(e, m);
	out->internalfields = &m->internal;
	return ERR_OK;
}

/* ---- connections -------------------------------------------------------------------------------
 */

void rpc_connection_encode(const struct model_connection *c, struct Openwfp__Connection *out)
{
	*out = (Openwfp__Connection)OPENWFP__CONNECTION__INIT;
	SET(out, connectionid, c->id);
	if (c->version == 6) {
		SET(out, ipversion, MODEL_NETEVENT_V6);
		SET(out, localv6address, bytes(c->local.v6.b, sizeof(c->local.v6.b)));
		SET(out, remotev6address, bytes(c->remote.v6.b, sizeof(c->remote.v6.b)));
	} else {
		SET(out, ipversion, MODEL_NETEVENT_V4);
		SET(out, localv4address, c->local.v4);
		SET(out, remotev4address, c->remote.v4);
	}
	rpc_key_encode(&c->provider, &out->has_providerkey, &out->providerkey);
	SET(out, ipsectrafficmodetype, c->traffic_type);
	SET(out, keymoduletype, c->key_module);
	SET(out, bytestransferredin, c->bytes_in);
	SET(out, bytestransferredout, c->bytes_out);
	SET(out, bytestransferredtotal, c->bytes_in + c->bytes_out);
	SET(out, startsystime, rpc_filetime(c->started));
}
