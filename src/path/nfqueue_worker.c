/* SPDX-License-Identifier: MIT */
/*
 * nfqueue_worker - see nfqueue_worker.h.
 *
 * A token is the kernel's packet id, with one bit that says that the kernel could not copy the end
 * of the packet: it can be accepted as it is, but not changed.  That concerns the last bytes of
 * packets close to 64 KiB, which loopback makes.
 */
#include "path/nfqueue_worker.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/poll.h"
#include "base/rawsock.h"
#include "base/thread.h"
#include "path/nfqueue_socket.h"
#include "path/owners.h"
#include "path/sockets.h"
#include "stack/checksum.h"

#include <stdio.h>
#include <string.h>

#define TURN_TIME	 (20 * CLOCK_MS)
#define IDLE_TURNS	 2u
#define LOOPBACK_IFINDEX 1u /* in every network namespace */
#define TOKEN_INCOMPLETE (UINT64_C(1) << 32)

enum phase { READING, DRAINING, LEAVING };

/* [I] immutable after create   [W] the worker's thread   [A] atomic */
struct nfqueue_worker {
	struct stack_port port;
	struct stack_worker *worker;   /* [I] */
	struct nfqueue_socket *socket; /* [W] */
	struct rawsock *raw;	       /* [W] */
	struct sockets *sockets;       /* [W] */
	struct owners *owners;	       /* [W] NULL: programs are not known */
	struct thread *thread;	       /* [I] NULL: not started */
	bool fail_open;		       /* [I] */
	char name[16];		       /* [I] */
	struct atom32 phase;	       /* [A] enum phase */
	struct atom32 idle_turns;      /* [A] draining, one after another, with nothing to do */
	struct atom64 received, accepted, dropped, modified, sent, lost; /* [A] */
};

static struct nfqueue_worker *worker_of(struct stack_port *port)
{
	return CONTAINER_OF(port, struct nfqueue_worker, port);
}

/* ---- what the stack says ------------------------------------------------------------------ */

static void drop(struct nfqueue_worker *w, uint32_t id)
{
	nfqueue_socket_drop(w->socket, id);
	atom64_add_relaxed(&w->dropped, 1);
}

/* The kernel takes the bytes as they are: a checksum that hardware was to fill in must be there. */
static void accept_changed(struct nfqueue_worker *w, struct packet *p)
{
	if (p->token & TOKEN_INCOMPLETE) {
		drop(w, (uint32_t)p->token);
		return;
	}
	if (p->checksum_pending)
		checksum_fix(p);
	nfqueue_socket_accept_changed(w->socket, (uint32_t)p->token, p->data, p->len);
	atom64_add_relaxed(&w->accepted, 1);
	atom64_add_relaxed(&w->modified, 1);
}

static void on_verdict(struct stack_port *port, struct packet *p, enum port_verdict v,
		       bool modified, const struct port_reason *why)
{
	struct nfqueue_worker *w = worker_of(port);

	if (v == PORT_DROP) {
		drop(w, (uint32_t)p->token);
	} else if (modified) {
		accept_changed(w, p);
	} else {
		nfqueue_socket_accept(w->socket, (uint32_t)p->token);
		atom64_add_relaxed(&w->accepted, 1);
	}
}

/* Sent by routing, as if this host had made it; our mark takes it past our own rules. */
static wfp_err on_send(struct stack_port *port, struct packet *p)
{
	struct nfqueue_worker *w = worker_of(port);
	wfp_err err;

	if (p->hook == PACKET_IN)
		return ERR_NOT_SUPPORTED;
	if (p->checksum_pending)
		checksum_fix(p);
	/* What was collected goes first, so that a flow's packets keep their order. */
	nfqueue_socket_flush(w->socket);
	err = rawsock_send(w->raw, p->data, p->len, p->out_ifindex);
	if (!err)
		atom64_add_relaxed(&w->sent, 1);
	return err;
}

static enum port_endpoint on_endpoint(struct stack_port *port, const struct packet *p)
{
	return sockets_endpoint(worker_of(port)->sockets, p);
}

