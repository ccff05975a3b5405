/* SPDX-License-Identifier: MIT */
/*
 * sddl_condition - the writer of conditions (MS-DTYP 2.4.4.17).
 *
 * A stack makes a tree of the tokens, which are in postfix order; each node knows what it can stand
 * for.  The tree is written with parentheses where precedence needs them.  What would nest deeper
 * than the reader takes is refused, so that the recursion is bounded.  sddl.c calls it; any thread.
 */
#include "model/sddl_condition.h"

#include "base/mem.h"
#include "model/sddl_token.h"
#include "model/sid.h"

#include <inttypes.h>
#include <string.h>

struct node {
	struct sddl_token token;
	uint32_t left, right; /* nodes; 0: none */
	uint32_t up;   /* whose operand it is; until it is one: the node below on the stack */
	uint8_t kinds; /* enum sddl_kind */
	uint8_t nest;  /* parentheses within each other that its text has */
};

struct tree {
	struct node *nodes; /* from 1 */
	uint32_t n, top;    /* of the stack, at the end the root */
};

static unsigned get16(const uint8_t *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static unsigned precedence(uint8_t code)
{
	return code == SDDL_CODE_OR ? 1 : code == SDDL_CODE_AND ? 2 : 3;
}

static bool left_in_parentheses(const struct tree *t, const struct node *n)
{
	return precedence(t->nodes[n->left].token.code) < precedence(n->token.code);
}

static bool right_in_parentheses(const struct tree *t, const struct node *n)
{
	return n->token.code == SDDL_CODE_NOT ||
	       (precedence(n->token.code) < 3 &&
		precedence(t->nodes[n->right].token.code) <= precedence(n->token.code));
}

/* Takes a node that can stand for what is wanted from the stack; 0: there is none. */
static uint32_t pop(struct tree *t, unsigned wanted, uint32_t up)
{
	uint32_t i = t->top;

	if (i == 0 || !(t->nodes[i].kinds & wanted))
		return 0;
	t->top = t->nodes[i].up;
	t->nodes[i].up = up;
	return i;
}

static wfp_err add_op(struct tree *t, struct node *node, const struct sddl_op *op)
{
	unsigned left, right;

	node->kinds = SDDL_TRUTH;
	node->right = pop(t, op->right, t->n);
	node->left = node->right && op->left ? pop(t, op->left, t->n) : 0;
	if (!node->right || (op->left && !node->left))
		return ERR_INVALID_DATA;
	left = t->nodes[node->left].nest + left_in_parentheses(t, node);
	right = t->nodes[node->right].nest + right_in_parentheses(t, node);
	node->nest = (uint8_t)(left > right ? left : right);
	return node->nest > MODEL_SDDL_CONDITION_NEST ? ERR_NOT_SUPPORTED : ERR_OK;
}

static wfp_err add(struct tree *t, const struct sddl_token *token)
{
	struct node *node = &t->nodes[++t->n];
	const struct sddl_op *op = sddl_op_of(token->code);
	wfp_err err = ERR_OK;

	node->token = *token;
	if (op)
		err = add_op(t, node, op);
	else
		node->kinds = (uint8_t)sddl_token_kinds(token);
	if (!err && !node->kinds)
		err = ERR_INVALID_DATA;
	node->up = t->top;
	t->top = t->n;
	return err;
}

/* Nothing but zeros is left. */
static bool is_padding(const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at == SDDL_CODE_PADDING)
		at++;
	return at == end;
}

/* How many tokens there are before the padding; 0: none, or not well-formed. */
static uint32_t count_tokens(const uint8_t *at, const uint8_t *end)
{
	struct sddl_token token;
	uint32_t n = 0;

	for (; !is_padding(at, end); n++)
		if (*at == SDDL_CODE_PADDING || !sddl_token_next(&token, &at, end))
			return 0;
	return n;
}

static wfp_err build(struct tree *t, const uint8_t *at, const uint8_t *end)
{
	uint32_t n = count_tokens(at, end), root;
	struct sddl_token token;
	wfp_err err = ERR_OK;

	if (n == 0)
		return ERR_INVALID_DATA;
	t->nodes = mem_zalloc_array(n + 1, sizeof(*t->nodes));
	if (!t->nodes)
		return ERR_NO_MEMORY;
	while (!err && t->n < n) {
		BUG_ON(!sddl_token_next(&token, &at, end));
		err = add(t, &token);
	}
	if (err)
		return err;
	root = pop(t, SDDL_TRUTH, 0);
	if (root == 0 || t->top != 0)
		return ERR_INVALID_DATA;
	t->top = root;
	return ERR_OK;
}

static void write_integer(struct buf *out, const struct sddl_token *t)
{
	int64_t v = sddl_token_integer(t);
	uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	uint8_t sign = t->data[8], base = t->data[9];

	if (sign == SDDL_SIGN_PLUS)
		buf_append_byte(out, '+');
	if (sign == SDDL_SIGN_MINUS || v < 0)
		buf_append_byte(out, '-');
	if (base == SDDL_BASE_8)
		buf_printf(out, "0%" PRIo64, size);
	else if (base == SDDL_BASE_16)
		buf_printf(out, "0x%" PRIx64, size);
	else
		buf_printf(out, "%" PRIu64, size);
}

static void write_char(struct buf *out, uint32_t c)
{
	unsigned more = c >= 0x10000 ? 3 : c >= 0x800 ? 2 : c >= 0x80 ? 1 : 0;
	static const uint8_t first[] = {0, 0xc0, 0xe0, 0xf0};

	buf_append_byte(out, (uint8_t)(first[more] | c >> 6 * more));
	while (more-- > 0)
		buf_append_byte(out, (uint8_t)(0x80 | (c >> 6 * more & 0x3f)));
}

