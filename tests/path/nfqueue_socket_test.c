/* SPDX-License-Identifier: MIT */
/*
 * nfqueue_socket and sockets - the kernel's queue and its sockets, in network namespaces of our
 * own, with datagrams over loopback.
 */
#include "harness.h"

#include "base/clock.h"
#include "base/poll.h"
#include "own_net.h"
#include "path/nfqueue_rules.h"
#include "path/nfqueue_socket.h"
#include "path/sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static struct buf why;

/* A socket bound to 127.0.0.1:port; 0: any. */
static int udp_socket(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(bind(fd, (void *)&a, sizeof(a)) == 0);
	return fd;
}

static void send_text(int fd, const char *text)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(7)};

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(sendto(fd, text, strlen(text), 0, (void *)&a, sizeof(a)) == (ssize_t)strlen(text));
}

/* The next datagram, "" when none comes soon. */
static const char *receive(int fd)
{
	static char text[256];
	ssize_t n = poll_wait(&fd, 1, clock_now() + 200 * CLOCK_MS)
			    ? recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT)
			    : 0;

	text[n > 0 ? n : 0] = 0;
	return text;
}

struct scene {
	struct nfqueue_socket *queue;
	int to, from;
};

static bool begin(struct scene *s, const char *test)
{
	struct nfqueue_options o = nfqueue_options_default();

	if (!own_net(test))
		return false;
	o.hooks = 1u << PACKET_OUT;
	o.families = NFQUEUE_IPV4;
	if (nfqueue_socket_open(&s->queue, &o, 0, &why) || nfqueue_rules_install(&o, &why)) {
		printf("ok - %s # SKIP %s\n", test, buf_str(&why));
		return false;
	}
	s->to = udp_socket(7);
	s->from = udp_socket(0);
	return true;
}

static void end(struct scene *s)
{
	close(s->to);
	close(s->from);
	nfqueue_socket_close(s->queue);
}

static unsigned read_all(struct scene *s, struct nfqueue_packet *out, unsigned wanted)
{
	uint64_t lost = 0;
	const int fd = nfqueue_socket_fd(s->queue);
	unsigned n = 0;

	while (n < wanted && poll_wait(&fd, 1, clock_now() + CLOCK_S))
		n += nfqueue_socket_read(s->queue, out + n, &lost);
	CHECK_EQ_U(lost, 0);
	return n;
}

TEST(a_packet_is_held_until_it_is_accepted)
{
	struct nfqueue_packet p[NFQUEUE_READ_MAX];
	struct scene s;

	if (!begin(&s, "a_packet_is_held_until_it_is_accepted"))
		return;
	send_text(s.from, "hello");
	CHECK_EQ_U(read_all(&s, p, 1), 1);
	CHECK_EQ_U(p[0].hook, PACKET_OUT);
	CHECK_EQ_U(p[0].len, 28 + 5);
	CHECK_EQ_U(p[0].whole_len, p[0].len);
	CHECK_EQ_U(p[0].uid, getuid());
	CHECK_EQ_U(p[0].out_ifindex, 1);
	CHECK(p[0].checksum_pending);
	CHECK_EQ_S(receive(s.to), "");
	CHECK_EQ_U(nfqueue_socket_outstanding(s.queue), 1);
	nfqueue_socket_accept(s.queue, p[0].id);
	nfqueue_socket_flush(s.queue);
	CHECK_EQ_S(receive(s.to), "hello");
	CHECK_EQ_U(nfqueue_socket_outstanding(s.queue), 0);
	end(&s);
}

TEST(held_packets_are_not_released_with_others)
{
	struct nfqueue_packet p[NFQUEUE_READ_MAX];
	struct scene s;

	if (!begin(&s, "held_packets_are_not_released_with_others"))
		return;
	for (unsigned i = 0; i < 4; i++)
		send_text(s.from, (const char *const[]){"a", "b", "c", "d"}[i]);
	CHECK_EQ_U(read_all(&s, p, 4), 4);
	nfqueue_socket_accept(s.queue, p[1].id);
	nfqueue_socket_accept(s.queue, p[2].id);
	nfqueue_socket_flush(s.queue);
	CHECK_EQ_S(receive(s.to), "b");
	CHECK_EQ_S(receive(s.to), "c");
	CHECK_EQ_S(receive(s.to), "");
	nfqueue_socket_drop(s.queue, p[0].id);
	nfqueue_socket_accept(s.queue, p[3].id);
	nfqueue_socket_flush(s.queue);
	CHECK_EQ_S(receive(s.to), "d");
	end(&s);
}

