/* SPDX-License-Identifier: MIT */
/* Pends beside other verdicts: who is still asked, what stands, and when the walk stops. */
#include "kit.h"

#include "engine/ledger.h"
#include "engine/metadata.h"
#include "engine/pend.h"

#define UNKNOWN MODEL_ACTION_CALLOUT_UNKNOWN
#define BLOCK	MODEL_ACTION_BLOCK
#define PERMIT	MODEL_ACTION_PERMIT

static struct pend_op *op;
static unsigned posts;
static struct engine_metadata meta;
static uint64_t contexts[4];
static unsigned n_contexts;

static void post(void *owner, struct pend_op *posted)
{
	(void)owner;
	CHECK(posted == op);
	posts++;
}

static const struct pend_owner_ops owner_ops = {.post = post};

static void begin_with(struct engine_config config)
{
	kit_begin_with(config);
	for (uint16_t w = 1; w <= 3; w++)
		kit_sublayer(w);
	posts = 0;
	n_contexts = 0;
}

static void begin(void)
{
	begin_with((struct engine_config){0});
}

/* Classifies with an operation that may be pended; it is resumed and ended if it was held. */
static struct engine_verdict ask(struct pend_result *result)
{
	struct engine_verdict v;

	CHECK_OK(pend_begin(kit, PEND_ALE, KIT_LAYER, false, &owner_ops, NULL, &op));
	meta = (struct engine_metadata){.present = ENGINE_META_COMPLETION_HANDLE,
					.completion_handle = pend_handle(op)};
	kit_ind.op = op;
	kit_ind.meta = &meta;
	v = kit_classify();
	if (v.outcome == ENGINE_PENDED) {
		for (unsigned i = 0; i < n_contexts; i++)
			CHECK_OK(pend_complete(kit, contexts[i]));
		CHECK_EQ_U(posts, 1);
		pend_resume(op, result);
	}
	pend_end(op);
	kit_ind.op = NULL;
	return v;
}

static void pend_inside(struct kit_script *s, const struct engine_call *call)
{
	wfp_err err =
		pend_operation(kit, call->ind->meta->completion_handle, &contexts[n_contexts]);

	if (s->arg)
		*(wfp_err *)s->arg = err;
	else
		CHECK_OK(err);
	if (!err)
		n_contexts++;
}

/* A callout that pends as the platform wants it, in this sublayer. */
static struct kit_script pender(uint16_t sublayer)
{
	struct kit_script s = kit_answer(sublayer, BLOCK);

	s.flags = ENGINE_OUT_ABSORB;
	s.clear_right = true;
	s.inside = pend_inside;
	return s;
}

static void install(struct kit_script *s, uint16_t sublayer)
{
	kit_register(s);
	kit_callout_filter(sublayer, 1, UNKNOWN, 0, &s->key);
}

TEST(a_pend_is_the_verdict_and_names_who_pended)
{
	struct kit_script p = pender(2);
	struct pend_result r;
	struct engine_verdict v;

	begin();
	install(&p, 2);
	v = ask(&r);
	CHECK_EQ_U(v.outcome, ENGINE_PENDED);
	CHECK_EQ_U(v.callout_id, p.id);
	CHECK_EQ_U(v.sublayer_weight, 2);
	CHECK(!v.hard);
	CHECK_EQ_U(r.holders, 1);
	kit_unregister(&p);
	kit_end();
}

TEST(lower_sublayers_are_still_asked_after_a_pend_and_have_the_right)
{
	struct kit_script p = pender(3), low = kit_answer(1, PERMIT);
	struct pend_result r;

	begin();
	install(&p, 3);
	install(&low, 1);
	CHECK_EQ_U(ask(&r).outcome, ENGINE_PENDED);
	CHECK_EQ_U(low.calls, 1);
	CHECK_EQ_U(low.entry.rights, ENGINE_RIGHT_ACTION_WRITE);
	CHECK_EQ_U(low.entry.action, MODEL_ACTION_CONTINUE);
	kit_unregister(&p);
	kit_unregister(&low);
	kit_end();
}

