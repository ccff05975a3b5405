/* SPDX-License-Identifier: MIT */
/*
 * Pictures of runs: what is shown, where, and that no name can do harm.
 */
#include "harness.h"

#include "base/mem.h"
#include "explore/picture.h"

/* A record by hand: two threads, one object of both and one of the first thread's own. */
static struct record_object objects[] = {
	{.name = ""},
	{.name = "heap.1+0x40", .threads = 6, .writers = 2},
	{.name = "own", .threads = 2, .writers = 2},
	{.name = "#1", .threads = 6},
};

static struct record_event events[] = {
	{.kind = RECORD_PICK, .thread = 1, .what = "lock", .object = 1},
	{.kind = RECORD_STEP, .thread = 1, .what = "lock", .object = 1, .chosen = true},
	{.kind = RECORD_PICK, .thread = 1, .what = "atomic", .object = 2},
	{.kind = RECORD_STEP, .thread = 1, .what = "atomic", .object = 2, .chosen = true},
	{.kind = RECORD_VALUE, .thread = 1, .what = "memory", .value = 0, .of = 2},
	{.kind = RECORD_VALUE, .thread = 1, .what = "memory", .value = 1, .of = 2},
	{.kind = RECORD_PICK, .thread = 2, .what = "KeSetEvent", .preempts = true},
	{.kind = RECORD_STEP, .thread = 2, .what = "KeSetEvent", .chosen = true},
	{.kind = RECORD_STEP, .thread = 2, .what = "FwpsCall", .object = 3, .note = true},
	{.kind = RECORD_STEP, .thread = 2, .what = "NdisCall", .object = 2, .note = true},
	{.kind = RECORD_PICK, .thread = 2, .what = "unlock", .object = 1},
	{.kind = RECORD_STEP, .thread = 2, .what = "quiet", .object = 1},
	{.kind = RECORD_PICK, .thread = 0},
	{.kind = RECORD_FOUND, .thread = 2},
};

static struct explore_record record = {
	.events = events,
	.n_events = ARRAY_LEN(events),
	.objects = objects,
	.n_objects = ARRAY_LEN(objects),
	.threads = {"", "packet 1", "worker"},
	.n_findings = 1,
	.findings = {{.rule = EXPLORE_UseAfterFree, .sentence = "firewall used what was freed"}},
};

static void check_text(bool all, const char *title, const char *expected)
{
	const struct picture_options o = {.all = all, .title = title};
	struct buf out = {0};

	CHECK_OK(picture_text(&record, &o, &out));
	CHECK_EQ_S(buf_str(&out), expected);
	buf_free(&out);
}

TEST(the_text_shows_what_drivers_call)
{
	check_text(false, NULL,
		   "        the clock    packet 1      worker\n"
		   "    4                memory = 1/2\n"
		   "    5 !                            KeSetEvent\n"
		   "    5                              FwpsCall #1\n"
		   "    5                              NdisCall own\n"
		   "    6                              quiet heap.1+0x40\n"
		   "    7   time passes\n"
		   "    7 *                            UseAfterFree\n"
		   "\n"
		   "UseAfterFree: firewall used what was freed\n");
}

/* Without a driver there is nothing but the platform's own steps. */
TEST(the_text_of_a_run_without_drivers_shows_what_is_shared)
{
	struct record_event kept[ARRAY_LEN(events)];

	memcpy(kept, events, sizeof(kept));
	for (unsigned i = 0; i < ARRAY_LEN(events); i++) {
		events[i].note = false;
		if (events[i].kind == RECORD_STEP)
			events[i].what = "load";
	}
	check_text(false, NULL,
		   "        the clock    packet 1          worker\n"
		   "    1                load heap.1+0x40\n"
		   "    4                memory = 1/2\n"
		   "    5 !                                load\n"
		   "    6                                  load heap.1+0x40\n"
		   "    7   time passes\n"
		   "    7 *                                UseAfterFree\n"
		   "\n"
		   "UseAfterFree: firewall used what was freed\n");
	memcpy(events, kept, sizeof(kept));
}

