/* SPDX-License-Identifier: MIT */
/* Written by tools/gen/generate.py from src/engine/pend_table.def: do not edit.  pend_word.pml says the rest. */

#define P_FREE 0
#define P_CLASSIFYING 1
#define P_PENDED 2
#define P_RESUMING 3

#define EV_BEGIN 0
#define EV_PEND 1
#define EV_COMPLETE 2
#define EV_REVOKE 3
#define EV_CLASSIFIED 4
#define EV_CANCEL 5
#define EV_RESUME 6
#define EV_END 7

#define DO_NOTHING 0
#define DO_HOLD 1
#define DO_DROP 2
#define DO_MARK_HELD 4
#define DO_MARK_JOINED 8
#define DO_MARK_TAKEN 16
#define DO_MARK_CANCEL 32
#define DO_NEXT_LIFE 64
#define DO_REFUSE 128
#define DO_POST 256
#define DO_INLINE 512
#define DO_REVOKE_ALL 1024
#define DO_COUNT_JOINED 2048
#define DO_COUNT_EARLY 4096

#define FLAG_HELD 1
#define FLAG_JOINED 2
#define FLAG_TAKEN 4

#define R_EMPTY 0
#define R_HELD 1
#define R_DONE 2
#define R_REVOKED 3

#define REV_TAKE 0
#define REV_COMPLETE 1
#define REV_REVOKE 2
#define REV_RECALL 3

#include "pend_word.pml"