TEST(two_callouts_join_and_the_last_one_resumes)
{
	struct kit_script a = pender(3), b = pender(2);
	struct pend_result r;

	begin();
	install(&a, 3);
	install(&b, 2);
	CHECK_EQ_U(ask(&r).outcome, ENGINE_PENDED);
	CHECK_EQ_U(r.holders, 2);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_PendRightsIgnored], 0);
	kit_unregister(&a);
	kit_unregister(&b);
	kit_end();
}

TEST(strict_rights_take_the_right_from_those_below_a_pend)
{
	struct kit_script a = pender(3), b = pender(2);
	struct pend_result r;
	wfp_err err = ERR_OK;

	begin_with((struct engine_config){.strict_rights = true});
	b.arg = &err;
	install(&a, 3);
	install(&b, 2);
	CHECK_EQ_U(ask(&r).outcome, ENGINE_PENDED);
	CHECK_EQ_U(b.entry.rights, 0);
	CHECK_EQ_U(b.entry.action, BLOCK);
	CHECK(err != ERR_OK);
	CHECK_EQ_U(r.holders, 1);
	kit_unregister(&a);
	kit_unregister(&b);
	kit_end();
}

TEST(freeze_stops_the_walk_at_the_first_pend)
{
	struct kit_script a = pender(3), b = pender(2);
	struct pend_result r;

	begin_with((struct engine_config){.join = ENGINE_JOIN_FREEZE});
	install(&a, 3);
	install(&b, 2);
	CHECK_EQ_U(ask(&r).outcome, ENGINE_PENDED);
	CHECK_EQ_U(a.calls, 1);
	CHECK_EQ_U(b.calls, 0);
	CHECK_EQ_U(r.holders, 1);
	kit_unregister(&a);
	kit_unregister(&b);
	kit_end();
}

static void block_beside_pend(uint16_t pend_at, uint16_t block_at)
{
	struct kit_script p = pender(pend_at);
	struct pend_result r;
	struct engine_verdict v;
	uint64_t block;

	begin();
	install(&p, pend_at);
	block = kit_filter(block_at, 1, BLOCK, 0);
	v = ask(&r);
	CHECK_EQ_U(v.outcome, ENGINE_PENDED);
	CHECK(v.hard);
	CHECK_EQ_U(v.filter_id, block);
	CHECK_EQ_U(v.callout_id, 0);
	kit_unregister(&p);
	kit_end();
}

TEST(a_block_for_good_below_a_pend_is_kept_beside_it)
{
	block_beside_pend(3, 1);
}

TEST(a_block_for_good_above_a_pend_is_kept_beside_it)
{
	block_beside_pend(1, 3);
}

TEST(a_soft_block_beside_a_pend_is_left_to_the_resume)
{
	struct kit_script p = pender(3), soft = kit_answer(9, BLOCK);
	struct pend_result r;
	struct engine_verdict v;

	begin();
	install(&p, 3);
	install(&soft, 1);
	v = ask(&r);
	CHECK_EQ_U(v.outcome, ENGINE_PENDED);
	CHECK(!v.hard);
	CHECK_EQ_U(v.callout_id, p.id);
	kit_unregister(&p);
	kit_unregister(&soft);
	kit_end();
}

static void pend_and_forget(struct kit_script *s, const struct engine_call *call)
{
	pend_inside(s, call);
	n_contexts--;
}

TEST(a_pend_without_block_and_absorb_is_a_block_for_good)
{
	struct kit_script p = pender(3);
	struct pend_result r;
	struct engine_verdict v;

	begin();
	p.action = PERMIT;
	p.inside = pend_and_forget;
	install(&p, 3);
	kit_filter(1, 1, PERMIT, 0);
	v = ask(&r);
	CHECK_EQ_U(v.outcome, ENGINE_PENDED);
	CHECK(v.hard);
	CHECK_EQ_U(v.callout_id, p.id);
	CHECK(r.revoked);
	CHECK_EQ_U(r.outcome, ENGINE_BLOCK);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_PendNoAbsorb], 1);
	kit_unregister(&p);
	kit_end();
}

static void complete_inside(struct kit_script *s, const struct engine_call *call)
{
	pend_inside(s, call);
	CHECK_OK(pend_complete(kit, contexts[--n_contexts]));
	CHECK_EQ_U(posts, 0);
}

