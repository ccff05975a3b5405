/* SPDX-License-Identifier: MIT */
/*
 * ledger - held packets: every arrow of the entry's life, on one thread.
 *
 * Drivers 1 and 2 own the callouts 10 and 20; a packet is the struct that counts what its owner is
 * told.  Several threads are in ledger_race_test.c.
 */
#include "pend_world.h"

#include "engine/ledger.h"

#define FIREWALL  10u
#define ANTIVIRUS 20u

struct held {
	unsigned decided, released;
	enum ledger_decision decision;
	uint32_t by;
};

struct fixture {
	struct engine e;
	struct held packet;
	struct ledger_entry *l;
	struct engine_seen seen;
};

static void decided(void *packet, enum ledger_decision decision, uint32_t by)
{
	struct held *h = packet;

	lock_assert_none_held();
	CHECK_EQ_U(h->released, 0);
	h->decided++;
	h->decision = decision;
	h->by = by;
}

static void released(void *packet)
{
	struct held *h = packet;

	lock_assert_none_held();
	h->released++;
}

static const struct ledger_owner_ops ops = {decided, released};

static void open_mode(struct fixture *f, enum ledger_mode mode)
{
	const struct engine_config config = {0};

	*f = (struct fixture){0};
	world_open(&f->e, &config);
	CHECK_OK(ledger_open(&f->e, mode, &ops, &f->packet, &f->l));
}

/* Absorbed and cloned by both drivers, and the classify is over. */
static void open_held_by_both(struct fixture *f)
{
	open_mode(f, LEDGER_DISCARD_BLOCKS);
	CHECK_OK(ledger_hold(f->l, FIREWALL, 1));
	ledger_claim(f->l, 1);
	CHECK_OK(ledger_hold(f->l, ANTIVIRUS, 2));
	ledger_claim(f->l, 2);
	ledger_settle(f->l, false);
	CHECK_EQ_U(world_counters(&f->e).absorbed_now, 1);
}

static void close_quiet(struct fixture *f, unsigned decisions)
{
	CHECK_EQ_U(f->packet.decided, decisions);
	CHECK_EQ_U(f->packet.released, 1);
	CHECK_EQ_U(world_counters(&f->e).absorbed_now, 0);
	world_close(&f->e);
	CHECK_EQ_U(mem_live(), 0);
}

TEST(an_entry_that_nobody_holds_is_released_undecided_when_the_classify_is_over)
{
	struct fixture f;

	open_mode(&f, LEDGER_DISCARD_BLOCKS);
	ledger_settle(f.l, false);
	close_quiet(&f, 0);
}

TEST(an_entry_that_nobody_holds_but_somebody_cloned_is_released_with_the_last_claim)
{
	struct fixture f;

	open_mode(&f, LEDGER_DISCARD_BLOCKS);
	ledger_claim(f.l, 1);
	ledger_claim(f.l, 1);
	ledger_settle(f.l, false);
	ledger_unclaim(f.l, 1);
	CHECK_EQ_U(f.packet.released, 0);
	CHECK_EQ_U(ledger_inject(f.l, 1, false, &f.seen), LEDGER_INJECT_SEND);
	ledger_unclaim(f.l, 1);
	close_quiet(&f, 0);
}

TEST(absorbed_without_a_clone_is_discarded_when_the_classify_is_over)
{
	struct fixture f;

	open_mode(&f, LEDGER_DISCARD_BLOCKS);
	CHECK_OK(ledger_hold(f.l, FIREWALL, 1));
	CHECK_EQ_U(f.packet.decided, 0);
	ledger_settle(f.l, false);
	CHECK_EQ_U(f.packet.decision, LEDGER_DROP);
	CHECK_EQ_U(f.packet.by, FIREWALL);
	CHECK_EQ_U(world_counters(&f.e).discarded, 1);
	close_quiet(&f, 1);
}

TEST(holding_twice_is_holding_once)
{
	struct fixture f;

	open_mode(&f, LEDGER_DISCARD_BLOCKS);
	CHECK_OK(ledger_hold(f.l, FIREWALL, 1));
	CHECK_OK(ledger_hold(f.l, FIREWALL, 1));
	ledger_claim(f.l, 1);
	ledger_settle(f.l, false);
	CHECK_EQ_U(ledger_inject(f.l, 1, false, &f.seen), LEDGER_INJECT_LAST);
	CHECK_EQ_U(f.seen.n, 1);
	ledger_unclaim(f.l, 1);
	close_quiet(&f, 0);
}

