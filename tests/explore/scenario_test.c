/* SPDX-License-Identifier: MIT */
/*
 * Scenarios: every statement is understood and printed again as it was; what is wrong is said with
 * its line and word; taking something away leaves a scenario.
 */
#include "harness.h"

#include "base/file.h"
#include "base/mem.h"
#include "explore/scenario.h"
#include "stack/headers.h"

static struct scenario *parse(const char *text)
{
	struct scenario *s;
	struct buf why = {0};

	if (scenario_parse(&s, text, strlen(text), &why))
		CHECK_SAY("%s", buf_str(&why));
	buf_free(&why);
	return s;
}

static void check_prints(const struct scenario *s, const char *expected)
{
	struct buf out = {0};

	CHECK_OK(scenario_print(s, &out));
	CHECK_EQ_S(buf_str(&out), expected);
	buf_free(&out);
}

static void refused(const char *text, const char *sentence)
{
	struct scenario *s = NULL;
	struct buf why = {0};

	CHECK_ERR(scenario_parse(&s, text, strlen(text), &why), ERR_INVALID_DATA);
	CHECK(s == NULL);
	if (!strstr(buf_str(&why), sentence))
		CHECK_SAY("'%s' does not contain '%s'", buf_str(&why), sentence);
	buf_free(&why);
}

static const char *const canonical =
	"name every statement\n"
	"about what it is about\n"
	"about a second line\n"
	"layer FWPM_LAYER_ALE_AUTH_CONNECT_V4\n"
	"protocol tcp\n"
	"driver lib/firewall.so\n"
	"driver \"a file.so\"\n"
	"packet out tcp 10.0.0.1:40000 > 10.0.0.2:80 syn seq 7 data \"x\\x00\\x0a\\\"\\\\\"\n"
	"packet in tcp [fd97::2]:80 > [fd97::1]:40000 syn seq 1 ack 8 after 1\n"
	"packet out icmp 10.0.0.1 > 10.0.0.2 seq 3 chain 3\n"
	"packet in icmp fd97::2 > fd97::1 reply\n"
	"packet out udp 10.0.0.1:1 > 10.0.0.2:2 data \"hello\"\n"
	"filter FWPM_LAYER_ALE_AUTH_CONNECT_V4 block weight 7 sublayer 300\n"
	"filter FWPM_LAYER_STREAM_V6 permit\n"
	"disturb close packet 2\n"
	"disturb unregister 1\n"
	"disturb unload 2\n"
	"disturb filter add FWPM_LAYER_INBOUND_TRANSPORT_V4\n"
	"disturb filter delete 1\n"
	"disturb stop\n"
	"disturb timeout\n"
	"choose memory\n"
	"choose clone\n"
	"option strict\n"
	"option freeze\n"
	"option no-unload\n"
	"time 2\n"
	"expect LostPacket Deadlock\n";

TEST(what_is_printed_is_read_as_the_same)
{
	struct scenario *s = parse(canonical);

	check_prints(s, canonical);
	scenario_free(s);
}

TEST(a_copy_is_the_same_and_survives_the_original)
{
	struct scenario *s = parse(canonical), *copy;

	CHECK_OK(scenario_copy(&copy, s));
	scenario_free(s);
	check_prints(copy, canonical);
	scenario_free(copy);
}

TEST(words_mean_what_the_page_says)
{
	struct scenario *s = parse(
		"# a comment\n"
		"\n"
		"driver lib/firewall.so\r\n"
		"packet out tcp 10.0.0.1:40000 > 10.0.0.2:80 syn ack data \"a\\tb\" # the first\n"
		"packet in icmp fd97::2 > fd97::1 seq 9\n"
		"disturb unload firewall\n"
		"expect none\n");

	CHECK_EQ_U(s->n_packets, 2);
	CHECK(s->packets[0].out && !s->packets[0].v6);
	CHECK_EQ_U(s->packets[0].protocol, HEADERS_TCP);
	CHECK_EQ_U(s->packets[0].tcp_flags, HEADERS_SYN | HEADERS_ACK);
	CHECK_EQ_U(s->packets[0].dst[3], 2);
	CHECK_EQ_U(s->packets[0].dst_port, 80);
	CHECK_EQ_U(s->packets[0].len, 3);
	CHECK_EQ_U(s->packets[0].line, 4);
	CHECK(!s->packets[1].out && s->packets[1].v6);
	CHECK_EQ_U(s->packets[1].protocol, HEADERS_ICMPV6);
	CHECK_EQ_U(s->packets[1].seq, 9);
	CHECK_EQ_U(s->disturbances[0].kind, SCENARIO_UNLOAD);
	CHECK_EQ_U(s->disturbances[0].driver, 0);
	CHECK(s->expects && s->expect_rules == 0);
	scenario_free(s);
}

