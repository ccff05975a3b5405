/* SPDX-License-Identifier: MIT */
/*
 * Random traffic under random callouts, on two workers, with drivers on threads of their own.
 *
 * Whatever the schedule: every packet is answered exactly once and as the policy says, nothing is
 * sent twice, and in the end nobody holds anything.  The policy: a flow whose remote port is a
 * multiple of five is refused; a datagram that ends with X is thrown away, one that ends with m is
 * changed; everything else passes.  Endpoints that are closed in between may lose packets.
 */
#include "harness.h"

#include "craft.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "engine/callout.h"
#include "engine/ledger.h"
#include "engine/pend.h"
#include "model/catalogue.h"
#include "stack/flow.h"
#include "stack/stack.h"

#define WORKERS	 2u
#define DRIVERS	 2u
#define FLOWS	 12u
#define PER_FLOW 5u
#define PACKETS	 (FLOWS * PER_FLOW)

/* What a driver still has to do with what one of its callouts took. */
struct job {
	struct list link;
	struct actor *actor;
	uint64_t context; /* of a pended operation; 0: none */
	bool pended;
	struct packet *taken; /* NULL: nothing */
	struct ledger_entry *entry;
	bool discard;
};

/* One callout of one driver. */
struct actor {
	struct play *play;
	struct guid key;
	uint32_t id, driver;
	bool inspects_data;
};

struct answer {
	bool answered, accepted, modified;
};

struct seat {
	struct stack_port port; /* first */
	struct play *play;
	struct thread *thread;
	unsigned index;
};

/* [L] lock   [A] atomic   [I] before the threads start */
struct play {
	struct engine *engine;
	struct stack *stack;
	struct seat seats[WORKERS];
	struct actor actors[32];
	unsigned n_actors;
	struct lock lock;
	struct list jobs;		 /* [L] */
	unsigned n_jobs;		 /* [L] */
	unsigned next;			 /* [L] */
	struct atom32 sent, answered;	 /* [A] */
	struct atom32 over;		 /* [A] drivers: nothing will come any more */
	struct atom32 stop;		 /* [A] workers: everything is answered */
	struct answer answers[PACKETS];	 /* by the port's worker, one writer each */
	char last[PACKETS];		 /* [I] the payload's last byte */
	struct packet *packets[PACKETS]; /* made beforehand; whoever gives one takes it out */
	struct flow_key keys[FLOWS];	 /* [I] */
	uint8_t order[PACKETS];		 /* [I] */
	uint64_t next_filter;
};

#ifdef BASE_SIM
static uint32_t choose(uint32_t n)
{
	return sim_choose(n);
}
#define PLAYS 1u /* each seed is one */
#else
static uint32_t choose(uint32_t n)
{
	static struct atom64 draws;

	return (uint32_t)(hash_u64(atom64_add_relaxed(&draws, 1)) % n);
}
#define PLAYS 200u
#endif

static bool is_refused(unsigned flow)
{
	return flow % 5 == 0;
}

static bool is_closed_on_the_way(unsigned flow)
{
	return flow % 7 == 3;
}

static uint16_t port_of(unsigned flow)
{
	return (uint16_t)(1000 + flow);
}

/* Odd flows arrive, even ones leave; both versions. */
static struct craft craft_of(unsigned flow)
{
	const struct craft out = {
		.src = flow % 4 < 2 ? "10.0.0.1" : "2001:db8::1",
		.dst = flow % 4 < 2 ? "10.0.0.2" : "2001:db8::2",
		.src_port = 7777,
		.dst_port = port_of(flow),
		.hook = PACKET_OUT,
	};

	return flow % 2 ? craft_reply(&out, PACKET_IN) : out;
}

static bool is_tcp(unsigned flow)
{
	return flow % 3 == 2;
}

/* TCP: a connection's first packet, then data that nobody acknowledges. */
static struct packet *make_packet(unsigned i, char last)
{
	const unsigned flow = i / PER_FLOW, nth = i % PER_FLOW;
	const struct craft c = craft_of(flow);
	const char data[4] = {'d', 'a', 't', last};

	if (!is_tcp(flow))
		return craft_udp(&c, data, sizeof(data));
	return craft_tcp(&c, 100 + (nth ? 1 + nth * 4 : 0), nth ? 500 : 0,
			 nth ? HEADERS_ACK : HEADERS_SYN, data, sizeof(data));
}

