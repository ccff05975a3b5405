/* SPDX-License-Identifier: MIT */
/* Who may do what: the access check, case by case and against a plain reference. */
#include "sd_kit.h"

#include "model/access.h"
#include "model/inherit.h"

/* "S-1-22-1-5 WD !BA ?SY": SIDs with a blank behind each; ! is deny-only, ? is not enabled. */
static struct model_blob *token_of(const char *text)
{
	struct model_token_sid list[8];
	struct sid sids[8];
	struct model_blob *token;
	unsigned n = 0;

	for (; *text; n++) {
		uint32_t attributes = *text == '!'   ? MODEL_GROUP_DENY_ONLY
				      : *text == '?' ? 0
						     : MODEL_GROUP_ENABLED;

		text += *text == '!' || *text == '?';
		CHECK(n < 8 && sid_parse(&sids[n], text, &text));
		list[n] = (struct model_token_sid){sids[n].bytes, attributes};
		text += *text == ' ';
	}
	CHECK_OK(model_token_make(&token, list, n));
	return token;
}

typedef wfp_err check_fn(const struct model_blob *, const struct model_blob *, uint32_t,
			 uint32_t *);

#define UNTOUCHED 0xdeadu

/* What is granted; UNTOUCHED: denied. */
static uint32_t ask(check_fn *check, const char *sddl, const char *who, uint32_t desired)
{
	struct model_blob *sd = kit_sddl(sddl), *token = token_of(who);
	uint32_t granted = UNTOUCHED;
	wfp_err err = check(sd, token, desired, &granted);

	CHECK_ERR(err, granted == UNTOUCHED ? ERR_ACCESS_DENIED : ERR_OK);
	mem_free(sd);
	mem_free(token);
	return granted;
}

struct check_case {
	const char *sddl, *who;
	uint32_t desired, granted; /* granted 0: denied */
};

static void check_cases(const struct check_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct check_case *c = &cases[i];
		uint32_t got = ask(model_access_check, c->sddl, c->who, c->desired);

		if (got != (c->granted ? c->granted : UNTOUCHED))
			CHECK_SAY("%s, %s, asks for 0x%x: 0x%x", c->sddl, c->who, c->desired, got);
	}
}

#define MAX MODEL_MAXIMUM_ALLOWED
#define ME  "S-1-22-1-5 WD"

TEST(for_each_right_the_first_entry_that_speaks_of_it_decides)
{
	static const struct check_case cases[] = {
		{"D:(A;;CCDC;;;WD)", ME, 0x1, 0x1},
		{"D:(A;;CCDC;;;WD)", ME, 0x3, 0x3},
		{"D:(A;;CC;;;WD)", ME, 0x3, 0},
		{"D:(A;;CC;;;WD)(A;;DC;;;S-1-22-1-5)", ME, 0x3, 0x3},
		{"D:(A;;CC;;;WD)(D;;CC;;;S-1-22-1-5)", ME, 0x1, 0x1},
		{"D:(D;;CC;;;S-1-22-1-5)(A;;CC;;;WD)", ME, 0x1, 0},
		{"D:(D;;CC;;;S-1-22-1-5)(A;;CCDC;;;WD)", ME, 0x2, 0x2},
		{"D:(D;;CC;;;S-1-22-1-5)(A;;CCDC;;;WD)", ME, 0x3, 0},
		{"D:(D;;CC;;;BA)(A;;CC;;;WD)", ME, 0x1, 0x1},
		{"D:(A;;CC;;;BA)", ME, 0x1, 0},
		{"D:", ME, 0x1, 0},
		{"D:(A;;CC;;;WD)", ME, 0, 0},
	};

	check_cases(cases, ARRAY_LEN(cases));
}

TEST(an_absent_or_null_list_grants_all)
{
	static const struct check_case cases[] = {
		{"D:NO_ACCESS_CONTROL", ME, 0x1, 0x1},
		{"O:BA", ME, MODEL_GENERIC_ALL, 0xf07ff},
		{"O:BA", ME, MAX, 0xf07ff},
		{"O:BA", ME, MODEL_RIGHT_SYNCHRONIZE, MODEL_RIGHT_SYNCHRONIZE},
		{"O:BA", ME, 0x1000000, 0},
	};

	check_cases(cases, ARRAY_LEN(cases));
}

