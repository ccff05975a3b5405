/* SPDX-License-Identifier: MIT */
/*
 * bound - every schedule with at most b preemptions, for b = 0, 1, 2, ... up to the bound.
 *
 * Depth first over a stack of the choices of the run at hand.  A choice preempts when the thread
 * that ran could have gone on; the clock's jumps and the values of choose cost nothing, so all of
 * them are taken.  The first child of a node is the one that preempts nobody.  Round b executes
 * what has fewer preemptions again, to get where the last one goes; that is a small part of it, and
 * it is counted in its own round alone.
 *
 * A team shares the subtrees that begin with a run's second departure from first children: each
 * member walks to all of them in the same order and enters every so manyth.  What lies before them
 * is executed by all and counted by one.  A strategy: see strategy.h for who calls.
 */
#include "explore/strategy.h"

#define SHARED_DEPARTURES 2u

struct node {
	uint64_t rest;			  /* of a pick: the threads not taken yet */
	uint32_t chosen;		  /* a thread or a value */
	uint16_t of;			  /* of a value: how many there are; 0: a pick */
	uint16_t preemptions, departures; /* on the way here, this choice included */
	uint8_t running;		  /* preempted by another choice; 0: nobody could be */
};

struct bound {
	struct node *nodes;
	uint32_t n, room;
	uint32_t round;		/* b */
	uint64_t subtrees;	/* shared ones met in this round */
	bool begun, more, done; /* this round: anything run, something left out; all rounds */
	uint32_t complete;	/* rounds */
};

static wfp_err bound_open(struct search *s)
{
	s->state = sim_control_alloc(sizeof(struct bound));
	return s->state ? ERR_OK : ERR_NO_MEMORY;
}

static const struct node *above(const struct bound *b, uint32_t i)
{
	static const struct node root = {0};

	return i > 0 ? &b->nodes[i - 1] : &root;
}

/* A shared subtree begins here: is it this member's? */
static bool ours(const struct search *s, struct bound *b, uint32_t i)
{
	if (s->limits.jobs < 2 || b->nodes[i].departures != SHARED_DEPARTURES ||
	    above(b, i)->departures == SHARED_DEPARTURES)
		return true;
	return b->subtrees++ % s->limits.jobs == s->member;
}

static bool next_value(struct node *n)
{
	if (n->chosen + 1 >= n->of)
		return false;
	n->chosen++;
	return true;
}

static bool next_thread(struct bound *b, struct node *n, uint32_t preemptions_above)
{
	uint32_t cost;

	if (n->rest == 0)
		return false;
	n->chosen = (uint32_t)__builtin_ctzll(n->rest);
	n->rest &= n->rest - 1;
	cost = n->running != 0 && n->chosen != SIM_TIME;
	if (preemptions_above + cost > b->round) {
		b->more = true;
		n->rest = 0;
		return false;
	}
	n->preemptions = (uint16_t)(preemptions_above + cost);
	return true;
}

/* The next child of node i, if there is one. */
static bool sibling(struct bound *b, uint32_t i)
{
	struct node *n = &b->nodes[i];
	uint16_t departures = (uint16_t)(above(b, i)->departures + 1);

	if (n->of > 0 ? !next_value(n) : !next_thread(b, n, above(b, i)->preemptions))
		return false;
	n->departures = departures < SHARED_DEPARTURES ? departures : SHARED_DEPARTURES;
	return true;
}

/* False: this round is over. */
static bool advance(const struct search *s, struct bound *b)
{
	while (b->n > 0) {
		while (sibling(b, b->n - 1))
			if (ours(s, b, b->n - 1))
				return true;
		b->n--;
	}
	return false;
}

static bool begin_round(struct search *s, struct bound *b)
{
	if (b->begun) {
		b->complete = b->round + 1;
		s->out->exhausted = !b->more;
		if (!b->more || b->round == s->limits.bound)
			return false;
		b->round++;
	}
	b->begun = true;
	b->more = false;
	b->subtrees = 0;
	return true;
}

static bool bound_next(struct search *s)
{
	struct bound *b = s->state;

	if (!(b->begun && advance(s, b)) && !begin_round(s, b))
		return false;
	s->round = b->round;
	s->uncounted = s->member > 0 && above(b, b->n)->departures < SHARED_DEPARTURES;
	return true;
}

static struct node *push(struct search *s, struct bound *b)
{
	struct node *grown = search_grow(s, b->nodes, &b->room, b->n + 1, sizeof(*grown));

	if (!grown)
		return NULL;
	b->nodes = grown;
	grown[b->n] = (struct node){
		.preemptions = above(b, b->n)->preemptions,
		.departures = above(b, b->n)->departures,
	};
	return &grown[b->n++];
}

static uint32_t bound_pick(struct search *s, const struct sim_view *v)
{
	struct bound *b = s->state;
	uint64_t options;
	struct node *n;

	if (LIKELY(s->current.n < b->n))
		return b->nodes[s->current.n].chosen;
	n = push(s, b);
	if (!n)
		return SEARCH_CUT;
	options = search_options(s, v);
	n->chosen = search_plain(options, v->running);
	n->rest = options & ~search_bit(n->chosen);
	n->running = (uint8_t)(options & search_bit(v->running) & ~UINT64_C(1) ? v->running : 0);
	return n->chosen;
}

static uint32_t bound_choose(struct search *s, uint32_t n)
{
	struct bound *b = s->state;
	struct node *node;

	if (LIKELY(s->current.n < b->n))
		return b->nodes[s->current.n].chosen;
	node = push(s, b);
	if (!node)
		return SEARCH_CUT;
	node->of = (uint16_t)n;
	return 0;
}

static void bound_claim(const struct search *s, struct explore_result *out)
{
	const struct bound *b = s->state;

	if (b->complete == 0)
		return;
	out->claim = EXPLORE_CLAIM_BOUND;
	out->bound = b->complete - 1;
}

static void bound_close(struct search *s)
{
	struct bound *b = s->state;

	search_free(s, b->nodes, b->room, sizeof(*b->nodes));
	sim_control_free(b);
}

const struct strategy strategy_bound = {
	.open = bound_open,
	.next = bound_next,
	.pick = bound_pick,
	.choose = bound_choose,
	.claim = bound_claim,
	.close = bound_close,
};
