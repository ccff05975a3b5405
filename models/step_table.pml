/* SPDX-License-Identifier: MIT */
/* Prints what the model's step functions make of every word and event: spin -T -B; tests/prove/step_equal.sh. */
#include "pend_table.pml"

#define LAST_PHASE P_RESUMING
#define LAST_EVENT EV_END

init {
	byte phase, cancel, holds, flags, ev, state;
	short w;

	d_step {
		do
		:: phase > LAST_PHASE -> break
		:: ev > LAST_EVENT -> ev = 0; flags++
		:: flags > 7 -> flags = 0; holds++
		:: holds > 4 -> holds = 0; cancel++
		:: cancel > 1 -> cancel = 0; phase++
		:: else ->
			w = W_MAKE(3, phase, cancel, holds, flags);
			pend_step(w, ev);
			printf("word %d %d %d %d event %d: %d %d, %d %d %d %d %d\n", phase, cancel, holds, flags, ev, pend_ok,
				pend_did, W_GEN(pend_next) - 3, W_PHASE(pend_next), W_CANCEL(pend_next),
				W_HOLDS(pend_next), W_FLAGS(pend_next));
			ev++
		od;
		ev = 0;
		do
		:: state > R_REVOKED -> break
		:: ev > REV_RECALL -> ev = 0; state++
		:: else ->
			record_step(state, ev);
			printf("record %d event %d: %d %d\n", state, ev, rec_ok, rec_next);
			ev++
		od
	}
}
