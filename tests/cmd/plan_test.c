/* SPDX-License-Identifier: MIT */
/*
 * What an import does with the objects of a document: their order, what exists, what is made up.
 */
#include "harness.h"

#include "base/mem.h"
#include "base/rng.h"
#include "wfp/import_plan.h"

#define UNIVERSAL  "FWPM_SUBLAYER_UNIVERSAL"
#define LAYER_4	   "FWPM_LAYER_ALE_AUTH_CONNECT_V4"
#define LAYER_6	   "FWPM_LAYER_ALE_AUTH_CONNECT_V6"
#define PERSISTENT "<flags><item>FWPM_FILTER_FLAG_PERSISTENT</item></flags>"

struct world {
	struct import_state document, engine;
	struct plan plan;
	struct arena arena;
	struct buf notes;
};

static void filter_xml(struct buf *out, unsigned n, const char *layer, const char *sublayer,
		       unsigned id, const char *more)
{
	buf_printf(out,
		   "<item><filterKey>{00000001-0000-0000-0000-%012u}</filterKey>"
		   "<displayData><name>f%u</name></displayData><layerKey>%s</layerKey>"
		   "<subLayerKey>%s</subLayerKey><weight><type>FWP_EMPTY</type></weight>"
		   "<action><type>FWP_ACTION_BLOCK</type></action><filterId>%u</filterId>%s</item>",
		   n, n, layer, sublayer, id, more);
}

static void sublayer_xml(struct buf *out, const char *key, unsigned weight)
{
	buf_printf(out,
		   "<item><subLayerKey>%s</subLayerKey><displayData><name>s</name></displayData>"
		   "<weight>%u</weight></item>",
		   key, weight);
}

/* In a document: wfpdiag and filters, or wfpstate and subLayers. */
static void parse(struct import_state *s, const char *root, const char *list, const char *inner)
{
	struct buf text = {0}, why = {0};

	buf_printf(&text, "<%s><%s>%s</%s></%s>", root, list, inner, list, root);
	if (import_state_parse(s, buf_str(&text), text.len, &why))
		CHECK_SAY("%s", buf_str(&why));
	CHECK_EQ_U(s->n_problems, 0);
	buf_free(&text);
	buf_free(&why);
}

/* filters: of a `show filters`; engine: its sublayers. */
static void begin(struct world *w, const char *filters, const char *engine)
{
	memset(w, 0, sizeof(*w));
	import_state_init(&w->document);
	import_state_init(&w->engine);
	arena_init(&w->arena, (size_t)64 << 20);
	parse(&w->document, "wfpdiag", "filters", filters);
	parse(&w->engine, "wfpstate", "subLayers", engine);
	w->plan = (struct plan){.arena = &w->arena, .notes = &w->notes};
	CHECK_OK(plan_make(&w->plan, &w->document, &w->engine, false));
}

static void end(struct world *w)
{
	buf_free(&w->notes);
	arena_free(&w->arena);
	import_state_free(&w->document);
	import_state_free(&w->engine);
}

static const struct plan_item *item_of(const struct world *w, const char *key)
{
	struct guid guid;

	CHECK(names_key(key, &guid));
	for (size_t i = 0; i < w->plan.n; i++)
		if (guid_equal(&w->plan.items[i].key, &guid))
			return &w->plan.items[i];
	CHECK_SAY("there is no %s", key);
	return NULL;
}

#define S(n) "{00000002-0000-0000-0000-00000000000" #n "}"

TEST(filters_are_added_from_the_oldest_to_the_newest)
{
	struct buf filters = {0}, engine = {0};
	struct world w;

	filter_xml(&filters, 1, LAYER_4, UNIVERSAL, 300, "");
	filter_xml(&filters, 2, LAYER_4, UNIVERSAL, 100, "");
	filter_xml(&filters, 3, LAYER_4, UNIVERSAL, 200, "");
	sublayer_xml(&engine, UNIVERSAL, 32768);
	begin(&w, buf_str(&filters), buf_str(&engine));
	CHECK_EQ_U(w.plan.n, 3);
	CHECK_EQ_S(remote_name_of(&w.plan.items[0].object), "f2");
	CHECK_EQ_S(remote_name_of(&w.plan.items[1].object), "f3");
	CHECK_EQ_S(remote_name_of(&w.plan.items[2].object), "f1");
	CHECK(!w.plan.items[0].object.filter->has_filterid);
	end(&w);
	buf_free(&filters);
	buf_free(&engine);
}

TEST(a_sublayer_that_is_missing_is_made_up_and_lives_as_long_as_its_filters)
{
	struct buf filters = {0}, engine = {0};
	struct world w;

	filter_xml(&filters, 1, LAYER_4, S(1), 1, PERSISTENT);
	filter_xml(&filters, 2, LAYER_4, S(2), 2, "");
	begin(&w, buf_str(&filters), "");
	CHECK_EQ_U(w.plan.n, 4);
	CHECK_EQ_U(w.plan.items[0].fate, PLAN_STAND_IN);
	CHECK_EQ_U(item_of(&w, S(1))->object.sublayer->flags, 1);
	CHECK_EQ_U(item_of(&w, S(2))->object.sublayer->flags, 0);
	CHECK(strncmp(remote_name_of(&w.plan.items[0].object), "imported: ", 10) == 0);
	end(&w);
	buf_free(&filters);
	buf_free(&engine);
}

