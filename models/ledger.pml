/* SPDX-License-Identifier: MIT */
/*
 * One held packet and its two reinjecting callouts: src/engine/ledger.c and ledger_book.c.
 *
 * Every section of the entry's spin is one step; what is told to the owner, and the end of the call
 * that keeps the entry, are steps of their own.  Each callout, of a driver of its own, takes the
 * packet or not, clones it during the classify or not, gives clones up or injects them, as they are
 * or modified.  Beside them the pended operation ends (OP) and a watchdog takes holders back (RECLAIM).
 */
#define D 2 /* drivers, a callout each */

mtype = { OPEN, HELD, WENT, DROPPED, VOID };
mtype = { NOTHING, GO, DROP, SEND, LAST, MERGED, VOIDED };

/* ---- the entry ------------------------------------------------------------------------------ */

mtype state = OPEN;
bool by_op;		/* LEDGER_VERDICT_BY_OP */
bool listed[D];		/* a holder */
bool holding[D];
bool op_holds, op_held, discarded, counted;
byte keepers = 1;	/* the opener's call */
byte claims[D];
bool ever_claimed[D];

bool linked = true;	/* in the book's list */
bool book_spin;

/* ---- what is only said ------------------------------------------------------------------------ */

bool freed;
byte decided, released, sent, absorbed_now;
bool settled;		/* injections are the owner's business: they wait for the end of the classify */
bool made_clones;	/* so are the drivers' later deeds */

#define IS_HELD	     (holding[0] || holding[1] || op_holds)
#define TOTAL_CLAIMS (claims[0] + claims[1])
#define DISCARD_BLOCKS (!by_op || !op_held)
#define TOUCH assert(!freed)

#define LOCALS mtype what = NOTHING; bool last

/* Of use inside a step only. */
hidden mtype how;
hidden byte lost;

inline uncount()
{
	absorbed_now = absorbed_now - counted;
	counted = false
}

inline decide(to, it_is)
{
	assert(state == HELD); /* once */
	state = to;
	uncount();
	what = it_is
}

inline after_leaving()
{
	if
	:: state == HELD && !IS_HELD ->
		if
		:: discarded -> decide(DROPPED, DROP)
		:: !discarded -> decide(WENT, GO)
		fi
	:: else
	fi
}

inline leave(i, discards)
{
	holding[i] = false;
	discarded = discarded || (discards)
}

/* ledger_entry_put */
inline put()
{
	d_step {
		TOUCH;
		assert(keepers > 0);
		keepers--;
		last = keepers == 0 && TOTAL_CLAIMS == 0 && !op_holds;
		if
		:: last -> uncount()
		:: else
		fi
	}
	if
	:: last ->
		atomic { !book_spin -> linked = false }
		d_step { TOUCH; freed = true }
		d_step { released++; assert(released == 1) }
	:: else
	fi;
	last = false
}

inline finish()
{
	if
	:: what == GO || what == DROP ->
		d_step {
			TOUCH;
			decided++;
			assert(decided == 1 && released == 0);
			sent = sent + (what == GO);
			assert(sent <= 1)
		}
	:: else
	fi;
	put();
	what = NOTHING
}

/* ---- the owner ---------------------------------------------------------------------------------- */

inline claim(i)
{
	d_step { TOUCH; ever_claimed[i] = true; claims[i]++ }
}

/* The callout takes the packet, or takes and clones it, or lets it pass; a driver may clone what it does not take. */
inline ask(i)
{
	if
	:: true
	:: d_step { TOUCH; assert(state == OPEN); listed[i] = true; holding[i] = true;
		    absorbed_now = absorbed_now + !counted; counted = true }
	fi;
	if
	:: true
	:: claim(i)
	fi
}

inline settle_one(i)
{
	if
	:: listed[i] && claims[i] == 0 && op_held && !ever_claimed[i] -> listed[i] = false; holding[i] = false
	:: listed[i] && claims[i] == 0 && !(op_held && !ever_claimed[i]) -> leave(i, DISCARD_BLOCKS)
	:: else
	fi
}

