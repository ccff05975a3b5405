/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include "base/buf.h"
#include "base/mem.h"

#include "../bench/attacks.h"
#include "../bench/peer.h"
#include "../bench/rulefile.h"

#define RULES 2000u

/* ---- the reader ------------------------------------------------------------------------------ */

static wfp_err parse(struct ruleset *s, const char *text, uint32_t *flags, struct buf *why)
{
	buf_reset(why);
	return rulefile_parse(s, text, strlen(text), flags, why);
}

TEST(a_rule_is_read_as_it_is_meant)
{
	struct buf why = {0};
	struct ruleset s;
	uint32_t flags;

	CHECK_OK(parse(
		&s,
		"# of two forms\n\n"
		"@10.1.2.3/8\t192.168.1.0/24\t0 : 65535\t80 : 443\t0x06/0xFF\t0x0000/0x0200\t\n"
		"@0.0.0.0/0 1.2.3.4/32 5:5 6:6 17/0\r\n",
		&flags, &why));
	CHECK_EQ_U(s.n, 2);
	CHECK_EQ_U(flags, 1);
	CHECK_EQ_U(s.rules[0].src, 0x0a000000);
	CHECK_EQ_U(s.rules[0].src_len, 8);
	CHECK_EQ_U(s.rules[0].dst, 0xc0a80100);
	CHECK_EQ_U(s.rules[0].sport_hi, 65535);
	CHECK_EQ_U(s.rules[0].dport_lo, 80);
	CHECK_EQ_U(s.rules[0].dport_hi, 443);
	CHECK_EQ_U(s.rules[0].protocol, 6);
	CHECK(!s.rules[0].any_protocol);
	CHECK_EQ_U(s.rules[1].dst_len, 32);
	CHECK_EQ_U(s.rules[1].protocol, 0);
	CHECK(s.rules[1].any_protocol);
	ruleset_free(&s);
	buf_free(&why);
}

TEST(what_is_no_rule_is_refused_with_its_line_and_what_was_expected)
{
	static const struct {
		const char *text, *sentence;
	} rows[] = {
		{"", "line 0: no rule in the file"},
		{"# only this\n", "line 1: no rule in the file"},
		{"10.0.0.0/8", "line 1: expected a rule: @ and two prefixes"},
		{"@10.0.0/8", "line 1: expected the source's prefix: 10.0.0.0/8"},
		{"@10.0.0.256/8 ", "line 1: expected the source's prefix: 10.0.0.0/8"},
		{"@10.0.0.0/8x ", "line 1: expected the source's prefix: 10.0.0.0/8"},
		{"\n@10.0.0.0/8 10.0.0.0/33",
		 "line 2: expected the destination's prefix: 10.0.0.0/8"},
		{"@1.1.1.1/8 1.1.1.1/8 9 : 8", "line 1: expected the source's ports: 0 : 65535"},
		{"@1.1.1.1/8 1.1.1.1/8 0 : 65536",
		 "line 1: expected the source's ports: 0 : 65535"},
		{"@1.1.1.1/8 1.1.1.1/8 0 : 1 2 3",
		 "line 1: expected the destination's ports: 0 : 65535"},
		{"@1.1.1.1/8 1.1.1.1/8 0 : 1 2 : 3", "line 1: expected a protocol: 0x06/0xFF"},
		{"@1.1.1.1/8 1.1.1.1/8 0 : 1 2 : 3 0x06/0x0F",
		 "line 1: the protocol's mask is neither 0x00 nor 0xFF"},
		{"@1.1.1.1/8 1.1.1.1/8 0 : 1 2 : 3 6/255 what",
		 "line 1: expected flags: 0x0000/0x0200"},
		{"@99999999999999999999.1.1.1/8",
		 "line 1: expected the source's prefix: 10.0.0.0/8"},
	};
	struct buf why = {0};
	struct ruleset s;
	uint32_t flags;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK(parse(&s, rows[i].text, &flags, &why) != ERR_OK);
		CHECK_EQ_S(buf_str(&why), rows[i].sentence);
	}
	buf_free(&why);
}

TEST(a_trace_is_five_numbers_a_line_and_what_else_there_is)
{
	static const char good[] = "16909060\t84281096\t1\t65535\t6\t99\n# no more\n0 0 0 0 0";
	static const char *const bad[] = {"1 2 3 4",	    "1 2 3 4 256",	  "1 2 65536 4 5",
					  "1 2 3 x 5",	    "4294967296 2 3 4 5", "",
					  "1.1.1.1 2 3 4 5"};
	struct buf why = {0};
	struct ruletrace t;

	CHECK_OK(rulefile_parse_trace(&t, good, strlen(good), &why));
	CHECK_EQ_U(t.n, 2);
	CHECK_EQ_U(t.headers[0].src, 0x01020304);
	CHECK_EQ_U(t.headers[0].dport, 65535);
	CHECK_EQ_U(t.headers[0].protocol, 6);
	ruletrace_free(&t);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		buf_reset(&why);
		CHECK(rulefile_parse_trace(&t, bad[i], strlen(bad[i]), &why) != ERR_OK);
		CHECK(why.len > 0);
	}
	buf_free(&why);
}

