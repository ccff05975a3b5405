/* SPDX-License-Identifier: MIT */
/*
 * The life of pended operations: src/engine/pend*.c, callout.c and stack/resume.c, one step for each
 * access to something shared.
 *
 * One slot, used again and again, which is the worst case: every leftover of one life meets the next.
 * Its owner asks N callouts, one after the other; each permits or pends.  What a pend gave, a worker
 * of that driver completes: before the classifyFn returns, after it, or in between.  Beside them
 *
 *	rogue	  completes again, or something that is long over	DOUBLE, STALE
 *	closer	  closes the endpoint, at any moment of a life		CLOSE
 *	unloader  unregisters a callout, politely or by force		POLITE, FORCED
 *	policy	  changes the filters: the last callout's comes or goes	POLICY
 *	watchdog  ends holds by time; a worker may then forget them	WATCHDOG
 *	stopper	  stops the engine					STOP
 *
 * and the owner itself breaks the absorb protocol (NOABSORB) or has no memory for an operation or a
 * record (NOMEM).  Which of them exist is defined from outside, and BUDGET says how many of their
 * deeds one run holds: every choice of so many, at every moment.
 *
 * A compare-and-swap loop over a pure function is one step here: what it loads before the swap that
 * succeeds has no effect.  -DSPLIT has load and swap apart, as in C, and shows the same.
 */
#include "pend_table.pml"

#ifndef N
#define N 2
#endif
#ifndef FLOWS
#define FLOWS 2	  /* operations that begin anew: a callout may pend them */
#endif
#ifndef RETRIES
#define RETRIES 1 /* further reauthorizations when the policy changes meanwhile */
#endif
#ifndef BUDGET
#define BUDGET 0
#endif
#define RECORDS N
#if defined(POLITE) || defined(FORCED)
#define UNLOADS
#endif
#ifdef POLICY
#define NAMED(i) (i != N - 1 || version % 2 == 0)
#else
#define NAMED(i) true
#endif

/* ---- what is shared ------------------------------------------------------------------------ */

short word;		   /* of the operation */
byte rec[RECORDS];	   /* words of its records */
byte rec_callout[RECORDS]; /* record.callout */
bool spin;		   /* the pool's */
bool mail;		   /* the operation lies in its owner's mailbox */
bool stopping;

bool callable[N] = true;   /* slot.callable is not NULL */
byte refs[N] = 1;	   /* engine_callout.refs; 0: freed */
byte cholds[N];		   /* engine_callout.holds */
byte version;		   /* of the policy */

bool reading;		   /* the owner is in an RCU section */
bool grace;		   /* the unloader waits for the end of the one that was open */

bool asleep[N];		   /* the driver completes nothing any more */

byte budget = BUDGET;

/* ---- what is only said, to be asserted ------------------------------------------------------ */

bool in_life;		   /* between begin and end */
bool waits;		   /* the owner waits for mail */
bool closing;		   /* somebody keeps the owner from ending: the contract of pend_cancel */
bool posted;		   /* in this life */
bool marked;		   /* cancelled before the result was read */
byte let_go_of;		   /* the records of this life whose hold was dropped */
bool in_pend;		   /* between a pend's hold and its look at the marks */
bool swept;		   /* a cancel of this life, or a stop, has been through all records */
byte in_call;		   /* 1 + the callout whose classifyFn runs */
bool gone[N];		   /* unregistered: the driver may be unloaded */
bool over;		   /* the owner has nothing more to do */

#define IS_HELD(r) (R_STATE(rec[r], W_GEN(word)) == R_HELD)

#define SPEND atomic { budget > 0 -> budget-- }

/* What pend_op_step answers. */
#define REFUSED	  0
#define STEPPED	  1
#define POSTS	  2
#define IS_INLINE 3
#define REVOKES	  4
#define ANSWER (!pend_ok -> REFUSED : (DOES(pend_did, POST) -> POSTS : (DOES(pend_did, INLINE) -> IS_INLINE : \
	(DOES(pend_did, REVOKE_ALL) -> REVOKES : STEPPED))))