/* What the event makes of the word w: pend_ok, pend_did, pend_next.  Only inside a d_step. */
inline pend_step(w, ev)
{
	pend_ok = false; pend_did = DO_NOTHING; pend_next = w;
	if
	:: W_PHASE(w) == P_FREE ->
		if
		:: ev == EV_BEGIN ->
			if
			:: IF_ALWAYS(w) -> pend_becomes(w, P_CLASSIFYING, DO_HOLD)
			:: else
			fi
		:: else
		fi
	:: W_PHASE(w) == P_CLASSIFYING ->
		if
		:: ev == EV_PEND ->
			if
			:: IF_CANCELLED(w) -> skip
			:: !IF_CANCELLED(w) && IF_UNTOUCHED(w) -> pend_becomes(w, P_CLASSIFYING, DO_HOLD | DO_MARK_HELD)
			:: !IF_CANCELLED(w) && !IF_UNTOUCHED(w) && IF_ONE_HOLD(w) -> pend_becomes(w, P_CLASSIFYING, DO_HOLD)
			:: !IF_CANCELLED(w) && !IF_UNTOUCHED(w) && !IF_ONE_HOLD(w) && IF_FULL(w) -> skip
			:: !IF_CANCELLED(w) && !IF_UNTOUCHED(w) && !IF_ONE_HOLD(w) && !IF_FULL(w) && IF_JOINED(w) -> pend_becomes(w, P_CLASSIFYING, DO_HOLD)
			:: !IF_CANCELLED(w) && !IF_UNTOUCHED(w) && !IF_ONE_HOLD(w) && !IF_FULL(w) && !IF_JOINED(w) && IF_TWO_HOLDS(w) -> pend_becomes(w, P_CLASSIFYING, DO_HOLD | DO_MARK_JOINED | DO_COUNT_JOINED)
			:: else
			fi
		:: ev == EV_COMPLETE ->
			if
			:: IF_TWO_HOLDS(w) -> pend_becomes(w, P_CLASSIFYING, DO_DROP | DO_COUNT_EARLY)
			:: else
			fi
		:: ev == EV_REVOKE ->
			if
			:: IF_TWO_HOLDS(w) -> pend_becomes(w, P_CLASSIFYING, DO_DROP)
			:: else
			fi
		:: ev == EV_CLASSIFIED ->
			if
			:: IF_TWO_HOLDS(w) -> pend_becomes(w, P_PENDED, DO_DROP)
			:: !IF_TWO_HOLDS(w) && IF_UNTOUCHED(w) -> pend_becomes(w, P_RESUMING, DO_DROP | DO_INLINE)
			:: !IF_TWO_HOLDS(w) && !IF_UNTOUCHED(w) && IF_ONE_HOLD(w) -> pend_becomes(w, P_RESUMING, DO_DROP | DO_POST)
			:: else
			fi
		:: ev == EV_CANCEL ->
			if
			:: IF_CANCELLED(w) -> pend_becomes(w, P_CLASSIFYING, DO_NOTHING)
			:: !IF_CANCELLED(w) && IF_ALWAYS(w) -> pend_becomes(w, P_CLASSIFYING, DO_MARK_CANCEL | DO_REVOKE_ALL)
			:: else
			fi
		:: ev == EV_END ->
			if
			:: IF_UNTOUCHED(w) -> pend_becomes(w, P_FREE, DO_DROP | DO_NEXT_LIFE)
			:: else
			fi
		:: else
		fi
	:: W_PHASE(w) == P_PENDED ->
		if
		:: ev == EV_COMPLETE ->
			if
			:: IF_TWO_HOLDS(w) -> pend_becomes(w, P_PENDED, DO_DROP)
			:: !IF_TWO_HOLDS(w) && IF_ONE_HOLD(w) -> pend_becomes(w, P_RESUMING, DO_DROP | DO_POST)
			:: else
			fi
		:: ev == EV_REVOKE ->
			if
			:: IF_TWO_HOLDS(w) -> pend_becomes(w, P_PENDED, DO_DROP)
			:: !IF_TWO_HOLDS(w) && IF_ONE_HOLD(w) -> pend_becomes(w, P_RESUMING, DO_DROP | DO_POST)
			:: else
			fi
		:: ev == EV_CANCEL ->
			if
			:: IF_CANCELLED(w) -> pend_becomes(w, P_PENDED, DO_NOTHING)
			:: !IF_CANCELLED(w) && IF_ALWAYS(w) -> pend_becomes(w, P_PENDED, DO_MARK_CANCEL | DO_REVOKE_ALL)
			:: else
			fi
		:: else
		fi
	:: W_PHASE(w) == P_RESUMING ->
		if
		:: ev == EV_CANCEL ->
			if
			:: IF_CANCELLED(w) -> pend_becomes(w, P_RESUMING, DO_NOTHING)
			:: !IF_CANCELLED(w) && IF_TAKEN(w) -> pend_becomes(w, P_RESUMING, DO_NOTHING)
			:: !IF_CANCELLED(w) && !IF_TAKEN(w) && IF_ALWAYS(w) -> pend_becomes(w, P_RESUMING, DO_MARK_CANCEL)
			:: else
			fi
		:: ev == EV_RESUME ->
			if
			:: IF_TAKEN(w) -> skip
			:: !IF_TAKEN(w) && IF_ALWAYS(w) -> pend_becomes(w, P_RESUMING, DO_MARK_TAKEN)
			:: else
			fi
		:: ev == EV_END ->
			if
			:: IF_ALWAYS(w) -> pend_becomes(w, P_FREE, DO_NEXT_LIFE)
			:: else
			fi
		:: else
		fi
	fi
}

/* The same for the state s of a record: rec_ok, rec_next. */
inline record_step(s, ev)
{
	rec_ok = false; rec_next = s;
	if
	:: s == R_EMPTY && ev == REV_TAKE -> rec_ok = true; rec_next = R_HELD
	:: s == R_HELD && ev == REV_COMPLETE -> rec_ok = true; rec_next = R_DONE
	:: s == R_HELD && ev == REV_REVOKE -> rec_ok = true; rec_next = R_REVOKED
	:: s == R_HELD && ev == REV_RECALL -> rec_ok = true; rec_next = R_REVOKED
	:: s == R_DONE && ev == REV_RECALL -> rec_ok = true; rec_next = R_REVOKED
	:: else
	fi
}
