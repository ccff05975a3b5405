/* SPDX-License-Identifier: MIT */
/*
 * The contexts of one flow: src/engine/flowctx.c, and the end of a callout that has some.
 *
 * Two callouts, one layer.  Drivers associate and remove from threads of their own, the flow's owner
 * classifies with what is there and closes the flow, and callout 0 is unregistered meanwhile.  The
 * words of slots change by compare-and-swap, one step each; the lock is a lock, held over the steps
 * of a walk, because the owner's classify walks without it.  SMALL: one association less of callout 0,
 * and nobody removes that of callout 1.
 */
#define C 2	 /* callouts */
#define SLOTS 2	 /* of the flow: one more is never needed */
#define CONTEXTS 4 /* associations, each with a context of its own; 0: none */

#define SLOT_FREE 0
#define SLOT_LIVE 1
#define SLOT_BUSY 2
#define SLOT_DOOMED 3
#define WORD(state, c) (((c) + 1) << 2 | (state))
#define STATE(w)       ((w) & 3)
#define CALLOUT(w)     (((w) >> 2) - 1)
#define IS_OF(w, c)    (STATE(w) != SLOT_FREE && ((w) >> 2) == (c) + 1)

/* ---- what is shared -------------------------------------------------------------------------- */

byte word[SLOTS];
byte context[SLOTS];	 /* slot.context */
byte owned_by[SLOTS];	 /* slot.callout */
bool used[SLOTS];	 /* linked into the flow; never unlinked before the flow ends */
bool open = true;	 /* the handle names the flow */

bool locked;		 /* the table's lock */
byte contexts[C];	 /* callout.contexts */
bool leaving[C];
bool registered[C] = true;
byte refs[C] = 1;	 /* 0: freed */

bool callable = true;	 /* callout 0 */
bool reading, grace;

/* ---- what is only said ------------------------------------------------------------------------ */

bool flow_freed;
byte deleted[CONTEXTS + 1];
bool made[CONTEXTS + 1];
byte running;		 /* the context that a classifyFn runs with */
bool gone[C];		 /* the driver's memory is no more */

#define TOUCH assert(!flow_freed)
#define TAKE  atomic { !locked -> locked = true }
#define UNLOCK locked = false
#define LOCALS bool took; byte w, f_callout, f_context

/* slot_take_out: looks, copies, swaps. */
inline take_out(s, from)
{
	took = false;
	atomic { TOUCH; w = word[s] }
	if
	:: STATE(w) == from ->
		atomic { TOUCH; f_callout = owned_by[s]; f_context = context[s] }
		d_step {
			TOUCH;
			took = word[s] == w;
			if
			:: took -> word[s] = SLOT_FREE
			:: else
			fi
		}
	:: else
	fi;
	w = 0
}

inline farewell()
{
	d_step {
		assert(!gone[f_callout] && refs[f_callout] > 0);
		assert(running != f_context);
		deleted[f_context]++;
		assert(deleted[f_context] == 1)
	}
	TAKE;
	contexts[f_callout]--;
	UNLOCK;
	d_step { assert(refs[f_callout] > 0); refs[f_callout]-- }
	d_step { f_callout = 0; f_context = 0; took = false }
}

/* ---- drivers ------------------------------------------------------------------------------------ */

/* engine_flow_associate; the spare slot is always there. */
proctype associate(byte c; byte ctx)
{
	bool exists, in_room;
	byte s;

	atomic { /* engine_callout_find, under the registry's lock */
		if
		:: !registered[c] -> goto out
		:: else -> refs[c]++
		fi
	}
	TAKE;
	if
	:: !open || leaving[c] -> goto fails
	:: open && !leaving[c]
	fi;
	do
	:: s < SLOTS -> atomic { TOUCH; exists = exists || used[s] && IS_OF(word[s], c); s++ }
	:: else -> s = 0; break
	od;
	if
	:: exists -> goto fails
	:: else
	fi;
	do
	:: s < SLOTS && used[s] && STATE(word[s]) != SLOT_FREE -> s++
	:: else -> break
	od;
	assert(s < SLOTS);
	atomic { TOUCH; used[s] = true; owned_by[s] = c; context[s] = ctx; contexts[c]++; made[ctx] = true }
	atomic { TOUCH; word[s] = WORD(SLOT_LIVE, c) }
	UNLOCK;
	goto out;
fails:	UNLOCK;
	d_step { assert(refs[c] > 0); refs[c]-- }
out:	skip
}

