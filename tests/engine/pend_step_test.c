/* SPDX-License-Identifier: MIT */
/*
 * pend_step - every word, every event; then every order in which callouts, workers, a closing
 * endpoint and a watchdog can feed them, over the real table and over tables with one row spoilt.
 */
#include "harness.h"

#include "base/hash.h"
#include "base/mem.h"
#include "engine/pend_step.h"

#define REASON 3u

struct before {
	enum pend_phase phase;
	uint32_t cancel, holds, flags, event;
};

static void check_word(const struct before *b, struct pend_next n)
{
	uint32_t holds = pend_word_holds(n.word);
	enum pend_phase phase = pend_word_phase(n.word);

	/* Holds never rise from zero, except with the new life's own first one. */
	if (b->holds == 0 && holds > 0)
		CHECK(b->event == PEND_EV_BEGIN && holds == 1);
	/* The drop from one to zero leaves to RESUMING, or to FREE when nobody had held. */
	if (b->holds == 1 && holds == 0)
		CHECK(phase == PEND_RESUMING || b->event == PEND_EV_END);
	/* Only that drop posts, and only then. */
	if (n.actions & (PEND_DO_POST | PEND_DO_INLINE))
		CHECK(b->holds == 1 && holds == 0 && phase == PEND_RESUMING);
	CHECK(!((n.actions & PEND_DO_POST) && (n.actions & PEND_DO_INLINE)));
	/* Cancel is sticky until the next life. */
	if (b->cancel != 0 && phase != PEND_FREE)
		CHECK_EQ_U(pend_word_cancel(n.word), b->cancel);
	/* No more than one at a time, up or down. */
	CHECK(holds + 1 >= b->holds && holds <= b->holds + 1);
	CHECK_EQ_U(pend_word_generation(n.word), phase == PEND_FREE ? 8 : 7);
}

/* Words that exist: nobody holds a free or a resuming operation, and a free one is blank. */
static bool exists(const struct before *b)
{
	if (b->phase == PEND_FREE)
		return b->holds == 0 && b->cancel == 0 && b->flags == 0;
	return b->phase != PEND_RESUMING || b->holds == 0;
}

static void check_case(const struct before *b)
{
	uint64_t word = pend_word_make(7, b->phase, b->cancel, b->holds, b->flags);
	struct pend_next n =
		pend_step(word, (enum pend_event)b->event, b->event == PEND_EV_CANCEL ? REASON : 0);

	if (!n.ok) {
		CHECK_EQ_U(n.word, word);
		CHECK_EQ_U(n.actions, 0);
		return;
	}
	check_word(b, n);
}

TEST(every_word_and_event_keeps_the_invariants)
{
	struct before b;

	for (b.phase = 0; b.phase < PEND_PHASES; b.phase++)
		for (b.cancel = 0; b.cancel <= REASON; b.cancel += REASON)
			for (b.holds = 0; b.holds <= 4; b.holds++)
				for (b.flags = 0; b.flags < 8; b.flags++)
					for (b.event = 0; b.event < PEND_EVENTS; b.event++)
						if (exists(&b))
							check_case(&b);
}

TEST(pend_is_refused_in_every_phase_but_classifying)
{
	for (unsigned phase = 0; phase < PEND_PHASES; phase++) {
		uint64_t word = pend_word_make(1, (enum pend_phase)phase, 0, 1, 0);

		CHECK(pend_step(word, PEND_EV_PEND, 0).ok == (phase == PEND_CLASSIFYING));
	}
}

TEST(pend_is_refused_after_cancel)
{
	CHECK(!pend_step(pend_word_make(1, PEND_CLASSIFYING, REASON, 1, 0), PEND_EV_PEND, 0).ok);
}

TEST(pend_is_refused_when_the_holds_field_is_full)
{
	CHECK(!pend_step(pend_word_make(1, PEND_CLASSIFYING, 0, PEND_HOLDS_MAX, PEND_FLAG_HELD),
			 PEND_EV_PEND, 0)
		       .ok);
}

TEST(a_result_is_read_once)
{
	uint64_t word = pend_word_make(1, PEND_RESUMING, 0, 0, PEND_FLAG_HELD);
	struct pend_next n = pend_step(word, PEND_EV_RESUME, 0);

	CHECK(n.ok);
	CHECK(!pend_step(n.word, PEND_EV_RESUME, 0).ok);
}

TEST(cancel_after_the_result_was_read_changes_nothing)
{
	uint64_t word = pend_word_make(1, PEND_RESUMING, 0, 0, PEND_FLAG_HELD | PEND_FLAG_TAKEN);

	CHECK_EQ_U(pend_step(word, PEND_EV_CANCEL, REASON).word, word);
}

TEST(generations_wrap_into_their_field)
{
	uint64_t word = pend_word_make(PEND_GENERATION_MASK, PEND_RESUMING, 0, 0, 0);

	CHECK_EQ_U(pend_step(word, PEND_EV_END, 0).word, 0);
}

/* ---- all interleavings -------------------------------------------------------------------- */

#define CALLOUTS_MAX 3u