TEST(the_only_holder_injects_and_its_clone_goes_in_the_packets_place)
{
	struct fixture f;

	open_mode(&f, LEDGER_DISCARD_BLOCKS);
	CHECK_OK(ledger_hold(f.l, FIREWALL, 1));
	ledger_claim(f.l, 1);
	ledger_settle(f.l, false);
	CHECK_EQ_U(ledger_inject(f.l, 1, false, &f.seen), LEDGER_INJECT_LAST);
	CHECK(engine_seen_has(&f.seen, FIREWALL));
	CHECK_EQ_U(f.packet.released, 0);
	ledger_unclaim(f.l, 1);
	CHECK_EQ_U(world_counters(&f.e).injected, 1);
	close_quiet(&f, 0);
}

TEST(a_clone_injected_while_others_hold_is_merged_and_the_last_one_goes)
{
	struct engine_seen second = {0};
	struct fixture f;

	open_held_by_both(&f);
	CHECK_EQ_U(ledger_inject(f.l, 1, false, &f.seen), LEDGER_INJECT_MERGED);
	ledger_unclaim(f.l, 1);
	CHECK_EQ_U(ledger_inject(f.l, 2, false, &second), LEDGER_INJECT_LAST);
	CHECK(engine_seen_has(&f.seen, FIREWALL) && !engine_seen_has(&f.seen, ANTIVIRUS));
	CHECK(engine_seen_has(&second, ANTIVIRUS));
	ledger_unclaim(f.l, 2);
	close_quiet(&f, 0);
}

TEST(a_second_clone_of_one_driver_is_merged_while_others_hold)
{
	struct fixture f;

	open_held_by_both(&f);
	ledger_claim(f.l, 1);
	CHECK_EQ_U(ledger_inject(f.l, 1, false, &f.seen), LEDGER_INJECT_MERGED);
	CHECK_EQ_U(ledger_inject(f.l, 1, false, &f.seen), LEDGER_INJECT_MERGED);
	ledger_unclaim(f.l, 1);
	ledger_unclaim(f.l, 1);
	CHECK_EQ_U(ledger_inject(f.l, 2, false, &f.seen), LEDGER_INJECT_LAST);
	ledger_unclaim(f.l, 2);
	close_quiet(&f, 0);
}

TEST(a_clone_injected_after_the_packet_went_is_a_packet_of_its_own)
{
	struct fixture f;

	open_mode(&f, LEDGER_DISCARD_BLOCKS);
	CHECK_OK(ledger_hold(f.l, FIREWALL, 1));
	ledger_claim(f.l, 1);
	ledger_settle(f.l, false);
	CHECK_EQ_U(ledger_inject(f.l, 1, false, &f.seen), LEDGER_INJECT_LAST);
	CHECK_EQ_U(ledger_inject(f.l, 1, false, &f.seen), LEDGER_INJECT_SEND);
	ledger_unclaim(f.l, 1);
	close_quiet(&f, 0);
}

TEST(a_clone_of_a_driver_that_never_held_is_a_packet_of_its_own)
{
	struct fixture f;

	open_held_by_both(&f);
	ledger_claim(f.l, 3);
	CHECK_EQ_U(ledger_inject(f.l, 3, true, &f.seen), LEDGER_INJECT_SEND);
	ledger_unclaim(f.l, 3);
	ledger_unclaim(f.l, 1);
	ledger_unclaim(f.l, 2);
	close_quiet(&f, 1);
}

TEST(a_clone_of_a_driver_that_was_refused_is_void)
{
	struct fixture f;

	open_mode(&f, LEDGER_DISCARD_BLOCKS);
	ledger_refuse(f.l, 1);
	ledger_refuse(f.l, 1);
	ledger_claim(f.l, 1);
	ledger_settle(f.l, false);
	CHECK_EQ_U(ledger_inject(f.l, 1, false, &f.seen), LEDGER_INJECT_VOID);
	CHECK_EQ_U(ledger_inject(f.l, 1, true, &f.seen), LEDGER_INJECT_VOID);
	CHECK_EQ_U(ledger_inject(f.l, 2, false, &f.seen), LEDGER_INJECT_SEND);
	ledger_unclaim(f.l, 1);
	CHECK_EQ_U(f.packet.decided, 0);
	CHECK_EQ_U(f.packet.released, 1);
	world_close(&f.e);
}

