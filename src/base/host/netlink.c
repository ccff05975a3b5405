/* SPDX-License-Identifier: MIT */
/*
 * netlink - requests one at a time, packets in batches.
 *
 * nfnetlink answers a request before the sending call returns, so an answer that is not there after
 * a generous while is lost.
 */
#include "base/netlink.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/poll.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#define ANSWER_TIME (10 * CLOCK_S)

/* All fields belong to the thread that owns the socket. */
struct netlink {
	struct mnl_socket *socket;
	struct mmsghdr *headers;
	struct iovec *rooms;
	uint8_t *memory; /* batch rooms of msg_size */
	unsigned batch;
	size_t msg_size;
};

static void point_headers(struct netlink *nl)
{
	for (unsigned i = 0; i < nl->batch; i++) {
		nl->rooms[i].iov_base = nl->memory + i * nl->msg_size;
		nl->rooms[i].iov_len = nl->msg_size;
		nl->headers[i].msg_hdr.msg_iov = &nl->rooms[i];
		nl->headers[i].msg_hdr.msg_iovlen = 1;
	}
}

static wfp_err open_socket(struct netlink *nl, int protocol)
{
	nl->socket = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!nl->socket || mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return err_from_errno(errno);
	return ERR_OK;
}

static wfp_err open_protocol(struct netlink **out, int protocol, unsigned batch, size_t msg_size)
{
	struct netlink *nl = mem_zalloc(sizeof(*nl));
	wfp_err err = ERR_NO_MEMORY;

	if (!nl)
		return err;
	nl->batch = batch;
	/* Messages are read in place and want their alignment. */
	nl->msg_size = NLMSG_ALIGN(msg_size);
	nl->headers = mem_zalloc_array(batch, sizeof(*nl->headers));
	nl->rooms = mem_zalloc_array(batch, sizeof(*nl->rooms));
	nl->memory = mem_zalloc_array(batch, nl->msg_size);
	if (nl->headers && nl->rooms && nl->memory)
		err = open_socket(nl, protocol);
	if (err) {
		netlink_close(nl);
		return err;
	}
	point_headers(nl);
	*out = nl;
	return ERR_OK;
}

wfp_err netlink_open(struct netlink **out, unsigned batch, size_t msg_size)
{
	return open_protocol(out, NETLINK_NETFILTER, batch, msg_size);
}

wfp_err netlink_open_diag(struct netlink **out, unsigned batch, size_t msg_size)
{
	return open_protocol(out, NETLINK_SOCK_DIAG, batch, msg_size);
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	if (nl->socket)
		mnl_socket_close(nl->socket);
	mem_free(nl->memory);
	mem_free(nl->rooms);
	mem_free(nl->headers);
	mem_free(nl);
}

int netlink_fd(const struct netlink *nl)
{
	return mnl_socket_get_fd(nl->socket);
}

uint32_t netlink_port(const struct netlink *nl)
{
	return mnl_socket_get_portid(nl->socket);
}

wfp_err netlink_set_rcvbuf(struct netlink *nl, unsigned bytes)
{
	int fd = netlink_fd(nl), size = (int)bytes;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) == 0)
		return ERR_OK;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) == 0)
		return ERR_OK;
	return err_from_errno(errno);
}