static enum port_endpoint on_sender(struct stack_port *port, const struct packet *p)
{
	return sockets_sender(worker_of(port)->sockets, p);
}

static void on_owner(struct stack_port *port, const struct packet *p, uint32_t looks,
		     struct port_owner *out)
{
	struct nfqueue_worker *w = worker_of(port);
	struct sockets_owner s;

	if (!sockets_owner(w->sockets, p, &s))
		return;
	out->uid = s.uid;
	if (looks & ENGINE_LOOKS_AT_APP && w->owners)
		owners_find(w->owners, s.inode, clock_now(), &out->pid, &out->app);
}

static const struct stack_port_ops port_ops = {
	.verdict = on_verdict,
	.send = on_send,
	.endpoint = on_endpoint,
	.sender = on_sender,
	.owner = on_owner,
};

/* ---- what the stack is given -------------------------------------------------------------- */

static wfp_err make_packet(struct nfqueue_worker *w, const struct nfqueue_packet *in, uint64_t now,
			   struct packet **out)
{
	struct packet *p;
	wfp_err err = packet_create_blank(&p, in->whole_len);

	if (err)
		return err;
	memcpy(p->data, in->bytes, in->len);
	memset(p->data + in->len, 0, in->whole_len - in->len);
	p->port = &w->port;
	p->token = in->id | (in->len < in->whole_len ? TOKEN_INCOMPLETE : 0);
	p->hook = in->hook;
	p->in_ifindex = in->in_ifindex;
	p->out_ifindex = in->out_ifindex;
	p->uid = in->uid;
	p->time = now;
	/* Of a packet without its end the checksum cannot be checked. */
	p->checksum_pending = in->checksum_pending || in->len < in->whole_len;
	p->loopback = in->in_ifindex == LOOPBACK_IFINDEX || in->out_ifindex == LOOPBACK_IFINDEX;
	*out = p;
	return ERR_OK;
}

/* No memory to look at it: the same answer as when nobody looks. */
static void answer_blindly(struct nfqueue_worker *w, uint32_t id)
{
	if (!w->fail_open) {
		drop(w, id);
		return;
	}
	nfqueue_socket_accept(w->socket, id);
	atom64_add_relaxed(&w->accepted, 1);
}

/* The number of packets read. */
static unsigned read_packets(struct nfqueue_worker *w)
{
	struct nfqueue_packet in[NFQUEUE_READ_MAX];
	struct packet *packets[NFQUEUE_READ_MAX];
	uint64_t lost = 0, now = clock_now();
	unsigned got = nfqueue_socket_read(w->socket, in, &lost), n = 0;

	for (unsigned i = 0; i < got; i++) {
		if (make_packet(w, &in[i], now, &packets[n]) == ERR_OK)
			n++;
		else
			answer_blindly(w, in[i].id);
	}
	atom64_add_relaxed(&w->received, got);
	atom64_add_relaxed(&w->lost, lost);
	if (n > 0)
		stack_worker_input(w->worker, packets, n);
	return got;
}

/* ---- the thread --------------------------------------------------------------------------- */

static bool at_rest(const struct nfqueue_worker *w)
{
	return nfqueue_socket_outstanding(w->socket) == 0 && stack_worker_quiet(w->worker);
}

/* False: the thread ends. */
static bool go_on(struct nfqueue_worker *w, unsigned got)
{
	const enum phase phase = (enum phase)atom32_load_acquire(&w->phase);

	if (phase == READING)
		return true;
	/* Every time: the kernel may still have had pieces for us when draining began. */
	stack_worker_flush(w->worker);
	if (got == 0 && at_rest(w))
		atom32_add(&w->idle_turns, 1);
	else
		atom32_store(&w->idle_turns, 0);
	return phase == DRAINING;
}

static void sleep_until(struct nfqueue_worker *w, uint64_t next)
{
	const int fds[] = {nfqueue_socket_fd(w->socket),
			   mailbox_fd(stack_worker_mailbox(w->worker))};
	const uint64_t limit = clock_now() + TURN_TIME; /* then `phase` is looked at */

	poll_wait(fds, ARRAY_LEN(fds), next < limit ? next : limit);
}

