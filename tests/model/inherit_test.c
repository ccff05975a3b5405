/* SPDX-License-Identifier: MIT */
/* What objects inherit, and how descriptors change: documented cases and a plain reference. */
#include "sd_kit.h"

#include "model/access.h"
#include "model/inherit.h"

#define OWNER "S-1-22-1-1000"
#define GROUP "S-1-22-2-7"

static struct model_blob *inherit(const struct model_blob *parent, const char *given,
				  bool is_container)
{
	struct model_sd_place place = {parent, is_container};
	struct sid owner = kit_sid(KIT_USER), group = kit_sid(KIT_GROUP);
	struct model_blob *asked = given ? kit_sddl(given) : NULL, *out;

	CHECK_OK(model_sd_inherit(&out, &place, asked, owner.bytes, group.bytes));
	mem_free(asked);
	return out;
}

struct inherit_case {
	const char *parent, *given; /* given NULL: the creator asks for nothing */
	bool is_container;
	const char *list; /* behind owner and group */
};

static void check_cases(const struct inherit_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct model_blob *parent = kit_sddl(cases[i].parent), *child;
		char expected[512] = "O:" OWNER "G:" GROUP;

		child = inherit(parent, cases[i].given, cases[i].is_container);
		kit_check_sddl(child, strcat(expected, cases[i].list));
		mem_free(parent);
	}
}

/* The table of the page on inheritance, with and without NO_PROPAGATE. */
TEST(entries_are_passed_down_as_their_flags_say)
{
	static const struct inherit_case cases[] = {
		{"D:(A;OI;CC;;;WD)", NULL, false, "D:AI(A;ID;CC;;;WD)"},
		{"D:(A;OI;CC;;;WD)", NULL, true, "D:AI(A;OIIOID;CC;;;WD)"},
		{"D:(A;OINP;CC;;;WD)", NULL, false, "D:AI(A;ID;CC;;;WD)"},
		{"D:(A;OINP;CC;;;WD)", NULL, true, "D:AI"},
		{"D:(A;CI;CC;;;WD)", NULL, false, "D:AI"},
		{"D:(A;CI;CC;;;WD)", NULL, true, "D:AI(A;CIID;CC;;;WD)"},
		{"D:(A;CINP;CC;;;WD)", NULL, true, "D:AI(A;ID;CC;;;WD)"},
		{"D:(A;OICI;CC;;;WD)", NULL, false, "D:AI(A;ID;CC;;;WD)"},
		{"D:(A;OICI;CC;;;WD)", NULL, true, "D:AI(A;OICIID;CC;;;WD)"},
		{"D:(A;OICINP;CC;;;WD)", NULL, false, "D:AI(A;ID;CC;;;WD)"},
		{"D:(A;OICINP;CC;;;WD)", NULL, true, "D:AI(A;ID;CC;;;WD)"},
		{"D:(A;;CC;;;WD)", NULL, false, "D:AI"},
		{"D:(A;;CC;;;WD)", NULL, true, "D:AI"},
	};

	check_cases(cases, ARRAY_LEN(cases));
}

TEST(an_inherit_only_entry_comes_into_force_where_it_applies)
{
	static const struct inherit_case cases[] = {
		{"D:(D;CIIO;CC;;;WD)", NULL, true, "D:AI(D;CIID;CC;;;WD)"},
		{"D:(A;OIIO;CC;;;WD)", NULL, false, "D:AI(A;ID;CC;;;WD)"},
		{"D:(A;OIIO;CC;;;WD)", NULL, true, "D:AI(A;OIIOID;CC;;;WD)"},
	};

	check_cases(cases, ARRAY_LEN(cases));
}

TEST(own_entries_stand_before_inherited_ones_in_the_order_given)
{
	static const struct inherit_case cases[] = {
		{"D:(D;OI;CC;;;BA)(A;OI;CC;;;WD)", "D:(A;;DC;;;WD)(D;;DC;;;BA)", false,
		 "D:AI(A;;DC;;;WD)(D;;DC;;;BA)(D;ID;CC;;;BA)(A;ID;CC;;;WD)"},
		{"D:(A;OI;CC;;;WD)", "D:(A;ID;LC;;;WD)(A;;DC;;;WD)", false,
		 "D:AI(A;;DC;;;WD)(A;ID;CC;;;WD)"},
	};

	check_cases(cases, ARRAY_LEN(cases));
}

