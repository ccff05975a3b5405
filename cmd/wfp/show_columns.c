/* SPDX-License-Identifier: MIT */
/*
 * show_columns - the tables of columns, one for each kind of object, and how each cell is made.
 */
#include "wfp/show.h"

#include "import/text.h"
#include "model/catalogue.h"
#include "model/object.h"
#include "wfp/people.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

/* ---- filters ----------------------------------------------------------------------------------
 */

static void put_name(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	buf_append_str(out, remote_name_of(o));
}

static void put_id(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	struct remote_parts parts;

	if (remote_parts_of(o, &parts))
		buf_printf(out, "%" PRIu64, parts.id);
}

static void put_key(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	struct remote_parts parts = {0};
	struct guid key;
	char text[GUID_TEXT];

	(void)remote_parts_of(o, &parts);
	key = remote_guid(parts.key);
	buf_append_str(out, names_of_key(&key) ? names_of_key(&key) : guid_format(&key, text));
}

static void put_provider(struct show_names *n, const Openwfp__Object *o, struct buf *out)
{
	struct remote_parts parts;

	if (remote_parts_of(o, &parts) && parts.provider)
		show_key(n, parts.provider, out);
}

static void filter_layer(struct show_names *n, const Openwfp__Object *o, struct buf *out)
{
	show_key(n, &o->filter->layerkey, out);
}

static void filter_sublayer(struct show_names *n, const Openwfp__Object *o, struct buf *out)
{
	show_key(n, &o->filter->sublayerkey, out);
}

static void filter_weight(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	if (o->filter->effectiveweight)
		buf_printf(out, "%016" PRIx64, o->filter->effectiveweight->uint64);
}

static void put_short(const struct words *words, enum names_group group, uint32_t value,
		      struct buf *out)
{
	const char *name = names_of_value(group, value);

	if (name)
		words_short(words, name, out);
	else
		buf_printf(out, "%" PRIu32, value);
}

static void filter_action(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	static const struct {
		uint32_t flag;
		const char *mark;
	} marks[] = {{MODEL_FILTER_CLEAR_ACTION_RIGHT, " hard"},
		     {MODEL_FILTER_DISABLED, " disabled"},
		     {MODEL_FILTER_BOOTTIME, " boot-time"},
		     {MODEL_FILTER_PERSISTENT, " persistent"}};

	if (o->filter->action)
		put_short(&words_actions, NAMES_FWP_ACTION_TYPE, o->filter->action->type, out);
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (o->filter->flags & marks[i].flag)
			buf_append_str(out, marks[i].mark);
}

static void filter_conditions(struct show_names *n UNUSED, const Openwfp__Object *o,
			      struct buf *out)
{
	for (size_t i = 0; i < o->filter->n_filtercondition; i++) {
		buf_append_str(out, i ? ", " : "");
		show_condition(o->filter->filtercondition[i], out);
	}
}

static const struct show_column filter_columns[] = {
	{"ID", put_id},
	{"LAYER", filter_layer},
	{"SUBLAYER", filter_sublayer},
	{"WEIGHT", filter_weight},
	{"ACTION", filter_action},
	{"NAME", put_name},
	{"CONDITIONS", filter_conditions},
};

/* ---- other objects ----------------------------------------------------------------------------
 */

static void sublayer_weight(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	buf_printf(out, "%" PRIu32, o->sublayer->weight);
}

static void layer_id(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	buf_printf(out, "%" PRIu32, o->layer->layerid);
}

static void layer_name(struct show_names *n, const Openwfp__Object *o, struct buf *out)
{
	show_key(n, &o->layer->layerkey, out);
}

static void layer_fields(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	for (size_t i = 0; i < o->layer->n_field; i++) {
		struct guid key = remote_guid(&o->layer->field[i]->fieldkey);
		const char *name = model_condition_name(&key);

		buf_append_str(out, i ? ", " : "");
		if (name)
			words_short(&words_conditions, name, out);
	}
}

static void callout_layer(struct show_names *n, const Openwfp__Object *o, struct buf *out)
{
	show_key(n, &o->callout->applicablelayer, out);
}

static void callout_state(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	buf_append_str(out, o->callout->flags & MODEL_CALLOUT_REGISTERED ? "registered" : "absent");
}

static void provider_service(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	buf_append_str(out, o->provider->servicename ? o->provider->servicename : "");
}

static void context_type(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	put_short(&words_context_types, NAMES_FWPM_PROVIDER_CONTEXT_TYPE, o->providercontext->type,
		  out);
}

