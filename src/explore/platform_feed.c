/* SPDX-License-Identifier: MIT */
/*
 * platform_feed - the packets of a scenario: made before the first run, fed in each, answered once.
 *
 * The main thread of a run is the stack's worker.  Between two packets it takes its turn; when
 * there is none to feed it waits for mail.  A packet that is not answered although nobody can go on
 * is lost: time passes only then, unless the scenario lets it pass earlier, which is why the wait
 * is repeated as often as that may happen.
 */
#include "explore/platform_world.h"
#include "explore/scenario_packet.h"
#include "explore/verdict.h"

#include "base/clock.h"
#include "base/mailbox.h"
#include "path/capture.h"

#define REST	 (100 * CLOCK_MS) /* all is answered, and nothing happens for so long */
#define PATIENCE (5 * CLOCK_S)	  /* somebody is not answered, and nothing happens */

/* ---- making ------------------------------------------------------------------------------- */

/* Takes the packet, whose headers are parsed. */
static void add_packet(struct platform_world *w, struct packet *packet, bool out)
{
	struct platform_packet *p = &w->packets[w->n_packets];

	packet->hook = out ? PACKET_OUT : PACKET_IN;
	packet->in_ifindex = out ? 0 : 1;
	packet->out_ifindex = out ? 2 : 0;
	packet->port = &w->port;
	packet->token = w->n_packets;
	packet->uid = PACKET_UID_UNKNOWN;
	*p = (struct platform_packet){
		.packet = packet,
		.flow = flow_key_from(&packet->h, packet->hook),
		.chain = 1,
	};
	w->n_packets++;
}

/* The sender of the first packet is this host. */
static wfp_err add_frame(struct platform_world *w, const struct capture_frame *f,
			 union headers_addr *local)
{
	struct packet *packet;
	wfp_err err = packet_create(&packet, f->ip, f->ip_len);

	if (err)
		return err;
	capture_complete_length(packet->data, packet->len);
	if (headers_parse(&packet->h, packet->data, packet->len) != HEADERS_OK) {
		packet_put(packet);
		return ERR_OK;
	}
	if (w->n_packets == 0)
		*local = packet->h.src;
	add_packet(w, packet, headers_addr_equal(local, &packet->h.src));
	return ERR_OK;
}

static wfp_err read_capture(struct platform_world *w, struct buf *why)
{
	union headers_addr local = {.words = {0}};
	struct capture_frame frame;
	struct capture *c;
	wfp_err err = capture_open(&c, w->scenario->capture, why);

	if (err)
		return err;
	while (!err && w->n_packets < SCENARIO_PACKETS) {
		err = capture_next(c, &frame, why);
		if (!err && frame.ip)
			err = add_frame(w, &frame, &local);
	}
	capture_close(c);
	return err == ERR_NO_MORE_ITEMS ? ERR_OK : err;
}

wfp_err platform_packets_make(struct platform_world *w, struct buf *why)
{
	const struct scenario *s = w->scenario;
	struct packet *packet;
	wfp_err err = s->capture ? read_capture(w, why) : ERR_OK;

	for (uint32_t i = 0; !err && i < s->n_packets; i++) {
		err = scenario_packet_make(&s->packets[i], &packet);
		if (err) {
			buf_printf(why, "line %u: the packet cannot be made: %s",
				   s->packets[i].line, err_text(err));
			return err;
		}
		add_packet(w, packet, s->packets[i].out);
		w->packets[i].after = s->packets[i].after;
		w->packets[i].chain = s->packets[i].chain;
	}
	return err;
}

/* ---- what the stack says ------------------------------------------------------------------ */

static struct platform_world *world_of(struct stack_port *port)
{
	return CONTAINER_OF(port, struct platform_world, port);
}

static void on_verdict(struct stack_port *port, struct packet *packet, enum port_verdict v,
		       UNUSED bool modified, const struct port_reason *why)
{
	struct platform_world *w = world_of(port);
	struct platform_packet *p = &w->packets[packet->token];

	p->answered = true;
	p->accepted = v == PORT_ACCEPT;
	w->answered++;
	platform_fate_answered(w, packet, v, why);
}

/* A packet that answers nothing goes out on a wire that nobody listens to. */
static wfp_err on_send(UNUSED struct stack_port *port, UNUSED struct packet *p)
{
	return ERR_OK;
}

static enum port_endpoint on_endpoint(UNUSED struct stack_port *port, UNUSED const struct packet *p)
{
	return PORT_ENDPOINT_EXISTS;
}

static const struct stack_port_ops port_ops = {
	.verdict = on_verdict,
	.send = on_send,
	.endpoint = on_endpoint,
};

/* ---- feeding ------------------------------------------------------------------------------ */

void platform_port_set(struct platform_world *w)
{
	w->port = (struct stack_port){.ops = &port_ops, .worker = w->worker};
}

static bool may_feed(const struct platform_world *w)
{
	const struct platform_packet *p = &w->packets[w->fed];

	return w->fed < w->n_packets && (p->after == 0 || w->packets[p->after - 1].answered);
}

static void feed_next(struct platform_world *w)
{
	struct packet *together[SCENARIO_PACKETS];
	const uint32_t n = w->packets[w->fed].chain;

	for (uint32_t i = 0; i < n; i++)
		together[i] = w->packets[w->fed + i].packet;
	w->fed += n;
	stack_worker_input(w->worker, together, n);
}

static bool all_is_quiet(const struct platform_world *w)
{
	return w->fed == w->n_packets && w->answered == w->n_packets &&
	       stack_worker_quiet(w->worker);
}

/* One turn.  False: nothing has happened, and time has passed instead. */
static bool turn(struct platform_world *w)
{
	(void)stack_worker_poll(w->worker, clock_now()); /* its own timers are longer than ours */
	if (may_feed(w)) {
		feed_next(w);
		return true;
	}
	return mailbox_wait_until(stack_worker_mailbox(w->worker),
				  clock_now() + (all_is_quiet(w) ? REST : PATIENCE));
}

void platform_feed(struct platform_world *w)
{
	uint32_t waits = 0; /* one after the other, in vain */

	stack_worker_enter(w->worker);
	while (waits <= w->scenario->time_jumps)
		waits = turn(w) ? 0 : waits + 1;
	stack_worker_leave(w->worker);
	if (!all_is_quiet(w))
		verdict_lost(w);
}
