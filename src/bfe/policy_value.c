/* SPDX-License-Identifier: MIT */
/*
 * policy_value - from JSON to typed values: one reader per data type, in a table.
 *
 * A reader makes a value that points into the scratch room of its caller; what is handed out is a
 * deep copy.  Text is at most a few hundred characters but for blobs and descriptors.
 */
#include "bfe/policy_value.h"

#include "base/mem.h"
#include "model/sddl.h"
#include "model/sid.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* What the readers' values point to. */
struct scratch {
	uint64_t u64;
	int64_t i64;
	struct model_bytes16 bytes16;
	struct model_bytes6 bytes6;
	struct model_v4_mask v4mask;
	struct model_v6_mask v6mask;
	struct sid sid;
	struct model_blob blob;
	void *block; /* to free */
};

typedef wfp_err reader_fn(const struct policy_place *p, const json_t *v, uint32_t type,
			  struct scratch *room, struct model_value *out);

/* ---- text -------------------------------------------------------------------------------------
 */

static wfp_err expected(const struct policy_place *p, const json_t *v, const char *what)
{
	if (json_is_string(v))
		return policy_wrong(p, ERR_INVALID_DATA, "\"%.80s\" is not %s",
				    json_string_value(v), what);
	return policy_wrong(p, ERR_INVALID_DATA, "expected %s", what);
}

/* The part before a separator, "" when it does not fit or there is no separator. */
static const char *split(const char *text, char separator, char *head, size_t room)
{
	const char *at = strchr(text, separator);
	size_t len = at ? (size_t)(at - text) : 0;

	if (!at || len >= room)
		len = 0;
	memcpy(head, text, len);
	head[len] = '\0';
	return at ? at + 1 : "";
}

static int nibble(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Pairs of hexadecimal digits, colons between them allowed; the number of bytes, or -1. */
static long read_hex(const char *text, uint8_t *out, size_t room)
{
	size_t n = 0;

	while (*text) {
		if (*text == ':' && n > 0)
			text++;
		if (nibble(text[0]) < 0 || nibble(text[1]) < 0 || n == room)
			return -1;
		out[n++] = (uint8_t)(nibble(text[0]) << 4 | nibble(text[1]));
		text += 2;
	}
	return (long)n;
}

/* ---- numbers ----------------------------------------------------------------------------------
 */

static bool protocol_by_name(const json_t *v, uint64_t *out)
{
	static const struct {
		const char *name;
		uint8_t number;
	} names[] = {{"icmp", 1}, {"igmp", 2}, {"tcp", 6}, {"udp", 17}, {"icmpv6", 58}};

	for (size_t i = 0; json_is_string(v) && i < ARRAY_LEN(names); i++)
		if (strcmp(json_string_value(v), names[i].name) == 0) {
			*out = names[i].number;
			return true;
		}
	return false;
}

static wfp_err read_unsigned(const struct policy_place *p, const json_t *v, uint32_t type,
			     struct scratch *room, struct model_value *out)
{
	static const struct {
		uint32_t type;
		uint64_t max;
	} limits[] = {
		{MODEL_UINT8, UINT8_MAX}, {MODEL_UINT16, UINT16_MAX}, {MODEL_UINT32, UINT32_MAX}};
	uint64_t max = UINT64_MAX, x;
	wfp_err err = ERR_OK;

	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (limits[i].type == type)
			max = limits[i].max;
	if (type != MODEL_UINT8 || !protocol_by_name(v, &x))
		err = policy_number(p, v, max, &x);
	if (err)
		return err;
	switch (type) {
	case MODEL_UINT8:
		out->u8 = (uint8_t)x;
		break;
	case MODEL_UINT16:
		out->u16 = (uint16_t)x;
		break;
	case MODEL_UINT32:
		out->u32 = (uint32_t)x;
		break;
	default:
		room->u64 = x;
		out->u64 = &room->u64;
		break;
	}
	return ERR_OK;
}

static wfp_err read_signed(const struct policy_place *p, const json_t *v, uint32_t type,
			   struct scratch *room, struct model_value *out)
{
	int bits = type == MODEL_INT8	 ? 8
		   : type == MODEL_INT16 ? 16
		   : type == MODEL_INT32 ? 32
					 : 64;
	int64_t min = INT64_MIN >> (64 - bits), x = json_integer_value(v);

	if (!json_is_integer(v) || x < min || x > ~min)
		return policy_wrong(p, ERR_INVALID_DATA, "expected a number from %jd to %jd",
				    (intmax_t)min, (intmax_t)~min);
	room->i64 = x;
	if (type == MODEL_INT8)
		out->i8 = (int8_t)x;
	else if (type == MODEL_INT16)
		out->i16 = (int16_t)x;
	else if (type == MODEL_INT32)
		out->i32 = (int32_t)x;
	else
		out->i64 = &room->i64;
	return ERR_OK;
}

/* ---- addresses --------------------------------------------------------------------------------
 */

static bool parse_v4(const char *text, uint32_t *out)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1)
		return false;
	*out = ntohl(a.s_addr);
	return true;
}