TEST(generic_rights_are_mapped_in_entries_and_in_what_is_asked)
{
	static const struct check_case cases[] = {
		{"D:(A;;GR;;;WD)", ME, MAX, 0x201d4},
		{"D:(A;;GW;;;WD)", ME, MAX, 0x3040b},
		{"D:(A;;GX;;;WD)", ME, MAX, 0x20220},
		{"D:(A;;GA;;;WD)", ME, MAX, 0xf07ff},
		{"D:(A;;GA;;;WD)", ME, MODEL_GENERIC_READ, 0x201d4},
		{"D:(A;;GR;;;WD)", ME, MODEL_GENERIC_WRITE, 0},
		{"D:(A;;0x201d4;;;WD)", ME, MODEL_GENERIC_READ, 0x201d4},
		{"D:(D;;GW;;;WD)(A;;GA;;;WD)", ME, MAX, 0xf07ff & ~0x3040bu},
	};

	check_cases(cases, ARRAY_LEN(cases));
}

TEST(maximum_allowed_is_all_that_is_granted_and_fails_when_that_is_nothing)
{
	static const struct check_case cases[] = {
		{"D:(A;;CC;;;WD)(D;;DC;;;WD)(A;;DCLC;;;WD)", ME, MAX, 0x5},
		{"D:(A;;CC;;;BA)", ME, MAX, 0},
		{"D:(A;;CCDC;;;WD)", ME, MAX | 0x1, 0x3},
		{"D:(A;;CCDC;;;WD)", ME, MAX | 0x4, 0},
	};

	check_cases(cases, ARRAY_LEN(cases));
}

TEST(the_owner_may_always_read_the_descriptor_and_change_its_list)
{
	static const struct check_case cases[] = {
		{"O:S-1-22-1-5D:", ME, MODEL_RIGHT_READ_CONTROL | MODEL_RIGHT_WRITE_DAC, 0x60000},
		{"O:S-1-22-1-5D:(D;;GA;;;WD)", ME, MODEL_RIGHT_WRITE_DAC, MODEL_RIGHT_WRITE_DAC},
		{"O:S-1-22-1-5D:", ME, MODEL_RIGHT_WRITE_OWNER, 0},
		{"O:S-1-22-1-5D:", ME, MODEL_RIGHT_DELETE, 0},
		{"O:BAD:", "S-1-22-1-5 !BA", MODEL_RIGHT_WRITE_DAC, 0},
		{"O:BAD:", "S-1-22-1-5 BA", MODEL_RIGHT_WRITE_DAC, MODEL_RIGHT_WRITE_DAC},
	};

	check_cases(cases, ARRAY_LEN(cases));
}

TEST(an_entry_for_owner_rights_speaks_of_the_owner_and_takes_nothing_from_him)
{
	static const struct check_case cases[] = {
		{"O:S-1-22-1-5D:(A;;CC;;;OW)", ME, 0x1, 0x1},
		{"O:S-1-22-1-6D:(A;;CC;;;OW)", ME, 0x1, 0},
		{"O:S-1-22-1-5D:(D;;CC;;;OW)(A;;CC;;;WD)", ME, 0x1, 0},
		{"O:S-1-22-1-5D:(A;;CC;;;OW)", ME, MODEL_RIGHT_WRITE_DAC, MODEL_RIGHT_WRITE_DAC},
		{"O:S-1-22-2-7D:(D;;CC;;;OW)(A;;CC;;;S-1-22-1-5)", "S-1-22-1-5 !S-1-22-2-7", 0x1,
		 0},
	};

	check_cases(cases, ARRAY_LEN(cases));
}

TEST(administrators_and_the_system_may_always_take_ownership)
{
	static const struct check_case cases[] = {
		{"O:LSD:(D;;GA;;;WD)", "S-1-22-1-5 BA", MODEL_RIGHT_WRITE_OWNER, 0x80000},
		{"O:LSD:(D;;GA;;;WD)", "S-1-22-1-5 SY", MODEL_RIGHT_WRITE_OWNER, 0x80000},
		{"O:LSD:(D;;GA;;;WD)", "S-1-22-1-5 !BA", MODEL_RIGHT_WRITE_OWNER, 0},
		{"O:LSD:(D;;GA;;;WD)", "S-1-22-1-5 ?SY", MODEL_RIGHT_WRITE_OWNER, 0},
		{"O:LSD:(D;;GA;;;WD)", "S-1-22-1-5 BA", MODEL_RIGHT_WRITE_DAC, 0},
	};

	check_cases(cases, ARRAY_LEN(cases));
}

