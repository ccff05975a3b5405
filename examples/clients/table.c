/* SPDX-License-Identifier: MIT */
/*
 * table - see table.h. Every line is understood completely, or the whole table is refused.
 */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

/* ---- columns --------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	const GUID *key;
} layers[] = {
	{"connect-v4", &FWPM_LAYER_ALE_AUTH_CONNECT_V4},
	{"connect-v6", &FWPM_LAYER_ALE_AUTH_CONNECT_V6},
	{"accept-v4", &FWPM_LAYER_ALE_AUTH_RECV_ACCEPT_V4},
	{"accept-v6", &FWPM_LAYER_ALE_AUTH_RECV_ACCEPT_V6},
};

static const struct {
	const char *name;
	FWP_ACTION_TYPE type;
} actions[] = {
	{"permit", FWP_ACTION_PERMIT},
	{"block", FWP_ACTION_BLOCK},
	{"callout", FWP_ACTION_CALLOUT_TERMINATING},
};

static const struct {
	const char *name;
	UINT8 number;
} protocols[] = {
	{"icmp", 1}, {"tcp", PROTOCOL_TCP}, {"udp", PROTOCOL_UDP}, {"icmpv6", PROTOCOL_ICMPV6}};

static BOOL find_layer(struct row *row, const char *name)
{
	for (size_t i = 0; i < _countof(layers); i++)
		if (strcmp(layers[i].name, name) == 0)
			row->layer = layers[i].key;
	return row->layer != NULL;
}

static BOOL find_action(struct row *row, const char *name)
{
	for (size_t i = 0; i < _countof(actions); i++)
		if (strcmp(actions[i].name, name) == 0)
			row->action = actions[i].type;
	return row->action != 0;
}

/* ---- conditions ------------------------------------------------------------------------------ */

/* Digits alone, at most max; *end is behind them. */
static BOOL number(const char *text, unsigned long max, unsigned long *out, const char **end)
{
	char *after;

	if (*text < '0' || *text > '9')
		return FALSE;
	*out = strtoul(text, &after, 10);
	*end = after;
	return *out <= max;
}

static BOOL protocol(struct row *row, const GUID *field, const char *value)
{
	for (size_t i = 0; i < _countof(protocols); i++) {
		if (strcmp(protocols[i].name, value) != 0)
			continue;
		where(&row->conditions, field, FWP_UINT8)->conditionValue.uint8 =
			protocols[i].number;
		return TRUE;
	}
	return FALSE;
}

static BOOL port(struct row *row, const GUID *field, const char *value)
{
	FWP_RANGE0 *range = &row->ranges[row->conditions.n];
	FWPM_FILTER_CONDITION0 *c;
	unsigned long low, high;

	if (!number(value, 0xFFFF, &low, &value))
		return FALSE;
	high = low;
	if (*value == '-' && !number(value + 1, 0xFFFF, &high, &value))
		return FALSE;
	if (*value || high < low)
		return FALSE;
	range->valueLow.type = range->valueHigh.type = FWP_UINT16;
	range->valueLow.uint16 = (UINT16)low;
	range->valueHigh.uint16 = (UINT16)high;
	c = where(&row->conditions, field, FWP_RANGE_TYPE);
	c->matchType = FWP_MATCH_RANGE;
	c->conditionValue.rangeValue = range;
	return TRUE;
}

static void network(struct row *row, const GUID *field, const struct address *a, unsigned bits)
{
	UINT32 at = row->conditions.n;
	FWPM_FILTER_CONDITION0 *c =
		where(&row->conditions, field, a->is_v6 ? FWP_V6_ADDR_MASK : FWP_V4_ADDR_MASK);

	if (a->is_v6) {
		row->values[at].v6.prefixLength = (UINT8)bits;
		memcpy(row->values[at].v6.addr, &a->v6, sizeof(a->v6));
		c->conditionValue.v6AddrMask = &row->values[at].v6;
	} else {
		row->values[at].v4.mask = bits ? 0xFFFFFFFFu << (32 - bits) : 0;
		row->values[at].v4.addr = a->v4 & row->values[at].v4.mask;
		c->conditionValue.v4AddrMask = &row->values[at].v4;
	}
}

static BOOL address(struct row *row, const GUID *field, const char *value)
{
	struct address *a = &row->values[row->conditions.n].address;
	char text[ADDRESS_MAX];
	const char *slash = strchr(value, '/'), *end;
	size_t length = slash ? (size_t)(slash - value) : strlen(value);
	struct address base;
	unsigned long bits;

	if (length >= sizeof(text))
		return FALSE;
	memcpy(text, value, length);
	text[length] = 0;
	if (!parse_address(text, &base))
		return FALSE;
	if (!slash) {
		*a = base;
		where_address(&row->conditions, field, a);
		return TRUE;
	}
	if (!number(slash + 1, base.is_v6 ? 128 : 32, &bits, &end) || *end)
		return FALSE;
	network(row, field, &base, (unsigned)bits);
	return TRUE;
}