TEST(a_layer_alone_stands_for_the_packets_that_visit_it)
{
	struct scenario *s = parse("layer ALE_AUTH_RECV_ACCEPT_V6\nprotocol udp\n");

	CHECK_EQ_U(s->n_packets, 1);
	CHECK(!s->packets[0].out && s->packets[0].v6);
	CHECK_EQ_U(s->packets[0].protocol, HEADERS_UDP);
	scenario_free(s);
	s = parse("layer STREAM_V4\n");
	CHECK_EQ_U(s->n_packets, 4);
	CHECK(s->packets[0].out && !s->packets[1].out && s->packets[3].len > 0);
	CHECK_EQ_U(s->packets[3].after, 3);
	scenario_free(s);
}

TEST(errors_name_line_and_word)
{
	refused("\n\nfoo\n", "line 3: 'foo': name, about,");
	refused("packet up tcp", "line 1: 'up': 'out' or 'in' is expected");
	refused("packet out sctp", "'sctp': 'tcp', 'udp' or 'icmp'");
	refused("packet out tcp 10.0.0.1 > 10.0.0.2:1", "'10.0.0.1': ADDRESS:PORT");
	refused("packet out tcp 10.0.0.1:1 < 10.0.0.2:1", "'<': '>' is expected");
	refused("packet out tcp 10.0.0.1:1 > 10.0.0.2:65536", "'10.0.0.2:65536'");
	refused("packet out tcp 10.0.0.1:1 > [fd97::1]:1", "one address is IPv4");
	refused("packet out udp 10.0.0.1:1 > 10.0.0.2:1 syn", "'syn': data, after or chain");
	refused("packet out icmp 10.0.0.1:1 > 10.0.0.2", "without a port");
	refused("packet out icmp 10.0.0.1 > 10.0.0.2 after 1", "an earlier packet");
	refused("packet out icmp 10.0.0.1 > 10.0.0.2 chain 2", "a chain of 2 packets, but only 0");
	refused("packet out icmp 10.0.0.1 > 10.0.0.2 data x", "in quotes");
	refused("packet out icmp 10.0.0.1 > 10.0.0.2 data \"x", "closing quote");
	refused("packet out icmp 10.0.0.1 > 10.0.0.2 data \"\\q\"", "after a backslash");
	refused("filter NOWHERE permit", "'NOWHERE': a layer");
	refused("filter STREAM_V4 maybe", "'maybe': 'permit' or 'block'");
	refused("disturb dance", "line 1: 'dance'");
	refused("disturb filter", "line 1: 'filter'");
	refused("disturb close packet 1", "there is no packet 1");
	refused("driver a.so\ndriver b/a.so\n", "line 2: a driver 'a' was named before");
	refused("disturb unload firewall", "'firewall': the name of a driver statement");
	refused("expect Everything", "'Everything': 'none', or a rule");
	refused("time -1", "how often time may pass, 0 to 1000, is expected");
	refused("option strict please", "'please': the end of the line");
	refused("name a\nname b\n", "line 2: it was said before");
	refused("name\x01", "a control byte (0x01)");
	refused("name \xff", "no UTF-8");
	refused("capture a.pcap\npacket out icmp 10.0.0.1 > 10.0.0.2\n", "and a capture");
}