/* LATE: only the owner's thread closes, as in the stack: when it has kept the operation, before it resumes it. */
#ifdef LATE
#define MAY_CLOSE waits
#define LATE_DONE !closing
#else
#define MAY_CLOSE in_life
#define LATE_DONE true
#endif

#ifdef RELATION
#include "relation.pml"
#else
#define RELATE_OP(ev)
#define RELATE_RECORD(r, ev)
#endif

#ifdef SPLIT
#define LOCALS byte did, was; bool won; short seen; bool swapped
#else
#define LOCALS byte did, was; bool won
#endif
/* What a step answered is of no use any more: fewer states. */
#define FORGET did = 0; was = 0; won = false

/* The swap succeeds. */
inline change(ev, did)
{
	assert(W_HOLDS(word) > 0 || W_HOLDS(pend_next) == 0 || ev == EV_BEGIN); /* no hold is taken at zero */
	assert(W_HOLDS(pend_next) < W_HOLDS_MAX);
	RELATE_OP(ev)
	if
	:: DOES(pend_did, MARK_CANCEL) && (W_FLAGS(word) & FLAG_TAKEN) == 0 -> marked = true
	:: else
	fi;
	word = pend_next
}

/* pend_op_step */
inline step(ev, did)
{
#ifdef SPLIT
	seen = word;
	swapped = false;
	do
	:: d_step {
		!swapped ->
		pend_step(seen, ev);
		did = ANSWER;
		if
		:: !pend_ok -> swapped = true
		:: pend_ok && word == seen -> change(ev, did); swapped = true
		:: else -> seen = word
		fi }
	:: swapped -> break
	od
#else
	d_step {
		pend_step(word, ev);
		did = ANSWER;
		if
		:: pend_ok -> change(ev, did)
		:: else
		fi
	}
#endif
}

/* pend_record_step; won: this caller made the change, from the state was. */
inline record(r, gen, ev)
{
	d_step {
		was = R_STATE(rec[r], gen);
		record_step(was, ev);
		won = rec_ok;
		if
		:: rec_ok -> RELATE_RECORD(r, ev) rec[r] = R_MAKE(gen, rec_next)
		:: else
		fi
	}
}

/* owner_ops.post: nobody but the caller may touch the operation, and nobody has posted it. */
inline post(gen)
{
	d_step {
		assert(W_GEN(word) == gen && W_PHASE(word) == P_RESUMING);
		assert(!mail && !posted);
		mail = true;
		posted = true
	}
}

/*
 * pend_op_let_go, by whoever won the record.  The callout's count is of interest to those alone who
 * unregister it: without them it changes together with the word.
 */
#ifdef UNLOADS
#define COUNTED
#else
#define COUNTED atomic
#endif
inline let_go(r, gen, ev)
{
	COUNTED {
		d_step {
			assert(W_GEN(word) == gen && (let_go_of >> r & 1) == 0); /* answered once */
			let_go_of = let_go_of | 1 << r;
			assert(refs[rec_callout[r]] > 0 && cholds[rec_callout[r]] > 0);
			cholds[rec_callout[r]]--
		}
		atomic {
			assert(W_GEN(word) == gen);
			step(ev, did);
			assert(did != REFUSED)
		}
	};
	if
	:: did == POSTS -> post(gen)
	:: else
	fi
}

/* pend_op_revoke */
inline revoke(r, gen)
{
	record(r, gen, REV_REVOKE);
	if
	:: won -> let_go(r, gen, EV_REVOKE)
	:: else
	fi;
	atomic { FORGET }
}

/* ---- the owner: the worker that classifies and resumes -------------------------------------- */

/* pend_driver_hold, after check_may_pend */
inline pend(i)
{
	atomic { step(EV_PEND, did); in_pend = true }
	if
	:: did != REFUSED ->
		atomic { r = n; n++ }
		d_step { rec_callout[r] = i; assert(refs[i] > 0); refs[i]++; cholds[i]++ }
		record(r, W_GEN(word), REV_TAKE);
		assert(won);
		pended = true;
		if /* revoke_if_marked: shown first, looked at then */
		:: W_CANCEL(word) != 0 -> revoke(r, W_GEN(word))
		:: W_CANCEL(word) == 0 ->
			if
			:: stopping -> revoke(r, W_GEN(word))
			:: !stopping
			fi
		fi;
		assert(!swept || !IS_HELD(r)) /* no hold outlives a cancel or a stop */
	:: else
	fi;
	in_pend = false
}