TEST(weights_that_are_missing_keep_the_order_of_the_document)
{
	struct buf filters = {0}, engine = {0};
	struct world w;

	/* In one layer 1 stands above the built-in one and 2 below; in another 3 above 2. */
	filter_xml(&filters, 1, LAYER_4, S(1), 1, "");
	filter_xml(&filters, 2, LAYER_4, UNIVERSAL, 2, "");
	filter_xml(&filters, 3, LAYER_4, S(2), 3, "");
	filter_xml(&filters, 4, LAYER_6, S(3), 4, "");
	filter_xml(&filters, 5, LAYER_6, S(2), 5, "");
	sublayer_xml(&engine, UNIVERSAL, 32768);
	begin(&w, buf_str(&filters), buf_str(&engine));
	CHECK(item_of(&w, S(1))->object.sublayer->weight > 32768);
	CHECK(item_of(&w, S(2))->object.sublayer->weight < 32768);
	CHECK(item_of(&w, S(3))->object.sublayer->weight >
	      item_of(&w, S(2))->object.sublayer->weight);
	CHECK_EQ_U(w.plan.n_notes, 0);
	end(&w);
	buf_free(&filters);
	buf_free(&engine);
}

TEST(an_order_that_cannot_be_had_is_noted)
{
	struct buf filters = {0}, engine = {0};
	struct world w;

	filter_xml(&filters, 1, LAYER_4, S(1), 1, "");
	filter_xml(&filters, 2, LAYER_4, S(2), 2, "");
	filter_xml(&filters, 3, LAYER_6, S(2), 3, "");
	filter_xml(&filters, 4, LAYER_6, S(1), 4, "");
	begin(&w, buf_str(&filters), "");
	CHECK_EQ_U(w.plan.n_notes, 2);
	end(&w);
	buf_free(&filters);
	buf_free(&engine);
}

TEST(what_exists_is_compared_field_by_field)
{
	static const char sublayers[] = "<item><subLayerKey>" S(
		1) "</subLayerKey><displayData><name>same</name>"
		   "<description/></displayData><weight>7</weight></item>"
		   "<item><subLayerKey>" S(2) "</subLayerKey><displayData><name>old</name>"
					      "</displayData><weight>8</weight></item>";
	static const char engine[] = "<item><subLayerKey>" S(
		1) "</subLayerKey><displayData><name>same</name>"
		   "</displayData><flags/><weight>7</weight></item>"
		   "<item><subLayerKey>" S(2) "</subLayerKey><displayData><name>new</name>"
					      "</displayData><weight>9</weight></item>";
	struct world w;

	memset(&w, 0, sizeof(w));
	import_state_init(&w.document);
	import_state_init(&w.engine);
	arena_init(&w.arena, (size_t)64 << 20);
	parse(&w.document, "wfpstate", "subLayers", sublayers);
	parse(&w.engine, "wfpstate", "subLayers", engine);
	w.plan = (struct plan){.arena = &w.arena, .notes = &w.notes};
	CHECK_OK(plan_make(&w.plan, &w.document, &w.engine, false));
	CHECK_EQ_U(item_of(&w, S(1))->fate, PLAN_EQUAL);
	CHECK_EQ_U(item_of(&w, S(2))->fate, PLAN_DIFFERENT);
	CHECK_EQ_S(item_of(&w, S(2))->differs, "displayData, weight");
	end(&w);
}

/* ---- random documents -------------------------------------------------------------------------
 */

#define SUBLAYERS 8u

static void key_text(unsigned n, char out[64])
{
	snprintf(out, 64, "{00000002-0000-0000-0000-%012u}", n);
}

/* Weights rise with the number; the engine knows half of them. */
static void random_engine(struct rng *r, struct buf *out)
{
	char key[64];

	for (unsigned s = 1; s <= SUBLAYERS; s++) {
		key_text(s, key);
		if (rng_below(r, 2))
			sublayer_xml(out, key, 1000 * s + (unsigned)rng_below(r, 900));
	}
}

static void random_filters(struct rng *r, struct buf *out)
{
	char key[64];
	unsigned n = 0;

	for (unsigned layer = 0; layer < 2; layer++)
		for (unsigned s = SUBLAYERS; s > 0; s--) {
			key_text(s, key);
			if (!rng_below(r, 2))
				continue;
			n++;
			filter_xml(out, n, layer ? LAYER_6 : LAYER_4, key, n, "");
		}
}

static long weight_of(const struct import_state *engine, const struct plan *p,
		      const ProtobufCBinaryData *key)
{
	for (size_t i = 0; i < engine->n_objects; i++)
		if (memcmp(engine->objects[i]->sublayer->sublayerkey.data, key->data, 16) == 0)
			return (long)engine->objects[i]->sublayer->weight;
	for (size_t i = 0; i < p->n; i++)
		if (memcmp(&p->items[i].key, key->data, 16) == 0)
			return (long)p->items[i].object.sublayer->weight;
	return -1;
}

/* The rule itself: in each layer weights fall. */
static void check_order(const struct world *w)
{
	for (size_t i = 0; i + 1 < w->document.n_objects; i++) {
		const Openwfp__Filter *a = w->document.objects[i]->filter;
		const Openwfp__Filter *b = w->document.objects[i + 1]->filter;

		if (memcmp(a->layerkey.data, b->layerkey.data, 16) == 0)
			CHECK(weight_of(&w->engine, &w->plan, &a->sublayerkey) >
			      weight_of(&w->engine, &w->plan, &b->sublayerkey));
	}
}

TEST(random_documents_keep_their_order)
{
	struct rng r;

	rng_seed(&r, test_seed());
	for (unsigned round = 0; round < 200; round++) {
		struct buf filters = {0}, engine = {0};
		struct world w;

		random_engine(&r, &engine);
		random_filters(&r, &filters);
		begin(&w, buf_str(&filters), buf_str(&engine));
		CHECK_EQ_U(w.plan.n_notes, 0);
		check_order(&w);
		end(&w);
		buf_free(&filters);
		buf_free(&engine);
	}
}