TEST(accepts_keep_their_order_around_a_changed_packet)
{
	struct nfqueue_packet p[NFQUEUE_READ_MAX];
	uint8_t changed[64];
	struct scene s;

	if (!begin(&s, "accepts_keep_their_order_around_a_changed_packet"))
		return;
	for (unsigned i = 0; i < 4; i++)
		send_text(s.from, (const char *const[]){"a", "b", "c", "d"}[i]);
	CHECK_EQ_U(read_all(&s, p, 4), 4);
	memcpy(changed, p[1].bytes, p[1].len);
	changed[26] = changed[27] = 0; /* no UDP checksum */
	changed[28] = 'B';
	nfqueue_socket_accept(s.queue, p[0].id);
	nfqueue_socket_accept_changed(s.queue, p[1].id, changed, p[1].len);
	nfqueue_socket_accept(s.queue, p[2].id);
	nfqueue_socket_accept(s.queue, p[3].id);
	nfqueue_socket_flush(s.queue);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ_S(receive(s.to), ((const char *const[]){"a", "B", "c", "d"}[i]));
	end(&s);
}

TEST(a_queue_in_use_is_named)
{
	struct nfqueue_options o = nfqueue_options_default();
	struct nfqueue_socket *second;
	struct scene s;

	if (!begin(&s, "a_queue_in_use_is_named"))
		return;
	buf_reset(&why);
	CHECK_ERR(nfqueue_socket_open(&second, &o, 0, &why), ERR_BUSY);
	CHECK(strstr(buf_str(&why), "queue 0 is in use"));
	CHECK_OK(nfqueue_socket_open(&second, &o, 1, &why));
	nfqueue_socket_close(second);
	end(&s);
}

static struct packet arriving(uint16_t port)
{
	const uint8_t here[4] = {127, 0, 0, 1};
	struct packet p = {.hook = PACKET_IN, .in_ifindex = 1};

	p.h.version = 4;
	p.h.protocol = HEADERS_UDP;
	p.h.has_transport = true;
	p.h.src = p.h.dst = headers_addr_read(4, here);
	p.h.src_port = 4000;
	p.h.dst_port = port;
	return p;
}

TEST(the_kernel_knows_its_endpoints)
{
	struct sockets *s;
	struct packet listening = arriving(7), nobody = arriving(8);
	int fd;

	if (!own_net("the_kernel_knows_its_endpoints"))
		return;
	fd = udp_socket(7);
	CHECK_OK(sockets_open(&s));
	CHECK_EQ_U(sockets_endpoint(s, &nobody), PORT_ENDPOINT_NONE);
	CHECK_EQ_U(sockets_endpoint(s, &listening), PORT_ENDPOINT_EXISTS);
	listening.h.protocol = nobody.h.protocol = HEADERS_TCP;
	CHECK_EQ_U(sockets_endpoint(s, &listening), PORT_ENDPOINT_NONE);
	listening.h.protocol = HEADERS_ICMP;
	CHECK_EQ_U(sockets_endpoint(s, &listening), PORT_ENDPOINT_UNKNOWN);
	sockets_close(s);
	close(fd);
}

TEST(a_listener_is_an_endpoint)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(7)};
	struct packet p = arriving(7);
	struct sockets *s;
	int fd;

	if (!own_net("a_listener_is_an_endpoint"))
		return;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(bind(fd, (void *)&a, sizeof(a)) == 0 && listen(fd, 1) == 0);
	p.h.protocol = HEADERS_TCP;
	CHECK_OK(sockets_open(&s));
	CHECK_EQ_U(sockets_endpoint(s, &p), PORT_ENDPOINT_EXISTS);
	sockets_close(s);
	close(fd);
}

static struct flow_key gone;
static unsigned n_gone;

static void note_gone(void *ctx, const struct flow_key *key)
{
	gone = *key;
	n_gone++;
}

TEST(a_closed_endpoint_is_reported)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct sockets *s;
	int fd, watched;
	uint64_t deadline;

	if (!own_net("a_closed_endpoint_is_reported"))
		return;
	CHECK_OK(sockets_open(&s));
	CHECK_OK(sockets_watch(s));
	watched = sockets_fd(s);
	fd = udp_socket(1234);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(connect(fd, (void *)&a, sizeof(a)) == 0);
	close(fd);
	/* The kernel may wake us for something else first. */
	deadline = clock_now() + 5 * CLOCK_S;
	while (n_gone == 0 && poll_wait(&watched, 1, deadline))
		sockets_closed(s, note_gone, NULL);
	CHECK_EQ_U(n_gone, 1);
	CHECK_EQ_U(gone.version, 4);
	CHECK_EQ_U(gone.protocol, HEADERS_UDP);
	CHECK_EQ_U(gone.local_port, 1234);
	CHECK_EQ_U(gone.remote_port, 9);
	CHECK_EQ_U(gone.local.v4, INADDR_LOOPBACK);
	sockets_close(s);
}