/* engine_flow_remove */
proctype remove(byte c)
{
	LOCALS;
	byte s;

	TAKE;
	if
	:: !open -> goto none
	:: else
	fi;
	do
	:: s < SLOTS && !(used[s] && IS_OF(word[s], c)) -> s++
	:: else -> break
	od;
	if
	:: s == SLOTS -> goto none
	:: else
	fi;
again:	take_out(s, SLOT_LIVE);
	if
	:: took ->
		UNLOCK;
		farewell();
		goto out
	:: else
	fi;
	atomic {
		TOUCH;
		if
		:: STATE(word[s]) == SLOT_BUSY -> word[s] = WORD(SLOT_DOOMED, c); goto none /* the swap of what was just loaded */
		:: STATE(word[s]) == SLOT_DOOMED || STATE(word[s]) == SLOT_FREE -> goto none
		:: STATE(word[s]) == SLOT_LIVE -> goto again
		fi
	};
none:	UNLOCK;
out:	skip
}

/* ---- the flow's owner ----------------------------------------------------------------------------- */

/* engine_flow_enter, the call, engine_flow_leave */
inline classify_with(c)
{
	s = 0;
	do
	:: s < SLOTS && !(used[s] && IS_OF(word[s], c)) -> s++
	:: else -> break
	od;
	if
	:: s < SLOTS ->
		d_step {
			TOUCH;
			took = word[s] == WORD(SLOT_LIVE, c);
			if
			:: took -> word[s] = WORD(SLOT_BUSY, c)
			:: else
			fi
		}
		if
		:: took ->
			d_step { TOUCH; assert(!gone[c]); running = context[s]; assert(deleted[running] == 0) }
			d_step { running = 0; took = false }
			d_step {
				TOUCH;
				took = word[s] == WORD(SLOT_BUSY, c);
				if
				:: took -> word[s] = WORD(SLOT_LIVE, c)
				:: else
				fi
			}
			if
			:: !took ->
				take_out(s, SLOT_DOOMED);
				if
				:: took -> farewell()
				:: else
				fi
			:: else -> took = false
			fi
		:: else
		fi
	:: else
	fi;
	s = 0
}

active proctype owner()
{
	LOCALS;
	byte s;

	reading = true;
	if
	:: callable -> classify_with(0)
	:: !callable
	fi;
	classify_with(1);
	d_step { reading = false; grace = false }
	/* engine_flow_close */
	TAKE;
	open = false;
	UNLOCK;
	do
	:: s < SLOTS ->
		if
		:: used[s] ->
			take_out(s, SLOT_LIVE);
			if
			:: took -> farewell()
			:: else
			fi;
			assert(STATE(word[s]) == SLOT_FREE)
		:: else
		fi;
		s++
	:: else -> break
	od;
	flow_freed = true
}

/* ---- unregistering callout 0 ------------------------------------------------------------------------ */

active proctype unregister()
{
	LOCALS;
	byte s;

	callable = false;
	grace = reading;
	!grace;
	/* engine_flows_leave */
	TAKE;
	leaving[0] = true;
next:	if
	:: open ->
		s = 0;
		do
		:: s < SLOTS && used[s] && CALLOUT(word[s]) == 0 ->
			take_out(s, SLOT_LIVE);
			if
			:: took ->
				UNLOCK;
				farewell();
				TAKE;
				s = 0;
				goto next
			:: else -> s++
			fi
		:: s < SLOTS && !(used[s] && CALLOUT(word[s]) == 0) -> s++
		:: else -> break
		od
	:: else
	fi;
	UNLOCK;
	/* engine_flows_wait */
	atomic { contexts[0] == 0 && !locked -> skip }
	atomic { registered[0] = false }
	gone[0] = true; /* released: the driver may be unloaded */
	d_step { assert(refs[0] > 0); refs[0]-- }
}

init {
	atomic {
		run associate(0, 1);
#ifndef SMALL
		run associate(0, 2);
		run remove(1);
#endif
		run associate(1, 3);
		run remove(0)
	}
}

active proctype quiescence()
{
	byte k = 1;

end:	timeout ->
	d_step {
		assert(flow_freed && gone[0] && !locked && refs[0] == 0 && refs[1] == 1 && contexts[0] == 0 && contexts[1] == 0);
		do
		:: k <= CONTEXTS -> assert(deleted[k] == made[k]); k++
		:: else -> k = 0; break
		od
	}
}