TEST(a_protected_list_inherits_nothing)
{
	static const struct inherit_case cases[] = {
		{"D:(A;OI;CC;;;WD)", "D:P(A;;DC;;;WD)", false, "D:PAI(A;;DC;;;WD)"},
		{"D:(A;OI;CC;;;WD)", "D:P(A;ID;DC;;;WD)", false, "D:PAI(A;;DC;;;WD)"},
		{"D:(A;OI;CC;;;WD)", "D:P", false, "D:PAI"},
	};

	check_cases(cases, ARRAY_LEN(cases));
}

TEST(a_null_list_that_is_asked_for_stays_null_and_a_parents_null_list_passes_nothing_down)
{
	static const struct inherit_case cases[] = {
		{"D:(A;OI;CC;;;WD)", "D:NO_ACCESS_CONTROL", false, "D:AINO_ACCESS_CONTROL"},
		{"D:NO_ACCESS_CONTROL", NULL, false, "D:AI"},
		{"D:NO_ACCESS_CONTROL", "D:(A;;CC;;;WD)", false, "D:AI(A;;CC;;;WD)"},
	};

	check_cases(cases, ARRAY_LEN(cases));
}

TEST(creator_owner_and_group_become_owner_and_group_where_the_entry_applies)
{
	static const struct inherit_case cases[] = {
		{"D:(A;OI;CC;;;CO)(A;OI;DC;;;CG)", NULL, false,
		 "D:AI(A;ID;CC;;;" OWNER ")(A;ID;DC;;;" GROUP ")"},
		{"D:(A;OI;CC;;;CO)", NULL, true, "D:AI(A;OIIOID;CC;;;CO)"},
		{"D:(A;OICI;CC;;;CO)", NULL, true, "D:AI(A;ID;CC;;;" OWNER ")(A;OICIIOID;CC;;;CO)"},
		{"D:(A;OICINP;CC;;;CO)", NULL, true, "D:AI(A;ID;CC;;;" OWNER ")"},
		{"D:", "D:(A;;CC;;;CO)", false, "D:AI(A;;CC;;;" OWNER ")"},
	};

	check_cases(cases, ARRAY_LEN(cases));
}

TEST(generic_rights_become_specific_where_the_entry_applies_and_stay_beside_it_for_children)
{
	static const struct inherit_case cases[] = {
		{"D:(A;OI;GX;;;WD)", NULL, false, "D:AI(A;ID;0x20220;;;WD)"},
		{"D:(A;OI;GA;;;WD)", NULL, true, "D:AI(A;OIIOID;GA;;;WD)"},
		{"D:(A;OICI;GACC;;;WD)", NULL, true,
		 "D:AI(A;ID;0xf07ff;;;WD)(A;OICIIOID;CCGA;;;WD)"},
		{"D:", "D:(A;OICI;GX;;;WD)", true, "D:AI(A;;0x20220;;;WD)(A;OICIIO;GX;;;WD)"},
	};

	check_cases(cases, ARRAY_LEN(cases));
}

TEST(owner_and_group_are_the_creators_unless_he_names_others)
{
	struct model_blob *parent = kit_sddl("O:SYG:SYD:");

	kit_check_sddl(inherit(parent, "O:BA", false), "O:BAG:" GROUP "D:AI");
	kit_check_sddl(inherit(parent, "O:BAG:BUD:", false), "O:BAG:BUD:AI");
	mem_free(parent);
}

static uint32_t rights_of(const struct model_blob *sd, uint32_t uid)
{
	struct model_blob *token;
	uint32_t granted = 0;

	CHECK_OK(model_token_make_unix(&token, uid, NULL, 0));
	if (model_access_check(sd, token, MODEL_MAXIMUM_ALLOWED, &granted))
		granted = 0;
	mem_free(token);
	return granted;
}

TEST(containers_inherit_from_the_engine_and_objects_from_their_container)
{
	struct model_blob *engine, *container, *object;

	CHECK_OK(model_sd_default_engine(&engine));
	container = inherit(engine, NULL, true);
	object = inherit(container, NULL, false);
	CHECK_EQ_U(rights_of(container, 0), 0xf07ff);
	CHECK_EQ_U(rights_of(object, 0), 0xf07ff);
	CHECK_EQ_U(rights_of(container, 5), MODEL_RIGHT_OPEN | MODEL_RIGHT_CLASSIFY);
	CHECK_EQ_U(rights_of(object, 5), MODEL_RIGHT_OPEN | MODEL_RIGHT_CLASSIFY);
	CHECK_EQ_U(rights_of(object, 1000), MODEL_RIGHT_OPEN | MODEL_RIGHT_CLASSIFY |
						    MODEL_RIGHT_READ_CONTROL |
						    MODEL_RIGHT_WRITE_DAC);
	mem_free(engine);
	mem_free(container);
	mem_free(object);
}

