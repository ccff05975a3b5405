/* SPDX-License-Identifier: MIT */
/*
 * classify - the classification benchmark: one rule set, or the memory, per run.
 *
 * bench/classify.py runs it for all sets and says what the figures mean.  Each figure is one line
 * of JSON (measure.h).  Ends with 1 if any verdict was not the reference's, with 2 if it could not
 * read what it was given.
 */
#include "measure.h"
#include "rulefile.h"

#include "base/dl.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/rcu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: bench_classify [OPTIONS] set SHAPE RULES     classify a set of that shape: acl, "
	"fw, ipc\n"
	"       bench_classify [OPTIONS] update SHAPE RULES  commits, CONTINUE, and classifies "
	"meanwhile\n"
	"       bench_classify [OPTIONS] attack NAME RULES   the slowest header of an attack\n"
	"       bench_classify [OPTIONS] file RULES [TRACE]  classify a set in a ClassBench file\n"
	"       bench_classify [OPTIONS] latency             of this machine's memory\n"
	"       bench_classify attacks                       their names, one a line\n"
	"\n"
	"  --seed N       of what is random (default 1)\n"
	"  --headers N    in a trace that is made here (default by the set's size)\n"
	"  --zipf FLOWS   so many different headers in a trace, a few of them very often\n"
	"  --peer FILE    rte_acl as a contender: the shared object built with it\n"
	"  --quick        fewer repeats and headers: for a look, not for a figure\n"
	"  --write FILE   write the rule set to FILE and its trace to FILE_trace, and measure "
	"nothing\n";

#define FILE_SIZE_MAX (256u << 20)

struct options {
	uint64_t seed;
	uint32_t headers, flows;
	const char *peer, *write;
	bool quick;
};

NORETURN static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_classify: %s: %s\n", what, why);
	exit(2);
}

NORETURN static void misuse(void)
{
	fputs(usage, stderr);
	exit(2);
}

static uint64_t number(const char *text, uint64_t least, uint64_t most)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < least || n > most)
		die(text, "not a number that can be here");
	return n;
}

/* Returns the first argument that is no option. */
static int parse(int argc, char **argv, struct options *o)
{
	int i;

	for (i = 1; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--quick") == 0) {
			o->quick = true;
			continue;
		}
		if (strcmp(argv[i], "--seed") == 0)
			o->seed = number(value, 0, UINT32_MAX);
		else if (strcmp(argv[i], "--headers") == 0)
			o->headers = (uint32_t)number(value, 1, RULEFILE_MAX);
		else if (strcmp(argv[i], "--zipf") == 0)
			o->flows = (uint32_t)number(value, 1, RULEFILE_MAX);
		else if (strcmp(argv[i], "--peer") == 0)
			o->peer = value;
		else if (strcmp(argv[i], "--write") == 0)
			o->write = value;
		else
			misuse();
		i++;
	}
	return i;
}

static const struct peer_ops *load_peer(const char *path)
{
	const struct peer_ops *ops;
	struct buf why = {0};
	struct dl *dl;

	if (!path)
		return NULL;
	if (dl_open(&dl, path, &why))
		die(path, buf_str(&why));
	ops = dl_sym(dl, PEER_ACL_SYMBOL);
	if (!ops)
		die(path, "it has no " PEER_ACL_SYMBOL);
	return ops;
}

/* ---- sets ------------------------------------------------------------------------------------ */

static struct buf read_file(const char *path)
{
	struct buf text = {0};
	wfp_err err = file_read_all(path, FILE_SIZE_MAX, &text);

	if (err)
		die(path, err_text(err));
	return text;
}

static void read_rules(const char *path, struct ruleset *s)
{
	struct buf text = read_file(path), why = {0};
	uint32_t flags;

	if (rulefile_parse(s, buf_str(&text), text.len, &flags, &why))
		die(path, buf_str(&why));
	if (flags)
		fprintf(stderr, "%s: %u rules ask for flags, which are left out\n", path, flags);
	buf_free(&text);
}

static void read_trace(const char *path, struct ruletrace *t)
{
	struct buf text = read_file(path), why = {0};

	if (rulefile_parse_trace(t, buf_str(&text), text.len, &why))
		die(path, buf_str(&why));
	buf_free(&text);
}

/* More headers than any cache of theirs remembers. */
static uint32_t headers_for(const struct options *o, uint32_t rules)
{
	uint32_t n = rules < 5000 ? 1u << 16 : rules < 50000 ? 1u << 18 : 1u << 20;

	return o->headers ? o->headers : o->quick ? n / 16 : n;
}