TEST(groups_count_when_enabled_deny_only_groups_deny_and_the_user_always_counts)
{
	static const struct check_case cases[] = {
		{"D:(A;;CC;;;S-1-22-2-7)", "S-1-22-1-5 S-1-22-2-7", 0x1, 0x1},
		{"D:(A;;CC;;;S-1-22-2-7)", "S-1-22-1-5 ?S-1-22-2-7", 0x1, 0},
		{"D:(A;;CC;;;S-1-22-2-7)", "S-1-22-1-5 !S-1-22-2-7", 0x1, 0},
		{"D:(D;;CC;;;S-1-22-2-7)(A;;CC;;;S-1-22-1-5)", "S-1-22-1-5 !S-1-22-2-7", 0x1, 0},
		{"D:(D;;CC;;;S-1-22-2-7)(A;;CC;;;S-1-22-1-5)", "S-1-22-1-5 ?S-1-22-2-7", 0x1, 0x1},
		{"D:(A;;CC;;;S-1-22-1-5)", "?S-1-22-1-5", 0x1, 0x1},
		{"D:(A;;CC;;;S-1-22-1-5)", "!S-1-22-1-5", 0x1, 0},
	};

	check_cases(cases, ARRAY_LEN(cases));
}

TEST(inherit_only_entries_are_passed_over)
{
	static const struct check_case cases[] = {
		{"D:(A;OICIIO;CC;;;WD)", ME, 0x1, 0},
		{"D:(D;OICIIO;CC;;;WD)(A;;CC;;;WD)", ME, 0x1, 0x1},
		{"D:(A;OICIID;CC;;;WD)", ME, 0x1, 0x1},
	};

	check_cases(cases, ARRAY_LEN(cases));
}

/* A condition cannot be evaluated: it must not grant, and must not fail to deny. */
TEST(entries_with_a_condition_never_allow_and_always_deny)
{
	struct kit_sd sd = {.control = 4,
			    .owner = KIT_NONE,
			    .group = KIT_NONE,
			    .n = 2,
			    .aces = {{MODEL_ACE_ALLOWED_CALLBACK, 0, 0x1, KIT_EVERYONE},
				     {MODEL_ACE_ALLOWED, 0, 0x2, KIT_EVERYONE}}};
	struct model_blob *allow = kit_sd_bytes(&sd), *deny, *token = token_of(ME);

	sd.aces[0].type = MODEL_ACE_DENIED_CALLBACK;
	sd.aces[0].mask = 0x2;
	deny = kit_sd_bytes(&sd);
	CHECK_ERR(model_access_check(allow, token, 0x1, NULL), ERR_ACCESS_DENIED);
	CHECK_OK(model_access_check(allow, token, 0x2, NULL));
	CHECK_ERR(model_access_check(deny, token, 0x2, NULL), ERR_ACCESS_DENIED);
	CHECK_EQ_U(ask(model_access_check, "D:(XA;;CC;;;WD;(a))", ME, 0x1), UNTOUCHED);
	CHECK_EQ_U(ask(model_access_check, "D:(XA;;CC;;;WD;(a))(A;;CC;;;WD)", ME, 0x1), 0x1);
	CHECK_EQ_U(ask(model_access_check, "D:(XD;;CC;;;WD;(a))(A;;CC;;;WD)", ME, 0x1), UNTOUCHED);
	mem_free(allow);
	mem_free(deny);
	mem_free(token);
}

TEST(administrators_may_always_open_the_engine)
{
	static const char locked[] = "O:LSD:(D;;GA;;;WD)";

	CHECK_EQ_U(ask(model_access_check_engine, locked, "S-1-22-1-5 BA", MODEL_RIGHT_OPEN),
		   MODEL_RIGHT_OPEN);
	CHECK_EQ_U(ask(model_access_check_engine, locked, ME, MODEL_RIGHT_OPEN), UNTOUCHED);
	CHECK_EQ_U(ask(model_access_check_engine, locked, "S-1-22-1-5 SY", MODEL_RIGHT_OPEN),
		   UNTOUCHED);
	CHECK_EQ_U(ask(model_access_check, locked, "S-1-22-1-5 BA", MODEL_RIGHT_OPEN), UNTOUCHED);
	CHECK_EQ_U(ask(model_access_check_engine, locked, "S-1-22-1-5 BA", MODEL_RIGHT_READ),
		   UNTOUCHED);
}