static bool parse_v6(const char *text, uint8_t out[16])
{
	return inet_pton(AF_INET6, text, out) == 1;
}

static wfp_err read_v4(const struct policy_place *p, const json_t *v, uint32_t type,
		       struct scratch *room, struct model_value *out)
{
	if (json_is_integer(v))
		return read_unsigned(p, v, MODEL_UINT32, room, out);
	if (!json_is_string(v) || !parse_v4(json_string_value(v), &out->u32))
		return expected(p, v, "an IPv4 address");
	return ERR_OK;
}

static wfp_err read_bytes16(const struct policy_place *p, const json_t *v, uint32_t type,
			    struct scratch *room, struct model_value *out)
{
	const char *text = json_is_string(v) ? json_string_value(v) : "";

	if (!parse_v6(text, room->bytes16.b) && read_hex(text, room->bytes16.b, 16) != 16)
		return expected(p, v, "an IPv6 address or 32 hexadecimal digits");
	out->bytes16 = &room->bytes16;
	return ERR_OK;
}

static wfp_err read_bytes6(const struct policy_place *p, const json_t *v, uint32_t type,
			   struct scratch *room, struct model_value *out)
{
	if (!json_is_string(v) || read_hex(json_string_value(v), room->bytes6.b, 6) != 6)
		return expected(p, v, "a MAC address or 12 hexadecimal digits");
	out->bytes6 = &room->bytes6;
	return ERR_OK;
}

static bool parse_prefix(const char *text, unsigned max, uint64_t *out)
{
	return policy_parse_number(text, text + strlen(text), out) && *out <= max;
}

static wfp_err read_v4_mask(const struct policy_place *p, const json_t *v, uint32_t type,
			    struct scratch *room, struct model_value *out)
{
	char head[INET_ADDRSTRLEN];
	const char *tail =
		json_is_string(v) ? split(json_string_value(v), '/', head, sizeof(head)) : "";
	uint64_t prefix = 0;

	if (!*tail || !parse_v4(head, &room->v4mask.addr))
		return expected(p, v, "an IPv4 network such as 10.0.0.0/8");
	if (parse_prefix(tail, 32, &prefix))
		room->v4mask.mask = prefix ? UINT32_MAX << (32 - prefix) : 0;
	else if (!parse_v4(tail, &room->v4mask.mask))
		return expected(p, v, "an IPv4 network such as 10.0.0.0/8");
	out->v4mask = &room->v4mask;
	return ERR_OK;
}

static wfp_err read_v6_mask(const struct policy_place *p, const json_t *v, uint32_t type,
			    struct scratch *room, struct model_value *out)
{
	char head[INET6_ADDRSTRLEN];
	const char *tail =
		json_is_string(v) ? split(json_string_value(v), '/', head, sizeof(head)) : "";
	uint64_t prefix;

	if (!*tail || !parse_v6(head, room->v6mask.addr) || !parse_prefix(tail, 128, &prefix))
		return expected(p, v, "an IPv6 network such as fe80::/10");
	room->v6mask.prefix = (uint8_t)prefix;
	out->v6mask = &room->v6mask;
	return ERR_OK;
}

/* ---- bytes, names and rights --------------------------------------------------------------------
 */

static wfp_err read_blob(const struct policy_place *p, const json_t *v, uint32_t type,
			 struct scratch *room, struct model_value *out)
{
	size_t len = json_is_string(v) ? json_string_length(v) : 0;
	long n;

	room->block = mem_alloc(len + 1);
	if (!room->block)
		return ERR_NO_MEMORY;
	n = json_is_string(v) ? read_hex(json_string_value(v), room->block, len) : -1;
	if (n < 0)
		return expected(p, v, "pairs of hexadecimal digits");
	room->blob = (struct model_blob){.size = (uint32_t)n, .data = room->block};
	out->blob = &room->blob;
	return ERR_OK;
}

static wfp_err read_sid(const struct policy_place *p, const json_t *v, uint32_t type,
			struct scratch *room, struct model_value *out)
{
	const char *end = "";

	if (!json_is_string(v) || !sid_parse(&room->sid, json_string_value(v), &end) || *end)
		return expected(p, v, "a SID such as S-1-22-1-1000");
	out->sid = &room->sid;
	return ERR_OK;
}