TEST(a_pend_completed_inside_the_classify_still_resumes_after_it)
{
	struct kit_script p = pender(3);
	struct pend_result r;

	begin();
	p.inside = complete_inside;
	install(&p, 3);
	CHECK_EQ_U(ask(&r).outcome, ENGINE_PENDED);
	CHECK_EQ_U(posts, 1);
	kit_unregister(&p);
	kit_end();
}

TEST(nobody_pended_and_the_verdict_is_delivered_at_once)
{
	struct pend_result r;

	begin();
	kit_filter(1, 1, BLOCK, 0);
	CHECK_EQ_U(ask(&r).outcome, ENGINE_BLOCK);
	CHECK_EQ_U(posts, 0);
	kit_end();
}

TEST(unregistering_is_busy_while_the_callout_holds_and_forced_revokes)
{
	struct kit_script p = pender(3);
	struct pend_result r;

	begin();
	install(&p, 3);
	CHECK_OK(pend_begin(kit, PEND_ALE, KIT_LAYER, false, &owner_ops, NULL, &op));
	meta = (struct engine_metadata){.present = ENGINE_META_COMPLETION_HANDLE,
					.completion_handle = pend_handle(op)};
	kit_ind.op = op;
	kit_ind.meta = &meta;
	CHECK_EQ_U(kit_classify().outcome, ENGINE_PENDED);
	CHECK_ERR(engine_callout_unregister(kit, p.id, ENGINE_UNREGISTER_POLITE), ERR_IN_USE);
	CHECK_EQ_U(p.released, 0);
	CHECK_OK(engine_callout_unregister(kit, p.id, ENGINE_UNREGISTER_FORCED));
	CHECK_EQ_U(p.released, 1);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_UnloadWithHolds], 1);
	CHECK_EQ_U(posts, 1);
	pend_resume(op, &r);
	CHECK(r.revoked);
	CHECK_EQ_U(r.outcome, ENGINE_BLOCK);
	pend_end(op);
	kit_end();
}

/* ---- who becomes a holder of the packet -------------------------------------------------------
 */

static unsigned decided, released;
static enum ledger_decision decision;

static void on_decided(void *packet, enum ledger_decision d, uint32_t by)
{
	(void)packet;
	(void)by;
	decided++;
	decision = d;
}

static void on_released(void *packet)
{
	(void)packet;
	released++;
}

static const struct ledger_owner_ops packet_ops = {on_decided, on_released};

/* Classifies with a ledger entry; the number of holders is what the entry then lists. */
static void count_info(void *ctx, const struct ledger_info *info)
{
	(void)info;
	++*(unsigned *)ctx;
}

static unsigned holders_of(enum engine_outcome expected)
{
	struct ledger_entry *entry;
	unsigned n = 0;

	decided = released = 0;
	CHECK_OK(ledger_open(kit, LEDGER_DISCARD_BLOCKS, &packet_ops, NULL, &entry));
	kit_ind.ledger = entry;
	CHECK_EQ_U(kit_classify().outcome, expected);
	ledger_list(kit, count_info, &n);
	ledger_settle(entry, false);
	CHECK_EQ_U(released, 1);
	kit_ind.ledger = NULL;
	return n;
}

TEST(every_callout_whose_absorb_stands_holds_the_packet)
{
	struct kit_script a = kit_answer(1, BLOCK), b = kit_answer(2, BLOCK);

	begin();
	a.flags = b.flags = ENGINE_OUT_ABSORB;
	install(&a, 3);
	install(&b, 2);
	CHECK_EQ_U(holders_of(ENGINE_ABSORB), 2);
	kit_unregister(&a);
	kit_unregister(&b);
	kit_end();
}

TEST(an_absorb_below_a_block_for_good_holds_nothing)
{
	struct kit_script a = kit_answer(1, BLOCK);

	begin();
	a.flags = ENGINE_OUT_ABSORB;
	kit_filter(3, 1, BLOCK, 0);
	install(&a, 2);
	CHECK_EQ_U(holders_of(ENGINE_BLOCK), 0);
	kit_unregister(&a);
	kit_end();
}
