/* SPDX-License-Identifier: MIT */
/*
 * Registrations: src/engine/callout.c and registry.c.  Register, call, unregister politely or by
 * force, register again, while others classify, look the callout up by its id, and hold operations.
 *
 * One key.  Its slot is kept by a filter of the policy, which comes and goes, and by a registration.
 * The first registration is taken out by two threads at once; then the key is registered again.
 * SMALL: one reader.
 */
#define READERS 2
#define NONE	0 /* registrations are 1 and 2 */

/* ---- what is shared -------------------------------------------------------------------------- */

byte callable;		/* slot.callable */
byte registered;	/* slot.registered */
byte slot_refs;
bool in_table;		/* the slot can be found by key and id */
bool filter;		/* the policy's snapshot has a filter with this slot */
bool turn;
bool lock;		/* the registry's */
byte refs[3];		/* engine_callout.refs */
byte holds[3];
byte held[READERS];	/* a record of an operation: whose hold it is */
bool reading[READERS], grace[READERS];

/* ---- what is only said ------------------------------------------------------------------------ */

bool slot_freed = true;
byte released[3];	/* the driver of that registration may be gone */
byte in_call[READERS];
byte done;

#define TOUCH(c) assert(refs[c] > 0)
#define LOCK	 atomic { !lock -> lock = true }
#define UNLOCK	 lock = false
#define TURN	 atomic { !turn -> turn = true }

inline unpin(c)
{
	d_step { TOUCH(c); refs[c]-- }
}

/* rcu_wait */
inline wait_for_readers()
{
	atomic { grace[0] = reading[0]; grace[1] = reading[1] }
	!grace[0];
	!grace[1]
}

/* engine_slot_get and engine_slot_put: in a turn, so that counting needs no lock */
inline slot_get()
{
	if
	:: in_table -> slot_refs++
	:: !in_table ->
		atomic { assert(slot_refs == 0); slot_freed = false; slot_refs = 1 }
		LOCK;
		in_table = true;
		UNLOCK
	fi
}

inline slot_put()
{
	atomic { assert(!slot_freed && slot_refs > 0); slot_refs-- }
	if
	:: slot_refs == 0 ->
		LOCK;
		in_table = false;
		UNLOCK;
		atomic { assert(callable == NONE && registered == NONE); slot_freed = true }
	:: else
	fi
}

/* engine_slot_register */
inline slot_register(c)
{
	LOCK;
	atomic { assert(!slot_freed); registered = c }
	UNLOCK;
	atomic { assert(!slot_freed); callable = c }
}

/* Whoever won the record: counts, and at the end of the operation unpins. */
inline drop_hold(c)
{
	d_step { TOUCH(c); assert(holds[c] > 0); holds[c]-- }
	unpin(c)
}

proctype register(byte c)
{
	/* Twice the same key is refused; here the second one waits for its time. */
	if
	:: c == 1
	:: c == 2 && released[1]
	fi;
	TURN;
	slot_get();
	atomic { assert(registered == NONE); refs[c] = 1 }
	slot_register(c);
	turn = false
}

/* engine_callout_unregister; forced or, until it succeeds, politely. */
proctype unregister(bool forced)
{
	byte c, k;

end:	registered != NONE; /* a driver that knows its id */
again:	TURN;
	if
	:: in_table -> c = registered
	:: else -> c = NONE
	fi;
	if
	:: c == NONE -> turn = false; goto out
	:: else
	fi;
	atomic { assert(!slot_freed); callable = NONE }
	wait_for_readers();
	TOUCH(c);
	if
	:: holds[c] > 0 && !forced ->
		atomic { turn = false; c = NONE }
end_busy:	holds[1] == 0 && holds[2] == 0;
		goto again
	:: holds[c] > 0 && forced -> /* pend_revoke_callout */
		k = 0;
		do
		:: k < READERS ->
			if
			:: d_step { held[k] == c -> held[k] = NONE } drop_hold(c)
			:: else
			fi;
			k++
		:: else -> k = 0; break
		od
	:: holds[c] == 0
	fi;
	slot_register(NONE);
	slot_put();
	turn = false;
	atomic {
		assert(released[c] == 0);
		assert(in_call[0] != c && in_call[1] != c && held[0] != c && held[1] != c);
		released[c]++
	}
	unpin(c);
out:	done++
}

/* One classify, perhaps with a pend that somebody completes later. */
proctype reader(byte me)
{
	byte c;

	reading[me] = true;
	if
	:: filter -> atomic { assert(!slot_freed); c = callable }
	:: !filter
	fi;
	if
	:: c != NONE ->
		atomic { TOUCH(c); assert(released[c] == 0); in_call[me] = c }
		if
		:: true
		:: held[me] == NONE ->
			d_step { TOUCH(c); refs[c]++; holds[c]++ }
			held[me] = c
		fi;
		atomic { assert(released[c] == 0); in_call[me] = NONE; c = NONE }
	:: else
	fi;
	atomic { reading[me] = false; grace[me] = false }
}

/* A driver's thread that completes. */
proctype completer(byte k)
{
	byte c;

end:	do
	:: d_step { held[k] != NONE -> c = held[k]; held[k] = NONE } drop_hold(c); c = NONE
	od
}

/* engine_callout_find: flow contexts, listings. */
active proctype finder()
{
	byte c;

	LOCK;
	if
	:: in_table -> atomic { assert(!slot_freed); c = registered }
	:: else
	fi;
	if
	:: c != NONE -> d_step { TOUCH(c); refs[c]++ }
	:: else
	fi;
	UNLOCK;
	if
	:: c != NONE -> TOUCH(c); unpin(c)
	:: else
	fi
}

/* Commits: the filter comes and goes. */
active proctype policy()
{
	TURN;
	slot_get();
	filter = true;
	turn = false;
	if
	:: TURN;
		filter = false;
		wait_for_readers();
		slot_put();
		turn = false
	:: true
	fi
}

init {
	atomic {
		run register(1);
		run register(2);
		run unregister(false);
		run unregister(true);
		run reader(0);
		run completer(0);
#ifndef SMALL
		run reader(1);
		run completer(1)
#endif
	}
}

active proctype quiescence()
{
end:	timeout ->
	d_step {
		assert(!turn && !lock && holds[1] == 0 && holds[2] == 0);
		assert(refs[1] == (registered == 1) && refs[2] == (registered == 2));
		assert(released[1] <= 1 && released[2] <= 1 && done >= 1);
		assert(slot_refs == (filter -> 1 : 0) + (registered != NONE -> 1 : 0) && slot_freed == (slot_refs == 0));
	}
}
