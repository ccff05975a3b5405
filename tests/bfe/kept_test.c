/* SPDX-License-Identifier: MIT */
/*
 * kept - what survives a restart, what it may refer to, and the two steps of a start.
 */
#include "bfe_world.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "bfe/store.h"
#include "model/inherit.h"
#include "model/sddl.h"

#include <unistd.h>

struct kept {
	struct world w;
	char dir[64], path[96];
	struct store *store;
	const char *stopped; /* the service that does not start */
	unsigned asked;	     /* how often a service was asked about */
};

static bool service_starts(void *ctx, const char *name)
{
	struct kept *k = ctx;

	k->asked++;
	return !k->stopped || strcmp(name, k->stopped) != 0;
}

/* As a process does: engine, store, base filtering engine, nothing loaded. */
static void boot(struct kept *k)
{
	struct bfe_config config = {.service_starts = service_starts, .ctx = k};
	struct store_opened how;
	struct buf why = {0};

	k->w = (struct world){.live = 0};
	CHECK_OK(store_open(&k->store, k->path, &how, &why));
	buf_free(&why);
	CHECK_OK(engine_create(&k->w.engine, &(struct engine_config){.max_ops = 4}));
	config.engine = k->w.engine;
	config.store = k->store;
	CHECK_OK(bfe_create(&k->w.bfe, &config));
	CHECK_OK(session_open(k->w.bfe, 0, 0, &k->w.s));
}

static void halt(struct kept *k)
{
	bfe_session_close(k->w.s);
	bfe_destroy(k->w.bfe);
	engine_destroy(k->w.engine);
	store_close(k->store);
}

static void restart(struct kept *k)
{
	halt(k);
	boot(k);
	CHECK_OK(bfe_load(k->w.bfe));
}

static struct kept kept_open(void)
{
	struct kept k = {.dir = "kept-XXXXXX"}; /* where the tests run */

	CHECK(mkdtemp(k.dir) != NULL);
	snprintf(k.path, sizeof(k.path), "%s/policy", k.dir);
	boot(&k);
	return k;
}

static void kept_close(struct kept *k)
{
	struct file_names names = {0};
	char path[400];

	halt(k);
	CHECK_OK(file_list_dir(k->dir, &names));
	for (size_t i = 0; i < names.count; i++) {
		snprintf(path, sizeof(path), "%s/%s", k->dir, names.names[i]);
		CHECK_OK(file_remove(path));
	}
	file_names_free(&names);
	CHECK(rmdir(k->dir) == 0);
}

static wfp_err add_flagged(struct bfe_session *s, enum model_kind kind, uint32_t key,
			   uint32_t provider, uint32_t flags)
{
	struct model_object draft = object_draft(kind, key);

	draft.flags = flags;
	draft.weight = 100;
	draft.context_type = MODEL_CONTEXT_GENERAL;
	if (provider)
		draft.provider = key_of(provider);
	return object_add(s, &draft, NULL);
}

static wfp_err add_kept(struct bfe_session *s, enum model_kind kind, uint32_t key,
			uint32_t provider)
{
	return add_flagged(s, kind, key, provider,
			   kind == MODEL_CALLOUT ? MODEL_CALLOUT_PERSISTENT
						 : MODEL_PROVIDER_PERSISTENT);
}

static struct model_filter kept_filter(uint32_t key, uint32_t sublayer, uint32_t provider,
				       uint32_t flags)
{
	struct model_filter f = draft(sublayer);

	f.key = key_of(key);
	f.flags = flags;
	if (provider)
		f.provider = key_of(provider);
	return f;
}

static wfp_err add_kept_filter(struct bfe_session *s, uint32_t key, uint32_t sublayer,
			       uint32_t provider, uint32_t flags, uint64_t *id)
{
	struct model_filter f = kept_filter(key, sublayer, provider, flags);

	return filter_add(s, &f, id);
}

/* ---- what survives ------------------------------------------------------------------------------
 */