TEST(a_driver_that_holds_by_one_callout_and_was_refused_by_another_answers_with_its_clone)
{
	struct fixture f;

	open_mode(&f, LEDGER_DISCARD_BLOCKS);
	CHECK_OK(ledger_hold(f.l, FIREWALL, 1));
	ledger_refuse(f.l, 1);
	ledger_claim(f.l, 1);
	ledger_settle(f.l, false);
	CHECK_EQ_U(ledger_inject(f.l, 1, false, &f.seen), LEDGER_INJECT_LAST);
	ledger_unclaim(f.l, 1);
	CHECK_EQ_U(f.packet.released, 1);
	world_close(&f.e);
}

TEST(giving_up_the_last_claim_without_injecting_discards)
{
	struct fixture f;

	open_held_by_both(&f);
	ledger_claim(f.l, 1);
	ledger_unclaim(f.l, 1);
	CHECK_EQ_U(ledger_inject(f.l, 2, false, &f.seen), LEDGER_INJECT_MERGED);
	CHECK_EQ_U(f.packet.decided, 0);
	ledger_unclaim(f.l, 1);
	CHECK_EQ_U(f.packet.decision, LEDGER_DROP);
	CHECK_EQ_U(f.packet.by, FIREWALL);
	ledger_unclaim(f.l, 2);
	close_quiet(&f, 1);
}

TEST(the_last_to_inject_after_another_discarded_is_void_and_the_packet_is_dropped)
{
	struct fixture f;

	open_held_by_both(&f);
	ledger_unclaim(f.l, 1);
	CHECK_EQ_U(f.packet.decided, 0);
	CHECK_EQ_U(ledger_inject(f.l, 2, false, &f.seen), LEDGER_INJECT_VOID);
	CHECK_EQ_U(f.packet.decision, LEDGER_DROP);
	CHECK_EQ_U(ledger_inject(f.l, 2, true, &f.seen), LEDGER_INJECT_VOID);
	ledger_unclaim(f.l, 2);
	close_quiet(&f, 1);
}

TEST(a_modified_clone_supersedes_the_packet_and_voids_what_others_hold)
{
	struct fixture f;

	open_held_by_both(&f);
	CHECK_EQ_U(ledger_inject(f.l, 2, true, &f.seen), LEDGER_INJECT_LAST);
	CHECK_EQ_U(f.seen.n, 1);
	CHECK_EQ_U(ledger_inject(f.l, 1, false, &f.seen), LEDGER_INJECT_VOID);
	CHECK_EQ_U(ledger_inject(f.l, 1, true, &f.seen), LEDGER_INJECT_VOID);
	ledger_unclaim(f.l, 1);
	ledger_unclaim(f.l, 2);
	CHECK_EQ_U(world_counters(&f.e).discarded, 0);
	close_quiet(&f, 0);
}

TEST(one_driver_with_two_callouts_releases_both_with_one_clone)
{
	struct fixture f;

	open_mode(&f, LEDGER_DISCARD_BLOCKS);
	CHECK_OK(ledger_hold(f.l, FIREWALL, 1));
	CHECK_OK(ledger_hold(f.l, FIREWALL + 1, 1));
	ledger_claim(f.l, 1);
	ledger_settle(f.l, false);
	CHECK_EQ_U(ledger_inject(f.l, 1, false, &f.seen), LEDGER_INJECT_LAST);
	CHECK_EQ_U(f.seen.n, 2);
	ledger_unclaim(f.l, 1);
	close_quiet(&f, 0);
}

TEST(a_claim_given_up_during_the_classify_decides_nothing_before_it_is_over)
{
	struct fixture f;

	open_mode(&f, LEDGER_DISCARD_BLOCKS);
	CHECK_OK(ledger_hold(f.l, FIREWALL, 1));
	ledger_claim(f.l, 1);
	ledger_unclaim(f.l, 1);
	CHECK_EQ_U(f.packet.decided, 0);
	ledger_settle(f.l, false);
	CHECK_EQ_U(f.packet.decision, LEDGER_DROP);
	close_quiet(&f, 1);
}

TEST(more_than_sixteen_holders_are_refused)
{
	struct fixture f;

	open_mode(&f, LEDGER_DISCARD_BLOCKS);
	for (uint32_t i = 0; i < 16; i++)
		CHECK_OK(ledger_hold(f.l, 100 + i, 1));
	CHECK_ERR(ledger_hold(f.l, 200, 1), ERR_NO_MEMORY);
	ledger_settle(f.l, false);
	close_quiet(&f, 1);
}

