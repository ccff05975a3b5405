/* SPDX-License-Identifier: MIT */
/*
 * The word of an operation and that of a record in the model, and what a row of the table does to
 * them.  As in src/engine/pend_step.[ch] and pend_record.[ch], with fewer bits; tests/prove/step_equal.sh
 * compares the two step functions word by word.
 *
 *	11   9 8     7 6      5     3 2     0           4          2 1     0
 *	| gen | phase | cancel | holds | flags |        | generation | state |
 */
#define W_FLAGS(w)  ((w) & 7)
#define W_HOLDS(w)  (((w) >> 3) & 7)
#define W_CANCEL(w) (((w) >> 6) & 1)
#define W_PHASE(w)  (((w) >> 7) & 3)
#define W_GEN(w)    (((w) >> 9) & 7)
#define W_MAKE(gen, phase, cancel, holds, flags) \
	((gen) << 9 | (phase) << 7 | (cancel) << 6 | (holds) << 3 | (flags))
#define W_HOLDS_MAX 7

#define R_MAKE(gen, state) ((gen) << 2 | (state))
/* A record of another generation is empty. */
#define R_STATE(r, gen)	   (((r) >> 2) == (gen) -> (r) & 3 : R_EMPTY)

#define IF_ALWAYS(w)	true
#define IF_CANCELLED(w) (W_CANCEL(w) != 0)
#define IF_UNTOUCHED(w) (W_HOLDS(w) == 1 && (W_FLAGS(w) & FLAG_HELD) == 0)
#define IF_ONE_HOLD(w)	(W_HOLDS(w) == 1)
#define IF_TWO_HOLDS(w) (W_HOLDS(w) >= 2)
#define IF_JOINED(w)	(W_HOLDS(w) >= 2 && (W_FLAGS(w) & FLAG_JOINED) != 0)
#define IF_FULL(w)	(W_HOLDS(w) == W_HOLDS_MAX)
#define IF_TAKEN(w)	((W_FLAGS(w) & FLAG_TAKEN) != 0)

/* Where a step function leaves its answer; of no meaning outside the d_step that called it. */
hidden byte pend_ok, rec_ok;
hidden int pend_did;
hidden short pend_next;
hidden byte rec_next;

#define DOES(did, what) (((did) & DO_##what) != 0)

inline pend_becomes(w, to, did)
{
	pend_ok = true;
	pend_did = did;
	if
	:: DOES(did, NEXT_LIFE) -> pend_next = W_MAKE((W_GEN(w) + 1) & 7, to, 0, 0, 0)
	:: else ->
		pend_next = W_MAKE(W_GEN(w), to, W_CANCEL(w) | DOES(did, MARK_CANCEL),
			W_HOLDS(w) + DOES(did, HOLD) - DOES(did, DROP),
			W_FLAGS(w) | (DOES(did, MARK_HELD) -> FLAG_HELD : 0) |
			(DOES(did, MARK_JOINED) -> FLAG_JOINED : 0) | (DOES(did, MARK_TAKEN) -> FLAG_TAKEN : 0))
	fi
}
