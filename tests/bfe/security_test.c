/* SPDX-License-Identifier: MIT */
/*
 * security - which right each call needs, how descriptors are inherited and changed, and the two
 * documented scenarios: hindering and forcing the deletion of a filter.
 */
#include "bfe_world.h"

#include "model/access.h"
#include "model/inherit.h"
#include "model/sddl.h"
#include "model/token.h"

#define ALICE 1000u
#define BOB   1001u

/* A token of its own for each call; the session copies it. */
static struct bfe_session *as_user(struct world *w, uint32_t uid, uint32_t flags)
{
	struct bfe_session_config config = {.flags = flags, .user = "somebody"};
	struct model_blob *token;
	struct bfe_session *s;

	CHECK_OK(model_token_make_unix(&token, uid, NULL, 0));
	config.token = token;
	CHECK_OK(bfe_session_open(w->bfe, &config, &s));
	mem_free(token);
	return s;
}

static wfp_err set_sd(struct bfe_session *s, enum bfe_secured what, const struct guid *key,
		      uint32_t info, const char *sddl)
{
	struct model_blob *sd;
	wfp_err err;

	CHECK_OK(model_sddl_parse(&sd, sddl, NULL));
	err = bfe_security_set(s, what, key, info, sd);
	mem_free(sd);
	return err;
}

static void check_sd(struct bfe_session *s, enum bfe_secured what, const struct guid *key,
		     uint32_t info, const char *want)
{
	struct buf text_of = {0};
	struct model_blob *sd;

	CHECK_OK(bfe_security_get(s, what, key, info, &sd));
	CHECK_OK(model_sddl_format(sd, &text_of));
	CHECK_EQ_S(buf_str(&text_of), want);
	buf_free(&text_of);
	mem_free(sd);
}

/* Everybody may do everything with all objects: what the engine passes down. */
static void open_to_all(struct world *w)
{
	CHECK_OK(set_sd(w->s, BFE_SECURED_ENGINE, NULL, MODEL_SD_DACL, "D:(A;OICI;GA;;;WD)"));
}

TEST(by_default_a_user_may_open_a_session_and_nothing_else)
{
	struct world w = world_open();
	struct bfe_session *s = as_user(&w, ALICE, 0);
	const struct bfe_template t = all_of(MODEL_FILTER);
	struct bfe_session_info *infos;
	struct bfe_subscription *sub;
	struct model_object *o;
	struct bfe_enum *e;
	uint32_t value;
	size_t n;

	CHECK_OK(add_provider(w.s, 1));
	CHECK_ERR(add_filter(s, 0, NULL), ERR_ACCESS_DENIED);
	CHECK_ERR(delete_key(s, MODEL_PROVIDER, 1), ERR_ACCESS_DENIED);
	CHECK_ERR(bfe_object_get(s, MODEL_PROVIDER, &(struct guid){.a = 1, .d = {1}}, &o),
		  ERR_ACCESS_DENIED);
	CHECK_ERR(bfe_enum_create(s, &t, &e), ERR_ACCESS_DENIED);
	CHECK_ERR(bfe_subscribe(s, &t, BFE_SUBSCRIBE_ON_ADD, NULL, NULL, &sub), ERR_ACCESS_DENIED);
	CHECK_ERR(bfe_txn_begin(s, 0), ERR_ACCESS_DENIED);
	CHECK_ERR(bfe_txn_begin(s, BFE_TXN_READ_ONLY), ERR_ACCESS_DENIED);
	CHECK_ERR(bfe_option_get(s, BFE_OPTION_COLLECT_NET_EVENTS, &value), ERR_ACCESS_DENIED);
	CHECK_ERR(bfe_option_set(s, BFE_OPTION_COLLECT_NET_EVENTS, 0), ERR_ACCESS_DENIED);
	CHECK_ERR(bfe_sessions_get(s, &infos, &n), ERR_ACCESS_DENIED);
	CHECK_ERR(bfe_access_check(s, BFE_SECURED_NET_EVENTS, MODEL_RIGHT_READ), ERR_ACCESS_DENIED);
	bfe_session_close(s);
	world_close(&w);
}

