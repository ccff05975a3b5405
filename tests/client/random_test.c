/* SPDX-License-Identifier: MIT */
/*
 * random_test - programs that do anything, against the rules.
 *
 * Several sessions act in turn through the library, the protocol, the service and the engine with a
 * store; what each call answers, shows and tells is compared with rules.h. Every call of the API
 * counts as one operation. RANDOM_OPERATIONS says how many; the last ones are printed on a
 * difference.
 */
#include "random_draft.h"
#include "random_enum.h"

#include "base/thread.h"

#include <dirent.h>

/* The system's header of sockets and that of the API have a struct of the same name. */
int getpeername(int fd, struct sockaddr *at, unsigned *len);
int shutdown(int fd, int how);
#define SHUT_BOTH 2

/* ---- adding ---------------------------------------------------------------------------------- */

/* Sometimes one thing is wrong in itself. */
static uint32_t spoil(unsigned kind, struct thing *t, struct draft *d, struct faults *f)
{
	if (!once_in(24))
		return 0;
	if (once_in(2)) {
		d->names.name = NULL;
		fault(f, true, ERR_NULL_DISPLAY_NAME);
	} else if (kind == FILTER) {
		t->weight_kind = WEIGHT_RANGE;
		t->asked_weight = 16 + any(200);
		fault(f, true, ERR_INVALID_WEIGHT);
	} else {
		fault(f, true, ERR_INVALID_FLAGS);
		return 0x40000000u;
	}
	return 0;
}

static void set_name(struct draft *d, unsigned kind, const FWPM_DISPLAY_DATA0 *names)
{
	FWPM_DISPLAY_DATA0 *at[KINDS] = {&d->as.provider.displayData, &d->as.context.displayData,
					 &d->as.sublayer.displayData, &d->as.callout.displayData,
					 &d->as.filter.displayData};

	if (!names->name)
		at[kind]->name = NULL;
}

/* Ids are the engine's: they grow and are never given twice; of callouts, not to two at once. */
static void check_id(unsigned kind, uint64_t id)
{
	if (kind == PROVIDER || kind == SUBLAYER)
		return;
	if (kind == CALLOUT) {
		AGREE(id != 0);
		for (unsigned i = 0; i < KEYS; i++)
			AGREE(!run.rules.now.t[kind][i].there || run.rules.now.t[kind][i].id != id);
		return;
	}
	AGREE(id > run.last_id[kind]);
	AGREE(kind == CONTEXT || id >= 65537);
	run.last_id[kind] = id;
}

static void learn_weight(unsigned m, unsigned key)
{
	const GUID guid = key_guid(FILTER, key);
	FWPM_FILTER0 *filter = NULL;

	agree_code(FwpmFilterGetByKey0(run.h[m], &guid, &filter), ERR_OK);
	run.rules.now.t[FILTER][key].effective = *filter->effectiveWeight.uint64;
	FwpmFreeMemory0((void **)&filter);
}

static void step_add(unsigned m)
{
	unsigned kind = any(KINDS), key = any(KEYS);
	struct thing t = random_thing(m, kind);
	struct draft spoilt = {.names = {.name = (WCHAR *)(uintptr_t)L"x"}}, d;
	struct faults f = {0};
	bool kept = is_kept(t.life);
	uint32_t flags = spoil(kind, &t, &spoilt, &f);
	uint64_t id = 0;
	wfp_err err;

	note("add", m, kind, key);
	draft(&d, kind, key, &t, flags);
	set_name(&d, kind, &spoilt.names);
	rules_add(&run.rules, m, kind, key, &t, kept, &f);
	err = kind_calls[kind].add(run.h[m], &d.as, &id);
	agree(err, &f);
	if (err)
		return;
	check_id(kind, id);
	t.id = id;
	t.serial = ++run.rules.serials;
	BUG_ON(t.serial >= SERIALS);
	if (kind == SUBLAYER)
		t.weight = rules_weight(&run.rules, t.weight);
	run.rules.now.t[kind][key] = t;
	if (kind == FILTER)
		learn_weight(m, key);
	written(m);
}

/* ---- deleting -------------------------------------------------------------------------------- */

static void step_delete(unsigned m)
{
	unsigned kind = any(KINDS), key = any(KEYS);
	const struct thing *t = &run.rules.now.t[kind][key];
	const GUID guid = key_guid(kind, key);
	struct faults f = {0};
	wfp_err err;

	note("delete", m, kind, key);
	rules_delete(&run.rules, m, kind, key, &f);
	err = t->there && kind_calls[kind].delete_id && once_in(2)
		      ? kind_calls[kind].delete_id(run.h[m], t->id)
		      : kind_calls[kind].delete(run.h[m], &guid);
	agree(err, &f);
	if (err)
		return;
	run.rules.now.t[kind][key].there = false;
	written(m);
}

