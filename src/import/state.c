/* SPDX-License-Identifier: MIT */
/*
 * state - walking a document's sections, and writing them.
 *
 * One table names the lists of a document and what their items are.  A document of Windows has two
 * roots, which no XML parser takes: it is given to the parser between a begin and an end of ours,
 * without the declaration, so that the lines keep their numbers.
 */
#include "import/state.h"

#include "base/file.h"
#include "import/xml_read.h"
#include "import/xml_write.h"
#include "import/text.h"
#include "rpc/wfp.pb-c.h"

#include <libxml/parser.h>
#include <string.h>

#define ARENA_LIMIT ((size_t)2 << 30)

/* ---- lists ------------------------------------------------------------------------------------
 */

/* path: the names of the elements from the root to the list, by '/'; '*' stands for "item". */
struct section {
	const char *path;
	const ProtobufCMessageDescriptor *type;
	Openwfp__Object__ObjectCase sort;
	Openwfp__Kind subscribed; /* of subscriptions */
};

static const struct section sections[] = {
	{"wfpstate/sessions", &openwfp__session_info__descriptor, OPENWFP__OBJECT__OBJECT_SESSION,
	 0},
	{"wfpstate/layers/*/layer", &openwfp__layer__descriptor, OPENWFP__OBJECT__OBJECT_LAYER, 0},
	{"wfpstate/layers/*/callouts", &openwfp__callout__descriptor,
	 OPENWFP__OBJECT__OBJECT_CALLOUT, 0},
	{"wfpstate/layers/*/filters", &openwfp__filter__descriptor, OPENWFP__OBJECT__OBJECT_FILTER,
	 0},
	{"wfpstate/providers", &openwfp__provider__descriptor, OPENWFP__OBJECT__OBJECT_PROVIDER, 0},
	{"wfpstate/providerContexts", &openwfp__provider_context__descriptor,
	 OPENWFP__OBJECT__OBJECT_PROVIDER_CONTEXT, 0},
	{"wfpstate/subLayers", &openwfp__sub_layer__descriptor, OPENWFP__OBJECT__OBJECT_SUB_LAYER,
	 0},
	{"wfpstate/subscriptions/calloutSubscriptions", &openwfp__subscription__descriptor,
	 OPENWFP__OBJECT__OBJECT_SUBSCRIPTION, OPENWFP__KIND__CALLOUT},
	{"wfpstate/subscriptions/filterSubscriptions", &openwfp__subscription__descriptor,
	 OPENWFP__OBJECT__OBJECT_SUBSCRIPTION, OPENWFP__KIND__FILTER},
	{"wfpstate/subscriptions/netEventSubscriptions", &openwfp__subscription__descriptor,
	 OPENWFP__OBJECT__OBJECT_SUBSCRIPTION, OPENWFP__KIND__NET_EVENT},
	{"wfpstate/subscriptions/providerSubscriptions", &openwfp__subscription__descriptor,
	 OPENWFP__OBJECT__OBJECT_SUBSCRIPTION, OPENWFP__KIND__PROVIDER},
	{"wfpstate/subscriptions/providerContextSubscriptions", &openwfp__subscription__descriptor,
	 OPENWFP__OBJECT__OBJECT_SUBSCRIPTION, OPENWFP__KIND__PROVIDER_CONTEXT},
	{"wfpstate/subscriptions/subLayerSubscriptions", &openwfp__subscription__descriptor,
	 OPENWFP__OBJECT__OBJECT_SUBSCRIPTION, OPENWFP__KIND__SUB_LAYER},
	{"wfpstate/connections", &openwfp__connection__descriptor,
	 OPENWFP__OBJECT__OBJECT_CONNECTION, 0},
	{"wfpdiag/filters", &openwfp__filter__descriptor, OPENWFP__OBJECT__OBJECT_FILTER, 0},
	{"wfpdiag/providers", &openwfp__provider__descriptor, OPENWFP__OBJECT__OBJECT_PROVIDER, 0},
	{"wfpdiag/netEvents", &openwfp__net_event__descriptor, OPENWFP__OBJECT__OBJECT_NET_EVENT,
	 0},
	{"netEvents", &openwfp__net_event__descriptor, OPENWFP__OBJECT__OBJECT_NET_EVENT, 0},
};