TEST(persistent_objects_of_every_kind_survive_and_static_ones_do_not)
{
	struct kept k = kept_open();
	struct model_filter f = kept_filter(1, 1, 1, MODEL_FILTER_PERSISTENT);
	struct model_object *o;
	uint64_t id, next;
	uint16_t weight;

	CHECK_OK(add_kept(k.w.s, MODEL_PROVIDER, 1, 0));
	CHECK_OK(add_kept(k.w.s, MODEL_PROVIDER_CONTEXT, 1, 1));
	CHECK_OK(add_kept(k.w.s, MODEL_SUBLAYER, 1, 1));
	CHECK_OK(add_kept(k.w.s, MODEL_CALLOUT, 1, 1));
	CHECK_OK(add_provider(k.w.s, 2));
	f.action = MODEL_ACTION_CALLOUT_TERMINATING;
	f.callout = key_of(1);
	f.flags |= MODEL_FILTER_HAS_PROVIDER_CONTEXT;
	f.context_key = key_of(1);
	CHECK_OK(filter_add(k.w.s, &f, &id));
	o = got(k.w.s, MODEL_SUBLAYER, 1);
	weight = o->weight;
	model_object_put(o);
	restart(&k);
	CHECK(!there(k.w.s, MODEL_PROVIDER, 2));
	CHECK(in_force(&k.w));
	o = got(k.w.s, MODEL_SUBLAYER, 1);
	CHECK_EQ_U(o->weight, weight);
	model_object_put(o);
	o = got(k.w.s, MODEL_FILTER, 1);
	CHECK_EQ_U(o->id, id);
	CHECK(guid_equal(&o->filter->callout, &f.callout));
	model_object_put(o);
	CHECK_ERR(delete_key(k.w.s, MODEL_PROVIDER_CONTEXT, 1), ERR_IN_USE);
	CHECK_OK(add_filter(k.w.s, 0, &next));
	CHECK(next > id);
	CHECK_OK(delete_key(k.w.s, MODEL_FILTER, 1));
	restart(&k);
	CHECK(!there(k.w.s, MODEL_FILTER, 1) && there(k.w.s, MODEL_CALLOUT, 1));
	kept_close(&k);
}

TEST(what_is_rolled_back_is_not_written)
{
	struct kept k = kept_open();

	CHECK_OK(add_kept(k.w.s, MODEL_PROVIDER, 1, 0));
	CHECK_OK(bfe_txn_begin(k.w.s, 0));
	CHECK_OK(add_kept(k.w.s, MODEL_PROVIDER, 2, 0));
	CHECK_OK(delete_key(k.w.s, MODEL_PROVIDER, 1));
	CHECK_OK(bfe_txn_abort(k.w.s));
	restart(&k);
	CHECK(there(k.w.s, MODEL_PROVIDER, 1) && !there(k.w.s, MODEL_PROVIDER, 2));
	kept_close(&k);
}

TEST(an_id_is_not_given_again_after_a_restart)
{
	struct kept k = kept_open();
	uint64_t first, second;

	CHECK_OK(add_kept_filter(k.w.s, 1, 0, 0, MODEL_FILTER_PERSISTENT, &first));
	CHECK_OK(delete_key(k.w.s, MODEL_FILTER, 1));
	restart(&k);
	CHECK_OK(add_kept_filter(k.w.s, 2, 0, 0, MODEL_FILTER_PERSISTENT, &second));
	CHECK(second > first);
	kept_close(&k);
}

TEST(options_and_descriptors_survive)
{
	struct kept k = kept_open();
	struct guid key = key_of(1), builtin = model_sublayer_builtin(0)->key;
	struct model_blob *sd;
	struct buf out = {0};

	CHECK_OK(bfe_option_set(k.w.s, BFE_OPTION_COLLECT_NET_EVENTS, 0));
	CHECK_OK(add_kept(k.w.s, MODEL_PROVIDER, 1, 0));
	CHECK_OK(model_sddl_parse(&sd, "D:P(A;OICI;GA;;;WD)", NULL));
	CHECK_OK(bfe_security_set(k.w.s, (enum bfe_secured)MODEL_PROVIDER, &key,
				  MODEL_SD_DACL | MODEL_SD_PROTECT, sd));
	CHECK_OK(bfe_security_set(k.w.s, (enum bfe_secured)MODEL_SUBLAYER, &builtin,
				  MODEL_SD_DACL | MODEL_SD_PROTECT, sd));
	CHECK_OK(bfe_security_set(k.w.s, (enum bfe_secured)MODEL_FILTER, NULL,
				  MODEL_SD_DACL | MODEL_SD_PROTECT, sd));
	CHECK_OK(bfe_security_set(k.w.s, BFE_SECURED_LAYERS, &model_layer_by_id(CONNECT)->key,
				  MODEL_SD_DACL | MODEL_SD_PROTECT, sd));
	mem_free(sd);
	restart(&k);
	CHECK_EQ_U(bfe_option_value(k.w.bfe, BFE_OPTION_COLLECT_NET_EVENTS), 0);
	for (unsigned i = 0; i < 4; i++) {
		static const enum bfe_secured what[] = {
			(enum bfe_secured)MODEL_PROVIDER, (enum bfe_secured)MODEL_SUBLAYER,
			(enum bfe_secured)MODEL_FILTER, BFE_SECURED_LAYERS};
		const struct guid *keys[] = {&key, &builtin, NULL,
					     &model_layer_by_id(CONNECT)->key};

		CHECK_OK(bfe_security_get(k.w.s, what[i], keys[i], MODEL_SD_DACL, &sd));
		buf_reset(&out);
		CHECK_OK(model_sddl_format(sd, &out));
		CHECK(strstr(buf_str(&out), ";;;WD)") != NULL);
		CHECK(strstr(buf_str(&out), ";;;BA)") == NULL);
		mem_free(sd);
	}
	buf_free(&out);
	kept_close(&k);
}