static wfp_err read_sd(const struct policy_place *p, const json_t *v, uint32_t type,
		       struct scratch *room, struct model_value *out)
{
	struct model_blob *blob;
	size_t at = 0;
	wfp_err err;

	if (!json_is_string(v))
		return expected(p, v, "a security descriptor such as D:(A;;CC;;;WD)");
	err = model_sddl_parse(&blob, json_string_value(v), &at);
	if (err == ERR_INVALID_DATA)
		return policy_wrong(p, err, "\"%.80s\" is no security descriptor: character %zu",
				    json_string_value(v), at + 1);
	if (err)
		return err;
	room->block = blob;
	out->blob = blob;
	return ERR_OK;
}

/* UTF-8, which the JSON reader has checked, to UTF-16. */
static void widen(const uint8_t *in, uint16_t *out)
{
	while (*in) {
		unsigned extra = *in < 0x80 ? 0 : *in < 0xe0 ? 1 : *in < 0xf0 ? 2 : 3;
		uint32_t c = extra ? *in & (0x3fu >> extra) : *in;

		for (in++; extra > 0; extra--)
			c = c << 6 | (*in++ & 0x3f);
		if (c >= 0x10000) {
			*out++ = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
			c = 0xdc00 + (c & 0x3ff);
		}
		*out++ = (uint16_t)c;
	}
	*out = 0;
}

static wfp_err read_text(const struct policy_place *p, const json_t *v, uint32_t type,
			 struct scratch *room, struct model_value *out)
{
	uint16_t *wide;

	if (!json_is_string(v))
		return expected(p, v, "a string");
	wide = mem_zalloc_array(json_string_length(v) + 1, sizeof(*wide));
	if (!wide)
		return ERR_NO_MEMORY;
	widen((const uint8_t *)json_string_value(v), wide);
	room->block = wide;
	out->wstr = wide;
	return ERR_OK;
}

static wfp_err read_empty(const struct policy_place *p, const json_t *v, uint32_t type,
			  struct scratch *room, struct model_value *out)
{
	return v && !json_is_null(v) ? expected(p, v, "no value: FWP_EMPTY has none") : ERR_OK;
}

/* ---- single values and ranges -------------------------------------------------------------------
 */

static const struct {
	uint32_t type;
	reader_fn *read;
} readers[] = {
	{MODEL_EMPTY, read_empty},
	{MODEL_UINT8, read_unsigned},
	{MODEL_UINT16, read_unsigned},
	{MODEL_UINT32, read_unsigned},
	{MODEL_UINT64, read_unsigned},
	{MODEL_INT8, read_signed},
	{MODEL_INT16, read_signed},
	{MODEL_INT32, read_signed},
	{MODEL_INT64, read_signed},
	{MODEL_BYTE_ARRAY16_TYPE, read_bytes16},
	{MODEL_BYTE_ARRAY6_TYPE, read_bytes6},
	{MODEL_BYTE_BLOB_TYPE, read_blob},
	{MODEL_SID, read_sid},
	{MODEL_SECURITY_DESCRIPTOR_TYPE, read_sd},
	{MODEL_UNICODE_STRING_TYPE, read_text},
	{MODEL_V4_ADDR_MASK, read_v4_mask},
	{MODEL_V6_ADDR_MASK, read_v6_mask},
};

static reader_fn *reader_for(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		if (readers[i].type == type)
			return readers[i].read;
	return NULL;
}

static bool is_v4(const struct model_field *field, uint32_t type)
{
	return type == MODEL_UINT32 && field->field_type == MODEL_FIELD_IP_ADDRESS;
}

/* Into room; *out points there. */
static wfp_err read_single(const struct policy_place *p, const struct model_field *field,
			   uint32_t type, const json_t *v, struct scratch *room,
			   struct model_value *out)
{
	reader_fn *read = is_v4(field, type) ? read_v4 : reader_for(type);
	const char *name = model_type_name((enum model_type)type);

	if (!read)
		return policy_wrong(p, ERR_NOT_SUPPORTED,
				    "a value of type %s cannot be written here",
				    name ? name : "unknown");
	*out = (struct model_value){.type = type};
	return read(p, v, type, room, out);
}

static wfp_err single(const struct policy_place *p, const struct model_field *field, uint32_t type,
		      const json_t *v, struct model_value *out)
{
	struct scratch room = {.block = NULL};
	struct model_value value;
	wfp_err err = read_single(p, field, type, v, &room, &value);

	if (!err)
		err = model_value_copy(out, &value);
	mem_free(room.block);
	return err;
}

