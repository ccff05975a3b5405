/* SPDX-License-Identifier: MIT */
/*
 * text - numbers, names, addresses, keys, SIDs, descriptors and times as text.
 *
 * Called by the writers and readers of listings; no state.
 */
#include "import/text.h"

#include "base/mem.h"
#include "model/sddl.h"
#include "model/sid.h"
#include "model/value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EPOCH_SECONDS UINT64_C(11644473600) /* from 1601 to 1970 */
#define TICKS	      UINT64_C(10000000)    /* of a FILETIME, a second */

/* ---- writing ----------------------------------------------------------------------------------
 */

void text_write_time(struct buf *out, uint64_t filetime)
{
	time_t seconds = (time_t)(filetime / TICKS) - (time_t)EPOCH_SECONDS;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm)) {
		buf_printf(out, "%" PRIu64, filetime);
		return;
	}
	buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", tm.tm_year + 1900, tm.tm_mon + 1,
		   tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		   (unsigned)(filetime % TICKS / (TICKS / 1000)));
}

static void write_v4(struct buf *out, uint32_t addr)
{
	buf_printf(out, "%u.%u.%u.%u", addr >> 24, addr >> 16 & 0xff, addr >> 8 & 0xff,
		   addr & 0xff);
}

static void write_hex(struct buf *out, const ProtobufCBinaryData *data)
{
	for (size_t i = 0; i < data->len; i++)
		buf_printf(out, "%02x", data->data[i]);
}

static void write_key(struct buf *out, const ProtobufCBinaryData *data)
{
	char text[GUID_TEXT];
	struct guid key = {0};
	const char *name;

	if (data->len == sizeof(key))
		memcpy(&key, data->data, sizeof(key));
	if (guid_is_zero(&key))
		return;
	name = names_of_key(&key);
	buf_append_str(out, name ? name : guid_format(&key, text));
}

static void write_sd(struct buf *out, const ProtobufCBinaryData *data)
{
	struct model_blob blob = {(uint32_t)data->len, data->data};

	if (model_sddl_format(&blob, out) != ERR_OK)
		write_hex(out, data);
}

static void write_bytes(struct buf *out, enum schema_form form, const ProtobufCBinaryData *data)
{
	char text[SID_TEXT > INET6_ADDRSTRLEN ? SID_TEXT : INET6_ADDRSTRLEN];

	if (form == SCHEMA_KEY)
		write_key(out, data);
	else if (form == SCHEMA_V6 && data->len == 16)
		buf_append_str(out, inet_ntop(AF_INET6, data->data, text, sizeof(text)));
	else if (form == SCHEMA_SID && sid_size(data->data, data->len))
		buf_append_str(out, sid_format(data->data, text));
	else if (form == SCHEMA_SD)
		write_sd(out, data);
	else
		write_hex(out, data);
}

static void write_u32(struct buf *out, const struct schema_row *row, uint32_t x, bool address)
{
	const char *name = row->form == SCHEMA_ENUM ? names_of_value(row->names, x) : NULL;

	if (row->form == SCHEMA_V4 || (row->form == SCHEMA_ADDRESS && address))
		write_v4(out, x);
	else if (name)
		buf_append_str(out, name);
	else
		buf_printf(out, "%" PRIu32, x);
}

void text_write(struct buf *out, const ProtobufCFieldDescriptor *f, const struct schema_row *row,
		const void *member, bool address)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_ENUM:
		write_u32(out, row, *(const uint32_t *)member, address);
		break;
	case PROTOBUF_C_TYPE_UINT64:
		if (row->form == SCHEMA_TIME)
			text_write_time(out, *(const uint64_t *)member);
		else
			buf_printf(out, "%" PRIu64, *(const uint64_t *)member);
		break;
	case PROTOBUF_C_TYPE_SINT32:
		buf_printf(out, "%" PRId32, *(const int32_t *)member);
		break;
	case PROTOBUF_C_TYPE_SINT64:
		buf_printf(out, "%" PRId64, *(const int64_t *)member);
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		buf_printf(out, "%.9g", (double)*(const float *)member);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		buf_printf(out, "%.17g", *(const double *)member);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		buf_append_str(out, *(const protobuf_c_boolean *)member ? "true" : "false");
		break;
	case PROTOBUF_C_TYPE_STRING:
		buf_append_str(out, *(const char *const *)member);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		write_bytes(out, row->form, member);
		break;
	default:
		break;
	}
}

static bool is_letter(uint8_t c)
{
	return c >= 0x20 && c < 0x7f;
}

/* UTF-16 letters up to one NUL at the end. */
static bool is_wide_text(const ProtobufCBinaryData *data)
{
	if (data->len < 4 || data->len % 2 || data->data[data->len - 2] ||
	    data->data[data->len - 1])
		return false;
	for (size_t i = 0; i + 2 < data->len; i += 2)
		if (!is_letter(data->data[i]) || data->data[i + 1])
			return false;
	return true;
}