static void make_trace(const struct options *o, const struct ruleset *s, struct ruletrace *t)
{
	uint32_t n = headers_for(o, s->n);

	if (o->flows)
		BUG_ON(ruletrace_zipf(t, s, n, o->flows, o->seed + 1));
	else
		BUG_ON(ruletrace_uniform(t, s, n, o->seed + 1));
}

static void write_text(const char *path, struct buf *text)
{
	wfp_err err = buf_err(text);

	if (!err)
		err = file_write_all(path, text->data, text->len);
	if (err)
		die(path, err_text(err));
	buf_free(text);
}

static void write_set(const struct options *o, const struct measure *m)
{
	struct buf rules = {0}, trace = {0}, name = {0};

	rulefile_print(m->rules, &rules);
	rulefile_print_trace(m->trace, &trace);
	buf_printf(&name, "%s_trace", o->write);
	write_text(o->write, &rules);
	write_text(buf_str(&name), &trace);
	buf_free(&name);
}

/* ---- what can be asked for ------------------------------------------------------------------- */

struct request {
	const struct options *options;
	struct measure *m;
	struct ruleset rules;
	struct ruletrace trace;
	int argc; /* what follows the verb */
	char **argv;
};

static void with_shape(struct request *r)
{
	int shape = ruleset_shape_find(r->argv[0]);

	if (shape < 0)
		die(r->argv[0], "no such shape");
	BUG_ON(ruleset_make(&r->rules, (unsigned)shape,
			    (uint32_t)number(r->argv[1], 100, RULEFILE_MAX), r->m->seed));
	make_trace(r->options, &r->rules, &r->trace);
	r->m->set = r->argv[0];
}

static void do_set(struct request *r)
{
	with_shape(r);
	if (r->options->write)
		write_set(r->options, r->m);
	else
		measure_set(r->m);
}

static void do_update(struct request *r)
{
	with_shape(r);
	measure_updates(r->m);
	measure_tail(r->m);
}

static void do_file(struct request *r)
{
	read_rules(r->argv[0], &r->rules);
	if (r->argc > 1)
		read_trace(r->argv[1], &r->trace);
	else
		make_trace(r->options, &r->rules, &r->trace);
	r->m->set = "file";
	measure_set(r->m);
}

static void do_attack(struct request *r)
{
	for (unsigned i = 0; i < attack_count(); i++) {
		const struct attack *a = attack_at(i);

		if (strcmp(a->name, r->argv[0]) != 0)
			continue;
		BUG_ON(a->make(&r->rules, (uint32_t)number(r->argv[1], 100, 131000), r->m->seed));
		r->m->set = a->name;
		measure_attack(r->m, a);
		return;
	}
	die(r->argv[0], "no such attack");
}

static void do_latency(struct request *r)
{
	r->m->set = "memory";
	r->m->rules = NULL;
	measure_latency(r->m);
}

static void do_attacks(struct request *r)
{
	for (unsigned i = 0; i < attack_count(); i++)
		printf("%s\n", attack_at(i)->name);
}

static const struct verb {
	const char *name;
	int least, most; /* arguments */
	void (*run)(struct request *r);
} verbs[] = {{"set", 2, 2, do_set},   {"update", 2, 2, do_update},   {"attack", 2, 2, do_attack},
	     {"file", 1, 2, do_file}, {"latency", 0, 0, do_latency}, {"attacks", 0, 0, do_attacks}};

static const struct verb *find_verb(int argc, char **argv)
{
	for (unsigned i = 0; i < ARRAY_LEN(verbs); i++)
		if (argc > 0 && strcmp(argv[0], verbs[i].name) == 0 && argc > verbs[i].least &&
		    argc <= verbs[i].most + 1)
			return &verbs[i];
	misuse();
}

int main(int argc, char **argv)
{
	struct options o = {.seed = 1};
	int first = parse(argc, argv, &o);
	const struct verb *verb = find_verb(argc - first, argv + first);
	struct measure m = {.seed = o.seed, .quick = o.quick, .acl = load_peer(o.peer)};
	struct request r = {
		.options = &o, .m = &m, .argc = argc - first - 1, .argv = argv + first + 1};

	m.rules = &r.rules;
	m.trace = &r.trace;
	rcu_thread_enter();
	verb->run(&r);
	rcu_thread_leave();
	ruleset_free(&r.rules);
	ruletrace_free(&r.trace);
	return m.wrong ? 1 : 0;
}