static void session_pid(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	buf_printf(out, "%" PRIu32, o->session->processid);
}

static void session_user(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	buf_append_str(out, o->session->username ? o->session->username : "");
}

static void session_lifetime(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	buf_append_str(out, o->session->flags & 1 ? "dynamic" : "static");
}

static void session_name(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	const Openwfp__DisplayData *texts = o->session->displaydata;

	buf_append_str(out, texts && texts->name ? texts->name : "");
}

static const struct show_column sublayer_columns[] = {{"WEIGHT", sublayer_weight},
						      {"KEY", put_key},
						      {"PROVIDER", put_provider},
						      {"NAME", put_name}};
static const struct show_column layer_columns[] = {
	{"ID", layer_id}, {"LAYER", layer_name}, {"FIELDS", layer_fields}};
static const struct show_column callout_columns[] = {{"ID", put_id},
						     {"LAYER", callout_layer},
						     {"DRIVER", callout_state},
						     {"KEY", put_key},
						     {"NAME", put_name}};
static const struct show_column provider_columns[] = {
	{"KEY", put_key}, {"SERVICE", provider_service}, {"NAME", put_name}};
static const struct show_column context_columns[] = {
	{"ID", put_id}, {"TYPE", context_type}, {"KEY", put_key}, {"NAME", put_name}};
static const struct show_column session_columns[] = {{"PID", session_pid},
						     {"USER", session_user},
						     {"OBJECTS", session_lifetime},
						     {"NAME", session_name}};

/* ---- subscriptions, connections and events ----------------------------------------------------
 */

static void subscription_kind(struct show_names *n UNUSED, const Openwfp__Object *o,
			      struct buf *out)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(
		&openwfp__kind__descriptor, (int)o->subscription->kind);

	for (const char *c = v ? v->name : "?"; *c; c++)
		buf_append_byte(out, *c == '_' ? ' ' : (uint8_t)(*c | 0x20));
}

static void subscription_session(struct show_names *n, const Openwfp__Object *o, struct buf *out)
{
	show_key(n, &o->subscription->sessionkey, out);
}

/* Host order, or 16 bytes. */
static void put_address(bool v6, uint32_t v4, const ProtobufCBinaryData *bytes, struct buf *out)
{
	static const struct schema_row row = {.form = SCHEMA_V6};
	static const ProtobufCFieldDescriptor field = {.type = PROTOBUF_C_TYPE_BYTES};

	if (v6)
		text_write(out, &field, &row, bytes, false);
	else
		buf_printf(out, "%u.%u.%u.%u", v4 >> 24, v4 >> 16 & 0xff, v4 >> 8 & 0xff,
			   v4 & 0xff);
}

static void connection_id(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	buf_printf(out, "%" PRIu64, o->connection->connectionid);
}

static void connection_local(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	const Openwfp__Connection *c = o->connection;

	put_address(c->has_localv6address, c->localv4address, &c->localv6address, out);
}

static void connection_remote(struct show_names *n UNUSED, const Openwfp__Object *o,
			      struct buf *out)
{
	const Openwfp__Connection *c = o->connection;

	put_address(c->has_remotev6address, c->remotev4address, &c->remotev6address, out);
}

static void connection_in(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	buf_printf(out, "%" PRIu64, o->connection->bytestransferredin);
}

static void connection_out(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	buf_printf(out, "%" PRIu64, o->connection->bytestransferredout);
}

static void connection_since(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	text_write_time(out, o->connection->startsystime);
}

static void event_time(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	if (o->netevent->header)
		text_write_time(out, o->netevent->header->timestamp);
}

static void event_type(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	const char *name = names_of_value(NAMES_FWPM_NET_EVENT_TYPE, o->netevent->type);

	if (o->netevent->classifydrop)
		buf_append_str(out, "drop");
	else if (o->netevent->classifyallow)
		buf_append_str(out, "allow");
	else
		buf_append_str(out, name ? name : "?");
}

static void event_protocol(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	static const struct {
		uint32_t number;
		const char *name;
	} names[] = {{1, "icmp"}, {2, "igmp"}, {6, "tcp"}, {17, "udp"}, {58, "icmpv6"}};
	const Openwfp__NetEventHeader *h = o->netevent->header;

	if (!h || !h->has_ipprotocol)
		return;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].number == h->ipprotocol) {
			buf_append_str(out, names[i].name);
			return;
		}
	buf_printf(out, "%" PRIu32, h->ipprotocol);
}