void import_state_init(struct import_state *s)
{
	memset(s, 0, sizeof(*s));
	arena_init(&s->arena, ARENA_LIMIT);
}

void import_state_free(struct import_state *s)
{
	arena_free(&s->arena);
	import_state_init(s);
}

void import_state_add(struct import_state *s, struct Openwfp__Object *object)
{
	if (s->n_objects == s->room) {
		size_t room = s->room ? 2 * s->room : 1024;
		struct Openwfp__Object **grown = arena_zalloc(&s->arena, room, sizeof(*grown));

		if (!grown)
			return;
		if (s->n_objects)
			memcpy(grown, s->objects, s->n_objects * sizeof(*grown));
		s->objects = grown;
		s->room = room;
	}
	s->objects[s->n_objects++] = object;
}

/* The members of the oneof are pointers in one place. */
static const ProtobufCMessage *message_of(const struct Openwfp__Object *o)
{
	return (const ProtobufCMessage *)(const void *)o->provider;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static void note_problem(void *ctx, long line, const char *what)
{
	struct import_state *s = ctx;

	if (s->n_problems < IMPORT_PROBLEMS_MAX) {
		const char *kept = arena_dup(&s->arena, what, strlen(what) + 1);

		s->problems[s->n_problems] = (struct import_problem){line, kept ? kept : ""};
	}
	s->n_problems++;
}

static bool read_object(struct import_state *s, const xmlNode *element, const struct section *of)
{
	struct xml_reader r = {&s->arena, note_problem, s};
	ProtobufCMessage *m = xml_read_message(&r, element, of->type);
	struct Openwfp__Object *o = arena_alloc(&s->arena, sizeof(*o));

	if (!m || !o)
		return false;
	openwfp__object__init(o);
	o->object_case = of->sort;
	o->provider = (Openwfp__Provider *)(void *)m;
	if (of->sort == OPENWFP__OBJECT__OBJECT_SUBSCRIPTION) {
		o->subscription->has_kind = 1;
		o->subscription->kind = of->subscribed;
	}
	import_state_add(s, o);
	return arena_err(&s->arena) == ERR_OK;
}

static const struct section *find_section(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		if (strcmp(sections[i].path, path) == 0)
			return &sections[i];
	return NULL;
}

/* Does some section lie below this path? */
static bool leads_on(const char *path)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		if (strncmp(sections[i].path, path, n) == 0 && sections[i].path[n] == '/')
			return true;
	return false;
}

/* Elements with something in them, at any depth: an empty list is no loss. */
static size_t count_values(const xmlNode *element)
{
	size_t n = 0;

	for (const xmlNode *c = element->children; c; c = c->next)
		if (c->type == XML_ELEMENT_NODE)
			n += count_values(c);
		else if (c->type == XML_TEXT_NODE && !xmlIsBlankNode(c))
			n = 1;
	return n;
}

static void note_left_out(struct import_state *s, const xmlNode *element)
{
	char text[160];
	size_t n = count_values(element);

	if (n == 0)
		return;
	snprintf(text, sizeof(text), "%s: not kept (%zu values)", (const char *)element->name, n);
	note_problem(s, xmlGetLineNo(element), text);
}

static bool read_section(struct import_state *s, const xmlNode *element, const struct section *of)
{
	const xmlNode *item = xml_next_element(element->children);

	if (of->sort == OPENWFP__OBJECT__OBJECT_LAYER)
		return read_object(s, element, of);
	for (; item; item = xml_next_element(item->next))
		if (!read_object(s, item, of))
			return false;
	return true;
}

static bool read_tree(struct import_state *s, const xmlNode *element, const char *above)
{
	const char *name = (const char *)element->name;
	const struct section *of;
	char path[128];

	snprintf(path, sizeof(path), "%s%s%s", above, *above ? "/" : "",
		 strcmp(name, "item") == 0 ? "*" : name);
	of = find_section(path);
	if (of)
		return read_section(s, element, of);
	if (!leads_on(path)) {
		if (strcmp(name, "timeStamp") != 0)
			note_left_out(s, element);
		return true;
	}
	for (const xmlNode *c = xml_next_element(element->children); c;
	     c = xml_next_element(c->next))
		if (!read_tree(s, c, path))
			return false;
	return true;
}

