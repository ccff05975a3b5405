/* SPDX-License-Identifier: MIT */
/*
 * Trace files: what is printed is read back as the same, and what cannot be read is refused with
 * its line.
 */
#include "harness.h"

#include "base/mem.h"
#include "base/rng.h"
#include "explore/trace.h"

#include <unistd.h>

#define HEAD "openwfp-trace 1\n"
#define TAIL "schedule\nend\n"

static const char *whole_text =
	HEAD "rule UseAfterFree\n"
	     "culprit firewall\n"
	     "says firewall used a block after it had been freed\n"
	     "place 0011aabbccddeeff\n"
	     "driver lib/fire wall.so sha256 "
	     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
	     "engine sha256 ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n"
	     "seed 7\n"
	     "time-jumps 2\n"
	     "processors 2\n"
	     "plain\n"
	     "scenario\n"
	     "\tname two of them\n"
	     "\tdriver firewall\n"
	     "\tpacket out tcp 10.0.0.1:1000 > 10.0.0.2:80 syn\n"
	     "schedule\n"
	     "- 1 main thread start\n"
	     "! 2 worker atomic heap.2+0x40\n"
	     "= 1/3 memory\n"
	     "- 0\n"
	     "end\n";

static struct explore_trace *parsed(const char *text)
{
	struct explore_trace *t = NULL;
	struct buf why = {0};
	wfp_err err = trace_parse(&t, text, strlen(text), &why);

	if (err)
		CHECK_SAY("%s: %s", err_name(err), buf_str(&why));
	buf_free(&why);
	return t;
}

static void check_refused(const char *text, const char *expected)
{
	struct explore_trace *t = NULL;
	struct buf why = {0};
	wfp_err err = trace_parse(&t, text, strlen(text), &why);

	CHECK(err != ERR_OK);
	CHECK_EQ_S(buf_str(&why), expected);
	CHECK(!t);
	buf_free(&why);
}

TEST(a_trace_is_printed_as_it_was_read)
{
	struct explore_trace *t = parsed(whole_text);
	struct buf printed = {0};

	CHECK_OK(trace_print(t, &printed));
	CHECK_EQ_S(buf_str(&printed), whole_text);
	buf_free(&printed);
	trace_free(t);
	CHECK_EQ_U(mem_live(), 0);
}

TEST(every_part_of_a_trace_is_understood)
{
	struct explore_trace *t = parsed(whole_text);
	const struct explore_choice *c = t->schedule.choices;

	CHECK_EQ_U(t->rule, EXPLORE_UseAfterFree);
	CHECK_EQ_S(t->culprit, "firewall");
	CHECK_EQ_U(t->place, 0x0011aabbccddeeff);
	CHECK_EQ_U(t->n_drivers, 1);
	CHECK_EQ_S(t->drivers[0].file, "lib/fire wall.so");
	CHECK_EQ_U(t->drivers[0].sha256[1], 0x11);
	CHECK(t->has_engine && t->plain);
	CHECK_EQ_U(t->seed, 7);
	CHECK_EQ_U(t->scenario->n_packets, 1);
	CHECK_EQ_U(t->schedule.n, 4);
	CHECK(c[0].kind == EXPLORE_THREAD && c[0].what == 1 && !c[0].preempts);
	CHECK(c[1].kind == EXPLORE_THREAD && c[1].what == 2 && c[1].preempts);
	CHECK(c[2].kind == EXPLORE_VALUE && c[2].what == 1 && c[2].of == 3);
	CHECK_EQ_S(t->notes[1], "worker atomic heap.2+0x40");
	CHECK_EQ_S(t->notes[3], "");
	trace_free(t);
}

TEST(a_trace_that_says_little_is_a_trace)
{
	struct explore_trace *t = parsed(HEAD TAIL);

	CHECK_EQ_U(t->rule, EXPLORE_RULES);
	CHECK_EQ_U(t->schedule.n, 0);
	CHECK(!t->scenario);
	trace_free(t);
}