void text_as_string(struct buf *out, const ProtobufCBinaryData *data)
{
	bool wide = is_wide_text(data);

	for (size_t i = 0; i < data->len - (wide ? 2 : 0); i += wide ? 2 : 1)
		buf_append_byte(out, is_letter(data->data[i]) ? data->data[i] : '.');
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static bool read_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 0);
	return *end == '\0' && errno == 0 && *out <= max;
}

static bool read_signed(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 0);
	return end != text && *end == '\0' && errno == 0;
}

static bool read_u32(const struct schema_row *row, const char *text, uint32_t *out)
{
	struct in_addr addr;
	uint64_t x;

	if (row->form == SCHEMA_ENUM && names_value(row->names, text, out))
		return true;
	if (strchr(text, '.') && inet_pton(AF_INET, text, &addr) == 1) {
		*out = ntohl(addr.s_addr);
		return true;
	}
	if (!read_number(text, UINT32_MAX, &x))
		return false;
	*out = (uint32_t)x;
	return true;
}

static bool read_time(const char *text, uint64_t *out)
{
	unsigned ms = 0;
	struct tm tm = {0};

	if (sscanf(text, "%d-%d-%dT%d:%d:%d.%3uZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		   &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &ms) < 6)
		return read_number(text, UINT64_MAX, out);
	if (tm.tm_year < 1601 || tm.tm_year > 9999)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*out = ((uint64_t)timegm(&tm) + EPOCH_SECONDS) * TICKS + ms * (TICKS / 1000);
	return true;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool text_bytes(struct arena *a, const char *hex, ProtobufCBinaryData *out)
{
	size_t n = strlen(hex) / 2;

	if (strlen(hex) % 2)
		return false;
	out->len = n;
	out->data = n ? arena_alloc(a, n) : NULL;
	if (n && !out->data)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out->data[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool keep(struct arena *a, const void *data, size_t len, ProtobufCBinaryData *out)
{
	out->len = len;
	out->data = arena_dup(a, data, len);
	return out->data != NULL;
}

static bool read_sd(struct arena *a, const char *text, ProtobufCBinaryData *out)
{
	struct model_blob *blob;
	bool kept;

	if (model_sddl_parse(&blob, text, NULL) != ERR_OK)
		return text_bytes(a, text, out);
	kept = keep(a, blob->data, blob->size, out);
	mem_free(blob);
	return kept;
}

static bool read_bytes(struct arena *a, enum schema_form form, const char *text,
		       ProtobufCBinaryData *out)
{
	uint8_t v6[16];
	struct guid key;
	struct sid sid;
	const char *end;

	switch (form) {
	case SCHEMA_KEY:
		if (*text == '\0') {
			*out = (ProtobufCBinaryData){0};
			return true;
		}
		return names_key(text, &key) && keep(a, &key, sizeof(key), out);
	case SCHEMA_V6:
		if (inet_pton(AF_INET6, text, v6) == 1)
			return keep(a, v6, sizeof(v6), out);
		return text_bytes(a, text, out);
	case SCHEMA_SID:
		if (sid_parse(&sid, text, &end) && *end == '\0')
			return keep(a, sid.bytes, sid_size(sid.bytes, sizeof(sid)), out);
		return text_bytes(a, text, out);
	case SCHEMA_SD:
		return read_sd(a, text, out);
	default:
		return text_bytes(a, text, out);
	}
}

static bool read_bool(const char *text, protobuf_c_boolean *out)
{
	*out = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
	return *out || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

static bool read_float(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return end != text && *end == '\0';
}

static bool read_s32(const char *text, int32_t *out)
{
	int64_t x;

	if (!read_signed(text, &x) || x < INT32_MIN || x > INT32_MAX)
		return false;
	*out = (int32_t)x;
	return true;
}

bool text_read(struct arena *a, const ProtobufCFieldDescriptor *f, const struct schema_row *row,
	       const char *text, void *member)
{
	double d;

	switch (f->type) {
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_ENUM:
		return read_u32(row, text, member);
	case PROTOBUF_C_TYPE_UINT64:
		return row->form == SCHEMA_TIME ? read_time(text, member)
						: read_number(text, UINT64_MAX, member);
	case PROTOBUF_C_TYPE_SINT32:
		return read_s32(text, member);
	case PROTOBUF_C_TYPE_SINT64:
		return read_signed(text, member);
	case PROTOBUF_C_TYPE_FLOAT:
		if (!read_float(text, &d))
			return false;
		*(float *)member = (float)d;
		return true;
	case PROTOBUF_C_TYPE_DOUBLE:
		return read_float(text, member);
	case PROTOBUF_C_TYPE_BOOL:
		return read_bool(text, member);
	case PROTOBUF_C_TYPE_STRING:
		*(char **)member = arena_dup(a, text, strlen(text) + 1);
		return *(char **)member != NULL;
	case PROTOBUF_C_TYPE_BYTES:
		return read_bytes(a, row->form, text, member);
	default:
		return false;
	}
}
