/* SPDX-License-Identifier: MIT */
/*
 * nfqueue_socket - one queue of the kernel: bound, configured, read in batches, answered in
 * batches.
 *
 * Verdicts are collected and sent with one system call.  When every packet that was read is
 * answered and the rest of the answers are plain accepts, one batch verdict says so; otherwise a
 * batch verdict would also release packets that are still held, so each gets its own message.
 * Accepts keep their order.  One thread owns a socket.
 */
#pragma once

#include "base/buf.h"
#include "path/nfqueue.h"

#define NFQUEUE_READ_MAX 32u

struct nfqueue_socket;

/* Valid until the next read. */
struct nfqueue_packet {
	uint32_t id;
	enum packet_hook hook;
	uint32_t in_ifindex, out_ifindex, uid;
	bool checksum_pending;
	const uint8_t *bytes;
	uint32_t len;
	uint32_t whole_len; /* more than len: the kernel could not copy the end */
};

/* Binds and configures.  ERR_BUSY: the number is in use; `why` gets one sentence. */
MUST_CHECK wfp_err nfqueue_socket_open(struct nfqueue_socket **out,
				       const struct nfqueue_options *options, uint16_t number,
				       struct buf *why);
/* What is not answered is dropped by the kernel. */
void nfqueue_socket_close(struct nfqueue_socket *s);
int nfqueue_socket_fd(const struct nfqueue_socket *s);

/* Never waits.  Up to NFQUEUE_READ_MAX packets; *lost grows when the kernel could not deliver. */
unsigned nfqueue_socket_read(struct nfqueue_socket *s, struct nfqueue_packet *out, uint64_t *lost);

void nfqueue_socket_accept(struct nfqueue_socket *s, uint32_t id);
void nfqueue_socket_accept_changed(struct nfqueue_socket *s, uint32_t id, const uint8_t *bytes,
				   uint32_t len);
void nfqueue_socket_drop(struct nfqueue_socket *s, uint32_t id);
/* Sends what is collected. */
void nfqueue_socket_flush(struct nfqueue_socket *s);
/* Packets read and not answered. */
uint64_t nfqueue_socket_outstanding(const struct nfqueue_socket *s);