/* ---- what it may refer to -----------------------------------------------------------------------
 */

TEST(a_persistent_object_refers_to_persistent_ones_of_its_provider_only)
{
	struct kept k = kept_open();

	CHECK_OK(add_kept(k.w.s, MODEL_PROVIDER, 1, 0));
	CHECK_OK(add_kept(k.w.s, MODEL_PROVIDER, 2, 0));
	CHECK_OK(add_provider(k.w.s, 3));
	CHECK_OK(add_sublayer(k.w.s, 3, 300));
	CHECK_OK(add_kept(k.w.s, MODEL_SUBLAYER, 1, 1));
	CHECK_OK(add_kept(k.w.s, MODEL_SUBLAYER, 4, 0));
	CHECK_ERR(add_kept(k.w.s, MODEL_SUBLAYER, 5, 3), ERR_LIFETIME_MISMATCH);
	CHECK_ERR(add_kept_filter(k.w.s, 1, 3, 0, MODEL_FILTER_PERSISTENT, NULL),
		  ERR_LIFETIME_MISMATCH);
	CHECK_ERR(add_kept_filter(k.w.s, 1, 1, 2, MODEL_FILTER_PERSISTENT, NULL),
		  ERR_LIFETIME_MISMATCH);
	CHECK_ERR(add_kept_filter(k.w.s, 1, 1, 0, MODEL_FILTER_PERSISTENT, NULL),
		  ERR_LIFETIME_MISMATCH);
	CHECK_OK(add_kept_filter(k.w.s, 1, 1, 1, MODEL_FILTER_PERSISTENT, NULL));
	CHECK_OK(add_kept_filter(k.w.s, 2, 4, 2, MODEL_FILTER_PERSISTENT, NULL));
	CHECK_OK(add_kept_filter(k.w.s, 3, 1, 2, 0, NULL));
	kept_close(&k);
}

TEST(a_dynamic_session_adds_nothing_that_is_kept)
{
	struct kept k = kept_open();
	struct bfe_session *d = dynamic(&k.w);

	CHECK_ERR(add_kept(d, MODEL_PROVIDER, 1, 0), ERR_DYNAMIC_SESSION_IN_PROGRESS);
	CHECK_ERR(add_kept_filter(d, 1, 0, 0, MODEL_FILTER_BOOTTIME, NULL),
		  ERR_DYNAMIC_SESSION_IN_PROGRESS);
	bfe_session_close(d);
	kept_close(&k);
}

TEST(boot_time_filters_are_not_persistent_and_of_kernel_layers)
{
	struct kept k = kept_open();
	struct model_filter f = kept_filter(1, 0, 0, MODEL_FILTER_BOOTTIME);

	CHECK_ERR(add_kept_filter(k.w.s, 1, 0, 0, MODEL_FILTER_BOOTTIME | MODEL_FILTER_PERSISTENT,
				  NULL),
		  ERR_INVALID_FLAGS);
	f.layer = model_layer_by_name("IKEEXT_V4")->id;
	CHECK_ERR(filter_add(k.w.s, &f, NULL), ERR_INCOMPATIBLE_LAYER);
	kept_close(&k);
}

/* ---- the steps of a start -----------------------------------------------------------------------
 */