/* ---- descriptors ----------------------------------------------------------------------------- */

struct deny_list {
	ACL head;
	uint8_t type, flags;
	uint16_t size;
	uint32_t mask;
	uint8_t everyone[12];
};

static void set_security(unsigned m, unsigned kind, unsigned key, uint32_t denied)
{
	const GUID guid = key_guid(kind, key);
	struct deny_list list = {.head = {ACL_REVISION, 0, sizeof(ACL), 0, 0},
				 .type = 1,
				 .size = 20,
				 .mask = denied,
				 .everyone = {1, 1, 0, 0, 0, 0, 0, 1}};
	struct faults f = {0};
	wfp_err err;

	if (denied) {
		list.head.AclSize = sizeof(list);
		list.head.AceCount = 1;
	}
	note("set security", m, kind, key);
	rules_set_security(&run.rules, m, kind, key, &f);
	err = kind_calls[kind].security_set(run.h[m], &guid, &list.head);
	agree(err, &f);
	if (!err)
		run.rules.denied[run.rules.now.t[kind][key].serial] = denied;
}

static void step_security_set(unsigned m)
{
	static const uint32_t rights[] = {0, RIGHT_READ, RIGHT_DELETE, RIGHT_ADD_LINK,
					  RIGHT_READ | RIGHT_DELETE | RIGHT_ADD_LINK};
	unsigned kind = any(KINDS), key = any(KEYS);

	set_security(m, kind, key, once_in(2) ? 0 : rights[any(ARRAY_LEN(rights))]);
}

/* The owner may always; what was denied stands first. */
static void step_security_get(unsigned m)
{
	unsigned kind = any(KINDS), key = any(KEYS);
	const struct thing *t = &rules_view(&run.rules, m)->t[kind][key];
	const GUID guid = key_guid(kind, key);
	PSECURITY_DESCRIPTOR sd = NULL;
	const struct deny_list *list;
	PACL dacl = NULL;
	struct faults f = {0};
	wfp_err err;

	note("get security", m, kind, key);
	fault(&f, !t->there, rules_missing[kind]);
	err = kind_calls[kind].security_get(run.h[m], &guid, &dacl, &sd);
	agree(err, &f);
	if (err)
		return;
	list = (const struct deny_list *)(const void *)dacl;
	AGREE(dacl && dacl->AceCount > 0);
	AGREE((list->type == 1 ? list->mask : 0) == run.rules.denied[t->serial]);
	FwpmFreeMemory0(&sd);
}

/* ---- subscriptions --------------------------------------------------------------------------- */

static void subscribe(struct sub *s, unsigned m)
{
	struct wish w = {.provider = NOBODY, .layer = NOBODY, .callout = NOBODY};
	struct template_buffer buffer;
	void *template = NULL;
	struct faults f = {0};
	wfp_err err;

	s->kind = any(KINDS);
	s->member = m;
	s->flags = 1 + any(3);
	s->provider = s->kind != PROVIDER && once_in(2) ? (int)any(KEYS) : NOBODY;
	w.provider = s->provider;
	if (s->provider != NOBODY)
		template = make_template(&buffer, s->kind, &w);
	note("subscribe", m, s->kind, s->flags);
	fault(&f, run.rules.member[m].txn != NONE, ERR_TXN_IN_PROGRESS);
	s->n_want = s->n_got = 0;
	s->live = true;
	err = kind_calls[s->kind].subscribe(run.h[m], template, s->flags, s, &s->handle);
	agree(err, &f);
	s->live = !err;
}

static void step_subscription(unsigned m)
{
	struct sub *s = &run.subs[any(SUBS)];

	if (!s->live) {
		subscribe(s, m);
		return;
	}
	sync_sub(s);
	if (!once_in(4))
		return;
	note("unsubscribe", s->member, s->kind, 0);
	agree_code(kind_calls[s->kind].unsubscribe(run.h[s->member], s->handle), ERR_OK);
	AGREE(s->n_got == 0);
	s->live = false;
}

static void end_subscriptions(unsigned m)
{
	for (unsigned i = 0; i < SUBS; i++)
		if (run.subs[i].live && run.subs[i].member == m) {
			sync_sub(&run.subs[i]);
			lock_take(&run.lock);
			run.subs[i].live = false;
			lock_drop(&run.lock);
		}
}

/* ---- transactions ---------------------------------------------------------------------------- */