TEST(who_may_not_change_anything_does_not_wait_for_who_changes_something)
{
	struct world w = world_open();
	struct bfe_session_config config = {.txn_wait_ms = 1};
	struct guid k = key_of(1);
	struct model_blob *token;
	struct bfe_session *s;

	CHECK_OK(add_provider(w.s, 1));
	CHECK_OK(model_token_make_unix(&token, ALICE, NULL, 0));
	config.token = token;
	CHECK_OK(bfe_session_open(w.bfe, &config, &s));
	mem_free(token);
	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_ERR(add_filter(s, 0, NULL), ERR_ACCESS_DENIED);
	CHECK_ERR(delete_key(s, MODEL_PROVIDER, 1), ERR_ACCESS_DENIED);
	CHECK_ERR(bfe_option_set(s, BFE_OPTION_COLLECT_NET_EVENTS, 0), ERR_ACCESS_DENIED);
	CHECK_ERR(set_sd(s, (enum bfe_secured)MODEL_PROVIDER, &k, MODEL_SD_DACL, "D:"),
		  ERR_ACCESS_DENIED);
	CHECK_ERR(set_sd(s, BFE_SECURED_ENGINE, NULL, MODEL_SD_DACL, "D:"), ERR_ACCESS_DENIED);
	CHECK_OK(bfe_txn_commit(w.s));
	bfe_session_close(s);
	world_close(&w);
}

TEST(root_is_an_administrator_and_may_do_everything)
{
	struct world w = world_open();
	struct bfe_session *s = as_user(&w, 0, 0);
	uint64_t id;

	CHECK_OK(bfe_txn_begin(s, 0));
	CHECK_OK(add_provider(s, 1));
	CHECK_OK(add_filter(s, 0, &id));
	CHECK_OK(bfe_txn_commit(s));
	CHECK_EQ_U(count_of(s, MODEL_FILTER), 1);
	CHECK_OK(filter_delete(s, id));
	CHECK_OK(bfe_option_set(s, BFE_OPTION_COLLECT_NET_EVENTS, 0));
	CHECK_OK(bfe_access_check(s, BFE_SECURED_NET_EVENTS, MODEL_RIGHT_READ));
	bfe_session_close(s);
	world_close(&w);
}

TEST(without_open_no_session)
{
	struct world w = world_open();
	struct bfe_session_config config = {.flags = 0};
	struct bfe_session *s, *admin;
	struct model_blob *token;

	CHECK_OK(set_sd(w.s, BFE_SECURED_ENGINE, NULL, MODEL_SD_DACL, "D:(A;;GA;;;SY)"));
	CHECK_OK(model_token_make_unix(&token, ALICE, NULL, 0));
	config.token = token;
	CHECK_ERR(bfe_session_open(w.bfe, &config, &s), ERR_ACCESS_DENIED);
	mem_free(token);
	admin = as_user(&w, 0, 0);
	bfe_session_close(admin);
	world_close(&w);
}

TEST(an_enumeration_skips_what_may_not_be_read)
{
	struct world w = world_open();
	struct bfe_session *s;
	struct guid k = key_of(2);

	open_to_all(&w);
	s = as_user(&w, ALICE, 0);
	CHECK_OK(add_provider(w.s, 1));
	CHECK_OK(add_provider(w.s, 2));
	CHECK(there(s, MODEL_PROVIDER, 2));
	CHECK_OK(set_sd(w.s, (enum bfe_secured)MODEL_PROVIDER, &k, MODEL_SD_DACL | MODEL_SD_PROTECT,
			"D:P(A;;GA;;;SY)"));
	CHECK(there(s, MODEL_PROVIDER, 1) && !there(s, MODEL_PROVIDER, 2));
	CHECK_EQ_U(count_of(s, MODEL_PROVIDER), count_of(w.s, MODEL_PROVIDER) - 1);
	bfe_session_close(s);
	world_close(&w);
}

static void count_change(void *ctx, const struct bfe_change *change)
{
	unsigned *n = ctx;

	CHECK_EQ_U(change->kind, MODEL_PROVIDER);
	++*n;
}

TEST(a_subscriber_hears_only_of_what_it_may_read)
{
	struct world w = world_open();
	const struct bfe_template t = all_of(MODEL_PROVIDER);
	const struct model_object hidden = object_draft(MODEL_PROVIDER, 2);
	struct bfe_subscription *sub;
	struct bfe_session *s;
	struct model_blob *sd;
	unsigned n = 0;

	open_to_all(&w);
	s = as_user(&w, ALICE, 0);
	CHECK_OK(bfe_subscribe(s, &t, BFE_SUBSCRIBE_ON_ADD | BFE_SUBSCRIBE_ON_DELETE, count_change,
			       &n, &sub));
	CHECK_OK(model_sddl_parse(&sd, "D:P(A;;GA;;;SY)", NULL));
	CHECK_OK(bfe_object_add(w.s, &hidden, sd, NULL));
	mem_free(sd);
	CHECK_OK(delete_key(w.s, MODEL_PROVIDER, 2));
	CHECK_EQ_U(n, 0);
	CHECK_OK(add_provider(w.s, 1));
	CHECK_EQ_U(n, 1);
	bfe_unsubscribe(sub);
	bfe_session_close(s);
	world_close(&w);
}

