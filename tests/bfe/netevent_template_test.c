/* SPDX-License-Identifier: MIT */
/*
 * Templates of net events: what is refused, what matches, and the same from a stupid matcher.
 */
#include "events.h"

#include "base/mem.h"
#include "base/rng.h"
#include "bfe/netevent_template.h"
#include "model/sddl.h"

#include <string.h>

#define EQUAL	  MODEL_MATCH_EQUAL
#define NOT_EQUAL MODEL_MATCH_NOT_EQUAL

static struct netevent_template *make(const struct model_condition *conditions, uint32_t n)
{
	const struct bfe_netevent_template t = {.n_conditions = n, .conditions = conditions};
	struct netevent_template *made;

	CHECK_OK(netevent_template_create(&made, &t));
	return made;
}

static bool matches(const struct model_condition *c, const struct model_netevent *e)
{
	struct netevent_template *t = make(c, 1);
	const bool yes = netevent_template_matches(t, e);

	netevent_template_destroy(t);
	return yes;
}

static wfp_err refused(const struct model_condition *conditions, uint32_t n)
{
	const struct bfe_netevent_template t = {.n_conditions = n, .conditions = conditions};
	struct netevent_template *made = NULL;
	const wfp_err err = netevent_template_create(&made, &t);

	CHECK(!made);
	return err;
}

/* ---- what is refused ------------------------------------------------------------------------- */

TEST(a_field_may_be_named_once)
{
	const struct model_condition twice[] = {
		event_condition("IP_PROTOCOL", EQUAL, event_u8(6)),
		event_condition("IP_REMOTE_PORT", EQUAL, event_u16(53)),
		event_condition("IP_PROTOCOL", EQUAL, event_u8(17)),
	};

	CHECK_ERR(refused(twice, 3), ERR_DUPLICATE_CONDITION);
	netevent_template_destroy(make(twice, 2));
}

TEST(a_field_that_events_do_not_have_is_refused)
{
	const struct model_condition c = event_condition("FLAGS", EQUAL, event_u32(1));

	CHECK_ERR(refused(&c, 1), ERR_CONDITION_NOT_FOUND);
}