static wfp_err range_of(const struct policy_place *p, const struct model_field *field,
			const json_t *low, const json_t *high, struct model_value *out)
{
	struct model_range range = {.low = {.type = MODEL_EMPTY}, .high = {.type = MODEL_EMPTY}};
	wfp_err err = single(p, field, field->type, low, &range.low);

	if (!err)
		err = single(p, field, field->type, high, &range.high);
	if (!err)
		err = model_value_copy(
			out, &(struct model_value){.type = MODEL_RANGE_TYPE, .range = &range});
	model_value_clear(&range.high);
	model_value_clear(&range.low);
	return err;
}

/* "low-high". */
static wfp_err text_range(const struct policy_place *p, const struct model_field *field,
			  const json_t *v, struct model_value *out)
{
	char head[64];
	const char *tail = split(json_string_value(v), '-', head, sizeof(head));
	json_t *low = json_string(head), *high = json_string(tail);
	wfp_err err = low && high ? range_of(p, field, low, high, out) : ERR_NO_MEMORY;

	json_decref(high);
	json_decref(low);
	return err;
}

static wfp_err range(const struct policy_place *p, const struct model_field *field, const json_t *v,
		     struct model_value *out)
{
	static const char *const keys[] = {"low", "high", NULL};

	if (json_is_string(v) && strchr(json_string_value(v), '-'))
		return text_range(p, field, v, out);
	if (json_is_array(v) && json_array_size(v) == 2)
		return range_of(p, field, json_array_get(v, 0), json_array_get(v, 1), out);
	if (json_is_object(v)) {
		wfp_err err = policy_object(p, v, keys);

		if (err)
			return err;
		if (json_object_size(v) == 2)
			return range_of(p, field, json_object_get(v, "low"),
					json_object_get(v, "high"), out);
	}
	return expected(p, v, "a range such as \"80-90\" or [80, 90]");
}

/* ---- which type -------------------------------------------------------------------------------
 */

static bool has_ranges(uint32_t type)
{
	return (type >= MODEL_UINT8 && type <= MODEL_INT64) || type == MODEL_BYTE_ARRAY16_TYPE;
}

/* What a bare value is: of the field's type, unless its form says otherwise. */
static uint32_t type_by_form(const struct model_field *field, const json_t *v)
{
	const char *text = json_is_string(v) ? json_string_value(v) : "";

	if (field->field_type == MODEL_FIELD_IP_ADDRESS && strchr(text, '/'))
		return field->type == MODEL_UINT32 ? MODEL_V4_ADDR_MASK : MODEL_V6_ADDR_MASK;
	if (has_ranges(field->type) && (json_is_array(v) || (strchr(text, '-') && *text != '-')))
		return MODEL_RANGE_TYPE;
	if (field->type == MODEL_TOKEN_ACCESS_INFORMATION_TYPE ||
	    field->type == MODEL_TOKEN_INFORMATION_TYPE)
		return MODEL_SECURITY_DESCRIPTOR_TYPE;
	return field->type;
}

static wfp_err type_by_name(const struct policy_place *p, const char *name, uint32_t *out)
{
	struct policy_place at = policy_at(p, "type");

	for (uint32_t type = 0; type <= MODEL_RANGE_TYPE; type++) {
		const char *known = model_type_name((enum model_type)type);

		if (known && strcmp(known, name) == 0) {
			*out = type;
			return ERR_OK;
		}
	}
	return policy_wrong(&at, ERR_INVALID_DATA, "no such data type: %.80s", name);
}

static wfp_err of_type(const struct policy_place *p, const struct model_field *field, uint32_t type,
		       const json_t *v, struct model_value *out)
{
	return type == MODEL_RANGE_TYPE ? range(p, field, v, out) : single(p, field, type, v, out);
}

wfp_err policy_value(const struct policy_place *p, const struct model_field *field, const json_t *v,
		     struct model_value *out)
{
	static const char *const keys[] = {"type", "value", NULL};
	const char *name = NULL;
	struct policy_place at = policy_at(p, "value");
	uint32_t type = MODEL_EMPTY;
	wfp_err err;

	if (!json_is_object(v))
		return of_type(p, field, type_by_form(field, v), v, out);
	err = policy_object(p, v, keys);
	if (!err)
		err = policy_need_string(p, v, "type", &name);
	if (!err)
		err = type_by_name(p, name, &type);
	if (!err && type != MODEL_EMPTY && !json_object_get(v, "value"))
		err = policy_wrong(p, ERR_INVALID_DATA, "\"value\" is missing");
	return err ? err : of_type(&at, field, type, json_object_get(v, "value"), out);
}