/* ---- changing ------------------------------------------------------------------------------- */

#define PARENT "D:(A;OICI;CC;;;WD)"

struct set_case {
	const char *old, *new;
	uint32_t info;
	const char *result; /* NULL: refused */
};

static void check_sets(const struct set_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct model_blob *old = kit_sddl(cases[i].old), *new = kit_sddl(cases[i].new),
				  *parent = kit_sddl(PARENT), *out = NULL;
		wfp_err err = model_sd_set(&out, old, new, cases[i].info,
					   &(struct model_sd_place){parent, false});

		CHECK_ERR(err, cases[i].result ? ERR_OK : ERR_INVALID_PARAMETER);
		if (out)
			kit_check_sddl(out, cases[i].result);
		mem_free(old);
		mem_free(new);
		mem_free(parent);
	}
}

TEST(parts_are_replaced_as_asked)
{
	static const struct set_case cases[] = {
		{"O:BAG:BAD:(A;ID;LC;;;WD)", "O:SYG:SYD:", MODEL_SD_OWNER,
		 "O:SYG:BAD:(A;ID;LC;;;WD)"},
		{"O:BAG:BAD:", "O:SYG:SYD:", MODEL_SD_GROUP, "O:BAG:SYD:"},
		{"O:BAG:BAD:", "O:SYG:SYD:", 0, "O:BAG:BAD:"},
		{"O:BAG:BAD:(A;ID;LC;;;WD)", "O:SYG:SYD:", MODEL_SD_SACL,
		 "O:BAG:BAD:(A;ID;LC;;;WD)"},
		{"O:BAG:BAD:(A;;DC;;;BU)(A;ID;LC;;;WD)", "D:(D;;DC;;;BU)", MODEL_SD_DACL,
		 "O:BAG:BAD:AI(D;;DC;;;BU)(A;ID;CC;;;WD)"},
		{"O:BAD:", "O:SYD:(A;;DC;;;CO)", MODEL_SD_OWNER | MODEL_SD_DACL,
		 "O:SYD:AI(A;;DC;;;SY)(A;ID;CC;;;WD)"},
		{"O:BAD:", "O:SY", MODEL_SD_DACL, "O:BAD:AINO_ACCESS_CONTROL"},
		{"O:BAD:", "O:SYD:", MODEL_SD_GROUP, NULL},
		{"O:BAD:", "G:SYD:", MODEL_SD_OWNER, NULL},
		{"O:BAD:", "O:BAD:", 0x10, NULL},
	};

	check_sets(cases, ARRAY_LEN(cases));
}

TEST(a_list_stays_protected_until_it_is_unprotected)
{
	static const struct set_case cases[] = {
		{"D:P(A;;DC;;;BU)", "D:(A;;LC;;;BU)", MODEL_SD_DACL, "D:PAI(A;;LC;;;BU)"},
		{"D:P(A;;DC;;;BU)", "D:(A;;LC;;;BU)", MODEL_SD_DACL | MODEL_SD_UNPROTECT,
		 "D:AI(A;;LC;;;BU)(A;ID;CC;;;WD)"},
		{"D:P(A;;DC;;;BU)", "D:", MODEL_SD_UNPROTECT, "D:AI(A;;DC;;;BU)(A;ID;CC;;;WD)"},
		{"D:(A;;DC;;;BU)(A;ID;CC;;;WD)", "D:", MODEL_SD_PROTECT,
		 "D:PAI(A;;DC;;;BU)(A;;CC;;;WD)"},
		{"D:(A;ID;CC;;;WD)", "D:(A;;DC;;;BU)", MODEL_SD_DACL | MODEL_SD_PROTECT,
		 "D:PAI(A;;DC;;;BU)"},
		{"D:", "D:", MODEL_SD_PROTECT | MODEL_SD_UNPROTECT, NULL},
	};

	check_sets(cases, ARRAY_LEN(cases));
}