/* pend_callout_returned, when the callout did not return Block with absorb */
inline recall()
{
	record(r, W_GEN(word), REV_RECALL);
	if
	:: won && was == R_HELD -> let_go(r, W_GEN(word), EV_REVOKE)
	:: else
	fi
}

/* The classifyFn. */
inline call(i)
{
	if
	:: true /* permits */
	:: op && !reauth ->
		if
		:: stopping
		:: !stopping -> pend(i)
#ifdef NOMEM
		:: SPEND /* op.n_records == PEND_RECORDS */
#endif
		fi
	fi;
#ifdef NOABSORB
	if
	:: true
	:: atomic { pended && budget > 0 -> budget-- } recall()
	fi;
#endif
}

/* engine_classify: one RCU section; whom the policy does not name is not asked. */
inline classify()
{
	reading = true;
	do
	:: i < N ->
		if
		/* The callout runs from where it was loaded on. */
		:: atomic { NAMED(i) && callable[i] -> assert(!gone[i] && refs[i] > 0); in_call = i + 1; pended = false }
			call(i)
		:: !NAMED(i) || !callable[i]
		fi;
		atomic { in_call = 0; i++ }
	:: i == N -> break
	od;
	atomic { FORGET; i = 0; r = 0; pended = false; reading = false; grace = false }
}

inline begin()
{
	atomic {
		!spin -> n = 0; /* pend_slots_take */
		posted = false; marked = false; swept = stopping && swept; let_go_of = 0;
		step(EV_BEGIN, did);
		assert(did != REFUSED);
		in_life = true
	}
}

/* pend_resume: no hold is left, and the result says what the word said when it was taken. */
inline resume()
{
	atomic { step(EV_RESUME, did); assert(did != REFUSED) }
	d_step { cancelled = W_CANCEL(word) != 0; assert(cancelled == marked) }
	revoked = false;
	do
	:: i < n -> d_step { assert(R_STATE(rec[i], W_GEN(word)) != R_HELD && R_STATE(rec[i], W_GEN(word)) != R_EMPTY);
			     revoked = revoked || R_STATE(rec[i], W_GEN(word)) == R_REVOKED; i++ }
	:: i == n -> i = 0; break
	od
}

/*
 * pend_end; what the records had pinned is let go after the spin, when no walker reads them any more.
 * Records of a life that is over are empty whatever they say, so they all say the same here: that
 * makes fewer states.
 */
inline finish()
{
	atomic { !closing -> in_life = false }
	atomic { step(EV_END, did); assert(did != REFUSED) }
	atomic { !spin -> i = 0 } /* pend_slots_give */
	do
	:: i < n -> d_step { assert(refs[rec_callout[i]] > 0); refs[rec_callout[i]]--; rec_callout[i] = 0; i++ }
	:: i == n -> atomic { FORGET; i = 0; n = 0; forget_records() } break
	od
}

inline forget_records()
{
	do
	:: i < RECORDS -> rec[i] = R_MAKE(W_GEN(word) - 1, R_DONE); i++
	:: else -> i = 0; break
	od
}

active proctype owner()
{
	LOCALS;
	byte i, r, n, flow, tries, asked;
	bool op, reauth, pended, held, cancelled, revoked;

ask:
	asked = version;
	op = true;
	held = false;
#ifdef NOMEM
	if
	:: true
	:: SPEND; op = false
	fi;
#endif
	if
	:: op -> begin()
	:: else
	fi;
	classify();
	if
	:: op ->
		step(EV_CLASSIFIED, did);
		assert(did != REFUSED);
		if
		:: did == POSTS -> post(W_GEN(word))
		:: else
		fi;
		if
		:: did == IS_INLINE -> assert(!posted)
		:: else ->
			held = true;
#ifdef LATE
			waits = true;
#endif
			atomic { mail && LATE_DONE -> mail = false; waits = false }
			resume()
		fi;
		finish()
	:: else
	fi;
	/* stack/resume.c: once more on the newest policy, unless it is decided already. */
	if
	:: held && !cancelled && !revoked -> assert(!reauth); reauth = true; goto ask
	:: !held && reauth && asked != version && tries < RETRIES -> tries++; goto ask
	:: else
	fi;
	flow++;
	d_step { reauth = false; tries = 0; cancelled = false; revoked = false }
	if
	:: flow < FLOWS -> goto ask
	:: else
	fi;
	over = true
}