static void put_endpoint(bool has_v4, uint32_t v4, bool has_v6, const ProtobufCBinaryData *v6,
			 bool has_port, uint32_t port, struct buf *out)
{
	if (!has_v4 && !has_v6)
		return;
	buf_append_str(out, has_v6 && has_port ? "[" : "");
	put_address(has_v6, v4, v6, out);
	buf_append_str(out, has_v6 && has_port ? "]" : "");
	if (has_port)
		buf_printf(out, ":%" PRIu32, port);
}

static void event_local(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	const Openwfp__NetEventHeader *h = o->netevent->header;

	if (h)
		put_endpoint(h->has_localaddrv4, h->localaddrv4, h->has_localaddrv6,
			     &h->localaddrv6, h->has_localport, h->localport, out);
}

static void event_remote(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	const Openwfp__NetEventHeader *h = o->netevent->header;

	if (h)
		put_endpoint(h->has_remoteaddrv4, h->remoteaddrv4, h->has_remoteaddrv6,
			     &h->remoteaddrv6, h->has_remoteport, h->remoteport, out);
}

static uint64_t event_filter_id(const Openwfp__NetEvent *e)
{
	return e->classifydrop	  ? e->classifydrop->filterid
	       : e->classifyallow ? e->classifyallow->filterid
				  : 0;
}

static void event_layer(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	const Openwfp__NetEvent *e = o->netevent;
	const struct model_layer *layer =
		e->classifydrop	   ? model_layer_by_id((uint16_t)e->classifydrop->layerid)
		: e->classifyallow ? model_layer_by_id((uint16_t)e->classifyallow->layerid)
				   : NULL;

	if (layer)
		words_short(&words_layers, layer->name, out);
}

static void event_filter(struct show_names *n, const Openwfp__Object *o, struct buf *out)
{
	uint64_t id = event_filter_id(o->netevent);
	const Openwfp__Filter *f = show_names_filter(n, id);

	if (id)
		buf_printf(out, "%" PRIu64, id);
	if (f && f->displaydata && f->displaydata->name)
		buf_printf(out, " %s", f->displaydata->name);
}

static void event_sublayer(struct show_names *n, const Openwfp__Object *o, struct buf *out)
{
	const Openwfp__Filter *f = show_names_filter(n, event_filter_id(o->netevent));

	if (f)
		show_key(n, &f->sublayerkey, out);
}

static void event_app(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	const Openwfp__NetEventHeader *h = o->netevent->header;

	if (h && h->has_appid)
		text_as_string(out, &h->appid);
}

static void event_user(struct show_names *n UNUSED, const Openwfp__Object *o, struct buf *out)
{
	const Openwfp__NetEventHeader *h = o->netevent->header;

	if (h && h->has_userid)
		people_name(h->userid.data, h->userid.len, out);
}

static const struct show_column subscription_columns[] = {{"TO", subscription_kind},
							  {"SESSION", subscription_session}};
static const struct show_column connection_columns[] = {
	{"ID", connection_id},	     {"LOCAL", connection_local}, {"REMOTE", connection_remote},
	{"BYTES IN", connection_in}, {"OUT", connection_out},	  {"SINCE", connection_since}};
static const struct show_column event_columns[] = {
	{"TIME", event_time},	  {"EVENT", event_type},	{"PROTOCOL", event_protocol},
	{"LOCAL", event_local},	  {"REMOTE", event_remote},	{"LAYER", event_layer},
	{"FILTER", event_filter}, {"SUBLAYER", event_sublayer}, {"APP", event_app},
	{"USER", event_user}};

#define COLUMNS(kind, rows)                                                                        \
	{                                                                                          \
		OPENWFP__OBJECT__OBJECT_##kind, rows, ARRAY_LEN(rows)                              \
	}
static const struct {
	Openwfp__Object__ObjectCase kind;
	const struct show_column *columns;
	unsigned n;
} tables[] = {
	COLUMNS(FILTER, filter_columns),	 COLUMNS(SUB_LAYER, sublayer_columns),
	COLUMNS(LAYER, layer_columns),		 COLUMNS(CALLOUT, callout_columns),
	COLUMNS(PROVIDER, provider_columns),	 COLUMNS(PROVIDER_CONTEXT, context_columns),
	COLUMNS(SESSION, session_columns),	 COLUMNS(SUBSCRIPTION, subscription_columns),
	COLUMNS(CONNECTION, connection_columns), COLUMNS(NET_EVENT, event_columns),
};

const struct show_column *show_columns(Openwfp__Object__ObjectCase kind, unsigned *n)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		if (tables[i].kind == kind) {
			*n = tables[i].n;
			return tables[i].columns;
		}
	*n = 0;
	return NULL;
}