TEST(only_the_parts_asked_for_are_shown)
{
	struct model_blob *sd = kit_sddl("O:BAG:SYD:PAI(A;;CC;;;WD)"), *out;
	static const struct {
		uint32_t info;
		const char *text;
	} cases[] = {
		{MODEL_SD_OWNER, "O:BA"},
		{MODEL_SD_GROUP | MODEL_SD_SACL, "G:SY"},
		{MODEL_SD_DACL, "D:PAI(A;;CC;;;WD)"},
		{MODEL_SD_OWNER | MODEL_SD_GROUP | MODEL_SD_DACL, "O:BAG:SYD:PAI(A;;CC;;;WD)"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CHECK_OK(model_sd_select(&out, sd, cases[i].info));
		kit_check_sddl(out, cases[i].text);
	}
	CHECK_ERR(model_sd_select(&out, sd, 0x10), ERR_INVALID_PARAMETER);
	mem_free(sd);
}

TEST(children_follow_when_the_list_of_their_parent_changes)
{
	static const char *const cases[][2] = {
		{"O:BAD:AI(A;;DC;;;BU)(A;ID;LC;;;WD)", "O:BAD:AI(A;;DC;;;BU)(A;ID;CC;;;WD)"},
		{"O:BAD:PAI(A;;DC;;;BU)", "O:BAD:PAI(A;;DC;;;BU)"},
		{"O:BAD:NO_ACCESS_CONTROL", "O:BAD:NO_ACCESS_CONTROL"},
	};
	struct model_blob *parent = kit_sddl(PARENT), *out;
	struct model_sd_place place = {parent, false};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct model_blob *child = kit_sddl(cases[i][0]);

		CHECK_OK(model_sd_reinherit(&out, child, &place));
		kit_check_sddl(out, cases[i][1]);
		mem_free(child);
	}
	mem_free(parent);
}

/* old, with the parts of text. */
static struct model_blob *set(struct model_blob *old, const char *text, uint32_t info,
			      const struct model_blob *parent)
{
	struct model_blob *new = kit_sddl(text), *out;

	CHECK_OK(model_sd_set(&out, old, new, info, &(struct model_sd_place){parent, false}));
	mem_free(new);
	mem_free(old);
	return out;
}

/* The documented way to delete a filter that grants one nothing. */
TEST(an_administrator_takes_ownership_then_changes_the_list_then_deletes)
{
	struct model_blob *engine, *filters, *filter, *root;

	CHECK_OK(model_sd_default_engine(&engine));
	CHECK_OK(model_token_make_unix(&root, 0, NULL, 0));
	filters = inherit(engine, NULL, true);
	filter = inherit(filters, "D:P(D;;GA;;;WD)", false);
	CHECK_ERR(model_access_check(filter, root, MODEL_RIGHT_DELETE, NULL), ERR_ACCESS_DENIED);
	CHECK_ERR(model_access_check(filter, root, MODEL_RIGHT_WRITE_DAC, NULL), ERR_ACCESS_DENIED);
	CHECK_OK(model_access_check(filter, root, MODEL_RIGHT_WRITE_OWNER, NULL));
	filter = set(filter, "O:S-1-22-1-0", MODEL_SD_OWNER, filters);
	CHECK_OK(model_access_check(filter, root, MODEL_RIGHT_WRITE_DAC, NULL));
	filter = set(filter, "D:(A;;SD;;;S-1-22-1-0)", MODEL_SD_DACL, filters);
	CHECK_OK(model_access_check(filter, root, MODEL_RIGHT_DELETE, NULL));
	mem_free(engine);
	mem_free(filters);
	mem_free(filter);
	mem_free(root);
}

/* The documented way to make deletion hard: a denying entry before what is inherited. */
TEST(denying_everyone_delete_hinders_all_but_the_owner_and_whoever_takes_ownership)
{
	const uint32_t denied =
		MODEL_RIGHT_DELETE | MODEL_RIGHT_WRITE_DAC | MODEL_RIGHT_WRITE_OWNER;
	struct model_blob *engine, *filters, *filter;

	CHECK_OK(model_sd_default_engine(&engine));
	filters = inherit(engine, NULL, true);
	filter = inherit(filters, NULL, false);
	CHECK_EQ_U(rights_of(filter, 0) & denied, denied);
	filter = set(filter, "D:(D;;SDWDWO;;;WD)", MODEL_SD_DACL, filters);
	CHECK_EQ_U(rights_of(filter, 0) & denied, MODEL_RIGHT_WRITE_OWNER);
	CHECK_EQ_U(rights_of(filter, 0) | denied, 0xf07ff);
	CHECK_EQ_U(rights_of(filter, 1000) & denied, MODEL_RIGHT_WRITE_DAC);
	CHECK_EQ_U(rights_of(filter, 5) & denied, 0);
	mem_free(engine);
	mem_free(filters);
	mem_free(filter);
}