TEST(the_text_shows_every_step_when_asked)
{
	check_text(true, "one run",
		   "one run\n"
		   "\n"
		   "        the clock    packet 1          worker\n"
		   "    1                lock heap.1+0x40\n"
		   "    2                atomic own\n"
		   "    3                memory = 0/2\n"
		   "    4                memory = 1/2\n"
		   "    5 !                                KeSetEvent\n"
		   "    5                                  FwpsCall #1\n"
		   "    5                                  NdisCall own\n"
		   "    6                                  quiet heap.1+0x40\n"
		   "    7   time passes\n"
		   "    7 *                                UseAfterFree\n"
		   "\n"
		   "UseAfterFree: firewall used what was freed\n");
}

static void make_page(const struct picture_options *o, struct buf *out)
{
	CHECK_OK(picture_html(&record, o, out));
	CHECK(strncmp(buf_str(out), "<!DOCTYPE html>", 15) == 0);
	CHECK(strstr(buf_str(out), "</html>\n"));
}

TEST(the_page_has_a_column_for_each_thread_and_marks_preemption_and_finding)
{
	struct buf out = {0};

	make_page(&(struct picture_options){.title = "one run"}, &out);
	CHECK(strstr(buf_str(&out), "<th>packet 1</th><th>worker</th>"));
	CHECK(strstr(buf_str(&out), "<tr class=\"switch\"><td>5</td>"));
	CHECK(strstr(buf_str(&out), "<tr class=\"bad\"><td>7</td>"));
	CHECK(strstr(buf_str(&out), "reads heap.1+0x40"));
	CHECK(strstr(buf_str(&out), "firewall used what was freed"));
	buf_free(&out);
}

TEST(names_cannot_become_markup)
{
	struct record_object kept = objects[1];
	struct buf out = {0};

	snprintf(objects[1].name, sizeof(objects[1].name), "%s", "<script>\"'&\x1b</script>");
	snprintf(record.threads[2], sizeof(record.threads[2]), "%s", "<b onclick=x>");
	make_page(&(struct picture_options){.title = "</title><img src=x>"}, &out);
	CHECK(!strstr(buf_str(&out), "<script"));
	CHECK(!strstr(buf_str(&out), "<img"));
	CHECK(!strstr(buf_str(&out), "<b onclick"));
	CHECK(strstr(buf_str(&out), "&lt;script&gt;&quot;&#39;&amp;?&lt;/script&gt;"));
	buf_reset(&out);
	CHECK_OK(picture_text(&record, &(struct picture_options){.title = "\x1b[2J"}, &out));
	CHECK(!strchr(buf_str(&out), '\x1b'));
	buf_free(&out);
	objects[1] = kept;
	snprintf(record.threads[2], sizeof(record.threads[2]), "worker");
}

TEST(the_page_asks_for_nothing_from_elsewhere)
{
	struct buf out = {0};

	make_page(&(struct picture_options){.all = true}, &out);
	CHECK(!strstr(buf_str(&out), "http:"));
	CHECK(!strstr(buf_str(&out), "https:"));
	CHECK(!strstr(buf_str(&out), "<script"));
	CHECK(strstr(buf_str(&out), "default-src 'none'"));
	buf_free(&out);
}

static wfp_err both_pictures(struct buf *out)
{
	const struct picture_options o = {.all = true, .title = "t"};
	wfp_err err = picture_text(&record, &o, out);

	return err ? err : picture_html(&record, &o, out);
}

TEST(without_memory_a_picture_fails_cleanly)
{
	uint64_t live = mem_live();

	for (uint64_t nth = 1;; nth++) {
		struct buf out = {0};
		wfp_err err;

		mem_fail_at(nth);
		err = both_pictures(&out);
		mem_fail_at(0);
		buf_free(&out);
		CHECK_EQ_U(mem_live(), live);
		if (!err)
			break;
		CHECK_ERR(err, ERR_NO_MEMORY);
	}
}