TEST(claims_of_more_drivers_than_there_is_room_for_are_still_counted)
{
	struct fixture f;

	open_mode(&f, LEDGER_DISCARD_BLOCKS);
	for (uint32_t driver = 1; driver <= 40; driver++)
		ledger_claim(f.l, driver);
	CHECK(ledger_claimed(f.l));
	ledger_settle(f.l, false);
	for (uint32_t driver = 40; driver >= 1; driver--)
		ledger_unclaim(f.l, driver);
	close_quiet(&f, 0);
}

/* ---- with a pended operation ----------------------------------------------------------------- */

static void open_pended(struct fixture *f, enum ledger_mode mode, bool cloned)
{
	open_mode(f, mode);
	CHECK_OK(ledger_hold(f->l, FIREWALL, 1));
	if (cloned)
		ledger_claim(f->l, 1);
	ledger_hold_op(f->l);
	ledger_settle(f->l, true);
	CHECK_EQ_U(f->packet.decided, 0);
}

TEST(the_operation_alone_holds_and_its_permit_lets_the_packet_go)
{
	struct fixture f;

	open_pended(&f, LEDGER_VERDICT_BY_OP, false);
	ledger_op_done(f.l, true);
	CHECK_EQ_U(f.packet.decision, LEDGER_GO);
	close_quiet(&f, 1);
}

TEST(the_operation_alone_holds_and_its_block_drops_the_packet)
{
	struct fixture f;

	open_pended(&f, LEDGER_VERDICT_BY_OP, false);
	ledger_op_done(f.l, false);
	CHECK_EQ_U(f.packet.decision, LEDGER_DROP);
	CHECK_EQ_U(f.packet.by, 0);
	close_quiet(&f, 1);
}

TEST(a_clone_thrown_away_is_no_opinion_where_the_reauthorization_decides)
{
	struct fixture f;

	open_pended(&f, LEDGER_VERDICT_BY_OP, true);
	ledger_unclaim(f.l, 1);
	CHECK_EQ_U(f.packet.decided, 0);
	ledger_op_done(f.l, true);
	CHECK_EQ_U(f.packet.decision, LEDGER_GO);
	close_quiet(&f, 1);
}

TEST(a_clone_thrown_away_is_a_block_where_reinjection_decides)
{
	struct fixture f;

	open_pended(&f, LEDGER_DISCARD_BLOCKS, true);
	ledger_unclaim(f.l, 1);
	ledger_op_done(f.l, true);
	CHECK_EQ_U(f.packet.decision, LEDGER_DROP);
	CHECK_EQ_U(f.packet.by, FIREWALL);
	close_quiet(&f, 1);
}

TEST(a_clone_thrown_away_before_the_classify_was_over_blocks_as_one_thrown_away_later)
{
	struct fixture f;

	open_mode(&f, LEDGER_DISCARD_BLOCKS);
	CHECK_OK(ledger_hold(f.l, FIREWALL, 1));
	ledger_claim(f.l, 1);
	ledger_hold_op(f.l);
	ledger_unclaim(f.l, 1);
	ledger_settle(f.l, true);
	ledger_op_done(f.l, true);
	CHECK_EQ_U(f.packet.decision, LEDGER_DROP);
	close_quiet(&f, 1);
}

TEST(without_a_pended_operation_absorbing_and_discarding_blocks_in_either_mode)
{
	struct fixture f;

	open_mode(&f, LEDGER_VERDICT_BY_OP);
	CHECK_OK(ledger_hold(f.l, FIREWALL, 1));
	ledger_claim(f.l, 1);
	ledger_settle(f.l, false);
	ledger_unclaim(f.l, 1);
	CHECK_EQ_U(f.packet.decision, LEDGER_DROP);
	close_quiet(&f, 1);
}

TEST(a_clone_injected_before_the_operation_ends_is_merged_and_the_packet_goes_at_its_end)
{
	struct fixture f;

	open_pended(&f, LEDGER_DISCARD_BLOCKS, true);
	CHECK_EQ_U(ledger_inject(f.l, 1, false, &f.seen), LEDGER_INJECT_MERGED);
	ledger_unclaim(f.l, 1);
	ledger_op_done(f.l, true);
	CHECK_EQ_U(f.packet.decision, LEDGER_GO);
	close_quiet(&f, 1);
}