/* ---- the reference: the documented table, on tables ------------------------------------------ */

/* What the flags OI 1, CI 2 and NP 4 of a parent's entry become; -1: not inherited. */
static const int passed[8][2] = {
	/* object, container */
	{-1, -1}, {0x10, 0x19}, {-1, 0x12}, {0x10, 0x13}, /* without NP */
	{-1, -1}, {0x10, -1},	{-1, 0x10}, {0x10, 0x10}, /* with NP */
};

static uint32_t concrete(uint32_t mask)
{
	uint32_t out = mask & 0x0fffffff;

	if (mask & 0x80000000u)
		out |= 0x201d4;
	if (mask & 0x40000000u)
		out |= 0x3040b;
	if (mask & 0x20000000u)
		out |= 0x20220;
	if (mask & 0x10000000u)
		out |= 0xf07ff;
	return out;
}

static bool is_person(enum kit_sid sid)
{
	return sid != KIT_NONE && sid != KIT_CREATOR_OWNER && sid != KIT_CREATOR_GROUP;
}

static void reference_add(struct kit_sd *to, struct kit_ace ace, bool container)
{
	struct kit_ace actual = ace;

	actual.mask = concrete(ace.mask);
	if (ace.sid == KIT_CREATOR_OWNER && is_person(to->owner))
		actual.sid = to->owner;
	if (ace.sid == KIT_CREATOR_GROUP && is_person(to->group))
		actual.sid = to->group;
	if (ace.flags & 8 || (actual.mask == ace.mask && actual.sid == ace.sid)) {
		to->aces[to->n++] = ace;
	} else if (container && ace.flags & 3) {
		actual.flags &= 0x18;
		to->aces[to->n++] = actual;
		ace.flags |= 8;
		to->aces[to->n++] = ace;
	} else {
		to->aces[to->n++] = actual;
	}
}

static struct kit_sd reference(const struct kit_sd *parent, const struct kit_sd *given,
			       bool container)
{
	bool protect = given->control & MODEL_SD_DACL_PROTECTED;
	struct kit_sd out = {.control = protect ? 0x1404 : 0x404,
			     .owner = given->owner == KIT_NONE ? KIT_USER : given->owner,
			     .group = given->group == KIT_NONE ? KIT_GROUP : given->group};

	if (given->null && given->control & 4) {
		out.null = true;
		return out;
	}
	for (unsigned i = 0; i < given->n; i++) {
		struct kit_ace ace = given->aces[i];

		if (ace.flags & 0x10 && !protect)
			continue;
		ace.flags &= 0xef;
		reference_add(&out, ace, container);
	}
	for (unsigned i = 0; i < parent->n && !protect; i++) {
		struct kit_ace ace = parent->aces[i];

		if (passed[ace.flags & 7][container] < 0)
			continue;
		ace.flags = (uint8_t)passed[ace.flags & 7][container];
		reference_add(&out, ace, container);
	}
	return out;
}

TEST(inheritance_agrees_with_a_plain_reference_and_doing_it_again_changes_nothing)
{
	struct rng rng;
	struct sid owner = kit_sid(KIT_USER), group = kit_sid(KIT_GROUP);

	rng_seed(&rng, test_seed());
	for (unsigned round = 0; round < 20000; round++) {
		struct kit_sd above = kit_random_sd(&rng), asked = kit_random_sd(&rng), is, should;
		struct model_blob *parent = kit_sd_bytes(&above), *given = kit_sd_bytes(&asked);
		struct model_blob *child, *again, *same;
		struct model_sd_place place = {parent, rng_below(&rng, 2)};

		CHECK_OK(model_sd_inherit(&child, &place, given, owner.bytes, group.bytes));
		is = kit_sd_read(child);
		should = reference(&above, &asked, place.is_container);
		kit_sd_check_equal(&is, &should);
		CHECK_OK(model_sd_reinherit(&again, child, &place));
		CHECK(again->size == child->size &&
		      memcmp(again->data, child->data, child->size) == 0);
		CHECK_OK(model_sd_set(&same, child, child, MODEL_SD_DACL, &place));
		CHECK(same->size == child->size &&
		      memcmp(same->data, child->data, child->size) == 0);
		mem_free(parent);
		mem_free(given);
		mem_free(child);
		mem_free(again);
		mem_free(same);
	}
}