/* ---- drivers --------------------------------------------------------------------------------- */

/*
 * What a driver completes it has been given by a pend.  Only a record that is held makes a difference,
 * so who waits for one has tried all others.
 */
#define IS_MINE(r)     (IS_HELD(r) && rec_callout[r] == i)

proctype worker(byte i)
{
	LOCALS;
	byte r;

end:	do
	:: atomic { IS_MINE(0) -> r = 0; record(r, W_GEN(word), REV_COMPLETE) } goto won_it
	:: atomic { IS_MINE(1) -> r = 1; record(r, W_GEN(word), REV_COMPLETE) } goto won_it
#if N > 2
	:: atomic { IS_MINE(2) -> r = 2; record(r, W_GEN(word), REV_COMPLETE) } goto won_it
#endif
#if N > 3
	:: atomic { IS_MINE(3) -> r = 3; record(r, W_GEN(word), REV_COMPLETE) } goto won_it
#endif
#ifdef WATCHDOG
	:: SPEND; asleep[i] = true; goto sleeps
#endif
	od;
won_it: /* pend_driver_complete */
	let_go(r, W_GEN(word), EV_COMPLETE);
	atomic { FORGET; r = 0 }
	goto end;
sleeps:	skip
}

#if defined(DOUBLE) || defined(STALE)
/* Tries every context there ever was: of this life beside the worker, of the one before.  Late is no step. */
#define TRY(tried, gen, when)                                                                          \
	atomic { budget > 0 && (when) -> record(tried, gen, REV_COMPLETE);                             \
		if                                                                                     \
		:: won -> budget--; r = tried; g = gen; goto won_it                                    \
		:: else                                                                                \
		fi }

active proctype rogue()
{
	LOCALS;
	byte r, g;

end:	do
#ifdef DOUBLE
	:: TRY(0, W_GEN(word), in_life)
	:: TRY(1, W_GEN(word), in_life)
#if N > 2
	:: TRY(2, W_GEN(word), in_life)
#endif
#if N > 3
	:: TRY(3, W_GEN(word), in_life)
#endif
#endif
#ifdef STALE
	:: TRY(0, W_GEN(word) - 1, W_GEN(word) > 0)
	:: TRY(1, W_GEN(word) - 1, W_GEN(word) > 0)
#if N > 2
	:: TRY(2, W_GEN(word) - 1, W_GEN(word) > 0)
#endif
#if N > 3
	:: TRY(3, W_GEN(word) - 1, W_GEN(word) > 0)
#endif
#endif
	od;
won_it:
	let_go(r, g, EV_COMPLETE);
	atomic { FORGET; r = 0; g = 0 }
	goto end
}
#endif

/* ---- the engine's side ------------------------------------------------------------------------ */

/* Whoever has been through all records leaves no hold, but for that of a pend that will look. */
inline none_left()
{
	atomic {
		i = 0;
		do
		:: i < RECORDS -> assert(in_pend || !IS_HELD(i)); i++
		:: else -> i = 0; break
		od;
		swept = true
	}
}

#ifdef CLOSE
active proctype closer()
{
	LOCALS;
	byte i, g;

end:	do
	:: atomic { MAY_CLOSE && budget > 0 -> budget--; closing = true }
		g = W_GEN(word);
		step(EV_CANCEL, did);
		if
		:: did == REVOKES ->
			i = 0;
			do
			:: i < RECORDS -> revoke(i, g); i++
			:: else -> i = 0; break
			od;
			none_left()
		:: else
		fi;
		atomic { FORGET; g = 0; closing = false }
	od
}
#endif

