/* SPDX-License-Identifier: MIT */
/*
 * Policy by copy: src/engine/commit.c, with the readers of classify.c and stack/authorize.c.
 *
 * A snapshot has two layers, each layer one filter.  A commit builds a new layer, shares the other
 * with the old snapshot, publishes, counts the generation of the layer it touched and puts what it
 * replaced, the removed filter among it, on the list of what is retired (retire.c).  Then it either
 * waits for a grace period, tells of the deletion and frees all that is retired; or, if nobody is to
 * be told and the list is not full, it leaves that to the next that waits.  An index shares parts
 * between versions as a snapshot shares layers here; engine_maintain publishes likewise, and changes
 * nothing that is decided.  Two threads commit, in turns; a commit may be refused after it has built.  Two readers classify, each in one RCU section, and remember the
 * generation that their answer belongs to; between sections a reader knows nothing, so one is enough.  Nothing is used twice, so a touch after a free is found.
 */
#ifndef COMMITS
#define COMMITS 3
#endif
#define SNAPSHOTS (COMMITS + 2)
#define LAYERS	  (COMMITS + 3)
#define READERS	  2
#define RETIRED	  2 /* commits that may have left what they replaced; the real bound is larger */

/* ---- what is shared -------------------------------------------------------------------------- */

byte current;		    /* engine.snapshot */
byte generation[2];	    /* engine.generations, by layer */
byte layer_of[2 * SNAPSHOTS]; /* snapshot.layers */
bool turn;
bool snapshot_retired[SNAPSHOTS], layer_retired[LAYERS]; /* of the holder of the turn */
byte retired;
bool reading[READERS], grace[READERS];

/* ---- what is only said ------------------------------------------------------------------------ */

bool snapshot_freed[SNAPSHOTS];
bool layer_freed[LAYERS];
bool filter_freed[LAYERS];  /* each layer's own */
bool data_freed[LAYERS];    /* what a driver keeps for the filter, until its deletion is told */
byte made_by[LAYERS];	    /* the generation of a layer's version */
byte commits;		    /* begun */
byte layers = 2;	    /* made */
byte done;

#define LAYER(s, l) layer_of[2 * (s) + (l)]

proctype committer()
{
	byte old, next, fresh, replaced, l, k;

again:	atomic { !turn -> turn = true }
	if
	:: commits >= COMMITS -> goto out
	:: else
	fi;
	atomic {
		commits++;
		old = current;
		next = commits;
		if
		:: l = 0
		:: l = 1
		fi;
		fresh = layers;
		layers++;
		/* build: nobody else sees it */
		assert(!snapshot_freed[old]);
		LAYER(next, 0) = LAYER(old, 0);
		LAYER(next, 1) = LAYER(old, 1);
		replaced = LAYER(old, l);
		LAYER(next, l) = fresh;
		made_by[fresh] = generation[l] + 1
	}
	if
	:: atomic { true -> /* refused, or not made durable: the layers of `next` that are not the current ones */
		layer_freed[fresh] = true; snapshot_freed[next] = true; filter_freed[fresh] = true; data_freed[fresh] = true }
		goto end_turn
	:: true
	fi;
	current = next;
	generation[l]++;
	d_step { snapshot_retired[old] = true; layer_retired[replaced] = true; retired++ }
	if
	:: retired < RETIRED -> goto end_turn /* nobody is told */
	:: true
	fi;
	atomic { grace[0] = reading[0]; grace[1] = reading[1] }
	!grace[0];
	!grace[1];
	atomic { assert(!filter_freed[replaced]); data_freed[replaced] = true } /* notify_deleted */
	d_step {
		do
		:: k < LAYERS ->
			if
			:: layer_retired[k] ->
				assert(!layer_freed[k] && !filter_freed[k]);
				layer_freed[k] = true; filter_freed[k] = true; data_freed[k] = true
			:: else
			fi;
			layer_retired[k] = false;
			k++
		:: else -> k = 0; break
		od;
		do
		:: k < SNAPSHOTS ->
			assert(!snapshot_retired[k] || !snapshot_freed[k]);
			snapshot_freed[k] = snapshot_freed[k] || snapshot_retired[k];
			snapshot_retired[k] = false;
			k++
		:: else -> k = 0; break
		od;
		retired = 0
	}
end_turn:
	atomic { turn = false; old = 0; next = 0; fresh = 0; replaced = 0; l = 0 }
	goto again;
out:	atomic { turn = false; done++ }
}

/* authorize_ask: the generation is read first. */
proctype reader(byte me)
{
	byte l, s, layer, asked, answer;

	if
	:: l = 0
	:: l = 1
	fi;
	asked = generation[l];
	reading[me] = true;
	s = current;
	atomic { assert(!snapshot_freed[s]); layer = LAYER(s, l) }
	atomic { assert(!layer_freed[layer]); answer = made_by[layer] }
	assert(!filter_freed[layer] && !data_freed[layer]); /* the callout runs with its filter */
	atomic { s = 0; layer = 0; reading[me] = false; grace[me] = false }
	assert(answer >= asked); /* whoever sees the new number classifies on the new policy */
	atomic { asked = 0; answer = 0; l = 0 }
	done++
}

init {
	atomic {
		LAYER(0, 0) = 0;
		LAYER(0, 1) = 1;
		run committer();
		run committer();
		run reader(0);
		run reader(1)
	}
}

active proctype quiescence()
{
	byte k;
	byte alive;

end:	timeout ->
	d_step {
		assert(done == 4 && !turn);
		do
		:: k < SNAPSHOTS -> assert(k > commits || snapshot_freed[k] == (k != current && !snapshot_retired[k])); k++
		:: else -> k = 0; break
		od;
		do
		:: k < layers ->
			alive = k == LAYER(current, 0) || k == LAYER(current, 1) || layer_retired[k];
			assert(layer_freed[k] != alive && filter_freed[k] != alive && data_freed[k] != alive);
			k++
		:: else -> k = 0; break
		od
	}
}