/* Datagrams are scanned, and everything that leaves. */
static bool is_scanned(unsigned flow)
{
	return !is_tcp(flow) || flow % 2 == 0;
}

static void make_packets(struct play *play)
{
	for (unsigned i = 0; i < PACKETS; i++) {
		const unsigned flow = i / PER_FLOW;
		struct packet *p = make_packet(i, play->last[i]);

		p->token = i;
		play->packets[i] = p;
		play->keys[flow] = flow_key_from(&p->h, p->hook);
	}
}

/* ---- the port ------------------------------------------------------------------------------- */

static void on_verdict(struct stack_port *port, struct packet *p, enum port_verdict v,
		       bool modified, UNUSED const struct port_reason *why)
{
	struct play *play = CONTAINER_OF(port, struct seat, port)->play;
	struct answer *a = &play->answers[p->token];

	CHECK(!a->answered);
	*a = (struct answer){.answered = true, .accepted = v == PORT_ACCEPT, .modified = modified};
	atom32_add(&play->answered, 1);
}

static wfp_err on_send(struct stack_port *port, UNUSED struct packet *p)
{
	atom32_add(&CONTAINER_OF(port, struct seat, port)->play->sent, 1);
	return ERR_OK;
}

static const struct stack_port_ops port_ops = {.verdict = on_verdict, .send = on_send};

/* ---- callouts ------------------------------------------------------------------------------- */

static void add_job(struct actor *a, struct job *job)
{
	struct play *play = a->play;

	job->actor = a;
	lock_take(&play->lock);
	list_add_tail(&play->jobs, &job->link);
	play->n_jobs++;
	lock_drop(&play->lock);
}

static void take(struct job *job, const struct engine_call *call, uint32_t driver)
{
	struct packet *p = call->ind->layer_data;

	if (!p)
		return;
	job->taken = packet_get(p);
	job->entry = p->ledger;
	ledger_claim(job->entry, driver);
}

static void absorb(struct engine_classify_out *out)
{
	out->action = MODEL_ACTION_BLOCK;
	out->flags |= ENGINE_OUT_ABSORB;
	out->rights &= ~ENGINE_RIGHT_ACTION_WRITE;
}

static uint16_t remote_port(const struct engine_call *call)
{
	const struct model_layer *layer = model_layer_by_id(call->ind->layer);
	int field = model_field_index(layer, model_condition_key("IP_REMOTE_PORT"));

	return call->ind->values[field].u16;
}

static void say(const struct engine_call *call, struct engine_classify_out *out)
{
	if (is_refused(remote_port(call) - 1000u))
		out->action = MODEL_ACTION_BLOCK;
	else
		out->action = MODEL_ACTION_CONTINUE;
}

static bool is_accept(uint16_t layer)
{
	return layer == MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V4 ||
	       layer == MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V6;
}

/* ALE: decides at once, or pends, with or without the packet. */
static void authorize(struct actor *a, const struct engine_call *call,
		      struct engine_classify_out *out)
{
	struct job *job;

	say(call, out);
	if (call->ind->reauthorize || engine_seen_has(call->ind->seen, a->id) || choose(4) == 0)
		return;
	out->action = MODEL_ACTION_CONTINUE;
	job = mem_zalloc(sizeof(*job));
	BUG_ON(!job);
	if (pend_operation(a->play->engine, call->ind->meta->completion_handle, &job->context)) {
		mem_free(job);
		say(call, out);
		return;
	}
	job->pended = true;
	if (is_accept(call->ind->layer) && choose(3)) {
		take(job, call, a->driver);
		job->discard = is_refused(remote_port(call) - 1000u);
	}
	absorb(out);
	add_job(a, job);
}

static void scan(struct actor *a, const struct engine_call *call, struct engine_classify_out *out)
{
	const struct packet *p = call->ind->layer_data;
	const char last = (char)p->data[p->len - 1];
	struct job *job;

	out->action = MODEL_ACTION_CONTINUE;
	if (engine_seen_has(call->ind->seen, a->id) || (last == 'd' && choose(2)))
		return;
	job = mem_zalloc(sizeof(*job));
	BUG_ON(!job);
	take(job, call, a->driver);
	job->discard = last == 'X';
	absorb(out);
	add_job(a, job);
}