TEST(boot_time_filters_are_in_force_until_the_rest_is_loaded)
{
	struct kept k = kept_open();
	struct bfe_template boot_only = all_of(MODEL_FILTER), plain = all_of(MODEL_FILTER);
	struct model_filter v6 = kept_filter(2, 0, 0, MODEL_FILTER_PERSISTENT);
	const uint16_t other = MODEL_LAYER_ALE_AUTH_CONNECT_V6;
	uint64_t generation;

	boot_only.flags = BFE_ENUM_BOOTTIME_ONLY;
	plain.flags = 0;
	v6.layer = other;
	CHECK_OK(add_kept(k.w.s, MODEL_PROVIDER, 1, 0));
	CHECK_OK(add_kept(k.w.s, MODEL_SUBLAYER, 1, 1));
	CHECK_OK(add_kept_filter(k.w.s, 1, 1, 1, MODEL_FILTER_BOOTTIME, NULL));
	CHECK_OK(filter_add(k.w.s, &v6, NULL));
	CHECK(!in_force(&k.w));
	CHECK_EQ_U(count_by(k.w.s, &boot_only), 1);
	CHECK_EQ_U(count_by(k.w.s, &plain), 1);
	halt(&k);
	boot(&k);
	CHECK_OK(bfe_load_boot(k.w.bfe, k.path));
	CHECK(in_force(&k.w) && engine_layer_empty(k.w.engine, other));
	CHECK(there(k.w.s, MODEL_SUBLAYER, 1) && there(k.w.s, MODEL_PROVIDER, 1));
	generation = engine_generation(k.w.engine, CONNECT);
	CHECK_OK(bfe_load(k.w.bfe));
	CHECK(!in_force(&k.w) && !engine_layer_empty(k.w.engine, other));
	CHECK_EQ_U(engine_generation(k.w.engine, CONNECT), generation + 1);
	CHECK_EQ_U(count_by(k.w.s, &boot_only), 1);
	CHECK_OK(delete_key(k.w.s, MODEL_FILTER, 1));
	restart(&k);
	CHECK_EQ_U(count_by(k.w.s, &boot_only), 0);
	kept_close(&k);
}

TEST(the_boot_time_set_is_found_without_its_database)
{
	struct kept k = kept_open();

	CHECK_OK(add_kept(k.w.s, MODEL_SUBLAYER, 1, 0));
	CHECK_OK(add_kept_filter(k.w.s, 1, 1, 0, MODEL_FILTER_BOOTTIME, NULL));
	CHECK_OK(add_kept(k.w.s, MODEL_PROVIDER, 1, 0));
	halt(&k);
	CHECK(unlink(k.path) == 0);
	boot(&k);
	CHECK_OK(bfe_load_boot(k.w.bfe, k.path));
	CHECK(in_force(&k.w));
	CHECK_OK(bfe_load(k.w.bfe));
	CHECK(there(k.w.s, MODEL_FILTER, 1) && !there(k.w.s, MODEL_PROVIDER, 1));
	kept_close(&k);
}

TEST(the_boot_time_set_of_a_damaged_store_stays_in_force)
{
	struct kept k = kept_open();
	struct model_filter later = kept_filter(2, 1, 0, MODEL_FILTER_BOOTTIME);
	uint64_t first, second;

	CHECK_OK(add_kept(k.w.s, MODEL_SUBLAYER, 1, 0));
	CHECK_OK(add_kept_filter(k.w.s, 1, 1, 0, MODEL_FILTER_BOOTTIME, &first));
	halt(&k);
	CHECK(truncate(k.path, 100) == 0);
	boot(&k);
	CHECK_OK(bfe_load_boot(k.w.bfe, k.path));
	CHECK_OK(bfe_recover(k.w.bfe));
	CHECK(in_force(&k.w));
	/* What is added now is as any other time: not in force before the next start. */
	CHECK_OK(filter_add(k.w.s, &later, &second));
	CHECK(second > first);
	CHECK_OK(delete_key(k.w.s, MODEL_FILTER, 1));
	CHECK(!in_force(&k.w));
	kept_close(&k);
}

TEST(a_first_start_finds_nothing)
{
	struct kept k = kept_open();

	CHECK_OK(bfe_load_boot(k.w.bfe, k.path));
	CHECK_OK(bfe_load(k.w.bfe));
	CHECK_EQ_U(count_of(k.w.s, MODEL_FILTER), 0);
	kept_close(&k);
}