TEST(what_is_wrong_is_said_with_its_line)
{
	check_refused("", "line 0: not a trace");
	check_refused("\x7f"
		      "ELF",
		      "line 1: not a trace");
	check_refused("openwfp-trace 2\n",
		      "line 1: a trace of a version that is not known here: openwfp-trace 2");
	check_refused(HEAD "colour red\n" TAIL, "line 2: not a word of a trace: colour");
	check_refused(HEAD "rule Nonsense\n" TAIL, "line 2: not understood: rule Nonsense");
	check_refused(HEAD "seed 1\nseed 1\n" TAIL, "line 3: said twice: seed");
	check_refused(HEAD "seed 18446744073709551616\n" TAIL,
		      "line 2: not understood: seed 18446744073709551616");
	check_refused(HEAD "driver a.so sha256 00\n" TAIL,
		      "line 2: not understood: driver a.so sha256 00");
	check_refused(HEAD "seed 1\n", "line 2: the trace has no schedule");
	check_refused(HEAD "schedule\n- 1\n", "line 3: the trace has no end: it was cut");
	check_refused(HEAD "schedule\n- 1\n* 2\nend\n", "line 4: not a choice: * 2");
	check_refused(HEAD "schedule\n= 3/3\nend\n", "line 3: not a choice: = 3/3");
	check_refused(HEAD "schedule\n- 99999999999\nend\n", "line 3: not a choice: - 99999999999");
	check_refused(HEAD TAIL "- 1\n", "line 3: text behind the end");
	check_refused(HEAD "says \x1b[31mred\n" TAIL, "line 2: not understood: says ?[31mred");
}

TEST(what_is_wrong_in_the_scenario_is_said_with_both_lines)
{
	static const char text[] = HEAD "scenario\n\tname x\n\tnonsense\n" TAIL;
	struct explore_trace *t = NULL;
	struct buf why = {0};

	CHECK(trace_parse(&t, text, strlen(text), &why) != ERR_OK);
	CHECK(strstr(buf_str(&why), "in the scenario that ends at line 4, line 2: 'nonsense'"));
	buf_free(&why);
}

/* What nobody can forge: a scenario's text that looks like the end of its block. */
TEST(a_scenario_cannot_end_its_own_block)
{
	static const char text[] = HEAD "scenario\n"
					"\tname schedule\n"
					"\tpacket out udp 10.0.0.1:1 > 10.0.0.2:2\n" TAIL;
	struct explore_trace *t = parsed(text);
	struct buf printed = {0};

	CHECK_EQ_S(t->scenario->name, "schedule");
	CHECK_OK(trace_print(t, &printed));
	CHECK_EQ_S(buf_str(&printed), text);
	buf_free(&printed);
	trace_free(t);
}

TEST(a_note_never_breaks_its_line)
{
	struct explore_trace *t;
	char note[2 * TRACE_NOTE_MAX];

	memset(note, 'x', sizeof(note) - 1);
	note[sizeof(note) - 1] = '\0';
	note[1] = '\n';
	note[2] = '\x1b';
	CHECK_OK(trace_create(&t));
	CHECK_OK(trace_add_step(t, (struct explore_choice){.what = 1}, note));
	CHECK_EQ_U(strlen(t->notes[0]), TRACE_NOTE_MAX);
	CHECK(strncmp(t->notes[0], "x??x", 4) == 0);
	CHECK_ERR(trace_add_driver(t, "a\nb.so", t->engine), ERR_INVALID_DATA);
	CHECK_ERR(trace_add_driver(t, "", t->engine), ERR_INVALID_DATA);
	trace_free(t);
}

/* ---- random traces ----------------------------------------------------------------------------
 */

static struct explore_choice random_choice(struct rng *r)
{
	struct explore_choice c = {.kind = (uint8_t)rng_below(r, 2)};

	if (c.kind == EXPLORE_VALUE) {
		c.of = (uint16_t)(1 + rng_below(r, UINT16_MAX));
		c.what = rng_below(r, c.of);
	} else {
		c.what = rng_below(r, 50);
		c.preempts = rng_below(r, 2);
	}
	return c;
}

static struct explore_trace *random_trace(struct rng *r)
{
	struct explore_trace *t;
	char note[64];