static void step_begin(unsigned m)
{
	bool read_only = once_in(4);
	struct rules *r = &run.rules;
	struct faults f = {0};
	wfp_err err;

	note(read_only ? "begin read-only" : "begin", m, 0, 0);
	fault(&f, r->member[m].txn != NONE, ERR_TXN_IN_PROGRESS);
	fault(&f, r->member[m].txn == NONE && !read_only && r->writer != NOBODY, ERR_TIMEOUT);
	err = FwpmTransactionBegin0(run.h[m], read_only ? FWPM_TXN_READ_ONLY : 0);
	agree(err, &f);
	if (!err)
		rules_begin(r, m, read_only);
}

static void step_end(unsigned m)
{
	bool commits = !once_in(3);
	enum txn was = run.rules.member[m].txn;
	wfp_err want = was == NONE ? ERR_NO_TXN_IN_PROGRESS : ERR_OK;

	note(commits ? "commit" : "abort", m, 0, 0);
	agree_code(commits ? FwpmTransactionCommit0(run.h[m]) : FwpmTransactionAbort0(run.h[m]),
		   want);
	if (was == WRITING && commits)
		commit((int)m);
	rules_end(&run.rules, m);
	bury();
}

static void step_txn(unsigned m)
{
	if ((run.rules.member[m].txn == NONE) != once_in(8))
		step_begin(m);
	else
		step_end(m);
}

/* ---- sessions -------------------------------------------------------------------------------- */

/* The client's ends of connections have a peer with a name; the engine's have none. */
static bool is_client_fd(int fd)
{
	struct {
		uint16_t family;
		char path[108];
	} at = {0};
	unsigned len = sizeof(at) - 1;

	return getpeername(fd, (struct sockaddr *)&at, &len) == 0 &&
	       strcmp(at.path, real.path) == 0;
}

static unsigned client_fds(int *fds, unsigned max)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	unsigned n = 0;

	CHECK(dir);
	while ((entry = readdir(dir)) != NULL) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] != '.' && is_client_fd(fd)) {
			CHECK(n < max);
			fds[n++] = fd;
		}
	}
	closedir(dir);
	return n;
}

static int sockets[SESSIONS]; /* of the sessions, to cut */

static void open_member(unsigned m)
{
	int fds[SESSIONS];
	unsigned n;

	run.h[m] = real_open(m < 2 ? 0 : FWPM_SESSION_FLAG_DYNAMIC);
	run.operations++;
	rules_open(&run.rules, m, m >= 2);
	n = client_fds(fds, SESSIONS);
	sockets[m] = -1;
	for (unsigned i = 0; i < n; i++) {
		bool known = false;

		for (unsigned j = 0; j < SESSIONS; j++)
			known = known || (j != m && sockets[j] == fds[i]);
		if (!known)
			sockets[m] = fds[i];
	}
	CHECK(sockets[m] >= 0);
}

static uint32_t clients_now(void)
{
	struct rpc_server_counters c;

	rpc_server_counters_get(real.server, &c);
	return c.clients;
}

/* As if its process had died: the connection breaks, and the engine notices some time later. */
static void cut(unsigned m)
{
	uint32_t before = clients_now();

	CHECK(shutdown(sockets[m], SHUT_BOTH) == 0);
	while (clients_now() == before)
		thread_yield();
	agree_code(FwpmTransactionAbort0(run.h[m]), ERR_RPC_S_CALL_FAILED);
}

static void close_member(unsigned m, bool dies)
{
	note(dies ? "die" : "close", m, 0, 0);
	end_subscriptions(m);
	run.open[m].handle = NULL;
	if (dies)
		cut(m);
	agree_code(FwpmEngineClose0(run.h[m]), ERR_OK);
	rules_end(&run.rules, m);
	run.rules.member[m].number = 0;
	sockets[m] = -1;
	bury();
}

static void step_close(unsigned m)
{
	close_member(m, once_in(3));
	open_member(m);
}

static void step_sessions(unsigned m)
{
	FWPM_SESSION0 **entries = NULL;
	HANDLE e = NULL;
	UINT32 n = 0;

	note("enumerate sessions", m, 0, 0);
	agree_code(FwpmSessionCreateEnumHandle0(run.h[m], NULL, &e), ERR_OK);
	agree_code(FwpmSessionEnum0(run.h[m], e, INFINITE, &entries, &n), ERR_OK);
	AGREE(n == SESSIONS);
	FwpmFreeMemory0((void **)&entries);
	agree_code(FwpmSessionDestroyEnumHandle0(run.h[m], e), ERR_OK);
}

/* Ids of filters and contexts are kept; a callout's belongs to the driver, hence to the process. */
static void learn_callouts(void)
{
	for (unsigned i = 0; i < KEYS; i++) {
		const GUID key = key_guid(CALLOUT, i);
		struct thing *t = &run.rules.now.t[CALLOUT][i];
		FWPM_CALLOUT0 *callout = NULL;

		if (!t->there)
			continue;
		agree_code(FwpmCalloutGetByKey0(run.h[0], &key, &callout), ERR_OK);
		t->id = callout->calloutId;
		FwpmFreeMemory0((void **)&callout);
	}
	run.rules.committed = run.rules.now;
}

