/* SPDX-License-Identifier: MIT */
/*
 * capture - reading pcap and pcapng files, frame by frame, and finding the IP packets in them.
 *
 * libpcap knows the file formats; this module knows what may be wrong with a file and says so with
 * the number of the frame.  A frame that carries no IP is shown as such; an IP packet of which the
 * capture holds only the beginning is shown with what is there.  One thread owns a capture.
 */
#pragma once

#include "base/buf.h"
#include "path/link.h"

#include <stdio.h>

struct capture;

/* Valid until the next capture_next or capture_close. */
struct capture_frame {
	uint64_t number; /* 1: the first of the file */
	uint64_t time;	 /* ns since 1970 */
	const uint8_t *bytes;
	uint32_t len;	   /* of bytes */
	uint32_t wire_len; /* as it was on the wire */
	const uint8_t *ip; /* into bytes; NULL: not an IP packet */
	uint32_t ip_len;   /* without what the link padded */
	bool truncated;	   /* the packet is longer than what the capture holds of it */
	enum link_direction direction;
};

/*
 * ERR_FILE_NOT_FOUND and other errors of the system; ERR_BAD_FORMAT: not a capture, or of a link
 * type that carries no IP.  `why` gets one sentence.
 */
MUST_CHECK wfp_err capture_open(struct capture **out, const char *path, struct buf *why);
/* Takes the stream, also on failure; name: for messages, copied. */
MUST_CHECK wfp_err capture_open_stream(struct capture **out, FILE *stream, const char *name,
				       struct buf *why);
void capture_close(struct capture *c); /* NULL is fine */

/* ERR_NO_MORE_ITEMS: the end; ERR_INVALID_DATA: the file is broken from here on, see `why`. */
MUST_CHECK wfp_err capture_next(struct capture *c, struct capture_frame *out, struct buf *why);

const struct link_type *capture_link_type(const struct capture *c);

/*
 * The network card would have filled in the length: segmentation offload leaves it 0 in captures
 * taken on the sender.  Writes it where it fits.
 */
void capture_complete_length(uint8_t *ip, uint32_t len);