wfp_err netlink_join(struct netlink *nl, unsigned group)
{
	if (mnl_socket_setsockopt(nl->socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return err_from_errno(errno);
	return ERR_OK;
}

wfp_err netlink_set_no_enobufs(struct netlink *nl)
{
	int on = 1;

	if (mnl_socket_setsockopt(nl->socket, NETLINK_NO_ENOBUFS, &on, sizeof(on)) < 0)
		return err_from_errno(errno);
	return ERR_OK;
}

static int send_raw(struct netlink *nl, const void *buf, size_t len)
{
	ssize_t done;

	do
		done = mnl_socket_sendto(nl->socket, buf, len);
	while (done < 0 && errno == EINTR);
	return done < 0 ? errno : 0;
}

wfp_err netlink_send(struct netlink *nl, const void *buf, size_t len)
{
	return err_from_errno(send_raw(nl, buf, len));
}

/* A request under way. */
struct request {
	unsigned first_seq, last_seq; /* of the messages sent */
	unsigned awaited;	      /* answers that end it */
	int error;		      /* the first errno, 0 so far */
	void (*fn)(void *ctx, const struct nlmsghdr *msg);
	void *ctx;
};

static bool has_end(const struct nlmsghdr *msg)
{
	return (msg->nlmsg_flags & (NLM_F_ACK | NLM_F_DUMP)) != 0;
}

static void count_messages(struct request *r, const void *buf, size_t len)
{
	const struct nlmsghdr *msg = buf;
	int left = (int)len;

	r->first_seq = msg->nlmsg_seq;
	for (; mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left)) {
		r->last_seq = msg->nlmsg_seq;
		r->awaited += has_end(msg);
	}
}

static void note_error(struct request *r, int error)
{
	if (r->error == 0)
		r->error = error;
}

static void note_answer(struct request *r, const struct nlmsghdr *msg)
{
	const struct nlmsgerr *answer = mnl_nlmsg_get_payload(msg);

	if (mnl_nlmsg_get_payload_len(msg) < sizeof(answer->error))
		note_error(r, EBADMSG);
	else if (answer->error)
		note_error(r, -answer->error);
	if (r->awaited > 0)
		r->awaited--;
}

static void take_message(struct request *r, const struct nlmsghdr *msg)
{
	if (msg->nlmsg_seq - r->first_seq > r->last_seq - r->first_seq)
		return;
	if (msg->nlmsg_type == NLMSG_ERROR || msg->nlmsg_type == NLMSG_DONE)
		note_answer(r, msg);
	else if (r->fn)
		r->fn(r->ctx, msg);
}

static void take_datagram(struct request *r, const struct netlink_msg *datagram)
{
	const struct nlmsghdr *msg = (const void *)datagram->data;
	int left = (int)datagram->len;

	if (datagram->truncated)
		note_error(r, EMSGSIZE);
	for (; mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left))
		take_message(r, msg);
}

/*
 * After an error the kernel may leave out the other answers, so from then on only what is there
 * already is read.
 */
static void take_answers(struct netlink *nl, struct request *r)
{
	const uint64_t deadline = clock_now() + ANSWER_TIME;
	const int fd = netlink_fd(nl);
	struct netlink_msg datagram;
	int got;

	while (r->awaited > 0) {
		got = netlink_recv_batch(nl, &datagram, 1);
		if (got > 0) {
			take_datagram(r, &datagram);
		} else if (got < 0) {
			note_error(r, -got);
			return;
		} else if (r->error || poll_wait(&fd, 1, deadline) == 0) {
			note_error(r, ETIMEDOUT);
			return;
		}
	}
}

wfp_err netlink_request(struct netlink *nl, const void *buf, size_t len, int *raw,
			void (*fn)(void *ctx, const struct nlmsghdr *msg), void *ctx)
{
	struct request r = {.fn = fn, .ctx = ctx};

	count_messages(&r, buf, len);
	r.error = send_raw(nl, buf, len);
	if (r.error == 0)
		take_answers(nl, &r);
	if (raw)
		*raw = r.error;
	return err_from_errno(r.error);
}

/* Only the kernel has port 0; anybody else's message is no message. */
static unsigned keep_from_kernel(const struct mmsghdr *headers, struct netlink_msg *msgs, int got,
				 const struct sockaddr_nl *from)
{
	unsigned kept = 0;

	for (int i = 0; i < got; i++) {
		if (from[i].nl_pid != 0)
			continue;
		msgs[kept++] = (struct netlink_msg){
			.data = headers[i].msg_hdr.msg_iov->iov_base,
			.len = headers[i].msg_len,
			.truncated = (headers[i].msg_hdr.msg_flags & MSG_TRUNC) != 0,
		};
	}
	return kept;
}

int netlink_recv_batch(struct netlink *nl, struct netlink_msg *msgs, unsigned n)
{
	struct sockaddr_nl from[64];
	int got;

	n = n < nl->batch ? n : nl->batch;
	n = n < ARRAY_LEN(from) ? n : (unsigned)ARRAY_LEN(from);
	for (unsigned i = 0; i < n; i++) {
		nl->headers[i].msg_hdr.msg_name = &from[i];
		nl->headers[i].msg_hdr.msg_namelen = sizeof(from[i]);
	}
	do
		got = recvmmsg(netlink_fd(nl), nl->headers, n, MSG_DONTWAIT, NULL);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? 0 : -errno;
	return (int)keep_from_kernel(nl->headers, msgs, got, from);
}