TEST(a_generated_set_is_read_back_as_it_was_written)
{
	struct buf text = {0}, why = {0};
	struct ruleset s, again;
	uint32_t flags;

	for (unsigned shape = 0; shape < ruleset_shapes(); shape++) {
		buf_reset(&text);
		CHECK_OK(ruleset_make(&s, shape, RULES, test_seed()));
		rulefile_print(&s, &text);
		CHECK_OK(rulefile_parse(&again, buf_str(&text), text.len, &flags, &why));
		CHECK_EQ_U(again.n, s.n);
		CHECK(memcmp(again.rules, s.rules, s.n * sizeof(*s.rules)) == 0);
		ruleset_free(&s);
		ruleset_free(&again);
	}
	buf_free(&text);
	buf_free(&why);
}

TEST(no_memory_is_an_error_and_leaves_nothing)
{
	static const char text[] = "@0.0.0.0/0 1.2.3.4/32 5:5 6:6 17/0\n";
	uint64_t live = mem_live();
	struct buf why = {0};
	struct ruleset s;
	struct ruletrace t;
	uint32_t flags;
	wfp_err err = ERR_NO_MEMORY;

	mem_fail_at(1);
	CHECK_EQ_U(rulefile_parse(&s, text, strlen(text), &flags, &why), ERR_NO_MEMORY);
	for (uint64_t nth = 1; err; nth++) {
		mem_fail_at(nth);
		err = ruleset_make(&s, 0, 100, 1);
		mem_fail_at(0);
		CHECK(!err || err == ERR_NO_MEMORY);
	}
	for (uint64_t nth = 1; nth < 5; nth++) {
		mem_fail_at(nth);
		if (ruletrace_zipf(&t, &s, 10, 10, 1) == ERR_OK)
			ruletrace_free(&t);
		mem_fail_at(0);
	}
	ruleset_free(&s);
	buf_free(&why);
	CHECK_EQ_U(mem_live(), live);
}

/* ---- the generators -------------------------------------------------------------------------- */

TEST(the_same_seed_makes_the_same_set_and_another_another)
{
	struct ruleset x, y, z;

	for (unsigned shape = 0; shape < ruleset_shapes(); shape++) {
		CHECK_OK(ruleset_make(&x, shape, RULES, 7));
		CHECK_OK(ruleset_make(&y, shape, RULES, 7));
		CHECK_OK(ruleset_make(&z, shape, RULES, 8));
		CHECK(memcmp(x.rules, y.rules, x.n * sizeof(*x.rules)) == 0);
		CHECK(memcmp(x.rules, z.rules, x.n * sizeof(*x.rules)) != 0);
		ruleset_free(&x);
		ruleset_free(&y);
		ruleset_free(&z);
	}
}

/* Is y inside x? */
static bool holds(const struct bench_rule *x, const struct bench_rule *y)
{
	return x->src_len <= y->src_len && ((x->src ^ y->src) & ruleset_mask(x->src_len)) == 0 &&
	       x->dst_len <= y->dst_len && ((x->dst ^ y->dst) & ruleset_mask(x->dst_len)) == 0 &&
	       x->sport_lo <= y->sport_lo && x->sport_hi >= y->sport_hi &&
	       x->dport_lo <= y->dport_lo && x->dport_hi >= y->dport_hi &&
	       (x->any_protocol || (!y->any_protocol && x->protocol == y->protocol));
}

TEST(rules_of_a_shape_are_well_formed_and_hardly_any_is_hidden)
{
	struct ruleset s;

	for (unsigned shape = 0; shape < ruleset_shapes(); shape++) {
		uint32_t hidden = 0;

		CHECK_OK(ruleset_make(&s, shape, RULES, test_seed()));
		CHECK_EQ_U(s.n, RULES);
		for (uint32_t i = 0; i < s.n; i++) {
			const struct bench_rule *r = &s.rules[i];

			CHECK(r->src_len <= 32 && (r->src & ~ruleset_mask(r->src_len)) == 0);
			CHECK(r->dst_len <= 32 && (r->dst & ~ruleset_mask(r->dst_len)) == 0);
			CHECK(r->sport_lo <= r->sport_hi && r->dport_lo <= r->dport_hi);
			for (uint32_t k = 0; k < i; k++)
				if (holds(&s.rules[k], r)) {
					hidden++;
					break;
				}
		}
		CHECK(hidden < RULES / 100);
		ruleset_free(&s);
	}
}

/* The share of rules, per mille, for which this is so. */
#define SHARE(set, r, condition)                                                                   \
	({                                                                                         \
		uint32_t hits = 0;                                                                 \
		for (uint32_t i_ = 0; i_ < (set).n; i_++) {                                        \
			const struct bench_rule *r = &(set).rules[i_];                             \
			hits += (condition) ? 1 : 0;                                               \
		}                                                                                  \
		hits * 1000 / (set).n;                                                             \
	})