TEST(a_clone_injected_after_the_operation_ended_is_the_last)
{
	struct fixture f;

	open_pended(&f, LEDGER_DISCARD_BLOCKS, true);
	ledger_op_done(f.l, true);
	CHECK_EQ_U(f.packet.decided, 0);
	CHECK_EQ_U(ledger_inject(f.l, 1, false, &f.seen), LEDGER_INJECT_LAST);
	ledger_unclaim(f.l, 1);
	close_quiet(&f, 0);
}

TEST(a_superseded_packet_waits_for_its_operation_before_it_is_released)
{
	struct fixture f;

	open_pended(&f, LEDGER_DISCARD_BLOCKS, true);
	CHECK_EQ_U(ledger_inject(f.l, 1, true, &f.seen), LEDGER_INJECT_LAST);
	ledger_unclaim(f.l, 1);
	CHECK_EQ_U(f.packet.released, 0);
	ledger_op_done(f.l, true);
	close_quiet(&f, 0);
}

/* ---- reclaim and list -------------------------------------------------------------------------
 */

TEST(reclaim_of_one_driver_counts_as_its_discard_and_is_reported)
{
	struct fixture f;

	open_held_by_both(&f);
	ledger_reclaim(&f.e, 1, UINT64_MAX);
	CHECK_EQ_U(world_rule(&f.e, ENGINE_RULE_PacketLost), 1);
	CHECK_EQ_U(atom32_load(&f.e.last_callout), FIREWALL);
	CHECK_EQ_U(f.packet.decided, 0);
	CHECK_EQ_U(ledger_inject(f.l, 2, false, &f.seen), LEDGER_INJECT_VOID);
	CHECK_EQ_U(f.packet.decision, LEDGER_DROP);
	CHECK_EQ_U(ledger_inject(f.l, 1, false, &f.seen), LEDGER_INJECT_VOID);
	ledger_unclaim(f.l, 1);
	ledger_unclaim(f.l, 2);
	CHECK_EQ_U(world_counters(&f.e).reclaimed, 1);
	close_quiet(&f, 1);
}

TEST(the_watchdog_reclaims_what_is_older_than_its_time_and_nothing_else)
{
	struct fixture f;
	uint64_t before = clock_now();

	open_held_by_both(&f);
	ledger_reclaim(&f.e, 0, before);
	CHECK_EQ_U(world_rule(&f.e, ENGINE_RULE_PacketLost), 0);
	ledger_reclaim(&f.e, 0, clock_now() + 1);
	CHECK_EQ_U(world_rule(&f.e, ENGINE_RULE_PacketLost), 2);
	CHECK_EQ_U(f.packet.decision, LEDGER_DROP);
	ledger_reclaim(&f.e, 0, UINT64_MAX);
	CHECK_EQ_U(world_rule(&f.e, ENGINE_RULE_PacketLost), 2);
	CHECK_EQ_U(f.packet.released, 0);
	ledger_unclaim(f.l, 1);
	ledger_unclaim(f.l, 2);
	close_quiet(&f, 1);
}

struct rows {
	unsigned n;
	struct ledger_info last;
};

static void see(void *ctx, const struct ledger_info *info)
{
	struct rows *r = ctx;

	lock_assert_none_held();
	r->n++;
	r->last = *info;
}

TEST(the_list_names_who_still_holds_and_how_many_clones_it_has)
{
	struct rows rows = {0};
	struct fixture f;

	open_held_by_both(&f);
	ledger_claim(f.l, 2);
	CHECK_EQ_U(ledger_inject(f.l, 1, false, &f.seen), LEDGER_INJECT_MERGED);
	ledger_list(&f.e, see, &rows);
	CHECK_EQ_U(rows.n, 1);
	CHECK_EQ_U(rows.last.callout_id, ANTIVIRUS);
	CHECK_EQ_U(rows.last.driver, 2);
	CHECK_EQ_U(rows.last.claims, 2);
	ledger_unclaim(f.l, 1);
	ledger_unclaim(f.l, 2);
	ledger_unclaim(f.l, 2);
	close_quiet(&f, 1);
}

TEST(no_memory_for_an_entry_is_an_error)
{
	struct ledger_entry *l = NULL;
	struct fixture f;

	open_mode(&f, LEDGER_DISCARD_BLOCKS);
	mem_fail_at(1);
	CHECK_ERR(ledger_open(&f.e, LEDGER_DISCARD_BLOCKS, &ops, &f.packet, &l), ERR_NO_MEMORY);
	mem_fail_at(0);
	CHECK(l == NULL);
	ledger_settle(f.l, false);
	close_quiet(&f, 0);
}