static void on_classify(void *ctx, const struct engine_call *call, struct engine_classify_out *out)
{
	struct actor *a = ctx;

	if (a->inspects_data)
		scan(a, call, out);
	else
		authorize(a, call, out);
}

static void on_released(UNUSED void *ctx)
{
}

static const struct engine_callout_ops ops = {.classify = on_classify, .released = on_released};

/* ---- drivers -------------------------------------------------------------------------------- */

static void give_up(struct job *job)
{
	ledger_unclaim(job->entry, job->actor->driver);
	packet_put(job->taken);
	job->taken = NULL;
}

static void end_job(struct job *job)
{
	struct play *play = job->actor->play;

	lock_take(&play->lock);
	play->n_jobs--;
	lock_drop(&play->lock);
	mem_free(job);
}

static void on_done(void *ctx, UNUSED wfp_err status)
{
	give_up(ctx);
	end_job(ctx);
}

static void inject(struct job *job)
{
	const bool change = job->taken->data[job->taken->len - 1] == 'm';
	struct stack_injection in = {
		.entry = PACKET_ENTRY_TRANSPORT,
		.handle = job->actor->driver,
		.driver = job->actor->driver,
		.modified = change && !job->pended,
		.done = on_done,
		.ctx = job,
	};

	BUG_ON(packet_create(&in.packet, job->taken->data, job->taken->len));
	packet_copy_facts(in.packet, job->taken);
	in.packet->origin = packet_get(job->taken);
	if (in.modified)
		in.packet->data[in.packet->len - 1] = 'M';
	CHECK_OK(stack_inject(job->actor->play->stack, &in));
}

static void complete(struct job *job)
{
	if (job->pended)
		(void)pend_complete(job->actor->play->engine, job->context);
	job->pended = false;
}

static void do_job(struct job *job)
{
	const bool pended = job->pended, complete_first = choose(2);
	struct job later = *job;

	if (complete_first)
		complete(job);
	if (!job->taken) {
		complete(job);
		end_job(job);
		return;
	}
	job->pended = pended; /* for inject: this clone is of an authorization */
	if (job->discard) {
		give_up(job);
		end_job(job);
	} else {
		inject(job); /* the job is gone when it is done */
	}
	if (pended && !complete_first)
		complete(&later);
}

static struct job *pick_job(struct play *play)
{
	struct list *link;
	size_t n;

	lock_take(&play->lock);
	n = list_count(&play->jobs);
	link = play->jobs.next;
	for (uint32_t skip = n ? choose((uint32_t)n) : 0; skip > 0; skip--)
		link = link->next;
	if (n)
		list_del(link);
	lock_drop(&play->lock);
	return n ? LIST_ENTRY(link, struct job, link) : NULL;
}

static void drive(void *ctx)
{
	struct play *play = ctx;
	struct job *job;

	while (!atom32_load(&play->over)) {
		job = pick_job(play);
		if (job)
			do_job(job);
		else
			clock_sleep_until(clock_now() + CLOCK_US);
	}
}

/* ---- workers -------------------------------------------------------------------------------- */

/* NULL: there is none left. */
static struct packet *next_packet(struct play *play)
{
	struct packet *p = NULL;

	lock_take(&play->lock);
	if (play->next < PACKETS)
		p = play->packets[play->order[play->next++]];
	lock_drop(&play->lock);
	return p;
}

static void give_some(struct seat *seat, struct stack_worker *w)
{
	struct packet *p;

	while (choose(3) && (p = next_packet(seat->play))) {
		p->port = &seat->port;
		stack_worker_input(w, &p, 1);
	}
}

static bool is_over(struct play *play)
{
	bool idle;

	lock_take(&play->lock);
	idle = play->n_jobs == 0;
	lock_drop(&play->lock);
	return idle && atom32_load(&play->answered) == PACKETS;
}

static void work(void *ctx)
{
	struct seat *seat = ctx;
	struct play *play = seat->play;
	struct stack_worker *w = seat->port.worker;

	stack_worker_enter(w);
	while (!atom32_load(&play->stop)) {
		give_some(seat, w);
		stack_worker_poll(w, clock_now());
		if (choose(2))
			clock_sleep_until(clock_now() + CLOCK_US);
	}
	stack_worker_leave(w);
}