TEST(each_shape_has_what_it_is_known_for)
{
	struct ruleset acl, fw, ipc;

	CHECK_OK(ruleset_make(&acl, (unsigned)ruleset_shape_find("acl"), RULES, test_seed()));
	CHECK_OK(ruleset_make(&fw, (unsigned)ruleset_shape_find("fw"), RULES, test_seed()));
	CHECK_OK(ruleset_make(&ipc, (unsigned)ruleset_shape_find("ipc"), RULES, test_seed()));
	/* acl: no source port, mostly one destination's port, hosts on both sides. */
	CHECK_EQ_U(SHARE(acl, r, r->sport_lo == 0 && r->sport_hi == UINT16_MAX), 1000);
	CHECK(SHARE(acl, r, r->dport_lo == r->dport_hi) > 500);
	CHECK(SHARE(acl, r, r->src_len >= 30 && r->dst_len >= 30) > 600);
	/* fw: one side is anybody. */
	CHECK(SHARE(fw, r, r->src_len <= 2 || r->dst_len <= 2) > 650);
	CHECK(SHARE(fw, r, r->src_len <= 2 || r->dst_len <= 2) < 950);
	/* ipc: many without a protocol. */
	CHECK(SHARE(ipc, r, r->any_protocol) > 250);
	CHECK(SHARE(ipc, r, r->src_len >= 8 && r->src_len <= 29) > 300);
	ruleset_free(&acl);
	ruleset_free(&fw);
	ruleset_free(&ipc);
}

TEST(a_uniform_trace_is_inside_the_rules)
{
	struct ruleset s;
	struct ruletrace t;

	CHECK_OK(ruleset_make(&s, 1, 200, test_seed()));
	CHECK_OK(ruletrace_uniform(&t, &s, 1000, test_seed()));
	for (uint32_t i = 0; i < t.n; i++) {
		bool inside = false;

		for (uint32_t k = 0; k < s.n && !inside; k++)
			inside = ruleset_matches(&s.rules[k], &t.headers[i]);
		CHECK(inside);
	}
	ruletrace_free(&t);
	ruleset_free(&s);
}

TEST(a_zipf_trace_has_few_headers_that_come_often)
{
	struct ruleset s;
	struct ruletrace t;
	uint32_t most = 0, again = 0;

	CHECK_OK(ruleset_make(&s, 0, 200, test_seed()));
	CHECK_OK(ruletrace_zipf(&t, &s, 4000, 100, test_seed()));
	for (uint32_t i = 0; i < t.n; i++) {
		again = 0;
		for (uint32_t k = 0; k < t.n; k++)
			again += memcmp(&t.headers[i], &t.headers[k], sizeof(*t.headers)) == 0;
		most = again > most ? again : most;
	}
	/* The first of a hundred has a share of 1 in 5.2. */
	CHECK(most > 500 && most < 1100);
	ruletrace_free(&t);
	ruleset_free(&s);
}

/* ---- the contenders -------------------------------------------------------------------------- */

static uint32_t plainly(const struct ruleset *s, const struct bench_header *h)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (ruleset_matches(&s->rules[i], h))
			return i + 1;
	return 0;
}

static void check_peers(const struct ruleset *s, const struct ruletrace *t)
{
	static const struct peer_ops *const peers[] = {&peer_linear, &peer_tss};
	uint32_t *out = mem_zalloc_array(t->n, sizeof(*out));

	CHECK(out);
	for (size_t p = 0; p < ARRAY_LEN(peers); p++) {
		void *peer = peers[p]->create(s, t);

		peers[p]->classify(peer, 0, t->n, 1, out);
		for (uint32_t i = 0; i < t->n; i++)
			CHECK_EQ_U(out[i], plainly(s, &t->headers[i]));
		peers[p]->destroy(peer);
	}
	mem_free(out);
}

TEST(the_reference_and_the_tuple_space_search_find_the_first_rule)
{
	struct ruleset s;
	struct ruletrace t;

	for (unsigned shape = 0; shape < ruleset_shapes(); shape++) {
		CHECK_OK(ruleset_make(&s, shape, 777, test_seed()));
		CHECK_OK(ruletrace_uniform(&t, &s, 2000, test_seed()));
		check_peers(&s, &t);
		ruletrace_free(&t);
		ruleset_free(&s);
	}
}

TEST(every_attack_makes_as_many_rules_and_headers_as_asked_for)
{
	struct ruleset s;
	struct ruletrace t;

	for (unsigned i = 0; i < attack_count(); i++) {
		CHECK_OK(attack_at(i)->make(&s, 1500, test_seed()));
		CHECK_EQ_U(s.n, 1500);
		CHECK_OK(ruletrace_make(&t, &s, 500, test_seed(), attack_at(i)->draw));
		CHECK_EQ_U(t.n, 500);
		check_peers(&s, &t);
		ruletrace_free(&t);
		ruleset_free(&s);
	}
}