static wfp_err read_document(struct import_state *s, const xmlDoc *doc, struct buf *why)
{
	const xmlNode *root = doc->children, *child;
	bool known = false;

	for (child = xml_next_element(root->children); child;
	     child = xml_next_element(child->next)) {
		const char *name = (const char *)child->name;

		known |= strcmp(name, "wfpstate") == 0 || strcmp(name, "wfpdiag") == 0 ||
			 strcmp(name, "netEvents") == 0;
		if (!read_tree(s, child, ""))
			return ERR_NO_MEMORY;
	}
	if (known)
		return ERR_OK;
	buf_append_str(why, "expected <wfpstate> or <wfpdiag>, as netsh wfp and wfp export write");
	return ERR_INVALID_DATA;
}

/* Past a byte order mark and the declaration. */
static size_t head_length(const char *text, size_t len)
{
	size_t at = 0;
	const char *end;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		at = 3;
	if (len - at >= 5 && memcmp(text + at, "<?xml", 5) == 0) {
		end = memchr(text + at, '>', len - at);
		at = end ? (size_t)(end - text) + 1 : len;
	}
	return at;
}

static void no_output(void *ctx UNUSED, const char *msg UNUSED, ...)
{
}

wfp_err import_state_parse(struct import_state *s, const char *text, size_t len, struct buf *why)
{
	const size_t skip = head_length(text, len);
	xmlParserCtxt *x = xmlCreatePushParserCtxt(NULL, NULL, "<wfp>", 5, NULL);
	wfp_err err;

	if (!x)
		return ERR_NO_MEMORY;
	xmlCtxtUseOptions(x, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
				     XML_PARSE_BIG_LINES | XML_PARSE_NOCDATA);
	xmlSetGenericErrorFunc(NULL, no_output);
	while (len > skip && text[len - 1] == '\0')
		len--;
	if (len > IMPORT_FILE_MAX)
		len = IMPORT_FILE_MAX;
	xmlParseChunk(x, text + skip, (int)(len - skip), 0);
	xmlParseChunk(x, "</wfp>", 6, 1);
	if (!x->wellFormed || !x->myDoc || x->myDoc->intSubset) {
		const xmlError *e = xmlCtxtGetLastError(x);

		buf_printf(why, "line %d: %.200s", e ? e->line : 0,
			   e && e->message ? e->message : "not an XML document of this kind");
		while (why->len && why->data[why->len - 1] == '\n')
			why->data[--why->len] = '\0';
		err = ERR_INVALID_DATA;
	} else {
		err = read_document(s, x->myDoc, why);
	}
	if (x->myDoc)
		xmlFreeDoc(x->myDoc);
	xmlFreeParserCtxt(x);
	return err;
}