TEST(a_condition_is_passed_down_with_its_entry)
{
	static const uint8_t entry[] = {
		MODEL_ACE_ALLOWED_CALLBACK,
		MODEL_ACE_OBJECT_INHERIT,
		28,
		0,
		1,
		0,
		0,
		0, /* head */
		1,
		1,
		0,
		0,
		0,
		0,
		0,
		3,
		0,
		0,
		0,
		0, /* creator owner */
		'a',
		'r',
		't',
		'x',
		1,
		2,
		3,
		4,
	};
	const struct model_ace above = {.type = entry[0],
					.flags = entry[1],
					.mask = 1,
					.sid = entry + 8,
					.condition = entry + 20,
					.condition_size = 8};
	struct model_aces list = {0};
	struct model_sd sd = {0};
	struct model_ace ace;
	struct model_blob *parent, *child;
	uint32_t at = 0;

	model_aces_append(&list, &above);
	CHECK_OK(model_sd_make_with(&parent, &sd, &list));
	child = inherit(parent, NULL, false);
	CHECK_OK(model_sd_parse(&sd, child->data, child->size));
	CHECK(model_ace_next(&sd, &at, &ace));
	CHECK_EQ_U(ace.size, 8 + 16 + 8);
	CHECK_EQ_U(kit_sid_find(ace.sid), KIT_USER);
	CHECK(memcmp(ace.bytes + 24, "artx\1\2\3\4", 8) == 0);
	mem_free(parent);
	mem_free(child);
	buf_free(&list.bytes);
}

TEST(a_list_that_would_be_too_long_is_refused)
{
	struct model_aces list = {0};
	struct sid sid = kit_sid(KIT_EVERYONE), owner = kit_sid(KIT_USER);
	struct model_ace ace = {.flags = MODEL_ACE_OBJECT_INHERIT, .mask = 1, .sid = sid.bytes};
	struct model_sd none = {.control = 0};
	struct model_blob *big, *out;

	for (unsigned i = 0; i < 3276; i++)
		model_aces_append(&list, &ace);
	CHECK_OK(model_sd_make_with(&big, &none, &list));
	CHECK_OK(model_sd_inherit(&out, &(struct model_sd_place){big, false}, NULL, owner.bytes,
				  owner.bytes));
	mem_free(out);
	CHECK_ERR(model_sd_inherit(&out, &(struct model_sd_place){big, false}, big, owner.bytes,
				   owner.bytes),
		  ERR_INVALID_DATA);
	mem_free(big);
	buf_free(&list.bytes);
}

/* Every allocation fails once; nothing is left behind and nothing is written. */
TEST(without_memory_nothing_is_made_and_nothing_leaks)
{
	struct model_blob *parent = kit_sddl("D:(A;OICI;GA;;;CO)"),
			  *given = kit_sddl("D:(A;;GA;;;WD)");
	struct model_sd_place place = {parent, true};
	struct sid owner = kit_sid(KIT_USER);
	uint64_t live = mem_live();
	wfp_err err = ERR_NO_MEMORY;

	if (!MEM_TRACKED)
		return;
	for (uint64_t nth = 1; err; nth++) {
		struct model_blob *engine = NULL, *out = NULL, *after = NULL;

		CHECK(nth < 100);
		mem_fail_at(nth);
		err = model_sd_default_engine(&engine);
		if (!err)
			err = model_sd_inherit(&out, &place, given, owner.bytes, owner.bytes);
		if (!err)
			err = model_sd_set(&after, out, given, MODEL_SD_DACL, &place);
		mem_fail_at(0);
		CHECK(err == ERR_OK || (err == ERR_NO_MEMORY && !after));
		mem_free(engine);
		mem_free(out);
		mem_free(after);
		CHECK_EQ_U(mem_live(), live);
	}
	mem_free(parent);
	mem_free(given);
}