static uint32_t default_rights(const char *who)
{
	struct model_blob *sd, *token = token_of(who);
	uint32_t granted = 0;

	CHECK_OK(model_sd_default_engine(&sd));
	if (model_access_check_engine(sd, token, MAX, &granted))
		granted = 0;
	mem_free(sd);
	mem_free(token);
	return granted;
}

TEST(the_default_descriptor_of_the_engine_grants_what_is_documented)
{
	static const char *const services[] = {
		"S-1-5-80-3088073201-1464728630-1879813800-1107566885-823218052",
		"S-1-5-80-2006800713-1441093265-249754844-3404434343-1444102779",
		"S-1-5-80-3044542841-3639452079-4096941652-1606687743-1256249853",
		"S-1-5-80-979556362-403687129-3954533659-2335141334-1547273080",
		"S-1-5-80-3139157870-2983391045-3678747466-658725712-1809340420",
	};

	CHECK_EQ_U(default_rights("S-1-22-1-0 WD BA"), 0xf07ff);
	CHECK_EQ_U(default_rights("S-1-22-1-5 WD NO"), 0x201d4 | 0x3040b | 0x20220);
	for (size_t i = 0; i < ARRAY_LEN(services); i++)
		CHECK_EQ_U(default_rights(services[i]), 0x201d4 | 0x3040b | 0x20220);
	CHECK_EQ_U(default_rights(ME), MODEL_RIGHT_OPEN | MODEL_RIGHT_CLASSIFY);
	CHECK_EQ_U(default_rights("S-1-22-1-5"), 0);
}

TEST(owner_group_and_privilege_of_a_token_are_those_of_the_host)
{
	struct model_blob *root, *user, *again, *empty = token_of("");
	char text[SID_TEXT];

	CHECK_OK(model_token_make_unix(&root, 0, (const uint32_t[]){0, 27}, 2));
	CHECK_OK(model_token_make_unix(&user, 1000, NULL, 0));
	CHECK_OK(model_token_make_unix(&again, 1000, NULL, 0));
	CHECK_EQ_S(sid_format(model_token_owner(root), text), "S-1-22-1-0");
	CHECK_EQ_S(sid_format(model_token_group(root), text), "S-1-22-2-0");
	CHECK_EQ_S(sid_format(model_token_group(user), text), "S-1-22-1-1000");
	CHECK(!model_token_owner(empty) && !model_token_group(empty));
	CHECK(model_token_may_take_ownership(root) && model_token_is_administrator(root));
	CHECK(!model_token_may_take_ownership(user) && !model_token_is_administrator(user));
	CHECK(model_token_equal(user, again) && !model_token_equal(user, root));
	mem_free(root);
	mem_free(user);
	mem_free(again);
	mem_free(empty);
}

TEST(everybody_may_make_himself_an_owner_and_administrators_anybody)
{
	struct sid me = kit_sid(KIT_USER), everyone = kit_sid(KIT_EVERYONE);
	struct model_blob *root, *user, *empty = token_of("");

	CHECK_OK(model_token_make_unix(&root, 0, NULL, 0));
	CHECK_OK(model_token_make_unix(&user, 1000, NULL, 0));
	CHECK(model_token_may_make_owner(user, me.bytes));
	CHECK(!model_token_may_make_owner(user, everyone.bytes));
	CHECK(model_token_may_make_owner(root, me.bytes));
	CHECK(!model_token_may_make_owner(empty, me.bytes));
	mem_free(root);
	mem_free(user);
	mem_free(empty);
}

TEST(nobody_may_do_anything_to_a_malformed_descriptor)
{
	struct model_blob *sd = kit_sddl("D:NO_ACCESS_CONTROL"), *root;

	CHECK_OK(model_token_make_unix(&root, 0, NULL, 0));
	sd->data[0] = 9;
	CHECK_ERR(model_access_check(sd, root, 0x1, NULL), ERR_INVALID_DATA);
	CHECK_ERR(model_access_check_engine(sd, root, MODEL_RIGHT_OPEN, NULL), ERR_INVALID_DATA);
	mem_free(sd);
	mem_free(root);
}