/* Without quotes and half characters: text has no escape for them. */
static bool write_string(struct buf *out, const struct sddl_token *t)
{
	buf_append_byte(out, '"');
	for (uint32_t i = 0; i < t->size; i += 2) {
		uint32_t c = get16(t->data + i);

		if (c >= 0xd800 && c < 0xdc00 && i + 2 < t->size &&
		    (get16(t->data + i + 2) & 0xfc00) == 0xdc00) {
			i += 2;
			c = 0x10000 + ((c & 0x3ff) << 10) + (get16(t->data + i) & 0x3ff);
		}
		if (c == 0 || c == '"' || (c >= 0xd800 && c < 0xe000))
			return false;
		write_char(out, c);
	}
	buf_append_byte(out, '"');
	return true;
}

static bool write_scalar(struct buf *out, const struct sddl_token *t)
{
	char sid[SID_TEXT];

	switch (t->code) {
	case SDDL_CODE_STRING:
		return write_string(out, t);
	case SDDL_CODE_OCTETS:
		buf_append_byte(out, '#');
		for (uint32_t i = 0; i < t->size; i++)
			buf_printf(out, "%02x", t->data[i]);
		return true;
	case SDDL_CODE_SID:
		buf_printf(out, "SID(%s)", sid_sddl(t->data, sid));
		return true;
	default:
		write_integer(out, t);
		return true;
	}
}

static bool write_list(struct buf *out, const struct sddl_token *list)
{
	const uint8_t *at = list->data, *end = at + list->size;
	const char *before = "{";
	struct sddl_token t;

	for (; at < end; before = ", ") {
		buf_append_str(out, before);
		if (!sddl_token_next(&t, &at, end) || !write_scalar(out, &t))
			return false;
	}
	buf_append_byte(out, '}');
	return true;
}

/* Only what the reader takes for a name: there are no escapes here. */
static bool write_local(struct buf *out, const struct sddl_token *t)
{
	size_t start = out->len;

	for (uint32_t i = 0; i < t->size; i += 2) {
		unsigned c = get16(t->data + i);

		if (!sddl_is_name_char(c) && !(c == '@' && i > 0))
			return false;
		buf_append_byte(out, (uint8_t)c);
	}
	return !sddl_op_at(buf_str(out) + start, true);
}

static void write_prefixed(struct buf *out, const struct sddl_token *t)
{
	for (size_t i = 0; i < ARRAY_LEN(sddl_prefixes); i++)
		if (sddl_prefixes[i].code == t->code)
			buf_append_str(out, sddl_prefixes[i].text);
	for (uint32_t i = 0; i < t->size; i += 2) {
		unsigned c = get16(t->data + i);

		if (sddl_is_prefixed_char(c))
			buf_append_byte(out, (uint8_t)c);
		else
			buf_printf(out, "%%%04x", c);
	}
}

static bool write_operand(struct buf *out, const struct sddl_token *t)
{
	if (t->code == SDDL_CODE_LOCAL)
		return write_local(out, t);
	if (t->code > SDDL_CODE_LOCAL) {
		write_prefixed(out, t);
		return true;
	}
	return t->code == SDDL_CODE_LIST ? write_list(out, t) : write_scalar(out, t);
}

static bool write_node(struct buf *out, const struct tree *t, const struct node *n);

static bool write_side(struct buf *out, const struct tree *t, uint32_t i, bool parentheses)
{
	if (parentheses)
		buf_append_byte(out, '(');
	if (!write_node(out, t, &t->nodes[i]))
		return false;
	if (parentheses)
		buf_append_byte(out, ')');
	return true;
}

/* "a && b && c" is as deep as it is long: a loop, so that only parentheses nest calls. */
static bool write_chain(struct buf *out, const struct tree *t, const struct node *last)
{
	const struct node *n = last;

	while (t->nodes[n->left].token.code == n->token.code)
		n = &t->nodes[n->left];
	if (!write_side(out, t, n->left, left_in_parentheses(t, n)))
		return false;
	for (;; n = &t->nodes[n->up]) {
		buf_append_str(out, n->token.code == SDDL_CODE_AND ? " && " : " || ");
		if (!write_side(out, t, n->right, right_in_parentheses(t, n)))
			return false;
		if (n == last)
			return true;
	}
}

static bool write_node(struct buf *out, const struct tree *t, const struct node *n)
{
	const struct sddl_op *op = sddl_op_of(n->token.code);

	if (!op)
		return write_operand(out, &n->token);
	if (op->left == SDDL_TRUTH)
		return write_chain(out, t, n);
	if (op->left) {
		if (!write_node(out, t, &t->nodes[n->left]) ||
		    t->nodes[n->right].token.code == SDDL_CODE_LOCAL)
			return false;
		buf_append_byte(out, ' ');
	}
	buf_append_str(out, op->text);
	if (op->right != SDDL_TRUTH)
		buf_append_byte(out, ' ');
	return write_side(out, t, n->right, right_in_parentheses(t, n));
}

wfp_err model_sddl_condition_format(struct buf *out, const uint8_t *bytes, size_t size)
{
	struct tree tree = {0};
	wfp_err err;

	if (size < SDDL_SIGNATURE_SIZE || memcmp(bytes, SDDL_SIGNATURE, SDDL_SIGNATURE_SIZE) != 0)
		return ERR_NOT_SUPPORTED;
	err = build(&tree, bytes + SDDL_SIGNATURE_SIZE, bytes + size);
	if (!err && !write_side(out, &tree, tree.top, true))
		err = ERR_NOT_SUPPORTED;
	mem_free(tree.nodes);
	return err ? err : buf_err(out);
}