TEST(values_that_cannot_be_compared_are_refused_as_in_filters)
{
	const struct model_range backwards = {.low = event_u16(9), .high = event_u16(8)};
	const struct model_v4_mask hole = {.addr = 0, .mask = 0xff00ff00};
	const struct {
		struct model_condition c;
		wfp_err err;
	} rows[] = {
		{event_condition("IP_PROTOCOL", EQUAL, event_u16(6)), ERR_TYPE_MISMATCH},
		{event_condition("IP_LOCAL_ADDRESS", EQUAL, event_u16(6)), ERR_TYPE_MISMATCH},
		{event_condition("IP_PROTOCOL", MODEL_MATCH_PREFIX, event_u8(6)),
		 ERR_MATCH_TYPE_MISMATCH},
		{event_condition("IP_PROTOCOL", MODEL_MATCHES, event_u8(6)),
		 ERR_INVALID_ENUMERATOR},
		{event_condition(
			 "IP_LOCAL_PORT", MODEL_MATCH_RANGE,
			 (struct model_value){.type = MODEL_RANGE_TYPE, .range = &backwards}),
		 ERR_INVALID_RANGE},
		{event_condition("IP_LOCAL_ADDRESS", EQUAL,
				 (struct model_value){.type = MODEL_V4_ADDR_MASK, .v4mask = &hole}),
		 ERR_INVALID_NET_MASK},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ERR(refused(&rows[i].c, 1), rows[i].err);
	CHECK_ERR(refused(NULL, 1), ERR_NULL_POINTER);
}

TEST(the_end_must_not_be_before_the_start)
{
	const struct bfe_netevent_template t = {.start = 2, .end = 1};
	struct netevent_template *made;

	CHECK_ERR(netevent_template_create(&made, &t), ERR_INVALID_INTERVAL);
}

/* ---- what matches ---------------------------------------------------------------------------- */

TEST(no_template_and_an_empty_one_match_everything)
{
	const struct model_netevent e = event_drop(1);
	struct netevent_template *t;

	CHECK_OK(netevent_template_create(&t, NULL));
	CHECK(netevent_template_matches(t, &e));
	netevent_template_destroy(t);
	t = make(NULL, 0);
	CHECK(netevent_template_matches(t, &e));
	netevent_template_destroy(t);
}

TEST(both_ends_of_the_time_are_part_of_it)
{
	const struct bfe_netevent_template period = {.start = 1002, .end = 1004};
	struct netevent_template *t;

	CHECK_OK(netevent_template_create(&t, &period));
	for (uint64_t i = 0; i < 8; i++) {
		const struct model_netevent e = event_drop(i);

		CHECK_EQ_U(netevent_template_matches(t, &e), i >= 2 && i <= 4);
	}
	netevent_template_destroy(t);
}

TEST(an_address_of_the_other_version_never_matches)
{
	struct model_bytes16 six = {{0xfe, 0x80, [15] = 1}};
	const struct model_value six_value = {.type = MODEL_BYTE_ARRAY16_TYPE, .bytes16 = &six};
	const struct model_condition v4 =
		event_condition("IP_REMOTE_ADDRESS", NOT_EQUAL, event_u32(7));
	const struct model_condition v6 = event_condition("IP_REMOTE_ADDRESS", EQUAL, six_value);
	struct model_netevent e = event_drop(1);

	CHECK(matches(&v4, &e));
	CHECK(!matches(&v6, &e));
	e.ip = MODEL_NETEVENT_V6;
	e.remote.v6 = six;
	CHECK(!matches(&v4, &e));
	CHECK(matches(&v6, &e));
}

TEST(networks_of_either_version_match_their_addresses)
{
	const struct model_v4_mask net4 = {.addr = 0x0a000000, .mask = 0xff000000};
	const struct model_v6_mask net6 = {.addr = {0xfe, 0x80}, .prefix = 10};
	const struct model_condition c4 =
		event_condition("IP_LOCAL_ADDRESS", EQUAL,
				(struct model_value){.type = MODEL_V4_ADDR_MASK, .v4mask = &net4});
	const struct model_condition c6 =
		event_condition("IP_LOCAL_ADDRESS", EQUAL,
				(struct model_value){.type = MODEL_V6_ADDR_MASK, .v6mask = &net6});
	struct model_netevent e = event_drop(1);

	CHECK(matches(&c4, &e));
	e.local.v4 = 0x0b000001;
	CHECK(!matches(&c4, &e));
	e.ip = MODEL_NETEVENT_V6;
	e.local.v6 = (struct model_bytes16){{0xfe, 0xbf}};
	CHECK(matches(&c6, &e));
	e.local.v6.b[1] = 0xc0;
	CHECK(!matches(&c6, &e));
}

TEST(what_an_event_does_not_know_matches_only_an_empty_condition)
{
	const struct model_value nothing = {.type = MODEL_EMPTY};
	const struct model_condition empty = event_condition("IP_LOCAL_PORT", EQUAL, nothing);
	const struct model_condition other =
		event_condition("IP_LOCAL_PORT", NOT_EQUAL, event_u16(1));
	struct model_netevent e = event_drop(1);

	CHECK(!matches(&empty, &e));
	CHECK(matches(&other, &e));
	e.flags &= ~(uint32_t)MODEL_NETEVENT_HAS_LOCAL_PORT;
	CHECK(matches(&empty, &e));
	CHECK(!matches(&other, &e));
}

TEST(an_application_matches_by_its_id_and_by_the_end_of_it)
{
	struct model_blob whole = {.size = 6, .data = (uint8_t *)(uintptr_t) "/\0b\0\0\0"};
	struct model_blob end = {.size = 4, .data = (uint8_t *)(uintptr_t) "b\0\0\0"};
	const struct model_condition equal =
		event_condition("ALE_APP_ID", EQUAL,
				(struct model_value){.type = MODEL_BYTE_BLOB_TYPE, .blob = &whole});
	const struct model_condition suffix =
		event_condition("ALE_APP_ID", MODEL_MATCH_PREFIX,
				(struct model_value){.type = MODEL_BYTE_BLOB_TYPE, .blob = &end});
	struct model_netevent e = event_drop(1);

	CHECK(!matches(&equal, &e));
	CHECK_OK(model_app_create(&e.app, whole.data, whole.size));
	e.flags |= MODEL_NETEVENT_HAS_APP;
	CHECK(matches(&equal, &e));
	CHECK(matches(&suffix, &e));
	e.app->bytes[0] = 'x';
	CHECK(!matches(&equal, &e));
	CHECK(matches(&suffix, &e));
	model_app_put(e.app);
}

static struct sid unix_user(uint32_t uid)
{
	struct sid sid;

	sid_make(&sid, 22, 2, (const uint32_t[]){1, uid});
	return sid;
}

TEST(a_user_matches_his_sid_and_a_descriptor_that_grants_him)
{
	const struct sid alice = unix_user(1000);
	struct model_netevent e = event_drop(1);
	const struct model_condition is_alice = event_condition(
		"ALE_USER_ID", EQUAL, (struct model_value){.type = MODEL_SID, .sid = &alice});
	struct model_condition granted =
		event_condition("ALE_USER_ID", EQUAL, (struct model_value){0});
	struct model_blob *sd;

	CHECK_OK(model_sddl_parse(&sd, "D:(A;;CC;;;S-1-22-1-1000)", NULL));
	granted.value = (struct model_value){.type = MODEL_SECURITY_DESCRIPTOR_TYPE, .blob = sd};
	CHECK(!matches(&is_alice, &e));
	CHECK(!matches(&granted, &e));
	e.flags |= MODEL_NETEVENT_HAS_USER;
	e.user = alice;
	CHECK(matches(&is_alice, &e));
	CHECK(matches(&granted, &e));
	e.user = unix_user(1001);
	CHECK(!matches(&is_alice, &e));
	CHECK(!matches(&granted, &e));
	mem_free(sd);
}

TEST(the_type_of_the_event_is_a_field)
{
	const struct model_condition drops =
		event_condition("NET_EVENT_TYPE", EQUAL, event_u32(MODEL_NETEVENT_CLASSIFY_DROP));
	struct model_netevent e = event_drop(1);

	CHECK(matches(&drops, &e));
	e.type = MODEL_NETEVENT_CLASSIFY_ALLOW;
	CHECK(!matches(&drops, &e));
}

/* ---- against a stupid matcher ---------------------------------------------------------------- */

/* Five fields as plain numbers; -1: the event does not know. */
enum plain { PROTOCOL, LOCAL_PORT, REMOTE_PORT, REMOTE_ADDRESS, TYPE, PLAINS };

static const char *const plain_names[PLAINS] = {"IP_PROTOCOL", "IP_LOCAL_PORT", "IP_REMOTE_PORT",
						"IP_REMOTE_ADDRESS", "NET_EVENT_TYPE"};
static const uint8_t plain_matches[] = {
	MODEL_MATCH_EQUAL, MODEL_MATCH_NOT_EQUAL,	 MODEL_MATCH_GREATER,
	MODEL_MATCH_LESS,  MODEL_MATCH_GREATER_OR_EQUAL, MODEL_MATCH_LESS_OR_EQUAL};

static int64_t plain_of(const struct model_netevent *e, enum plain field)
{
	switch (field) {
	case PROTOCOL:
		return e->flags & MODEL_NETEVENT_HAS_PROTOCOL ? e->protocol : -1;
	case LOCAL_PORT:
		return e->flags & MODEL_NETEVENT_HAS_LOCAL_PORT ? e->local_port : -1;
	case REMOTE_PORT:
		return e->flags & MODEL_NETEVENT_HAS_REMOTE_PORT ? e->remote_port : -1;
	case REMOTE_ADDRESS:
		if (!(e->flags & MODEL_NETEVENT_HAS_REMOTE_ADDRESS) || e->ip != MODEL_NETEVENT_V4)
			return -1;
		return e->remote.v4;
	default:
		return e->type;
	}
}

static bool stupid_compare(uint8_t match, int64_t value, int64_t with)
{
	if (value < 0)
		return false;
	switch (match) {
	case MODEL_MATCH_EQUAL:
		return value == with;
	case MODEL_MATCH_NOT_EQUAL:
		return value != with;
	case MODEL_MATCH_GREATER:
		return value > with;
	case MODEL_MATCH_LESS:
		return value < with;
	case MODEL_MATCH_GREATER_OR_EQUAL:
		return value >= with;
	default:
		return value <= with;
	}
}

/* A template in both forms. */
struct both {
	struct model_condition conditions[PLAINS];
	int64_t with[PLAINS]; /* -1: the field is not in it */
	uint32_t n;
	uint64_t start, end;
};

static struct model_value plain_value(enum plain field, uint32_t x)
{
	if (field == PROTOCOL)
		return event_u8((uint8_t)x);
	if (field == REMOTE_ADDRESS || field == TYPE)
		return event_u32(x);
	return event_u16((uint16_t)x);
}

static struct both random_template(struct rng *rng)
{
	struct both b = {.start = rng_below(rng, 20)};

	b.end = b.start + rng_below(rng, 20);
	if (rng_below(rng, 2) || b.end == 0)
		b.start = b.end = 0;
	for (unsigned field = 0; field < PLAINS; field++) {
		const uint32_t x = rng_below(rng, 4);

		b.with[field] = -1;
		if (rng_below(rng, 3))
			continue;
		b.with[field] = x;
		b.conditions[b.n++] = event_condition(
			plain_names[field], plain_matches[rng_below(rng, ARRAY_LEN(plain_matches))],
			plain_value(field, x));
	}
	return b;
}

static struct model_netevent random_event(struct rng *rng)
{
	return (struct model_netevent){
		.time = rng_below(rng, 40),
		.type = rng_below(rng, 4),
		.flags = rng_u32(rng) & 0x1f,
		.ip = (uint8_t)(rng_below(rng, 4) == 0 ? MODEL_NETEVENT_V6 : MODEL_NETEVENT_V4),
		.protocol = (uint8_t)rng_below(rng, 4),
		.local_port = (uint16_t)rng_below(rng, 4),
		.remote_port = (uint16_t)rng_below(rng, 4),
		.remote.v4 = rng_below(rng, 4),
	};
}

static bool stupid_matches(const struct both *b, const struct model_netevent *e)
{
	uint32_t next = 0;

	if ((b->start || b->end) && (e->time < b->start || e->time > b->end))
		return false;
	for (unsigned field = 0; field < PLAINS; field++) {
		if (b->with[field] < 0)
			continue;
		if (!stupid_compare(b->conditions[next++].match, plain_of(e, field),
				    b->with[field]))
			return false;
	}
	return true;
}

TEST(random_templates_match_as_a_stupid_matcher_does)
{
	unsigned yes = 0, no = 0;
	struct rng rng;

	rng_seed(&rng, test_seed());
	for (unsigned i = 0; i < 20000; i++) {
		const struct both b = random_template(&rng);
		const struct bfe_netevent_template t = {.start = b.start,
							.end = b.end,
							.n_conditions = b.n,
							.conditions = b.conditions};
		struct netevent_template *made;

		CHECK_OK(netevent_template_create(&made, &t));
		for (unsigned k = 0; k < 10; k++) {
			const struct model_netevent e = random_event(&rng);
			const bool expected = stupid_matches(&b, &e);

			CHECK_EQ_U(netevent_template_matches(made, &e), expected);
			yes += expected;
			no += !expected;
		}
		netevent_template_destroy(made);
	}
	CHECK(yes > 10000);
	CHECK(no > 10000);
}