TEST(a_reference_needs_the_right_to_link)
{
	struct world w = world_open();
	struct bfe_session *s;
	struct guid k = key_of(1);

	open_to_all(&w);
	s = as_user(&w, ALICE, 0);
	CHECK_OK(add_sublayer(w.s, 1, 100));
	CHECK_OK(set_sd(w.s, (enum bfe_secured)MODEL_SUBLAYER, &k, MODEL_SD_DACL,
			"D:(D;;0x2;;;WD)"));
	CHECK_ERR(add_filter(s, 1, NULL), ERR_ACCESS_DENIED);
	CHECK_OK(add_filter(s, 0, NULL));
	CHECK_OK(set_sd(w.s, BFE_SECURED_LAYERS, &model_layer_by_id(CONNECT)->key, MODEL_SD_DACL,
			"D:(D;;0x2;;;WD)"));
	CHECK_ERR(add_filter(s, 0, NULL), ERR_ACCESS_DENIED);
	bfe_session_close(s);
	world_close(&w);
}

TEST(adding_needs_the_right_to_add_to_the_container)
{
	struct world w = world_open();
	struct bfe_session *s;

	open_to_all(&w);
	s = as_user(&w, ALICE, 0);
	CHECK_OK(set_sd(w.s, (enum bfe_secured)MODEL_FILTER, NULL, MODEL_SD_DACL,
			"D:(D;;0x1;;;WD)"));
	CHECK_ERR(add_filter(s, 0, NULL), ERR_ACCESS_DENIED);
	CHECK_OK(add_provider(s, 1));
	bfe_session_close(s);
	world_close(&w);
}

TEST(an_object_may_come_with_a_descriptor_and_belongs_to_whoever_adds_it)
{
	struct world w = world_open();
	struct bfe_session *alice, *bob;
	const struct model_object draft = object_draft(MODEL_PROVIDER, 1);
	struct guid k = key_of(1);
	struct model_blob *sd;

	open_to_all(&w);
	alice = as_user(&w, ALICE, 0);
	bob = as_user(&w, BOB, 0);
	CHECK_OK(model_sddl_parse(&sd, "D:P(A;;GA;;;S-1-22-1-1000)", NULL));
	CHECK_OK(bfe_object_add(alice, &draft, sd, NULL));
	mem_free(sd);
	CHECK(there(alice, MODEL_PROVIDER, 1) && !there(bob, MODEL_PROVIDER, 1));
	CHECK_ERR(delete_key(bob, MODEL_PROVIDER, 1), ERR_ACCESS_DENIED);
	check_sd(alice, (enum bfe_secured)MODEL_PROVIDER, &k, MODEL_SD_OWNER, "O:S-1-22-1-1000");
	CHECK_OK(delete_key(alice, MODEL_PROVIDER, 1));
	bfe_session_close(alice);
	bfe_session_close(bob);
	world_close(&w);
}

TEST(a_change_of_a_container_reaches_its_objects_and_the_next_ones)
{
	struct world w = world_open();
	struct bfe_session *s;

	open_to_all(&w);
	s = as_user(&w, ALICE, 0);
	CHECK_OK(add_provider(s, 1));
	CHECK_OK(set_sd(w.s, (enum bfe_secured)MODEL_PROVIDER, NULL,
			MODEL_SD_DACL | MODEL_SD_PROTECT, "D:P(A;;0x1;;;WD)(A;OICI;GA;;;SY)"));
	CHECK_OK(add_provider(s, 2));
	CHECK(!there(s, MODEL_PROVIDER, 1) && !there(s, MODEL_PROVIDER, 2));
	CHECK_OK(set_sd(w.s, (enum bfe_secured)MODEL_PROVIDER, NULL,
			MODEL_SD_DACL | MODEL_SD_UNPROTECT, "D:"));
	CHECK(there(s, MODEL_PROVIDER, 1) && there(s, MODEL_PROVIDER, 2));
	bfe_session_close(s);
	world_close(&w);
}