/*
 * One moment.  The classify asks one callout after the other; each pend is three steps, as in
 * pend_driver.c: take a hold, show the record, look whether somebody cancelled meanwhile.
 */
enum pending { ASK, SHOW, LOOK, WITHDRAW };

struct state {
	uint64_t word;
	uint8_t record[CALLOUTS_MAX]; /* 0 empty, 1 held, 2 answered, 3 revoked */
	uint8_t worker[CALLOUTS_MAX]; /* 0 waits, 1 won the record, 2 done */
	uint8_t classify;	      /* callouts asked; callouts + 1: its own hold is gone */
	uint8_t pending;	      /* enum pending */
	uint8_t canceller;	      /* 0 to come, 1 + i: looks at record i, 100 done */
	uint8_t revoking;	      /* the canceller won a record and must drop its hold */
	uint8_t posts, resumes;
	uint8_t bad;
	uint8_t zero[2];
};

struct search {
	const struct pend_row *rows;
	unsigned n, callouts;
	bool close;
	struct state *states;
	uint32_t *seen; /* hash table of indices + 1 */
	size_t count, moves;
};

#define STATES_MAX 500000u
#define SEEN_SIZE  (1u << 20)

/* Refused, or posted before: what must never happen. */
static uint32_t feed(struct search *s, struct state *t, enum pend_event event)
{
	struct pend_next n = pend_step_in(s->rows, s->n, t->word, event, REASON);

	t->word = n.word;
	t->posts += (n.actions & (PEND_DO_POST | PEND_DO_INLINE)) != 0;
	t->bad |= !n.ok || t->posts > 1;
	return n.actions;
}

static void push(struct search *s, const struct state *t)
{
	static const uint8_t key[16];
	size_t at = hash_siphash(key, t, sizeof(*t)) % SEEN_SIZE;

	s->moves++;
	for (; s->seen[at]; at = (at + 1) % SEEN_SIZE)
		if (memcmp(&s->states[s->seen[at] - 1], t, sizeof(*t)) == 0)
			return;
	BUG_ON(s->count == STATES_MAX);
	s->states[s->count++] = *t;
	s->seen[at] = (uint32_t)s->count;
}

static void ask(struct search *s, struct state t, bool pends)
{
	struct pend_next n;

	if (!pends) {
		t.classify++;
		push(s, &t);
		return;
	}
	n = pend_step_in(s->rows, s->n, t.word, PEND_EV_PEND, 0);
	t.bad |= !n.ok && pend_word_cancel(t.word) == 0;
	t.word = n.word;
	if (n.ok)
		t.pending = SHOW;
	else
		t.classify++;
	push(s, &t);
}

static void step_classify(struct search *s, struct state t)
{
	unsigned i = t.classify;

	if (t.pending == SHOW) {
		t.record[i] = 1;
		t.pending = LOOK;
	} else if (t.pending == LOOK && pend_word_cancel(t.word) && t.record[i] == 1) {
		t.record[i] = 3;
		t.pending = WITHDRAW;
	} else if (t.pending == LOOK) {
		t.pending = ASK;
		t.classify++;
	} else if (t.pending == WITHDRAW) {
		feed(s, &t, PEND_EV_REVOKE);
		t.pending = ASK;
		t.classify++;
	} else if (i == s->callouts) {
		feed(s, &t, PEND_EV_CLASSIFIED);
		t.classify++;
	} else if (i < s->callouts) {
		ask(s, t, true);
		ask(s, t, false);
		return;
	} else {
		return;
	}
	push(s, &t);
}

/* Wins its record, then drops the hold: another thread may step in between. */
static void step_worker(struct search *s, struct state t, unsigned i)
{
	if (t.worker[i] == 0 && t.record[i] == 1) {
		t.record[i] = 2;
		t.worker[i] = 1;
	} else if (t.worker[i] == 1) {
		feed(s, &t, PEND_EV_COMPLETE);
		t.worker[i] = 2;
	} else {
		return;
	}
	push(s, &t);
}

static void step_canceller(struct search *s, struct state t)
{
	if (t.revoking) {
		feed(s, &t, PEND_EV_REVOKE);
		t.revoking = 0;
	} else if (t.canceller == 0) {
		if (pend_word_phase(t.word) == PEND_FREE)
			return;
		t.canceller = feed(s, &t, PEND_EV_CANCEL) & PEND_DO_REVOKE_ALL ? 1 : 100;
	} else if (t.canceller <= s->callouts) {
		unsigned i = t.canceller++ - 1u;

		if (t.record[i] == 1) {
			t.record[i] = 3;
			t.revoking = 1;
		}
	} else {
		return;
	}
	push(s, &t);
}

/* The owner: resumes and ends what was posted. */
static void step_owner(struct search *s, struct state t)
{
	if (t.posts == 0 || t.resumes)
		return;
	if (pend_word_flags(t.word) & PEND_FLAG_HELD)
		feed(s, &t, PEND_EV_RESUME);
	feed(s, &t, PEND_EV_END);
	t.resumes++;
	push(s, &t);
}