static const struct {
	const char *name;
	const GUID *field;
	BOOL (*read)(struct row *row, const GUID *field, const char *value);
} fields[] = {
	{"protocol", &FWPM_CONDITION_IP_PROTOCOL, protocol},
	{"local-port", &FWPM_CONDITION_IP_LOCAL_PORT, port},
	{"remote-port", &FWPM_CONDITION_IP_REMOTE_PORT, port},
	{"local-address", &FWPM_CONDITION_IP_LOCAL_ADDRESS, address},
	{"remote-address", &FWPM_CONDITION_IP_REMOTE_ADDRESS, address},
};

static BOOL condition(struct row *row, char *text)
{
	char *value = strchr(text, '=');

	if (!value || row->conditions.n == CONDITIONS_MAX)
		return FALSE;
	*value++ = 0;
	for (size_t i = 0; i < _countof(fields); i++)
		if (strcmp(fields[i].name, text) == 0)
			return fields[i].read(row, fields[i].field, value);
	return FALSE;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* 64 bits of a hash (FNV-1a) of the text, twice: as good as random for keys, and always the same.
 */
static GUID key_of(const char *text)
{
	unsigned long long half[2] = {0xCBF29CE484222325u, 0x84222325CBF29CE4u};
	GUID key;

	for (size_t i = 0; i < _countof(half); i++)
		for (const char *c = text; *c; c++)
			half[i] = (half[i] ^ (unsigned char)*c) * 0x100000001B3u;
	memcpy(&key, half, sizeof(key));
	return key;
}

/* The text up to the next '|' without the blanks around it; *rest moves behind it. */
static char *column(char **rest)
{
	char *text = *rest + strspn(*rest, BLANKS), *bar = strchr(text, '|');
	char *end = bar ? bar : text + strlen(text);

	*rest = bar ? bar + 1 : end;
	while (end > text && strchr(BLANKS, end[-1]))
		end--;
	*end = 0;
	return text;
}

/* Returns what was expected, or NULL: the row is complete. Writes into line. */
static const char *read_row(struct row *row, char *line)
{
	char *name = column(&line);

	if (!*name || !widen(name, row->name, _countof(row->name)))
		return "a name";
	if (!find_layer(row, column(&line)))
		return "a layer: connect-v4, connect-v6, accept-v4 or accept-v6";
	if (!find_action(row, column(&line)))
		return "an action: permit, block or callout";
	for (char *text = strtok(line, BLANKS); text; text = strtok(NULL, BLANKS))
		if (!condition(row, text))
			return "conditions: protocol=, local-port=, remote-port=, local-address= "
			       "or "
			       "remote-address=, with a value that fits, eight at most";
	return NULL;
}

static const char *add_line(struct row ***last, struct row *table, char *line)
{
	struct row *row;
	const char *expected;

	line[strcspn(line, "#\r\n")] = 0;
	if (!line[strspn(line, BLANKS)])
		return NULL;
	row = calloc(1, sizeof(*row));
	if (!row)
		return "more memory";
	memcpy(row->text, line, strlen(line) + 1);
	row->key = key_of(row->text);
	expected =
		table_find(table, &row->key) ? "a row that is not there yet" : read_row(row, line);
	if (expected) {
		free(row);
		return expected;
	}
	**last = row;
	*last = &row->next;
	return NULL;
}

BOOL table_read(struct row **out, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[ROW_MAX];
	struct row *table = NULL, **last = &table;
	const char *expected = file ? NULL : "a file that can be read";
	unsigned n = 0;

	while (!expected && fgets(line, sizeof(line), file)) {
		n++;
		if (!strchr(line, '\n') && !feof(file))
			expected = "a shorter line";
		else
			expected = add_line(&last, table, line);
	}
	if (file)
		fclose(file);
	if (expected) {
		fprintf(stderr, "%s:%u: expected %s\n", path, n, expected);
		table_free(table);
		return FALSE;
	}
	*out = table;
	return TRUE;
}

void table_free(struct row *table)
{
	while (table) {
		struct row *next = table->next;

		free(table);
		table = next;
	}
}

struct row *table_find(struct row *table, const GUID *key)
{
	while (table && memcmp(&table->key, key, sizeof(*key)) != 0)
		table = table->next;
	return table;
}