TEST(what_belongs_to_a_service_that_does_not_start_is_disabled)
{
	struct kept k = kept_open();
	struct model_object draft = object_draft(MODEL_PROVIDER, 1), *o;

	draft.flags = MODEL_PROVIDER_PERSISTENT;
	draft.service = text("vpn");
	CHECK_OK(object_add(k.w.s, &draft, NULL));
	CHECK_OK(add_kept_filter(k.w.s, 1, 0, 1, MODEL_FILTER_PERSISTENT, NULL));
	CHECK(in_force(&k.w));
	k.stopped = "vpn";
	restart(&k);
	CHECK(!in_force(&k.w));
	o = got(k.w.s, MODEL_PROVIDER, 1);
	CHECK(o->flags & MODEL_PROVIDER_DISABLED);
	model_object_put(o);
	o = got(k.w.s, MODEL_FILTER, 1);
	CHECK(o->flags & MODEL_FILTER_DISABLED && o->filter->flags & MODEL_FILTER_DISABLED);
	model_object_put(o);
	k.stopped = NULL;
	restart(&k);
	CHECK(in_force(&k.w));
	kept_close(&k);
}

static void check_same_list(struct bfe_session *s, enum model_kind kind, uint32_t x, uint32_t y)
{
	const struct guid key_x = key_of(x), key_y = key_of(y);
	struct model_blob *a, *b;

	CHECK_OK(bfe_security_get(s, (enum bfe_secured)kind, &key_x, MODEL_SD_DACL, &a));
	CHECK_OK(bfe_security_get(s, (enum bfe_secured)kind, &key_y, MODEL_SD_DACL, &b));
	CHECK_EQ_U(a->size, b->size);
	CHECK(memcmp(a->data, b->data, a->size) == 0);
	mem_free(a);
	mem_free(b);
}

TEST(what_was_loaded_before_and_after_its_container_follows_it_alike)
{
	struct kept k = kept_open();
	struct model_blob *sd;

	CHECK_OK(add_kept(k.w.s, MODEL_PROVIDER, 1, 0));
	CHECK_OK(model_sddl_parse(&sd, "O:BA", NULL));
	CHECK_OK(bfe_security_set(k.w.s, (enum bfe_secured)MODEL_PROVIDER, NULL, MODEL_SD_OWNER,
				  sd));
	mem_free(sd);
	CHECK_OK(add_kept(k.w.s, MODEL_PROVIDER, 2, 0));
	restart(&k);
	check_same_list(k.w.s, MODEL_PROVIDER, 1, 2);
	CHECK_OK(model_sddl_parse(&sd, "D:P(A;OICI;GA;;;SY)", NULL));
	CHECK_OK(bfe_security_set(k.w.s, (enum bfe_secured)MODEL_PROVIDER, NULL,
				  MODEL_SD_DACL | MODEL_SD_PROTECT, sd));
	mem_free(sd);
	check_same_list(k.w.s, MODEL_PROVIDER, 1, 2);
	kept_close(&k);
}

TEST(a_service_is_asked_about_once_whatever_its_provider_owns)
{
	struct kept k = kept_open();
	struct model_object draft = object_draft(MODEL_PROVIDER, 1);

	draft.flags = MODEL_PROVIDER_PERSISTENT;
	draft.service = text("vpn");
	CHECK_OK(object_add(k.w.s, &draft, NULL));
	CHECK_OK(add_kept(k.w.s, MODEL_SUBLAYER, 1, 1));
	for (uint32_t i = 1; i < 5; i++)
		CHECK_OK(add_kept_filter(k.w.s, i, 1, 1, MODEL_FILTER_PERSISTENT, NULL));
	restart(&k);
	CHECK_EQ_U(k.asked, 1);
	CHECK(in_force(&k.w));
	kept_close(&k);
}

TEST(what_belongs_to_a_built_in_provider_is_in_force_whatever_its_service_does)
{
	struct kept k = kept_open();
	struct model_filter f = kept_filter(1, 0, 0, MODEL_FILTER_PERSISTENT);
	const struct model_builtin *row;

	k.stopped = "mpssvc";
	for (unsigned i = 0; (row = model_provider_builtin(i)) != NULL; i++)
		if (row->service && strcmp(row->service, k.stopped) == 0)
			f.provider = row->key;
	CHECK(!guid_is_zero(&f.provider));
	CHECK_OK(filter_add(k.w.s, &f, NULL));
	restart(&k);
	CHECK(in_force(&k.w));
	kept_close(&k);
}