TEST(a_descriptor_is_not_changed_inside_a_transaction)
{
	struct world w = world_open();

	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_ERR(set_sd(w.s, BFE_SECURED_ENGINE, NULL, MODEL_SD_DACL, "D:(A;;GA;;;WD)"),
		  ERR_TXN_IN_PROGRESS);
	CHECK_OK(bfe_txn_abort(w.s));
	world_close(&w);
}

TEST(a_dynamic_session_changes_descriptors_of_its_own_objects_only)
{
	struct world w = world_open();
	struct bfe_session *d = dynamic(&w), *e = dynamic(&w);
	struct guid own = key_of(1), fixed = key_of(2);
	const char *sddl = "D:(A;;GA;;;WD)";

	CHECK_OK(add_provider(d, 1));
	CHECK_OK(add_provider(w.s, 2));
	CHECK_OK(set_sd(d, (enum bfe_secured)MODEL_PROVIDER, &own, MODEL_SD_DACL, sddl));
	CHECK_ERR(set_sd(e, (enum bfe_secured)MODEL_PROVIDER, &own, MODEL_SD_DACL, sddl),
		  ERR_WRONG_SESSION);
	CHECK_ERR(set_sd(d, (enum bfe_secured)MODEL_PROVIDER, &fixed, MODEL_SD_DACL, sddl),
		  ERR_DYNAMIC_SESSION_IN_PROGRESS);
	CHECK_ERR(set_sd(d, BFE_SECURED_ENGINE, NULL, MODEL_SD_DACL, sddl),
		  ERR_DYNAMIC_SESSION_IN_PROGRESS);
	bfe_session_close(e);
	bfe_session_close(d);
	world_close(&w);
}

TEST(what_is_no_descriptor_is_refused_with_a_code_of_its_own)
{
	struct world w = world_open();
	const struct model_object draft = object_draft(MODEL_PROVIDER, 1);
	struct model_blob sd = {.size = 2, .data = (uint8_t[]){1, 0}};
	struct guid k = key_of(1);

	CHECK_ERR(bfe_object_add(w.s, &draft, &sd, NULL), ERR_INVALID_SECURITY_DESCR);
	CHECK_OK(add_provider(w.s, 1));
	CHECK_ERR(bfe_security_set(w.s, (enum bfe_secured)MODEL_PROVIDER, &k, MODEL_SD_DACL, &sd),
		  ERR_INVALID_SECURITY_DESCR);
	CHECK_ERR(bfe_security_set(w.s, BFE_SECURED_ENGINE, NULL, MODEL_SD_OWNER, &sd),
		  ERR_INVALID_SECURITY_DESCR);
	world_close(&w);
}

TEST(what_is_secured_must_exist)
{
	struct world w = world_open();
	struct guid k = key_of(9);
	struct model_blob *sd;

	CHECK_ERR(bfe_security_get(w.s, (enum bfe_secured)MODEL_FILTER, &k, MODEL_SD_OWNER, &sd),
		  ERR_FILTER_NOT_FOUND);
	CHECK_ERR(bfe_security_get(w.s, BFE_SECURED_LAYERS, &k, MODEL_SD_OWNER, &sd),
		  ERR_LAYER_NOT_FOUND);
	CHECK_ERR(bfe_security_get(w.s, BFE_SECURED_SORTS, NULL, MODEL_SD_OWNER, &sd),
		  ERR_INVALID_PARAMETER);
	check_sd(w.s, BFE_SECURED_NET_EVENTS, NULL, MODEL_SD_OWNER, "O:SY");
	world_close(&w);
}

/* ---- the documented scenarios ------------------------------------------------------------------
 */

/* The list denies deleting before the inherited entries grant it. */
static void hinder(struct bfe_session *s, const struct guid *key)
{
	CHECK_OK(set_sd(s, (enum bfe_secured)MODEL_FILTER, key, MODEL_SD_DACL,
			"D:(D;;SDWDWO;;;WD)"));
}

static void add_keyed_filter(struct bfe_session *s, const struct guid *key)
{
	struct model_filter f = draft(0);

	f.key = *key;
	CHECK_OK(filter_add(s, &f, NULL));
}

