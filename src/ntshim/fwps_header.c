/* SPDX-License-Identifier: MIT */
/*
 * fwps_header - an IP header for a transport packet that a driver built or changed.
 *
 * The list's window begins at the transport header, or at an IP header that is replaced; afterwards
 * it begins at the new header and all checksums are right.  Any thread, up to DISPATCH_LEVEL.
 */
#include "ntshim/nbl.h"

#include "stack/packet.h"
#include "stack/rebuild.h"

/* IPv4 options survive; extension headers of IPv6 do not. */
static void keep_options(struct rebuild_ip *ip, const uint8_t *bytes, uint32_t header_len)
{
	if (ip->version == 4 && header_len > 20) {
		ip->options = bytes + 20;
		ip->options_len = header_len - 20;
	}
}

static wfp_err window_put(NET_BUFFER *nb, uint32_t old_header, const struct packet *p)
{
	NTSTATUS status = STATUS_SUCCESS;
	uint32_t new_header = p->h.ip_size;

	if (new_header > old_header)
		status = NdisRetreatNetBufferDataStart(nb, new_header - old_header, 0, NULL);
	if (!NT_SUCCESS(status))
		return ERR_NO_MEMORY;
	if (new_header < old_header)
		NdisAdvanceNetBufferDataStart(nb, old_header - new_header, FALSE, NULL);
	return nt_nb_write(nb, p->data, p->len);
}

static wfp_err header_construct(NET_BUFFER *nb, uint32_t header_len, struct rebuild_ip *ip)
{
	uint32_t len = nb->DataLength;
	struct packet *p;
	uint8_t *bytes;
	wfp_err err;

	if (header_len >= len || len > HEADERS_MAX_LEN)
		return ERR_INVALID_PARAMETER;
	bytes = mem_alloc(len);
	if (!bytes)
		return ERR_NO_MEMORY;
	err = nt_nb_copy(nb, bytes, len);
	if (err)
		goto out;
	keep_options(ip, bytes, header_len);
	err = rebuild_ip_header(&p, ip, bytes + header_len, len - header_len);
	if (err)
		goto out;
	err = window_put(nb, header_len, p);
	packet_put(p);
out:
	mem_free(bytes);
	return err;
}

NTSTATUS FwpsConstructIpHeaderForTransportPacket0(NET_BUFFER_LIST *list, ULONG header_len,
						  ADDRESS_FAMILY family, const UCHAR *source,
						  const UCHAR *remote, IPPROTO protocol,
						  UINT64 endpoint, const WSACMSGHDR *control,
						  ULONG control_len, UINT32 flags, PVOID reserved,
						  IF_INDEX interface, IF_INDEX sub_interface)
{
	uint8_t version = family == AF_INET ? 4 : 6;
	struct rebuild_ip ip = {.version = version, .protocol = (uint8_t)protocol};
	NET_BUFFER *nb;
	wfp_err err = ERR_OK;

	if (!nt_irql_ok(DISPATCH_LEVEL, "FwpsConstructIpHeaderForTransportPacket0"))
		return STATUS_NOT_SUPPORTED;
	if (!list || !source || !remote || (family != AF_INET && family != AF_INET6))
		return STATUS_INVALID_PARAMETER;
	if (header_len && list->FirstNetBuffer && list->FirstNetBuffer->Next)
		return STATUS_INVALID_PARAMETER;
	ip.src = headers_addr_read(version, source);
	ip.dst = headers_addr_read(version, remote);
	for (nb = list->FirstNetBuffer; nb && !err; nb = nb->Next)
		err = header_construct(nb, header_len, &ip);
	return nt_status(err);
}
