/* SPDX-License-Identifier: MIT */
/*
 * rawsock - raw sockets whose packets carry their own IP header.
 */
#include "base/rawsock.h"

#include "base/mem.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct rawsock {
	int fd4;
	int fd6; /* negative: no IPv6 on this machine */
};

static wfp_err open_one(int *out, int family, int level, int option, uint32_t mark)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	int on = 1, error;

	if (fd < 0)
		return err_from_errno(errno);
	if (setsockopt(fd, level, option, &on, sizeof(on)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) == 0) {
		*out = fd;
		return ERR_OK;
	}
	error = errno;
	close(fd);
	return err_from_errno(error);
}

wfp_err rawsock_open(struct rawsock **out, uint32_t mark)
{
	struct rawsock *r = mem_zalloc(sizeof(*r));
	wfp_err err;

	if (!r)
		return ERR_NO_MEMORY;
	r->fd4 = -1;
	r->fd6 = -1;
	err = open_one(&r->fd4, AF_INET, IPPROTO_IP, IP_HDRINCL, mark);
	if (!err)
		err = open_one(&r->fd6, AF_INET6, IPPROTO_IPV6, IPV6_HDRINCL, mark);
	if (err && (r->fd4 < 0 || err != ERR_NOT_SUPPORTED)) {
		rawsock_close(r);
		return err;
	}
	*out = r;
	return ERR_OK;
}

void rawsock_close(struct rawsock *r)
{
	if (!r)
		return;
	if (r->fd4 >= 0)
		close(r->fd4);
	if (r->fd6 >= 0)
		close(r->fd6);
	mem_free(r);
}

static wfp_err send_to(int fd, const uint8_t *packet, size_t len, const void *to, socklen_t to_len)
{
	ssize_t done;

	do
		done = sendto(fd, packet, len, 0, to, to_len);
	while (done < 0 && errno == EINTR);
	return done < 0 ? err_from_errno(errno) : ERR_OK;
}

static wfp_err send_v4(const struct rawsock *r, const uint8_t *packet, size_t len)
{
	struct sockaddr_in to = {.sin_family = AF_INET};

	if (len < sizeof(struct iphdr))
		return ERR_INVALID_PARAMETER;
	memcpy(&to.sin_addr, packet + offsetof(struct iphdr, daddr), sizeof(to.sin_addr));
	return send_to(r->fd4, packet, len, &to, sizeof(to));
}

static wfp_err send_v6(const struct rawsock *r, const uint8_t *packet, size_t len,
		       uint32_t if_index)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6};

	if (len < sizeof(struct ip6_hdr))
		return ERR_INVALID_PARAMETER;
	if (r->fd6 < 0)
		return ERR_NOT_SUPPORTED;
	memcpy(&to.sin6_addr, packet + offsetof(struct ip6_hdr, ip6_dst), sizeof(to.sin6_addr));
	if (IN6_IS_ADDR_LINKLOCAL(&to.sin6_addr) || IN6_IS_ADDR_MC_LINKLOCAL(&to.sin6_addr))
		to.sin6_scope_id = if_index;
	return send_to(r->fd6, packet, len, &to, sizeof(to));
}

wfp_err rawsock_send(struct rawsock *r, const uint8_t *packet, size_t len, uint32_t if_index)
{
	switch (len > 0 ? packet[0] >> 4 : 0) {
	case 4:
		return send_v4(r, packet, len);
	case 6:
		return send_v6(r, packet, len, if_index);
	default:
		return ERR_INVALID_PARAMETER;
	}
}
