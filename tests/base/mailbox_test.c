/* SPDX-License-Identifier: MIT */
/*
 * The mailbox: nothing is lost, each producer's order is kept, no wake-up is missed.
 */
#include "harness.h"

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "base/thread.h"
#ifdef BASE_HOST
#include "base/poll.h"
#endif

#define PRODUCERS 3u
#ifdef BASE_HOST
#define LETTERS 5000u
#else
#define LETTERS 50u
#endif

struct letter {
	struct mail mail;
	unsigned producer;
	unsigned number;
};

struct producer {
	struct mailbox *to;
	unsigned number;
	struct thread *thread;
};

static void push_letter(struct mailbox *m, unsigned producer, unsigned number)
{
	struct letter *letter = mem_alloc(sizeof(*letter));

	CHECK(letter);
	*letter = (struct letter){.producer = producer, .number = number};
	mailbox_push(m, &letter->mail);
}

static void produce(void *arg)
{
	const struct producer *p = arg;

	for (unsigned i = 0; i < LETTERS; i++)
		push_letter(p->to, p->number, i);
}

static unsigned read_letters(struct mailbox *m, unsigned *next)
{
	unsigned n = 0;

	for (struct mail *mail = mailbox_take_all(m); mail; n++) {
		struct letter *letter = CONTAINER_OF(mail, struct letter, mail);

		mail = mail->next;
		CHECK_EQ_U(letter->number, next[letter->producer]++);
		mem_free(letter);
	}
	return n;
}

SIM_TEST(every_letter_arrives_once_and_in_its_producers_order)
{
	struct producer producers[PRODUCERS];
	unsigned next[PRODUCERS] = {0}, got = 0;
	struct mailbox m;

	CHECK_OK(mailbox_init(&m, "letters"));
	for (unsigned i = 0; i < PRODUCERS; i++) {
		producers[i] = (struct producer){.to = &m, .number = i};
		CHECK_OK(thread_start(&producers[i].thread, "producer", produce, &producers[i]));
	}
	while (got < PRODUCERS * LETTERS) {
		CHECK(mailbox_wait_until(&m, CLOCK_NEVER));
		got += read_letters(&m, next);
	}
	for (unsigned i = 0; i < PRODUCERS; i++)
		thread_join(producers[i].thread);
	CHECK_EQ_U(got, PRODUCERS * LETTERS);
	CHECK(!mailbox_take_all(&m));
	mailbox_destroy(&m);
}

SIM_TEST(waiting_for_mail_ends_at_the_deadline)
{
	uint64_t deadline = clock_now() + 5 * CLOCK_MS;
	struct mailbox m;

	CHECK_OK(mailbox_init(&m, "empty"));
	CHECK(!mailbox_wait_until(&m, deadline));
	CHECK(clock_now() >= deadline);
	mailbox_destroy(&m);
}

SIM_TEST(waiting_with_mail_inside_returns_at_once)
{
	uint64_t before = clock_now();
	unsigned next[1] = {0};
	struct mailbox m;

	CHECK_OK(mailbox_init(&m, "full"));
	push_letter(&m, 0, 0);
	push_letter(&m, 0, 1);
	CHECK(mailbox_wait_until(&m, before + 3600 * CLOCK_S));
	CHECK(clock_now() < before + 3600 * CLOCK_S);
	CHECK_EQ_U(read_letters(&m, next), 2);
	mailbox_destroy(&m);
}

#ifdef BASE_HOST
TEST(the_descriptor_is_readable_exactly_while_there_is_mail)
{
	unsigned next[1] = {0};
	struct mailbox m;
	int fd;

	CHECK_OK(mailbox_init(&m, "polled"));
	fd = mailbox_fd(&m);
	CHECK_EQ_U(poll_wait(&fd, 1, 1), 0);
	for (unsigned round = 0; round < 3; round++) {
		push_letter(&m, 0, 2 * round);
		push_letter(&m, 0, 2 * round + 1);
		CHECK_EQ_U(poll_wait(&fd, 1, 1), 1);
		CHECK_EQ_U(read_letters(&m, next), 2);
		CHECK_EQ_U(poll_wait(&fd, 1, 1), 0);
	}
	mailbox_destroy(&m);
}
#endif