/* The last letters, from one worker to the other. */
static void settle(struct play *play)
{
	bool quiet = false;

	while (!quiet) {
		quiet = true;
		for (unsigned i = 0; i < WORKERS; i++) {
			struct stack_worker *w = play->seats[i].port.worker;

			stack_worker_enter(w);
			stack_worker_poll(w, clock_now());
			quiet &= stack_worker_quiet(w);
			stack_worker_leave(w);
		}
	}
}

static const struct model_sublayer sublayers[DRIVERS] = {
	{.key = {.a = 0x5b01}, .weight = 300},
	{.key = {.a = 0x5b02}, .weight = 200},
};

static struct model_filter *permit_filter(struct play *play, uint16_t layer)
{
	struct model_filter draft = {
		.id = ++play->next_filter,
		.key = {.a = 0xf2000000u + (uint32_t)play->next_filter},
		.layer = layer,
		.sublayer = sublayers[0].key,
		.action = MODEL_ACTION_PERMIT,
		.name = (char *)(uintptr_t) "neutral",
	};
	struct model_filter *f;

	CHECK_OK(model_filter_create(&f, &draft));
	return f;
}

/* Says nothing new, but every flow of that layer has to be asked again. */
static void change_policy(struct play *play)
{
	static const uint16_t layers[] = {
		MODEL_LAYER_ALE_AUTH_CONNECT_V4,
		MODEL_LAYER_ALE_AUTH_CONNECT_V6,
		MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V4,
		MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V6,
	};
	struct model_filter *f = permit_filter(play, layers[choose(ARRAY_LEN(layers))]);
	const struct engine_delta delta = {.add_filters = &f, .n_add_filters = 1};

	CHECK_OK(engine_commit(play->engine, &delta));
	model_filter_put(f);
}

/* Closes endpoints and changes the policy at some moment. */
static void disturb(void *ctx)
{
	struct play *play = ctx;

	for (unsigned flow = 0; flow < FLOWS; flow++) {
		clock_sleep_until(clock_now() + choose(4) * CLOCK_US);
		if (is_closed_on_the_way(flow))
			stack_endpoint_closed(play->stack, &play->keys[flow]);
		if (choose(2))
			change_policy(play);
	}
}

/* ---- the play ------------------------------------------------------------------------------- */

static void add_actor(struct play *play, uint16_t layer, uint32_t driver, bool inspects_data)
{
	struct actor *a = &play->actors[play->n_actors++];
	struct engine_callout_desc desc = {
		.driver = driver, .name = "actor", .ops = &ops, .ctx = a};
	struct model_callout object = {.layer = layer, .id = 500 + play->n_actors};
	struct model_filter draft = {
		.id = ++play->next_filter,
		.layer = layer,
		.sublayer = sublayers[driver - 1].key,
		.weight = 1,
		.action = MODEL_ACTION_CALLOUT_UNKNOWN,
		.name = (char *)(uintptr_t) "random",
	};
	struct engine_delta delta = {.add_callouts = &object, .n_add_callouts = 1};
	struct model_filter *f;

	a->play = play;
	a->driver = driver;
	a->inspects_data = inspects_data;
	a->key.a = 0xac700000u + play->n_actors;
	desc.key = object.key = draft.callout = a->key;
	draft.key = (struct guid){.a = 0xf1000000u + play->n_actors};
	CHECK_OK(model_filter_create(&f, &draft));
	delta.add_filters = &f;
	delta.n_add_filters = 1;
	CHECK_OK(engine_commit(play->engine, &delta));
	model_filter_put(f);
	CHECK_OK(engine_callout_register(play->engine, &desc, &a->id));
}

/* Version 6 is two ids further. */
static void add_actors(struct play *play)
{
	for (uint32_t driver = 1; driver <= DRIVERS; driver++) {
		for (uint16_t v6 = 0; v6 <= 2; v6 += 2) {
			add_actor(play, MODEL_LAYER_ALE_AUTH_CONNECT_V4 + v6, driver, false);
			add_actor(play, MODEL_LAYER_ALE_AUTH_RECV_ACCEPT_V4 + v6, driver, false);
			add_actor(play, MODEL_LAYER_DATAGRAM_DATA_V4 + v6, driver, true);
		}
	}
	for (uint16_t v6 = 0; v6 <= 2; v6 += 2)
		add_actor(play, MODEL_LAYER_OUTBOUND_IPPACKET_V4 + v6, 1, true);
}

