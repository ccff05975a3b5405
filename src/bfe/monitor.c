/* SPDX-License-Identifier: MIT */
/*
 * monitor - the ring, the mailbox and the bell between workers and the draining thread.
 *
 * Connections come as notes of their own.  Events go through the ring, and one note, the bell, says
 * that there are some: whoever finds it hung up sends it.  It is hung up again before the ring is
 * emptied, so an event that is pushed meanwhile rings anew.
 */
#include "bfe/monitor.h"

#include "base/mem.h"
#include "base/ring.h"
#include "bfe/note.h"
#include "stack/sink.h"

#define DEFAULT_SLOTS 4096u
#define BATCH	      32u
#define MAX_BATCHES   256u /* between two looks at the mailbox */

/* [I] immutable   [A] atomic   [D] the draining thread */
struct bfe_monitor {
	struct stack_sink sink; /* first */
	struct ring *ring;	/* [I] of struct model_netevent, each with a reference to its app */
	struct mailbox mailbox; /* notes */
	struct bfe_note bell;
	struct atom32 rung;		     /* [A] the bell is under way */
	struct bfe_netevents *netevents;     /* [I] */
	struct bfe_connections *connections; /* [I] */
	struct model_netevent batch[BATCH];  /* [D] */
};

static struct bfe_monitor *of_sink(struct stack_sink *sink)
{
	return CONTAINER_OF(sink, struct bfe_monitor, sink);
}

/* ---- on a worker ---------------------------------------------------------------------------- */

static void ring_bell(struct bfe_monitor *m)
{
	if (atom32_exchange(&m->rung, 1) == 0)
		mailbox_push(&m->mailbox, &m->bell.mail);
}

static void on_event(struct stack_sink *sink, const struct model_netevent *e)
{
	struct bfe_monitor *m = of_sink(sink);

	model_netevent_keep(e);
	if (ring_push(m->ring, e))
		ring_bell(m);
	else
		model_netevent_let_go(e);
}

static struct stack_connection *on_opened(struct stack_sink *sink,
					  const struct model_connection *facts)
{
	return bfe_connections_open(of_sink(sink)->connections, facts);
}

static void on_closed(struct stack_sink *sink, struct stack_connection *c)
{
	bfe_connections_close(of_sink(sink)->connections, c);
}

/* ---- on the draining thread ----------------------------------------------------------------- */

static uint32_t pop_batch(struct bfe_monitor *m)
{
	uint32_t n = 0;

	while (n < BATCH && ring_pop(m->ring, &m->batch[n]))
		n++;
	return n;
}

/* Under a flood the mailbox gets its turn, too: the rest is for the next time. */
static void read_bell(struct bfe_note *note)
{
	struct bfe_monitor *m = CONTAINER_OF(note, struct bfe_monitor, bell);

	atom32_exchange(&m->rung, 0);
	for (unsigned i = 0; i < MAX_BATCHES; i++) {
		const uint32_t n = pop_batch(m);

		bfe_netevents_add(m->netevents, m->batch, n);
		for (uint32_t k = 0; k < n; k++)
			model_netevent_let_go(&m->batch[k]);
		if (n < BATCH)
			return;
	}
	ring_bell(m);
}

void bfe_monitor_drain(struct bfe_monitor *m)
{
	struct mail *mail = mailbox_take_all(&m->mailbox);

	while (mail) {
		struct bfe_note *note = CONTAINER_OF(mail, struct bfe_note, mail);

		mail = mail->next;
		note->read(note);
	}
}

bool bfe_monitor_wait_until(struct bfe_monitor *m, uint64_t deadline)
{
	return mailbox_wait_until(&m->mailbox, deadline);
}

int bfe_monitor_fd(const struct bfe_monitor *m)
{
	return mailbox_fd(&m->mailbox);
}

/* ---- life ----------------------------------------------------------------------------------- */

static wfp_err create_parts(struct bfe_monitor *m, const struct bfe_monitor_config *config)
{
	wfp_err err = ring_create(&m->ring, config->ring_slots ? config->ring_slots : DEFAULT_SLOTS,
				  sizeof(struct model_netevent));

	if (!err)
		err = bfe_netevents_create(&m->netevents, config->max_events, &m->sink.wanted);
	if (!err)
		err = bfe_connections_create(&m->connections, config->max_connections, &m->mailbox);
	return err;
}

wfp_err bfe_monitor_create(struct bfe_monitor **out, const struct bfe_monitor_config *config)
{
	struct bfe_monitor *m = mem_zalloc(sizeof(*m));
	wfp_err err;

	if (!m)
		return ERR_NO_MEMORY;
	err = mailbox_init(&m->mailbox, "net events");
	if (err) {
		mem_free(m);
		return err;
	}
	m->sink.event = on_event;
	m->sink.opened = on_opened;
	m->sink.closed = on_closed;
	atom32_init(&m->sink.wanted, STACK_WANT_CONNECTIONS);
	m->bell.read = read_bell;
	atom32_init(&m->rung, 0);
	err = create_parts(m, config);
	if (err) {
		bfe_monitor_destroy(m);
		return err;
	}
	*out = m;
	return ERR_OK;
}

/* Nothing is pushed any more: what is inside is read, so that everything is given back. */
void bfe_monitor_destroy(struct bfe_monitor *m)
{
	if (!m)
		return;
	while (bfe_monitor_wait_until(m, 0))
		bfe_monitor_drain(m);
	bfe_connections_destroy(m->connections);
	bfe_netevents_destroy(m->netevents);
	ring_destroy(m->ring);
	mailbox_destroy(&m->mailbox);
	mem_free(m);
}

struct stack_sink *bfe_monitor_sink(struct bfe_monitor *m)
{
	return &m->sink;
}

struct bfe_netevents *bfe_monitor_netevents(struct bfe_monitor *m)
{
	return m->netevents;
}

struct bfe_connections *bfe_monitor_connections(struct bfe_monitor *m)
{
	return m->connections;
}

void bfe_monitor_watch_connections(struct bfe_monitor *m, bool watch)
{
	if (watch)
		atom32_or(&m->sink.wanted, STACK_WANT_CONNECTIONS);
	else
		atom32_and(&m->sink.wanted, ~(uint32_t)STACK_WANT_CONNECTIONS);
}

uint64_t bfe_monitor_dropped(const struct bfe_monitor *m)
{
	return ring_dropped(m->ring);
}