	CHECK_OK(trace_create(&t));
	t->rule = (enum explore_rule)rng_below(r, EXPLORE_RULES + 1);
	t->place = t->rule == EXPLORE_RULES ? 0 : rng_u64(r);
	t->seed = rng_below(r, 2) ? rng_u64(r) : 0;
	t->time_jumps = rng_below(r, 3);
	t->processors = rng_below(r, 3);
	t->plain = rng_below(r, 2);
	for (uint32_t n = rng_below(r, 4); n > 0; n--)
		CHECK_OK(trace_add_driver(t, "a driver.so", (const uint8_t *)r));
	for (uint32_t n = rng_below(r, 300); n > 0; n--) {
		size_t len = rng_below(r, sizeof(note));

		for (size_t i = 0; i < len; i++)
			note[i] = (char)(1 + rng_below(r, 255));
		note[len] = '\0';
		CHECK_OK(trace_add_step(t, random_choice(r), note));
	}
	return t;
}

static void check_same(const struct explore_trace *a, const struct explore_trace *b)
{
	CHECK_EQ_U(a->rule, b->rule);
	CHECK_EQ_U(a->place, b->place);
	CHECK_EQ_U(a->seed, b->seed);
	CHECK_EQ_U(a->n_drivers, b->n_drivers);
	CHECK_EQ_U(a->schedule.n, b->schedule.n);
	for (uint32_t i = 0; i < a->schedule.n; i++) {
		CHECK_EQ_U(a->schedule.choices[i].what, b->schedule.choices[i].what);
		CHECK_EQ_U(a->schedule.choices[i].kind, b->schedule.choices[i].kind);
		CHECK_EQ_U(a->schedule.choices[i].preempts, b->schedule.choices[i].preempts);
		CHECK_EQ_U(a->schedule.choices[i].of, b->schedule.choices[i].of);
	}
}

TEST(random_traces_are_read_back_as_the_same)
{
	struct rng r;

	rng_seed(&r, test_seed());
	for (unsigned i = 0; i < 200; i++) {
		struct explore_trace *t = random_trace(&r), *again;
		struct buf once = {0}, twice = {0};

		CHECK_OK(trace_print(t, &once));
		again = parsed(buf_str(&once));
		check_same(t, again);
		CHECK_OK(trace_print(again, &twice));
		CHECK_EQ_S(buf_str(&once), buf_str(&twice));
		buf_free(&once);
		buf_free(&twice);
		trace_free(t);
		trace_free(again);
	}
}

TEST(reading_a_trace_without_memory_fails_cleanly)
{
	uint64_t live = mem_live();

	for (uint64_t nth = 1;; nth++) {
		struct explore_trace *t = NULL;
		struct buf why = {0};
		wfp_err err;

		mem_fail_at(nth);
		err = trace_parse(&t, whole_text, strlen(whole_text), &why);
		mem_fail_at(0);
		buf_free(&why);
		trace_free(t);
		CHECK_EQ_U(mem_live(), live);
		if (!err)
			break;
		CHECK_ERR(err, ERR_NO_MEMORY);
		CHECK(!t);
	}
}

TEST(digests_are_those_of_sha256)
{
	uint8_t digest[DIGEST_SIZE], again[DIGEST_SIZE];
	char text[DIGEST_TEXT];

	CHECK_OK(digest_bytes("abc", 3, digest));
	digest_print(digest, text);
	CHECK_EQ_S(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK(digest_parse(text, strlen(text), again));
	CHECK(memcmp(digest, again, DIGEST_SIZE) == 0);
	CHECK(!digest_parse(text, 63, again));
	text[5] = 'G';
	CHECK(!digest_parse(text, 64, again));
}

TEST(a_file_with_other_bytes_is_warned_of)
{
	char path[] = "trace_test.XXXXXX";
	const char *drivers[] = {path};
	struct explore_trace *t;
	struct buf said = {0};
	uint8_t digest[DIGEST_SIZE];
	int fd = mkstemp(path);

	CHECK(fd >= 0 && write(fd, "abc", 3) == 3);
	CHECK_OK(digest_file(path, digest));
	CHECK_OK(trace_create(&t));
	CHECK_OK(trace_add_driver(t, path, digest));
	trace_warn(t, drivers, 1, NULL, &said);
	CHECK_EQ_S(buf_str(&said), "");
	CHECK(write(fd, "d", 1) == 1);
	trace_warn(t, drivers, 1, NULL, &said);
	CHECK(strstr(buf_str(&said), "is not the file that the trace was made with\n"));
	buf_reset(&said);
	trace_warn(t, drivers, 0, NULL, &said);
	CHECK_EQ_S(buf_str(&said), "the trace was made with 1 drivers, not 0\n");
	unlink(path);
	close(fd);
	buf_free(&said);
	trace_free(t);
}