/* pend_pool.c: what a walk sees it copies under the spin, and acts by handle without it. */
#define ALL_OF_THEM N
#define SOME_OF_THEM (N + 1)
inline see(whose)
{
	g = W_GEN(word);
	i = 0;
	do
	:: i < RECORDS ->
		if
		:: R_STATE(rec[i], g) == R_HELD ->
			/* engine_callout_id, _name */
			d_step { assert(refs[rec_callout[i]] > 0);
				 holds = holds | ((whose == ALL_OF_THEM || whose == SOME_OF_THEM || whose == rec_callout[i]) << i) }
		:: else
		fi;
		i++
	:: else -> break
	od
}

inline walk(whose)
{
	if
	:: (W_FLAGS(word) & FLAG_HELD) != 0 ->
		atomic { !spin -> spin = true }
		see(whose);
		spin = false;
		i = 0;
		do
		:: i < RECORDS && (holds >> i & 1) != 0 ->
			if
			:: revoke(i, g)
			:: whose == SOME_OF_THEM /* not its time */
			fi;
			i++
		:: i < RECORDS && (holds >> i & 1) == 0 -> i++
		:: else -> break
		od
	:: else
	fi;
	atomic { i = 0; g = 0; holds = 0 }
}

#ifdef STOP
active proctype stopper()
{
	LOCALS;
	byte i, g;
	byte holds;

end:	SPEND;
	stopping = true;
	walk(ALL_OF_THEM);
	none_left()
}
#endif

#ifdef WATCHDOG
#define LOST(r) (IS_HELD(r) && asleep[rec_callout[r]])

active proctype watchdog()
{
	LOCALS;
	byte i, g;
	byte holds;

end:	do
#ifndef LIVE
	:: SPEND; walk(SOME_OF_THEM)
	:: LOST(0) -> walk(ALL_OF_THEM)
	:: LOST(1) -> walk(ALL_OF_THEM)
#if N > 2
	:: LOST(2) -> walk(ALL_OF_THEM)
#endif
#if N > 3
	:: LOST(3) -> walk(ALL_OF_THEM)
#endif
#else
	:: walk(ALL_OF_THEM)
#endif
	od
}
#endif

#ifdef UNLOADS
/* engine_callout_unregister, then the driver goes. */
active proctype unloader()
{
	LOCALS;
	byte i, g, u;
	byte holds;

end:	SPEND;
	if
	:: u = 0
	:: u = N - 1
	fi;
	callable[u] = false;
	grace = reading;
	!grace;		   /* rcu_wait */
end_busy:
	if
#ifdef POLITE
	:: cholds[u] == 0 /* STATUS_DEVICE_BUSY until then */
#endif
#ifdef FORCED
	:: cholds[u] == 0
	:: cholds[u] > 0 -> walk(u)
#endif
	fi;
	atomic {
		assert(in_call != u + 1);
		i = 0;
		do
		:: i < RECORDS -> assert(rec_callout[i] != u || R_STATE(rec[i], W_GEN(word)) != R_HELD); i++
		:: else -> i = 0; break
		od;
		gone[u] = true
	}
	d_step { assert(refs[u] > 0); refs[u]-- }
}
#endif

#ifdef POLICY
active proctype policy()
{
end:	do
	:: atomic { budget > 0 && version < 3 -> budget--; version++ }
	od
}
#endif

init {
	byte k;

	atomic {
		do
		:: k < N -> run worker(k); k++
		:: else -> break
		od
	}
}

#ifdef LIVE
/* A pended operation is resumed, and its life ends. */
ltl resumed { [] (W_PHASE(word) == P_PENDED -> <> (W_PHASE(word) == P_FREE)) }
ltl done { <> over }
#else
/* When nobody can do anything any more, nothing is left. */
active proctype quiescence()
{
	byte k;

end:	timeout ->
	d_step {
		assert(over && W_PHASE(word) == P_FREE && W_HOLDS(word) == 0 && !mail && !spin && !closing);
		do
		:: k < N -> assert(refs[k] == (gone[k] -> 0 : 1) && cholds[k] == 0); k++
		:: else -> k = 0; break
		od
	}
}
#endif