TEST(files_take_the_places_of_the_drivers_that_they_are)
{
	static const char *const files[] = {"x/clumsy.so", "y/firewall.so"};
	static const char *const stand_in = "firewall=z/fixed.so";
	struct scenario *s = parse("driver firewall\ndisturb unload 2\n");
	struct buf why = {0};

	CHECK_OK(scenario_set_drivers(s, files, 2, &why));
	CHECK_EQ_U(s->n_drivers, 2);
	CHECK_EQ_S(s->drivers[0], "y/firewall.so");
	CHECK_EQ_S(s->drivers[1], "x/clumsy.so");
	scenario_free(s);
	s = parse("driver firewall\n");
	CHECK_OK(scenario_set_drivers(s, &stand_in, 1, &why));
	CHECK_EQ_U(s->n_drivers, 1);
	CHECK_EQ_S(s->drivers[0], "z/fixed.so");
	scenario_free(s);
	s = parse("disturb unload 2\n");
	CHECK_ERR(scenario_set_drivers(s, files, 1, &why), ERR_INVALID_DATA);
	CHECK_EQ_S(buf_str(&why), "line 1: there is no driver 2");
	scenario_free(s);
	buf_free(&why);
}

TEST(what_is_taken_away_takes_along_what_speaks_of_it)
{
	struct scenario *s = parse("driver a\ndriver b\n"
				   "packet out udp 10.0.0.1:1 > 10.0.0.2:2\n"
				   "packet out udp 10.0.0.1:1 > 10.0.0.2:3 after 1\n"
				   "packet out udp 10.0.0.1:1 > 10.0.0.2:4 after 2 chain 2\n"
				   "packet out udp 10.0.0.1:1 > 10.0.0.2:5\n"
				   "disturb close packet 2\n"
				   "disturb close packet 3\n"
				   "disturb unload b\n");

	scenario_drop_driver(s, 0);
	scenario_drop_packet(s, 1);
	check_prints(s, "driver b\n"
			"packet out udp 10.0.0.1:1 > 10.0.0.2:2\n"
			"packet out udp 10.0.0.1:1 > 10.0.0.2:4 after 1 chain 2\n"
			"packet out udp 10.0.0.1:1 > 10.0.0.2:5\n"
			"disturb close packet 2\n"
			"disturb unload 1\n");
	scenario_drop_packet(s, 1);
	scenario_drop_driver(s, 0);
	check_prints(s, "packet out udp 10.0.0.1:1 > 10.0.0.2:2\n"
			"packet out udp 10.0.0.1:1 > 10.0.0.2:5\n");
	scenario_free(s);
}

TEST(no_memory_leaves_nothing)
{
	const uint64_t live = mem_live();
	struct scenario *s;
	struct buf why = {0};
	wfp_err err = ERR_NO_MEMORY;

	for (uint64_t nth = 1; err == ERR_NO_MEMORY; nth++) {
		mem_fail_at(nth);
		err = scenario_parse(&s, canonical, strlen(canonical), &why);
		mem_fail_at(0);
		buf_free(&why);
		if (err)
			CHECK_EQ_U(mem_live(), live);
	}
	CHECK_OK(err);
	scenario_free(s);
	CHECK_EQ_U(mem_live(), live);
}

TEST(every_shipped_scenario_is_read_and_prints_as_the_same)
{
	const char *root = getenv("SRCROOT");
	struct file_names names;
	struct buf path = {0}, text = {0}, once = {0}, why = {0};
	struct scenario *s, *again;

	buf_printf(&path, "%s/tests/scenarios", root ? root : ".");
	CHECK_OK(file_list_dir(buf_str(&path), &names));
	for (size_t i = 0; i < names.count; i++) {
		if (!strstr(names.names[i], ".scn"))
			continue;
		buf_reset(&path);
		buf_printf(&path, "%s/tests/scenarios/%s", root ? root : ".", names.names[i]);
		buf_reset(&text);
		CHECK_OK(file_read_all(buf_str(&path), SCENARIO_TEXT, &text));
		if (scenario_parse(&s, buf_str(&text), text.len, &why))
			CHECK_SAY("%s: %s", names.names[i], buf_str(&why));
		buf_reset(&once);
		CHECK_OK(scenario_print(s, &once));
		again = parse(buf_str(&once));
		check_prints(again, buf_str(&once));
		scenario_free(again);
		scenario_free(s);
	}
	file_names_free(&names);
	buf_free(&path);
	buf_free(&text);
	buf_free(&once);
	buf_free(&why);
}