/* ---- what means nothing any more ----------------------------------------------------------------
 */

struct lines {
	unsigned count;
	char all[1024];
};

static void keep_line(void *ctx, UNUSED enum log_level level, const char *line)
{
	struct lines *lines = ctx;
	size_t used = strlen(lines->all);

	lines->count++;
	snprintf(lines->all + used, sizeof(lines->all) - used, "%s\n", line);
}

/* What one start logs. */
static struct lines logged_restart(struct kept *k)
{
	struct lines lines = {.count = 0};

	halt(k);
	boot(k);
	log_set_sink(keep_line, &lines);
	CHECK_OK(bfe_load_boot(k->w.bfe, k->path));
	CHECK_OK(bfe_load(k->w.bfe));
	log_set_sink(NULL, NULL);
	return lines;
}

/* As an upgrade or a bad disk may leave it. */
static void spoil(struct kept *k, const struct store_record *record)
{
	CHECK_OK(store_begin(k->store));
	CHECK_OK(store_put(k->store, record));
	CHECK_OK(store_commit(k->store));
}

static void lose(struct kept *k, enum model_kind kind, uint32_t key)
{
	const struct guid lost = key_of(key);

	CHECK_OK(store_begin(k->store));
	CHECK_OK(store_delete(k->store, kind, &lost));
	CHECK_OK(store_commit(k->store));
}

TEST(what_refers_to_something_that_is_gone_is_left_out_with_its_reason)
{
	struct kept k = kept_open();
	struct lines lines;

	CHECK_OK(add_kept(k.w.s, MODEL_PROVIDER, 1, 0));
	CHECK_OK(add_kept(k.w.s, MODEL_SUBLAYER, 1, 1));
	CHECK_OK(add_kept_filter(k.w.s, 1, 1, 1, MODEL_FILTER_PERSISTENT, NULL));
	CHECK_OK(add_kept_filter(k.w.s, 2, 0, 0, MODEL_FILTER_PERSISTENT, NULL));
	lose(&k, MODEL_PROVIDER, 1);
	lines = logged_restart(&k);
	CHECK(!there(k.w.s, MODEL_SUBLAYER, 1) && !there(k.w.s, MODEL_FILTER, 1));
	CHECK(there(k.w.s, MODEL_FILTER, 2) && in_force(&k.w));
	CHECK_EQ_U(lines.count, 2);
	CHECK(strstr(lines.all, "sublayer {00000001-") && strstr(lines.all, "filter {00000001-"));
	CHECK(strstr(lines.all, "FWP_E_PROVIDER_NOT_FOUND (0x80320005"));
	CHECK(strstr(lines.all, "FWP_E_SUBLAYER_NOT_FOUND (0x80320007"));
	kept_close(&k);
}

TEST(a_record_whose_bytes_make_no_sense_is_left_out_and_stays_in_the_store)
{
	struct kept k = kept_open();
	struct store_record bad = {.kind = MODEL_PROVIDER,
				   .key = key_of(9),
				   .lifetime = STORE_PERSISTENT,
				   .data = "\xff\xff",
				   .size = 2};

	spoil(&k, &bad);
	bad.kind = 0x200; /* the descriptor of the providers' container */
	bad.sd = "no";
	bad.sd_size = 2;
	spoil(&k, &bad);
	CHECK_OK(add_kept(k.w.s, MODEL_PROVIDER, 1, 0));
	for (int starts = 0; starts < 2; starts++) {
		CHECK_EQ_U(logged_restart(&k).count, 2);
		CHECK(there(k.w.s, MODEL_PROVIDER, 1) && !there(k.w.s, MODEL_PROVIDER, 9));
	}
	kept_close(&k);
}

TEST(a_boot_time_filter_that_means_nothing_any_more_does_not_keep_the_others_out)
{
	struct kept k = kept_open();
	const struct store_record bad = {.kind = MODEL_FILTER,
					 .key = key_of(9),
					 .lifetime = STORE_BOOTTIME,
					 .data = "\xff\xff",
					 .size = 2};
	struct lines lines = {.count = 0};

	spoil(&k, &bad);
	CHECK_OK(add_kept_filter(k.w.s, 1, 0, 0, MODEL_FILTER_BOOTTIME, NULL));
	halt(&k);
	boot(&k);
	log_set_sink(keep_line, &lines);
	CHECK_OK(bfe_load_boot(k.w.bfe, k.path));
	log_set_sink(NULL, NULL);
	CHECK_EQ_U(lines.count, 1);
	CHECK(in_force(&k.w));
	kept_close(&k);
}

