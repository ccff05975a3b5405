/* SPDX-License-Identifier: MIT */
/*
 * Netlink and raw sockets against the kernel, in a network namespace of our own.  Without the right
 * to make one, or without nftables, the tests that need it say so and pass.
 */
#include "harness.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/netlink.h"
#include "base/poll.h"
#include "base/proc.h"
#include "base/rawsock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Our own network, with nothing in it but a loopback that is up. */
static bool own_network(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	if (!proc_can_net_admin() || unshare(CLONE_NEWNET) != 0) {
		fprintf(stderr, "skipped: no network namespace to be had\n");
		return false;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &lo) == 0);
	close(fd);
	return true;
}

static struct nlmsghdr *put_header(void *at, uint16_t type, uint16_t flags, uint32_t seq,
				   uint8_t family, uint16_t res_id)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(at);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(msg, sizeof(*nfg));

	msg->nlmsg_type = type;
	msg->nlmsg_flags = NLM_F_REQUEST | flags;
	msg->nlmsg_seq = seq;
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(res_id);
	return msg;
}

#define NFT(type) (uint16_t)((NFNL_SUBSYS_NFTABLES << 8) | (type))

/* One transaction that makes a table; the name decides whether the kernel likes it. */
static size_t put_transaction(uint8_t *buf, const char *table, uint16_t type)
{
	size_t len = 0;
	struct nlmsghdr *msg;

	msg = put_header(buf, NFNL_MSG_BATCH_BEGIN, 0, 1, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	len += msg->nlmsg_len;
	msg = put_header(buf + len, NFT(type), NLM_F_ACK, 2, NFPROTO_INET, 0);
	mnl_attr_put_strz(msg, NFTA_TABLE_NAME, table);
	len += msg->nlmsg_len;
	msg = put_header(buf + len, NFNL_MSG_BATCH_END, 0, 3, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	return len + msg->nlmsg_len;
}

static void count_tables(void *ctx, const struct nlmsghdr *msg)
{
	unsigned *n = ctx;

	*n += msg->nlmsg_type == NFT(NFT_MSG_NEWTABLE);
}

static unsigned tables_now(struct netlink *nl)
{
	uint8_t buf[256];
	unsigned n = 0;
	struct nlmsghdr *msg =
		put_header(buf, NFT(NFT_MSG_GETTABLE), NLM_F_DUMP, 9, NFPROTO_INET, 0);

	CHECK_OK(netlink_request(nl, msg, msg->nlmsg_len, NULL, count_tables, &n));
	return n;
}

TEST(requests_are_acknowledged_and_dumps_are_read_to_the_end)
{
	struct netlink *nl;
	uint8_t buf[1024];
	int raw;
	wfp_err err;

	if (!own_network())
		return;
	CHECK_OK(netlink_open(&nl, 8, 65536));
	CHECK(netlink_port(nl) != 0);
	err = netlink_request(nl, buf, put_transaction(buf, "mine", NFT_MSG_NEWTABLE), &raw, NULL,
			      NULL);
	if (raw == EINVAL || raw == EOPNOTSUPP) {
		fprintf(stderr, "skipped: no nftables in this kernel\n");
		netlink_close(nl);
		return;
	}
	CHECK_OK(err);
	CHECK_EQ_U(tables_now(nl), 1);
	err = netlink_request(nl, buf, put_transaction(buf, "other", NFT_MSG_DELTABLE), &raw, NULL,
			      NULL);
	CHECK_ERR(err, ERR_FILE_NOT_FOUND);
	CHECK_EQ_U(raw, ENOENT);
	CHECK_OK(netlink_request(nl, buf, put_transaction(buf, "mine", NFT_MSG_DELTABLE), NULL,
				 NULL, NULL));
	CHECK_EQ_U(tables_now(nl), 0);
	netlink_close(nl);
}

TEST(a_batch_is_received_and_a_long_message_is_marked)
{
	struct netlink_msg msgs[8];
	struct netlink *nl;
	uint8_t buf[1024];
	size_t len;
	int fd, got;

	if (!own_network())
		return;
	CHECK_OK(netlink_open(&nl, 8, 32));
	CHECK_OK(netlink_set_rcvbuf(nl, 1 << 20));
	CHECK_OK(netlink_set_no_enobufs(nl));
	fd = netlink_fd(nl);
	CHECK_EQ_U(netlink_recv_batch(nl, msgs, 8), 0);
	len = put_transaction(buf, "mine", NFT_MSG_DELTABLE);
	CHECK_OK(netlink_send(nl, buf, len));
	CHECK_OK(netlink_send(nl, buf, len));
	CHECK_EQ_U(poll_wait(&fd, 1, clock_now() + CLOCK_S), 1);
	got = netlink_recv_batch(nl, msgs, 8);
	CHECK(got >= 2);
	CHECK_EQ_U(msgs[0].len, 32);
	CHECK(msgs[0].truncated);
	netlink_close(nl);
}

TEST(opening_survives_every_allocation_that_fails)
{
	struct netlink *nl = NULL;
	uint64_t live = mem_live();
	wfp_err err = ERR_NO_MEMORY;

	for (uint64_t nth = 1; err == ERR_NO_MEMORY; nth++) {
		mem_fail_at(nth);
		err = netlink_open(&nl, 8, 1024);
		if (err)
			CHECK_EQ_U(mem_live(), live);
	}
	mem_fail_at(0);
	CHECK_OK(err);
	netlink_close(nl);
	CHECK_EQ_U(mem_live(), live);
}

struct udp_packet {
	struct iphdr ip;
	struct udphdr udp;
	char text[4];
};

static struct udp_packet make_packet(uint16_t port)
{
	return (struct udp_packet){
		.ip = {.version = 4,
		       .ihl = 5,
		       .ttl = 64,
		       .protocol = IPPROTO_UDP,
		       .tot_len = htons(sizeof(struct udp_packet)),
		       .saddr = htonl(INADDR_LOOPBACK),
		       .daddr = htonl(INADDR_LOOPBACK)},
		.udp = {.source = htons(9), .dest = port, .len = htons(12)},
		.text = "raw",
	};
}

TEST(a_raw_packet_arrives_as_it_was_made)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(at);
	struct udp_packet packet;
	struct rawsock *r;
	char text[8] = "";
	int fd;

	if (!own_network())
		return;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
	packet = make_packet(at.sin_port);
	CHECK_OK(rawsock_open(&r, 0x1234));
	CHECK_OK(rawsock_send(r, (const uint8_t *)&packet, sizeof(packet), 0));
	CHECK_EQ_U(poll_wait(&fd, 1, clock_now() + 10 * CLOCK_S), 1);
	CHECK_EQ_U(recv(fd, text, sizeof(text), 0), 4);
	CHECK_EQ_S(text, "raw");
	CHECK_ERR(rawsock_send(r, (const uint8_t *)&packet, 10, 0), ERR_INVALID_PARAMETER);
	CHECK_ERR(rawsock_send(r, (const uint8_t *)"", 0, 0), ERR_INVALID_PARAMETER);
	rawsock_close(r);
	close(fd);
}

/* 253 is the protocol number that is free for experiments. */
#define EXPERIMENT 253

struct v6_packet {
	struct ip6_hdr ip;
	char text[4];
};

TEST(a_raw_packet_of_version_6_arrives_as_well)
{
	struct v6_packet packet = {.text = "raw"};
	struct rawsock *r;
	char text[8] = "";
	int fd;

	if (!own_network())
		return;
	fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, EXPERIMENT);
	if (fd < 0) {
		fprintf(stderr, "skipped: no IPv6 in this kernel\n");
		return;
	}
	packet.ip.ip6_vfc = 6 << 4;
	packet.ip.ip6_plen = htons(sizeof(packet.text));
	packet.ip.ip6_nxt = EXPERIMENT;
	packet.ip.ip6_hlim = 64;
	packet.ip.ip6_src = in6addr_loopback;
	packet.ip.ip6_dst = in6addr_loopback;
	CHECK_OK(rawsock_open(&r, 0x1234));
	CHECK_OK(rawsock_send(r, (const uint8_t *)&packet, sizeof(packet), 0));
	CHECK_EQ_U(poll_wait(&fd, 1, clock_now() + 10 * CLOCK_S), 1);
	CHECK_EQ_U(recv(fd, text, sizeof(text), 0), 4);
	CHECK_EQ_S(text, "raw");
	CHECK_ERR(rawsock_send(r, (const uint8_t *)&packet, 39, 0), ERR_INVALID_PARAMETER);
	rawsock_close(r);
	close(fd);
}