wfp_err import_state_load(struct import_state *s, const char *path, struct buf *why)
{
	struct buf text = {0};
	wfp_err err = file_read_all(path, IMPORT_FILE_MAX, &text);

	if (err) {
		buf_printf(why, "%s: %s", path, err_text(err));
	} else {
		struct buf inner = {0};

		err = import_state_parse(s, buf_str(&text), text.len, &inner);
		if (err)
			buf_printf(why, "%s: %s", path,
				   inner.len ? buf_str(&inner) : err_text(err));
		buf_free(&inner);
	}
	buf_free(&text);
	return err;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

static bool same_key(const ProtobufCBinaryData *a, const ProtobufCBinaryData *b)
{
	return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

static bool same_layer(const Openwfp__Layer *layer, const struct Openwfp__Object *o)
{
	return same_key(&layer->layerkey, o->object_case == OPENWFP__OBJECT__OBJECT_FILTER
						  ? &o->filter->layerkey
						  : &o->callout->applicablelayer);
}

static bool belongs(const struct section *of, const struct Openwfp__Object *o,
		    const Openwfp__Layer *layer)
{
	if (o->object_case != of->sort)
		return false;
	if (of->sort == OPENWFP__OBJECT__OBJECT_SUBSCRIPTION)
		return o->subscription->kind == of->subscribed;
	return !layer || same_layer(layer, o);
}

static void write_item(struct buf *out, const struct Openwfp__Object *o, unsigned depth)
{
	xml_indent(out, depth);
	buf_append_str(out, "<item>\n");
	xml_write_message(out, message_of(o), depth + 1);
	xml_indent(out, depth);
	buf_append_str(out, "</item>\n");
}

/* counted: with numItems; only the lists of `show filters` have none. */
static void write_section(const struct import_state *s, const struct section *of,
			  const Openwfp__Layer *layer, unsigned depth, bool counted,
			  struct buf *out)
{
	const char *slash = strrchr(of->path, '/');
	const char *name = slash ? slash + 1 : of->path;
	size_t n = 0;

	for (size_t i = 0; i < s->n_objects; i++)
		n += belongs(of, s->objects[i], layer);
	xml_indent(out, depth);
	if (n == 0) {
		buf_printf(out, "<%s/>\n", name);
		return;
	}
	if (counted)
		buf_printf(out, "<%s numItems=\"%zu\">\n", name, n);
	else
		buf_printf(out, "<%s>\n", name);
	for (size_t i = 0; i < s->n_objects; i++)
		if (belongs(of, s->objects[i], layer))
			write_item(out, s->objects[i], depth + 1);
	xml_indent(out, depth);
	buf_printf(out, "</%s>\n", name);
}

static void write_named(const struct import_state *s, const char *path, unsigned depth,
			bool counted, struct buf *out)
{
	write_section(s, find_section(path), NULL, depth, counted, out);
}

static void write_layer(const struct import_state *s, const struct Openwfp__Object *o,
			struct buf *out)
{
	buf_append_str(out, "\t\t<item>\n\t\t\t<layer>\n");
	xml_write_message(out, message_of(o), 4);
	buf_append_str(out, "\t\t\t</layer>\n");
	write_section(s, find_section("wfpstate/layers/*/callouts"), o->layer, 3, true, out);
	write_section(s, find_section("wfpstate/layers/*/filters"), o->layer, 3, true, out);
	buf_append_str(out, "\t\t</item>\n");
}

static bool is_layer(const struct Openwfp__Object *o)
{
	return o->object_case == OPENWFP__OBJECT__OBJECT_LAYER;
}

/* A layer that a document names twice is written once, or its filters would double each time. */
static bool is_new_layer(const struct import_state *s, size_t at)
{
	const ProtobufCBinaryData *key;

	if (!is_layer(s->objects[at]))
		return false;
	key = &s->objects[at]->layer->layerkey;
	for (size_t i = 0; i < at; i++)
		if (is_layer(s->objects[i]) && same_key(&s->objects[i]->layer->layerkey, key))
			return false;
	return true;
}

static void write_layers(const struct import_state *s, struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_objects; i++)
		n += is_new_layer(s, i);
	if (n == 0) {
		buf_append_str(out, "\t<layers/>\n");
		return;
	}
	buf_printf(out, "\t<layers numItems=\"%zu\">\n", n);
	for (size_t i = 0; i < s->n_objects; i++)
		if (is_new_layer(s, i))
			write_layer(s, s->objects[i], out);
	buf_append_str(out, "\t</layers>\n");
}

void import_state_write(const struct import_state *s, uint64_t now, struct buf *out)
{
	buf_append_str(out, XML_HEAD "<wfpstate>\n\t<timeStamp>");
	text_write_time(out, now);
	buf_append_str(out, "</timeStamp>\n");
	write_named(s, "wfpstate/sessions", 1, true, out);
	write_layers(s, out);
	write_named(s, "wfpstate/providers", 1, true, out);
	write_named(s, "wfpstate/providerContexts", 1, true, out);
	write_named(s, "wfpstate/subLayers", 1, true, out);
	buf_append_str(out, "\t<subscriptions>\n");
	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		if (sections[i].sort == OPENWFP__OBJECT__OBJECT_SUBSCRIPTION)
			write_section(s, &sections[i], NULL, 2, true, out);
	buf_append_str(out, "\t</subscriptions>\n");
	write_named(s, "wfpstate/connections", 1, true, out);
	buf_append_str(out, "</wfpstate>\n");
}

void import_filters_write(const struct import_state *s, struct buf *out)
{
	buf_append_str(out, XML_HEAD "<wfpdiag>\n");
	write_named(s, "wfpdiag/filters", 1, false, out);
	write_named(s, "wfpdiag/providers", 1, false, out);
	buf_append_str(out, "</wfpdiag>\n");
}

void import_events_write(const struct import_state *s, struct buf *out)
{
	buf_append_str(out, XML_HEAD);
	write_named(s, "netEvents", 0, true, out);
}