/* ---- when something fails -----------------------------------------------------------------------
 */

static wfp_err refuse(void *ctx, enum engine_notify what, const struct model_filter *filter)
{
	return what == ENGINE_NOTIFY_ADD_FILTER ? ERR_INVALID_PARAMETER : ERR_OK;
}

static void classify(void *ctx, const struct engine_call *call, struct engine_classify_out *out)
{
}

TEST(what_a_notifyfn_refuses_is_not_written)
{
	static const struct engine_callout_ops ops = {.classify = classify, .notify = refuse};
	const struct engine_callout_desc desc = {.key = key_of(1), .driver = 1, .ops = &ops};
	struct kept k = kept_open();
	struct model_filter f = kept_filter(1, 0, 0, MODEL_FILTER_PERSISTENT);
	uint32_t id;

	CHECK_OK(engine_callout_register(k.w.engine, &desc, &id));
	CHECK_OK(add_kept(k.w.s, MODEL_CALLOUT, 1, 0));
	f.action = MODEL_ACTION_CALLOUT_TERMINATING;
	f.callout = key_of(1);
	CHECK_ERR(filter_add(k.w.s, &f, NULL), ERR_CALLOUT_NOTIFICATION_FAILED);
	CHECK_OK(engine_callout_unregister(k.w.engine, id, ENGINE_UNREGISTER_POLITE));
	restart(&k);
	CHECK(!there(k.w.s, MODEL_FILTER, 1) && there(k.w.s, MODEL_CALLOUT, 1));
	kept_close(&k);
}

static wfp_err change_kept(struct kept *k)
{
	wfp_err err = bfe_txn_begin(k->w.s, 0), end;

	if (err)
		return err;
	err = add_kept(k->w.s, MODEL_SUBLAYER, 2, 0);
	err = err ? err : add_kept_filter(k->w.s, 2, 2, 0, MODEL_FILTER_BOOTTIME, NULL);
	err = err ? err : delete_key(k->w.s, MODEL_FILTER, 1);
	if (!err)
		return bfe_txn_commit(k->w.s);
	end = bfe_txn_abort(k->w.s);
	return end ? end : err;
}

TEST(without_memory_neither_the_engine_nor_the_store_changes)
{
	struct kept k = kept_open();
	uint64_t n = 0;
	wfp_err err;

	CHECK_OK(add_kept_filter(k.w.s, 1, 0, 0, MODEL_FILTER_PERSISTENT, NULL));
	do {
		mem_fail_at(++n);
		err = change_kept(&k);
		mem_fail_at(0);
		if (err) {
			CHECK(in_force(&k.w));
			CHECK(there(k.w.s, MODEL_FILTER, 1) && !there(k.w.s, MODEL_SUBLAYER, 2));
		}
		if (err && n % 7 == 0)
			restart(&k);
	} while (err);
	CHECK(n > 20 || !MEM_TRACKED);
	restart(&k);
	CHECK(!there(k.w.s, MODEL_FILTER, 1) && there(k.w.s, MODEL_FILTER, 2));
	kept_close(&k);
}

TEST(without_memory_a_start_fails_and_can_be_tried_again)
{
	struct kept k = kept_open();
	uint64_t n = 0;
	wfp_err err;

	CHECK_OK(add_kept(k.w.s, MODEL_PROVIDER, 1, 0));
	CHECK_OK(add_kept(k.w.s, MODEL_SUBLAYER, 1, 1));
	CHECK_OK(add_kept_filter(k.w.s, 1, 1, 1, MODEL_FILTER_BOOTTIME, NULL));
	CHECK_OK(add_kept_filter(k.w.s, 2, 1, 1, MODEL_FILTER_PERSISTENT, NULL));
	halt(&k);
	boot(&k);
	CHECK_OK(bfe_load_boot(k.w.bfe, k.path));
	do {
		mem_fail_at(++n);
		err = bfe_load(k.w.bfe);
		mem_fail_at(0);
		CHECK(in_force(&k.w));
	} while (err);
	CHECK(n > 10 || !MEM_TRACKED);
	CHECK(there(k.w.s, MODEL_FILTER, 1) && there(k.w.s, MODEL_FILTER, 2));
	kept_close(&k);
}