TEST(deleting_a_filter_can_be_hindered_but_the_inherited_entries_still_count)
{
	struct world w = world_open();
	struct bfe_session *owner, *other;
	struct guid k = key_of(1);

	open_to_all(&w);
	owner = as_user(&w, ALICE, 0);
	other = as_user(&w, BOB, 0);
	add_keyed_filter(owner, &k);
	hinder(owner, &k);
	CHECK_ERR(bfe_object_delete(owner, MODEL_FILTER, &k), ERR_ACCESS_DENIED);
	CHECK_ERR(bfe_object_delete(other, MODEL_FILTER, &k), ERR_ACCESS_DENIED);
	CHECK(there(other, MODEL_FILTER, 1));
	CHECK_ERR(
		set_sd(other, (enum bfe_secured)MODEL_FILTER, &k, MODEL_SD_DACL, "D:(A;;GA;;;WD)"),
		ERR_ACCESS_DENIED);
	CHECK_ERR(set_sd(other, (enum bfe_secured)MODEL_FILTER, &k, MODEL_SD_OWNER,
			 "O:S-1-22-1-1001"),
		  ERR_ACCESS_DENIED);
	/* The owner may always change the list. */
	CHECK_OK(
		set_sd(owner, (enum bfe_secured)MODEL_FILTER, &k, MODEL_SD_DACL, "D:(A;;SD;;;WD)"));
	CHECK_OK(bfe_object_delete(owner, MODEL_FILTER, &k));
	bfe_session_close(owner);
	bfe_session_close(other);
	world_close(&w);
}

TEST(who_may_take_ownership_can_force_the_deletion)
{
	struct world w = world_open();
	struct bfe_session *owner, *admin;
	struct guid k = key_of(1);

	open_to_all(&w);
	owner = as_user(&w, ALICE, 0);
	admin = as_user(&w, 0, 0);
	add_keyed_filter(owner, &k);
	hinder(owner, &k);
	CHECK_ERR(bfe_object_delete(admin, MODEL_FILTER, &k), ERR_ACCESS_DENIED);
	CHECK_ERR(
		set_sd(admin, (enum bfe_secured)MODEL_FILTER, &k, MODEL_SD_DACL, "D:(A;;SD;;;WD)"),
		ERR_ACCESS_DENIED);
	CHECK_OK(set_sd(admin, (enum bfe_secured)MODEL_FILTER, &k, MODEL_SD_OWNER, "O:S-1-22-1-0"));
	CHECK_OK(set_sd(admin, (enum bfe_secured)MODEL_FILTER, &k, MODEL_SD_DACL,
			"D:(A;;SD;;;S-1-22-1-0)"));
	CHECK_OK(bfe_object_delete(admin, MODEL_FILTER, &k));
	bfe_session_close(owner);
	bfe_session_close(admin);
	world_close(&w);
}

TEST(nobody_but_an_administrator_gives_an_object_away)
{
	struct world w = world_open();
	struct bfe_session *alice;
	struct guid k = key_of(1);

	open_to_all(&w);
	alice = as_user(&w, ALICE, 0);
	add_keyed_filter(alice, &k);
	CHECK_ERR(set_sd(alice, (enum bfe_secured)MODEL_FILTER, &k, MODEL_SD_OWNER,
			 "O:S-1-22-1-1001"),
		  ERR_ACCESS_DENIED);
	CHECK_OK(set_sd(alice, (enum bfe_secured)MODEL_FILTER, &k, MODEL_SD_OWNER,
			"O:S-1-22-1-1000"));
	bfe_session_close(alice);
	world_close(&w);
}

TEST(without_memory_a_descriptor_stays_as_it_was)
{
	struct world w = world_open();
	struct model_blob *sd;
	struct bfe_session *s;
	uint64_t n = 0, live;
	wfp_err err;

	open_to_all(&w);
	s = as_user(&w, ALICE, 0);
	CHECK_OK(add_provider(s, 1));
	CHECK_OK(model_sddl_parse(&sd, "D:(A;OICI;GA;;;SY)", NULL));
	live = mem_live();
	do {
		mem_fail_at(++n);
		err = bfe_security_set(w.s, BFE_SECURED_ENGINE, NULL, MODEL_SD_DACL, sd);
		mem_fail_at(0);
		if (err) {
			CHECK_ERR(err, ERR_NO_MEMORY);
			CHECK_EQ_U(mem_live(), live);
			CHECK(there(s, MODEL_PROVIDER, 1));
		}
	} while (err);
	CHECK(n > 10 || !MEM_TRACKED);
	CHECK(!there(s, MODEL_PROVIDER, 1));
	mem_free(sd);
	bfe_session_close(s);
	world_close(&w);
}