static void expand(struct search *s, const struct state *t)
{
	step_classify(s, *t);
	for (unsigned i = 0; i < s->callouts; i++)
		step_worker(s, *t, i);
	if (s->close)
		step_canceller(s, *t);
	step_owner(s, *t);
}

/* False: some order of steps breaks the protocol, or ends with the operation not free. */
static bool walk_states(struct search *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct state t = s->states[i];

		if (t.bad)
			return false;
		s->moves = 0;
		expand(s, &t);
		if (s->moves == 0 && (t.resumes != 1 || pend_word_phase(t.word) != PEND_FREE))
			return false;
	}
	return true;
}

static bool search_all(const struct pend_row *rows, unsigned n, unsigned callouts, bool close)
{
	struct search s = {.rows = rows, .n = n, .callouts = callouts, .close = close};
	struct state first = {.word = pend_step(0, PEND_EV_BEGIN, 0).word};
	bool good;

	s.states = mem_zalloc_array(STATES_MAX, sizeof(*s.states));
	s.seen = mem_zalloc_array(SEEN_SIZE, sizeof(*s.seen));
	CHECK(s.states && s.seen);
	push(&s, &first);
	good = walk_states(&s);
	mem_free(s.seen);
	mem_free(s.states);
	return good;
}

TEST(two_callouts_in_every_order_resume_once)
{
	CHECK(search_all(pend_rows, pend_n_rows, 2, false));
}

TEST(two_callouts_and_a_closing_endpoint_in_every_order_resume_once)
{
	CHECK(search_all(pend_rows, pend_n_rows, 2, true));
}

TEST(three_callouts_and_a_closing_endpoint_in_every_order_resume_once)
{
	CHECK(search_all(pend_rows, pend_n_rows, 3, true));
}

/* A copy of the table with the given row replaced. */
static bool survives(unsigned index, struct pend_row row)
{
	struct pend_row rows[64];

	BUG_ON(pend_n_rows > ARRAY_LEN(rows));
	memcpy(rows, pend_rows, pend_n_rows * sizeof(*rows));
	rows[index] = row;
	return search_all(rows, pend_n_rows, 2, true);
}

static unsigned find_row(enum pend_phase phase, enum pend_event event, enum pend_guard guard)
{
	unsigned i;

	for (i = 0; i < pend_n_rows; i++)
		if (pend_rows[i].phase == phase && pend_rows[i].event == event &&
		    pend_rows[i].guard == guard)
			return i;
	BUG_ON(true);
}

static unsigned spoil(enum pend_phase phase, enum pend_event event, enum pend_guard guard,
		      struct pend_row *row)
{
	unsigned i = find_row(phase, event, guard);

	*row = pend_rows[i];
	return i;
}

/* The engine of KB 979278: only the callouts' holds count, and the classify has none. */
TEST(without_the_hold_of_the_classify_an_operation_is_resumed_while_it_is_pended)
{
	struct pend_row rows[64];
	unsigned complete = find_row(PEND_CLASSIFYING, PEND_EV_COMPLETE, PEND_IF_TWO_HOLDS);
	unsigned pend = find_row(PEND_CLASSIFYING, PEND_EV_PEND, PEND_IF_UNTOUCHED);

	memcpy(rows, pend_rows, pend_n_rows * sizeof(*rows));
	/* The first pend takes over the classify's hold, and a completion may drop the last one. */
	rows[pend].actions = PEND_DO_MARK_HELD;
	rows[complete] = (struct pend_row){PEND_CLASSIFYING, PEND_EV_COMPLETE, PEND_IF_ONE_HOLD,
					   PEND_RESUMING, PEND_DO_DROP | PEND_DO_POST};
	CHECK(!search_all(rows, pend_n_rows, 2, false));
}

TEST(without_the_post_at_the_last_drop_an_operation_is_lost)
{
	struct pend_row row;
	unsigned i = spoil(PEND_PENDED, PEND_EV_COMPLETE, PEND_IF_ONE_HOLD, &row);

	row.actions &= (uint16_t)~PEND_DO_POST;
	CHECK(!survives(i, row));
}

TEST(a_second_post_is_found)
{
	struct pend_row row;
	unsigned i = spoil(PEND_PENDED, PEND_EV_COMPLETE, PEND_IF_TWO_HOLDS, &row);

	row.actions |= PEND_DO_POST;
	CHECK(!survives(i, row));
}

TEST(a_pend_that_takes_no_hold_is_found)
{
	struct pend_row row;
	unsigned i = spoil(PEND_CLASSIFYING, PEND_EV_PEND, PEND_IF_TWO_HOLDS, &row);

	row.actions &= (uint16_t)~PEND_DO_HOLD;
	CHECK(!survives(i, row));
}

TEST(an_operation_that_all_completed_early_and_that_waits_is_found)
{
	struct pend_row row;
	unsigned i = spoil(PEND_CLASSIFYING, PEND_EV_CLASSIFIED, PEND_IF_ONE_HOLD, &row);

	row.next = PEND_PENDED;
	CHECK(!survives(i, row));
}