active proctype owner()
{
	LOCALS;

	if
	:: by_op = false
	:: by_op = true
	fi;
	ask(0);
	ask(1);
	made_clones = true;
#ifdef OP
	if
	:: d_step { TOUCH; op_holds = true; op_held = true }
	:: true
	fi;
#endif
	d_step {
		TOUCH;
		assert(state == OPEN);
		what = NOTHING;
		settle_one(0);
		settle_one(1);
		if
		:: !listed[0] && !listed[1] -> uncount()
		:: else
		fi;
		if
		:: listed[0] || listed[1] || op_holds -> state = HELD
		:: else
		fi;
		after_leaving()
	}
	finish();
	settled = true
}

#ifdef OP
/* The operation ends, by its resume or because the endpoint closes. */
active proctype operation()
{
	LOCALS;
	bool permit;

end:	atomic {
		settled && op_holds ->
		if
		:: permit = true
		:: permit = false
		fi
	}
	d_step {
		TOUCH;
		what = NOTHING;
		op_holds = false;
		keepers++;
		discarded = discarded || !permit;
		permit = false;
		after_leaving()
	}
	finish()
}
#endif

/* ---- drivers -------------------------------------------------------------------------------------- */

/* ledger_inject; the owner's thread, on behalf of driver i */
inline inject_held(i, modified)
{
	if
	:: !listed[i] -> how = SEND
	:: listed[i] ->
		holding[i] = false;
		if
		:: modified -> decide(VOID, NOTHING); how = LAST
		:: !modified ->
			after_leaving();
			how = (what == NOTHING -> MERGED : (what == DROP -> VOIDED : LAST));
			if
			:: how == LAST -> what = NOTHING /* the caller is told, not `decided` */
			:: else
			fi
		fi
	fi
}

inline inject(i, modified)
{
	d_step {
		TOUCH;
		what = NOTHING;
		keepers++;
		if
		:: state == HELD -> inject_held(i, modified)
		:: state == DROPPED || state == VOID -> how = VOIDED
		:: else -> how = SEND
		fi;
		decided = decided + (how == LAST);
		sent = sent + (how == LAST);
		assert(decided <= 1 && sent <= 1);
		assert(how != LAST || modified || !discarded) /* a block is a block */
	}
	finish()
}

inline unclaim(i)
{
	d_step {
		TOUCH;
		what = NOTHING;
		assert(claims[i] > 0);
		claims[i]--;
		keepers++;
		if
		:: claims[i] == 0 && state == HELD ->
			if
			:: holding[i] -> leave(i, DISCARD_BLOCKS)
			:: else
			fi;
			after_leaving()
		:: else
		fi
	}
	finish()
}

proctype driver(byte i)
{
	LOCALS;

end:	claims[i] > 0;
	if
	:: true
	:: claim(i) /* a reference, or a second clone */
	fi;
	do
	:: claims[i] > 0 ->
		if
		:: true /* thrown away */
		:: settled -> inject(i, false)
		:: settled -> inject(i, true)
		fi;
		unclaim(i)
	:: claims[i] == 0 && made_clones -> break
	od
}

#ifdef RECLAIM
/* ledger_reclaim: keeps the entry it looks at, and takes back what it finds held. */
active proctype watchdog()
{
	LOCALS;
	bool found;

again:	atomic { !book_spin -> book_spin = true }
	if
	:: linked -> d_step { TOUCH; found = keepers > 0 || TOTAL_CLAIMS > 0 || op_holds; keepers = keepers + found }
	:: !linked
	fi;
	book_spin = false;
	if
	:: found ->
		d_step {
			TOUCH;
			what = NOTHING;
			keepers++;
			lost = 0;
			if
			:: state == HELD && holding[0] -> leave(0, DISCARD_BLOCKS); lost++
			:: else
			fi;
			if
			:: state == HELD && holding[1] -> leave(1, DISCARD_BLOCKS); lost++
			:: else
			fi;
			if
			:: lost > 0 -> after_leaving()
			:: else
			fi
		}
		finish();
		put(); /* next_entry lets go of the one before */
		found = false;
		if
		:: goto again
		:: true
		fi
	:: else
	fi
}
#endif

init { atomic { run driver(0); run driver(1) } }

active proctype quiescence()
{
end:	timeout ->
	d_step {
		assert(freed && released == 1 && !linked && keepers == 0 && TOTAL_CLAIMS == 0 && absorbed_now == 0);
		assert(state == OPEN || decided == 1) /* without holders it is never decided */
	}
}