/* Who cannot be read cannot be asked for its id. */
static void allow_all_callouts(void)
{
	for (unsigned i = 0; i < KEYS; i++)
		if (run.rules.now.t[CALLOUT][i].there)
			set_security(0, CALLOUT, i, 0);
}

static void restart(void)
{
	for (unsigned m = 0; m < SESSIONS; m++)
		close_member(m, once_in(2));
	real_stop();
	rules_restart(&run.rules);
	memcpy(run.last_id, run.last_kept_id, sizeof(run.last_id));
	real_start();
	for (unsigned m = 0; m < SESSIONS; m++)
		open_member(m);
	allow_all_callouts();
	learn_callouts();
}

/* ---- the run --------------------------------------------------------------------------------- */

typedef void step_fn(unsigned m);

static const struct {
	step_fn *fn;
	unsigned often;
	bool writes;
} steps[] = {
	{step_add, 70, true},	       {step_delete, 50, true},	      {step_txn, 40, true},
	{step_look, 60, false},	       {step_enum, 40, false},	      {step_security_set, 8, true},
	{step_security_get, 8, false}, {step_subscription, 8, false}, {step_sessions, 2, false},
	{step_close, 2, false},
};

/* Mostly whoever can: a call that waits in vain takes a millisecond. */
static bool waits_in_vain(unsigned m)
{
	return run.rules.writer != NOBODY && run.rules.writer != (int)m &&
	       run.rules.member[m].txn == NONE;
}

static void step(void)
{
	unsigned m = any(SESSIONS), sum = 0, i = 0, n;

	if (run.rules.writer != NOBODY && !once_in(3))
		m = (unsigned)run.rules.writer;
	for (unsigned k = 0; k < ARRAY_LEN(steps); k++)
		sum += steps[k].often;
	n = any(sum);
	while (n >= steps[i].often)
		n -= steps[i++].often;
	if (waits_in_vain(m) && (steps[i].writes || steps[i].fn == step_close) && !once_in(64))
		steps[3].fn(m);
	else
		steps[i].fn(m);
}

static void look_at_everything(void)
{
	for (unsigned k = 0; k < KINDS; k++)
		for (unsigned i = 0; i < KEYS; i++)
			look(any(SESSIONS), k, i, false);
}

/* Before anything was added: what is built in. */
static void count_builtin(HANDLE h)
{
	for (unsigned k = 0; k < KINDS; k++) {
		void **entries = NULL;
		HANDLE e = NULL;
		UINT32 n = 0;

		CHECK_OK(kind_calls[k].enum_create(h, NULL, &e));
		CHECK_OK(kind_calls[k].enum_next(h, e, INFINITE, &entries, &n));
		run.builtin[k] = n;
		for (UINT32 i = 0; k == SUBLAYER && i < n; i++)
			run.weights[i] = ((FWPM_SUBLAYER0 *)entries[i])->weight;
		FwpmFreeMemory0((void **)&entries);
		CHECK_OK(kind_calls[k].enum_destroy(h, e));
	}
	run.rules.builtin_weights = run.weights;
	run.rules.n_builtin_weights = run.builtin[SUBLAYER];
}

static uint64_t operations_wanted(void)
{
	const char *text = getenv("RANDOM_OPERATIONS");

	return text ? strtoull(text, NULL, 0) : 1000000;
}

static void begin_run(void)
{
	HANDLE h;

	rng_seed(&run.rng, test_seed());
	lock_init(&run.lock, "random test", 2);
	cond_init(&run.changed, "random test");
	run.rules.denied = mem_zalloc_array(SERIALS, sizeof(*run.rules.denied));
	run.rules.writer = NOBODY;
	real_start();
	h = real_open(0);
	count_builtin(h);
	CHECK_OK(FwpmEngineClose0(h));
	for (unsigned m = 0; m < SESSIONS; m++)
		open_member(m);
}

static void end_run(void)
{
	for (unsigned m = 0; m < SESSIONS; m++)
		close_member(m, false);
	real_stop();
	mem_free(run.rules.denied);
	cond_destroy(&run.changed);
	lock_destroy(&run.lock);
}

TEST(a_million_random_calls_answer_show_and_tell_what_the_rules_say)
{
	uint64_t live = mem_live(), wanted = operations_wanted();

	real_make_store();
	begin_run();
	while (run.operations < wanted) {
		step();
		if (once_in(2000))
			look_at_everything();
		if (once_in(20000))
			restart();
	}
	end_run();
	real_remove_store();
	CHECK_EQ_U(mem_live(), live + 1); /* the table of handles stays */
	print_counts();
}
