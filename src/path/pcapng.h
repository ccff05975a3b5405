/* SPDX-License-Identifier: MIT */
/*
 * pcapng - writing captures in which every packet carries a comment.
 *
 * libpcap reads pcapng but does not write it, so this module does: a section header, an interface
 * description per source, an enhanced packet block with opt_comment per packet, times in
 * nanoseconds, the byte order of this machine.  Nothing about machine or moment goes into the
 * file: equal packets give equal bytes.  One thread owns a writer.
 */
#pragma once

#include "base/compiler.h"
#include "base/err.h"

#define PCAPNG_LINKTYPE_RAW 101u

struct pcapng;

struct pcapng_packet {
	uint32_t interface;	     /* from pcapng_interface */
	uint64_t time;		     /* ns since 1970 */
	const uint8_t *head, *bytes; /* written one after the other: link header and packet */
	uint32_t head_len, len;
	uint32_t wire_len;   /* at least head_len + len */
	const char *comment; /* UTF-8; NULL or "": none */
};

MUST_CHECK wfp_err pcapng_create(struct pcapng **out, const char *path);
/* link_type: LINKTYPE_*; name: where its packets come from. */
MUST_CHECK wfp_err pcapng_interface(struct pcapng *w, uint16_t link_type, const char *name,
				    uint32_t *id);
MUST_CHECK wfp_err pcapng_write(struct pcapng *w, const struct pcapng_packet *packet);
/* The first error of the writer's life: a full disk is found here at the latest.  NULL is fine. */
MUST_CHECK wfp_err pcapng_close(struct pcapng *w);