static void worker_thread(void *arg)
{
	struct nfqueue_worker *w = arg;
	uint64_t next;
	unsigned got;

	stack_worker_enter(w->worker);
	stack_worker_set_port(w->worker, &w->port);
	/* The stack's clock is that of its last turn: packets may be here before the first. */
	(void)stack_worker_poll(w->worker, clock_now());
	for (;;) {
		got = read_packets(w);
		next = stack_worker_poll(w->worker, clock_now());
		nfqueue_socket_flush(w->socket);
		if (!go_on(w, got))
			break;
		if (got == 0)
			sleep_until(w, next);
	}
	nfqueue_socket_flush(w->socket);
	stack_worker_set_port(w->worker, NULL);
	stack_worker_leave(w->worker);
}

wfp_err nfqueue_worker_start(struct nfqueue_worker *w)
{
	return thread_start(&w->thread, w->name, worker_thread, w);
}

void nfqueue_worker_drain(struct nfqueue_worker *w)
{
	atom32_store_release(&w->phase, DRAINING);
}

bool nfqueue_worker_rests(struct nfqueue_worker *w)
{
	return !w->thread || atom32_load(&w->idle_turns) >= IDLE_TURNS;
}

void nfqueue_worker_leave(struct nfqueue_worker *w)
{
	atom32_store_release(&w->phase, LEAVING);
}

void nfqueue_worker_join(struct nfqueue_worker *w)
{
	if (w->thread)
		thread_join(w->thread);
	w->thread = NULL;
}

void nfqueue_worker_counters(struct nfqueue_worker *w, struct path_counters *sum)
{
	sum->received += atom64_load_relaxed(&w->received);
	sum->accepted += atom64_load_relaxed(&w->accepted);
	sum->dropped += atom64_load_relaxed(&w->dropped);
	sum->modified += atom64_load_relaxed(&w->modified);
	sum->sent += atom64_load_relaxed(&w->sent);
	sum->lost += atom64_load_relaxed(&w->lost);
}

/* ---- create and destroy ------------------------------------------------------------------- */

static wfp_err open_parts(struct nfqueue_worker *w, const struct nfqueue_options *options,
			  unsigned index, struct buf *why)
{
	wfp_err err = nfqueue_socket_open(&w->socket, options,
					  (uint16_t)(options->first_queue + index), why);

	if (err)
		return err;
	err = rawsock_open(&w->raw, options->mark);
	if (err) {
		buf_printf(why, "raw sockets, which need CAP_NET_RAW: %s", err_text(err));
		return err;
	}
	err = sockets_open(&w->sockets);
	if (err) {
		buf_printf(why, "socket for inet_diag: %s", err_text(err));
		return err;
	}
	err = owners_open(&w->owners, "/proc");
	if (err)
		log_warn("programs are not known, /proc: %s", err_text(err));
	return err == ERR_NO_MEMORY ? err : ERR_OK;
}

wfp_err nfqueue_worker_create(struct nfqueue_worker **out, const struct nfqueue_options *options,
			      unsigned index, struct stack *stack, struct buf *why)
{
	struct nfqueue_worker *w = mem_zalloc(sizeof(*w));
	wfp_err err;

	if (!w)
		return ERR_NO_MEMORY;
	w->port.ops = &port_ops;
	w->worker = stack_worker(stack, index);
	w->port.worker = w->worker;
	w->fail_open = options->fail_open;
	snprintf(w->name, sizeof(w->name), "queue-%u", options->first_queue + index);
	err = open_parts(w, options, index, why);
	if (err) {
		nfqueue_worker_destroy(w);
		return err;
	}
	*out = w;
	return ERR_OK;
}

void nfqueue_worker_destroy(struct nfqueue_worker *w)
{
	if (!w)
		return;
	owners_close(w->owners);
	sockets_close(w->sockets);
	if (w->raw)
		rawsock_close(w->raw);
	nfqueue_socket_close(w->socket);
	mem_free(w);
}