/* ---- the reference: one right at a time, on the tables ----------------------------------------
 */

/* The bits of FWPM_GENERIC_*, one column for each of READ, WRITE, EXECUTE and ALL. */
static bool mask_has(uint32_t mask, unsigned bit)
{
	static const struct {
		uint32_t right;
		char in[5];
	} rights[] = {
		{0x1, "-w-a"},	   {0x2, "-w-a"},     {0x4, "r--a"},	 {0x8, "-w-a"},
		{0x10, "r--a"},	   {0x20, "--xa"},    {0x40, "r--a"},	 {0x80, "r--a"},
		{0x100, "r--a"},   {0x200, "--xa"},   {0x400, "-w-a"},	 {0x10000, "-w-a"},
		{0x20000, "rwxa"}, {0x40000, "---a"}, {0x80000, "---a"},
	};
	static const uint32_t generic[] = {0x80000000u, 0x40000000u, 0x20000000u, 0x10000000u};

	if (mask >> bit & 1)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(rights); i++)
		for (unsigned g = 0; g < 4; g++)
			if (rights[i].right == 1u << bit && rights[i].in[g] != '-' &&
			    mask & generic[g])
				return true;
	return false;
}

static bool is_in(const struct kit_token *token, enum kit_sid sid, bool deny)
{
	for (unsigned i = 0; i < token->n; i++) {
		bool only_denies = token->attributes[i] & MODEL_GROUP_DENY_ONLY;
		bool enabled = i == 0 || token->attributes[i] & MODEL_GROUP_ENABLED;

		if (token->sids[i] == sid && (only_denies ? deny : enabled))
			return true;
	}
	return false;
}

static bool right_is_granted(const struct kit_sd *sd, const struct kit_token *token, unsigned bit,
			     bool engine)
{
	bool admin = is_in(token, KIT_ADMINS, false);

	if (sd->null)
		return true;
	if (sd->owner != KIT_NONE && is_in(token, sd->owner, false) && (bit == 17 || bit == 18))
		return true;
	if (bit == 19 && (admin || is_in(token, KIT_SYSTEM, false)))
		return true;
	if (engine && admin && bit == 6)
		return true;
	for (unsigned i = 0; i < sd->n; i++) {
		const struct kit_ace *a = &sd->aces[i];
		bool deny = a->type == 1 || a->type == 10;
		bool owner = a->sid == KIT_OWNER_RIGHTS && sd->owner != KIT_NONE;

		if (a->type != 9 && !(a->flags & 8) && mask_has(a->mask, bit) &&
		    is_in(token, owner ? sd->owner : a->sid, deny))
			return !deny;
	}
	return false;
}

/* 0: denied. */
static uint32_t reference(const struct kit_sd *sd, const struct kit_token *token, uint32_t desired,
			  bool engine)
{
	uint32_t granted = 0;
	bool maximum = desired & 0x2000000;

	desired &= ~0x2000000u;
	for (unsigned bit = 0; bit < 28; bit++) {
		bool asked = mask_has(desired, bit);
		bool exists = bit <= 10 || (bit >= 16 && bit <= 19);
		bool is = bit < 21 && right_is_granted(sd, token, bit, engine);

		if (asked && !is)
			return 0;
		if (asked || (maximum && is && (exists || !sd->null)))
			granted |= 1u << bit;
	}
	return granted;
}

TEST(the_check_agrees_with_a_plain_reference)
{
	struct rng rng;

	rng_seed(&rng, test_seed());
	for (unsigned round = 0; round < 30000; round++) {
		struct kit_sd sd = kit_random_sd(&rng);
		struct kit_token token = kit_random_token(&rng);
		struct model_blob *sd_bytes = kit_sd_bytes(&sd), *who = kit_token_bytes(&token);
		bool engine = rng_below(&rng, 2);
		uint32_t desired = kit_random_mask(&rng), granted = 0;
		wfp_err err = (engine ? model_access_check_engine
				      : model_access_check)(sd_bytes, who, desired, &granted);

		CHECK_EQ_U(granted, reference(&sd, &token, desired, engine));
		CHECK_ERR(err, granted ? ERR_OK : ERR_ACCESS_DENIED);
		mem_free(sd_bytes);
		mem_free(who);
	}
}