/* Within a flow the packets stay in order. */
static void shuffle(struct play *play)
{
	static const char kinds[] = "ddddXm";
	uint8_t given[FLOWS] = {0};
	unsigned flow;

	for (unsigned i = 0; i < PACKETS; i++) {
		do
			flow = choose(FLOWS);
		while (given[flow] == PER_FLOW);
		play->order[i] = (uint8_t)(flow * PER_FLOW + given[flow]++);
		play->last[i] = kinds[choose(sizeof(kinds) - 1)];
	}
}

static void open_play(struct play *play)
{
	const struct engine_config engine = {0};
	struct stack_config stack = {.workers = WORKERS, .cache_entries = 64};
	const struct engine_delta delta = {.add_sublayers = sublayers, .n_add_sublayers = DRIVERS};

	memset(play, 0, sizeof(*play));
	lock_init(&play->lock, "play", 1);
	list_init(&play->jobs);
	CHECK_OK(engine_create(&play->engine, &engine));
	CHECK_OK(engine_commit(play->engine, &delta));
	stack.engine = play->engine;
	CHECK_OK(stack_create(&play->stack, &stack));
	for (unsigned i = 0; i < WORKERS; i++)
		play->seats[i] = (struct seat){
			.port = {.ops = &port_ops, .worker = stack_worker(play->stack, i)},
			.play = play,
			.index = i,
		};
	add_actors(play);
	shuffle(play);
	make_packets(play);
}

static void check_answers(const struct play *play)
{
	for (unsigned i = 0; i < PACKETS; i++) {
		const unsigned flow = i / PER_FLOW;
		const struct answer *a = &play->answers[i];
		const char last = is_scanned(flow) ? play->last[i] : 'd';
		const bool pass = !is_refused(flow) && last != 'X';

		CHECK(a->answered);
		if (is_closed_on_the_way(flow)) {
			CHECK(pass || !a->accepted);
			continue;
		}
		if (a->accepted != pass)
			CHECK_SAY("packet %u of flow %u, ending with %c: accepted %d", i % PER_FLOW,
				  flow, last, a->accepted);
		if (pass)
			CHECK_EQ_U(a->modified, last == 'm');
	}
}

static void close_play(struct play *play)
{
	struct engine_counters c;

	engine_counters_get(play->engine, &c);
	CHECK_EQ_U(c.pended_now, 0);
	CHECK_EQ_U(c.absorbed_now, 0);
	CHECK_EQ_U(atom32_load(&play->sent), 0);
	stack_destroy(play->stack);
	for (unsigned i = 0; i < play->n_actors; i++)
		CHECK_OK(engine_callout_unregister(play->engine, play->actors[i].id,
						   ENGINE_UNREGISTER_POLITE));
	engine_stop(play->engine);
	engine_destroy(play->engine);
	lock_destroy(&play->lock);
}

static void perform(struct play *play)
{
	struct thread *drivers[DRIVERS], *disturber;

	for (unsigned i = 0; i < DRIVERS; i++)
		CHECK_OK(thread_start(&drivers[i], "driver", drive, play));
	for (unsigned i = 0; i < WORKERS; i++)
		CHECK_OK(thread_start(&play->seats[i].thread, "worker", work, &play->seats[i]));
	CHECK_OK(thread_start(&disturber, "disturber", disturb, play));
	thread_join(disturber);
	while (!is_over(play))
		clock_sleep_until(clock_now() + CLOCK_US);
	atom32_store(&play->stop, 1);
	for (unsigned i = 0; i < WORKERS; i++)
		thread_join(play->seats[i].thread);
	atom32_store(&play->over, 1);
	for (unsigned i = 0; i < DRIVERS; i++)
		thread_join(drivers[i]);
	settle(play);
}

SIM_TEST(random_traffic_under_random_callouts_is_answered_once_and_as_the_policy_says)
{
	struct play *play = mem_alloc(sizeof(*play));

	BUG_ON(!play);
	for (unsigned i = 0; i < PLAYS; i++) {
		open_play(play);
		perform(play);
		check_answers(play);
		close_play(play);
	}
	mem_free(play);
}
