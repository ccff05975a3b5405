/* SPDX-License-Identifier: MIT */
/*
 * capture - reading captures through libpcap, see capture.h.
 *
 * Files come from anywhere: what they say about lengths and times is checked here, what the packets
 * say about themselves is the stack's to judge.
 */
#include "path/capture.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#include <pcap/pcap.h>

/* No link layer carries more; a larger frame is a sign of a broken file. */
#define FRAME_MAX (1u << 21)

struct capture {
	pcap_t *pcap;
	const struct link_type *link;
	char *name;
	uint64_t read; /* frames so far */
};

static wfp_err refuse_link_type(const pcap_t *pcap, const char *name, struct buf *why)
{
	int dlt = pcap_datalink((pcap_t *)(uintptr_t)pcap);
	const char *dlt_name = pcap_datalink_val_to_name(dlt);

	buf_printf(why, "%s: frames of link type %d (%s) cannot be read, only %s", name, dlt,
		   dlt_name ? dlt_name : "unknown", link_type_names());
	return ERR_BAD_FORMAT;
}

static wfp_err attach(struct capture *c, FILE *stream, struct buf *why)
{
	char text[PCAP_ERRBUF_SIZE] = "";

	c->pcap =
		pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, text);
	if (!c->pcap) {
		buf_printf(why, "%s: not a capture in pcap or pcapng format: %s", c->name, text);
		return ERR_BAD_FORMAT;
	}
	c->link = link_type_find(pcap_datalink(c->pcap));
	return c->link ? ERR_OK : refuse_link_type(c->pcap, c->name, why);
}

wfp_err capture_open_stream(struct capture **out, FILE *stream, const char *name, struct buf *why)
{
	struct capture *c = mem_zalloc(sizeof(*c));
	wfp_err err = ERR_NO_MEMORY;

	if (c)
		c->name = mem_strdup(name);
	if (c && c->name)
		err = attach(c, stream, why);
	if (!err) {
		*out = c;
		return ERR_OK;
	}
	/* libpcap takes the stream when it succeeds, and only then. */
	if (!c || !c->pcap) {
		wfp_err ignored = file_close_stream(stream);

		(void)ignored;
	}
	capture_close(c);
	return err;
}

wfp_err capture_open(struct capture **out, const char *path, struct buf *why)
{
	FILE *stream;
	wfp_err err = file_open_stream(path, "rb", &stream);

	if (err) {
		buf_printf(why, "%s: %s", path, err_text(err));
		return err;
	}
	return capture_open_stream(out, stream, path, why);
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	if (c->pcap)
		pcap_close(c->pcap);
	mem_free(c->name);
	mem_free(c);
}

const struct link_type *capture_link_type(const struct capture *c)
{
	return c->link;
}

/* The packet's length by its own header; 0: the header does not say. */
static uint32_t length_by_header(const uint8_t *ip, uint32_t len)
{
	if (len >= 20 && ip[0] >> 4 == 4)
		return (uint32_t)ip[2] << 8 | ip[3];
	if (len >= 40 && ip[0] >> 4 == 6 && (ip[4] | ip[5]) != 0)
		return 40 + ((uint32_t)ip[4] << 8 | ip[5]);
	return 0;
}

static void find_packet(const struct link_type *link, struct capture_frame *f)
{
	struct link_place place;
	uint32_t length;

	if (!link->find_ip(f->bytes, f->len, &place))
		return;
	f->ip = f->bytes + place.offset;
	f->ip_len = f->len - place.offset;
	f->direction = place.direction;
	length = length_by_header(f->ip, f->ip_len);
	f->truncated = f->len < f->wire_len && (length == 0 || length > f->ip_len);
	/* Short Ethernet frames are padded.  A lying header is left to the stack. */
	if (length >= 20 && length < f->ip_len)
		f->ip_len = length;
}

/* Seconds of a pcap file are unsigned and of 32 bits; libpcap shows them as signed from 2038 on. */
static uint64_t time_of(const struct pcap_pkthdr *h)
{
	const int64_t seconds = h->ts.tv_sec;
	const uint64_t s = seconds < 0 ? (uint32_t)seconds : (uint64_t)seconds;

	if (s > UINT64_MAX / CLOCK_S - 1)
		return 0;
	return s * CLOCK_S + (uint64_t)h->ts.tv_usec % CLOCK_S;
}

static wfp_err broken(const struct capture *c, const char *what, struct buf *why)
{
	buf_printf(why, "%s: frame %llu: %s", c->name, (unsigned long long)c->read + 1, what);
	return ERR_INVALID_DATA;
}

wfp_err capture_next(struct capture *c, struct capture_frame *out, struct buf *why)
{
	struct pcap_pkthdr *h;
	const uint8_t *bytes;
	int got = pcap_next_ex(c->pcap, &h, &bytes);

	if (got == PCAP_ERROR_BREAK)
		return ERR_NO_MORE_ITEMS;
	if (got != 1)
		return broken(c, pcap_geterr(c->pcap), why);
	if (h->caplen > FRAME_MAX)
		return broken(c, "longer than any link layer carries", why);
	*out = (struct capture_frame){
		.number = ++c->read,
		.time = time_of(h),
		.bytes = bytes,
		.len = h->caplen,
		.wire_len = h->len,
	};
	find_packet(c->link, out);
	return ERR_OK;
}

void capture_complete_length(uint8_t *ip, uint32_t len)
{
	uint32_t length = len;
	uint8_t *field = NULL;

	if (len >= 20 && ip[0] >> 4 == 4)
		field = ip + 2;
	/* With hop-by-hop options the length may stand there: a jumbogram. */
	if (len >= 40 && ip[0] >> 4 == 6 && ip[6] != 0) {
		field = ip + 4;
		length = len - 40;
	}
	if (!field || (field[0] | field[1]) != 0 || length > UINT16_MAX)
		return;
	field[0] = (uint8_t)(length >> 8);
	field[1] = (uint8_t)length;
}
