/* SPDX-License-Identifier: MIT */
/*
 * snapshot_subject - a policy whose one filter is replaced again and again under classifies.
 *
 * Each classify sees one of the versions whole, never none and never an older one than was
 * committed before it began; and a generation that was read before a classify tells whether the
 * classify may have been overtaken.
 */
#include "subject_kit.h"

#define COMMITS	  2u
#define FIRST	  11u /* the first version's id */
#define VERSIONS  2u  /* the sublayers: that of the callout comes before them */
#define LAST	  3u
#define ELSEWHERE UINT64_C(100) /* the first id of a filter that decides nothing */

enum {
	TWICE = 1, /* the reader classifies twice */
	TWO = 2,   /* two readers */
	OTHER = 4, /* another thread commits, too */
	LEAVE = 8, /* no commit waits: what they replace is freed when a callout unregisters */
};

static struct {
	uint32_t settings;
	uint64_t committed; /* the version of the last commit that returned */
	struct atom32 asked;
	struct thread *readers[2];
	struct reader {
		uint64_t generation, version; /* of the last classify, and before it */
	} seen[2];
} w;

/* Asked before the filter: a step in the middle of the walk.  It says nothing. */
static void classify_fn(UNUSED void *ctx, UNUSED const struct engine_call *call,
			UNUSED struct engine_classify_out *out)
{
	atom32_add(&w.asked, 1);
}

static const struct engine_callout_ops callout_ops = {.classify = classify_fn};

/* The version is the filter's id. */
static void read_policy(void *arg)
{
	struct reader *r = arg;
	struct engine_indication ind = subject_indication();
	struct engine_verdict verdict;

	for (unsigned i = 0; i < (w.settings & TWICE ? 2 : 1); i++) {
		uint64_t before, last = r->version;

		r->generation = engine_generation(subject_engine, SUBJECT_LAYER);
		before = w.committed;
		engine_classify(subject_engine, &ind, &verdict);
		r->version = verdict.filter_id;
		SUBJECT_CHECK(r->version >= before && r->version >= last);
		SUBJECT_CHECK(r->version >= FIRST && r->version <= FIRST + COMMITS);
		SUBJECT_CHECK(verdict.outcome == (r->version % 2 ? ENGINE_BLOCK : ENGINE_PERMIT));
	}
}

static void commit(uint64_t version)
{
	subject_replace_filter(version > FIRST ? version - 1 : 0, version, VERSIONS,
			       version % 2 ? MODEL_ACTION_BLOCK : MODEL_ACTION_PERMIT);
	w.committed = version;
}

/* In a sublayer that is asked later: it changes no verdict. */
static void commit_elsewhere(UNUSED void *arg)
{
	subject_replace_filter(ELSEWHERE, ELSEWHERE + 1, LAST, MODEL_ACTION_CONTINUE);
}

static void run(uint32_t settings)
{
	struct thread *other = NULL;
	unsigned n = settings & TWO ? 2 : 1;
	uint64_t last;

	for (unsigned i = 0; i < n; i++)
		subject_start(&w.readers[i], "reader", read_policy, &w.seen[i]);
	if (settings & OTHER)
		subject_start(&other, "writer", commit_elsewhere, NULL);
	for (unsigned i = 0; i < COMMITS; i++)
		commit(FIRST + 1 + i);
	if (settings & LEAVE)
		SUBJECT_OK(subject_unregister(1, ENGINE_UNREGISTER_POLITE));
	for (unsigned i = 0; i < n; i++)
		thread_join(w.readers[i]);
	if (other)
		thread_join(other);
	last = engine_generation(subject_engine, SUBJECT_LAYER);
	/* What an unchanged generation vouches for is the newest policy. */
	for (unsigned i = 0; i < n; i++)
		if (w.seen[i].generation == last)
			SUBJECT_CHECK(w.seen[i].version == FIRST + COMMITS);
	SUBJECT_OK(subject_unregister(0, ENGINE_UNREGISTER_POLITE));
	subject_engine_end();
}

static void prepare(uint32_t settings)
{
	w.settings = settings;
	subject_engine_open(
		&(struct engine_config){.max_ops = 1, .max_retired = settings & LEAVE ? 0 : 1});
	subject_register(0, &callout_ops, NULL);
	if (settings & LEAVE)
		subject_register(1, &callout_ops, NULL);
	subject_filter(0);
	commit(FIRST);
	subject_replace_filter(0, ELSEWHERE, LAST, MODEL_ACTION_CONTINUE);
	subject_engine_ready();
}

#define ROW(name, about, settings)                                                                 \
	{                                                                                          \
		name, about, settings, prepare, run                                                \
	}
const struct subject snapshot_subjects[] = {
	ROW("snapshot", "one reader", 0),
	ROW("snapshot-twice", "it reads twice", TWICE),
	ROW("snapshot-writers", "two writers", OTHER),
	ROW("snapshot-two", "two readers", TWO),
	ROW("snapshot-retired", "commits do not wait, an unregistration does", LEAVE),
	{0},
};
