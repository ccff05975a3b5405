/* SPDX-License-Identifier: MIT */
/*
 * nfqueue_rules - our table comes and goes, and nobody else's is touched; in network namespaces.
 */
#include "harness.h"

#include "own_net.h"
#include "path/nfqueue_rules.h"

static struct buf why;

static const char *tables(void)
{
	return output_of((const char *const[]){"nft", "list", "tables", NULL});
}

static const char *ruleset(void)
{
	return output_of((const char *const[]){"nft", "list", "ruleset", NULL});
}

static bool ready(const char *test)
{
	if (!own_net(test))
		return false;
	if (tables())
		return true;
	printf("ok - %s # SKIP nft is not installed\n", test);
	return false;
}

static wfp_err install(const struct nfqueue_options *o)
{
	wfp_err err;

	buf_reset(&why);
	err = nfqueue_rules_install(o, &why);
	if (err)
		fprintf(stderr, "%s\n", buf_str(&why));
	return err;
}

TEST(three_hooks_of_both_families)
{
	struct nfqueue_options o = nfqueue_options_default();
	const char *text;

	if (!ready("three_hooks_of_both_families"))
		return;
	CHECK_OK(install(&o));
	text = ruleset();
	CHECK(text != NULL);
	CHECK(strstr(text, "table inet openwfp"));
	CHECK(strstr(text, "hook input priority"));
	CHECK(strstr(text, "hook output priority"));
	CHECK(strstr(text, "hook forward priority"));
	CHECK(strstr(text, "0x10000000 accept"));
	CHECK(!strstr(text, "bypass"));
	CHECK(strstr(text, "comment \"queues 0-0\""));
	CHECK_OK(nfqueue_rules_clean(o.table, &why));
	CHECK_EQ_S(tables(), "");
}

TEST(fail_open_bypasses)
{
	struct nfqueue_options o = nfqueue_options_default();

	if (!ready("fail_open_bypasses"))
		return;
	o.fail_open = true;
	o.hooks = 1u << PACKET_OUT;
	o.n_queues = 4;
	CHECK_OK(install(&o));
	CHECK(strstr(ruleset(), "bypass"));
	CHECK(!strstr(ruleset(), "hook input"));
}

TEST(one_family_makes_a_table_of_it)
{
	struct nfqueue_options o = nfqueue_options_default();

	if (!ready("one_family_makes_a_table_of_it"))
		return;
	o.families = NFQUEUE_IPV6;
	CHECK_OK(install(&o));
	CHECK(strstr(tables(), "table ip6 openwfp"));
	CHECK_OK(nfqueue_rules_clean(o.table, &why));
	CHECK_EQ_S(tables(), "");
}

TEST(a_table_that_was_left_is_replaced)
{
	struct nfqueue_options o = nfqueue_options_default();
	const char *first;

	if (!ready("a_table_that_was_left_is_replaced"))
		return;
	CHECK_OK(install(&o));
	o.hooks = 1u << PACKET_IN;
	CHECK_OK(install(&o));
	first = strstr(ruleset(), "queue ");
	CHECK(first != NULL);
	CHECK(!strstr(first + 5, "queue "));
}

TEST(cleaning_nothing_is_fine)
{
	if (!ready("cleaning_nothing_is_fine"))
		return;
	CHECK_OK(nfqueue_rules_clean("openwfp", &why));
	CHECK_EQ_S(tables(), "");
}

TEST(tables_of_others_are_untouched)
{
	const char *const add[] = {
		"nft",
		"add table inet somebody; add chain inet somebody out { type "
		"filter hook output priority 0; }; add rule inet somebody out meta "
		"mark 7 counter accept; add table ip openwfp2",
		NULL};
	struct nfqueue_options o = nfqueue_options_default();
	char *before;

	if (!ready("tables_of_others_are_untouched"))
		return;
	CHECK(output_of(add) != NULL);
	before = strdup(ruleset());
	CHECK_OK(install(&o));
	CHECK_OK(install(&o));
	CHECK_OK(nfqueue_rules_clean(o.table, &why));
	CHECK_EQ_S(ruleset(), before);
	free(before);
}

TEST(without_the_right_nothing_is_changed)
{
	struct nfqueue_options o = nfqueue_options_default();

	if (!ready("without_the_right_nothing_is_changed"))
		return;
	CHECK(setuid(65534) == 0);
	buf_reset(&why);
	CHECK_ERR(nfqueue_rules_install(&o, &why), ERR_ACCESS_DENIED);
	CHECK(strstr(buf_str(&why), "CAP_NET_ADMIN"));
}
