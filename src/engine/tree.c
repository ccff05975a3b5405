/* SPDX-License-Identifier: MIT */
/*
 * tree - one rule more or less, by copying the path from the root to it.
 *
 * A new rule goes where boxes grow least; a node that is full is cut in two like a set of rules
 * that is built.  Called by index.c, by whoever has the edit.
 */
#include "engine/tree_node.h"

/* The least that either half of a full node gets. */
#define HALF_MIN 5u

struct step {
	struct tree_node *node;
	unsigned i; /* which child the path goes to */
};

/* From the root to a leaf. */
struct path {
	unsigned n;
	struct step steps[TREE_HEIGHT_MAX];
};

static const uint32_t *lower(const struct tree_node *node, unsigned word)
{
	return node->bounds + (size_t)2 * word * TREE_FAN;
}

static const uint32_t *upper(const struct tree_node *node, unsigned word)
{
	return lower(node, word) + TREE_FAN;
}

static uint32_t least(uint32_t x, uint32_t y)
{
	return x < y ? x : y;
}

static uint32_t most(uint32_t x, uint32_t y)
{
	return x > y ? x : y;
}

/* ---- adding --------------------------------------------------------------------------------- */

/* Takes the child whose box grows least, of those the smallest. */
static unsigned choose_child(const struct tree_node *node, const struct tree_item *item)
{
	double now[TREE_FAN], then[TREE_FAN];
	unsigned best = 0;

	for (unsigned i = 0; i < TREE_FAN; i++)
		now[i] = then[i] = 1;
	for (unsigned w = 0; w < node->bounded; w++) {
		const uint32_t *lo = lower(node, w), *hi = upper(node, w);
		const uint32_t item_lo = item->bounds[w], item_hi = item->bounds[w + node->words];

		for (unsigned i = 0; i < TREE_FAN; i++) {
			const uint32_t width = most(hi[i], item_hi) - least(lo[i], item_lo);

			now[i] *= (double)(hi[i] - lo[i]) + 1;
			then[i] *= (double)width + 1;
		}
	}
	for (unsigned i = 1; i < node->n; i++) {
		const double more = then[i] - now[i], least_more = then[best] - now[best];

		if (more < least_more || (more == least_more && now[i] < now[best]))
			best = i;
	}
	return best;
}

/* Child i becomes `child`, and what is below it gets the item; returns its new place. */
static unsigned grow_child(struct tree_node *node, unsigned i, struct tree_node *child,
			   const struct tree_item *item)
{
	struct tree_bounds bounds;
	struct tree_item grown = tree_node_item(node, i, &bounds);
	const unsigned words = node->words;

	for (unsigned w = 0; w < words; w++) {
		bounds.v[w] = least(bounds.v[w], item->bounds[w]);
		bounds.v[w + words] = most(bounds.v[w + words], item->bounds[w + words]);
	}
	if (rule_before(item->order, grown.order))
		grown.order = item->order;
	if (rule_before(grown.behind, item->behind))
		grown.behind = item->behind;
	grown.child = child;
	tree_node_take(node, i);
	tree_node_put(node, &grown);
	for (i = 0; node->child[i] != child; i++)
		;
	return i;
}

/* Down to the leaf for the item; all nodes on the way are the edit's and have its box. */
static MUST_CHECK wfp_err descend(struct path *path, struct tree_node *root, struct edit *e,
				  const struct tree_item *item)
{
	struct tree_node *node = edit_own(e, root);

	path->n = 0;
	for (;;) {
		struct step *step = &path->steps[path->n];
		struct tree_node *child;
		unsigned i;

		if (!node)
			return ERR_NO_MEMORY;
		path->n++;
		step->node = node;
		if (node->height == 0)
			return ERR_OK;
		i = choose_child(node, item);
		child = edit_own(e, node->child[i]);
		if (child)
			step->i = grow_child(node, i, child, item);
		node = child;
	}
}

/* Cuts a full node and one item more in two; NULL: no memory, and the node is as it was. */
static struct tree_node *halve(struct tree_node *node, struct edit *e, const struct tree_item *more)
{
	struct tree_item items[TREE_FAN + 1];
	struct tree_bounds bounds[TREE_FAN];
	static const struct tree_parts two = {
		.child_least = HALF_MIN, .child_most = TREE_FAN, .children = 2};
	size_t cut;
	struct tree_node *second = tree_node_create(e, node->words, node->height);

	if (!second)
		return NULL;
	items[TREE_FAN] = *more;
	for (unsigned i = TREE_FAN; i-- > 0; tree_node_take(node, i))
		items[i] = tree_node_item(node, i, &bounds[i]);
	cut = tree_split(items, TREE_FAN + 1, node->words, &two);
	for (unsigned i = 0; i <= TREE_FAN; i++)
		tree_node_put(i < cut ? node : second, &items[i]);
	return second;
}

/* A root above the two; NULL: no memory. */
static struct tree_node *join(struct tree_node *x, struct tree_node *y, struct edit *e)
{
	struct tree_node *root = tree_node_create(e, x->words, x->height + 1u);
	struct tree_node *const children[] = {x, y};

	for (unsigned i = 0; root && i < ARRAY_LEN(children); i++) {
		struct tree_bounds bounds;
		const struct tree_item item = tree_node_whole(children[i], &bounds);

		tree_node_put(root, &item);
	}
	return root;
}

/* Child i has been cut: its box is smaller. */
static void shrink_child(struct tree_node *node, unsigned i)
{
	struct tree_bounds bounds;
	const struct tree_item item = tree_node_whole(node->child[i], &bounds);

	tree_node_take(node, i);
	tree_node_put(node, &item);
}

/* Puts the item into the path's leaf, cutting nodes upwards as needed. */
static MUST_CHECK wfp_err insert(struct tree_node **root, struct path *path, struct edit *e,
				 struct tree_item item)
{
	struct tree_bounds bounds;

	for (unsigned level = path->n; level-- > 0;) {
		struct tree_node *node = path->steps[level].node, *second;

		if (node->n < TREE_FAN) {
			tree_node_put(node, &item);
			*root = path->steps[0].node;
			return ERR_OK;
		}
		second = halve(node, e, &item);
		if (!second)
			return ERR_NO_MEMORY;
		if (level == 0) {
			struct tree_node *top = join(node, second, e);

			if (!top)
				return ERR_NO_MEMORY;
			*root = top;
			return ERR_OK;
		}
		shrink_child(path->steps[level - 1].node, path->steps[level - 1].i);
		item = tree_node_whole(second, &bounds);
	}
	return ERR_OK;
}

wfp_err tree_add(struct tree_node **root, struct edit *e, const struct index_rule *r)
{
	const struct tree_item item = tree_rule_item(r);
	struct path path;
	wfp_err err;

	if (!*root)
		return tree_build(root, e, &r, 1, r->words);
	err = descend(&path, *root, e, &item);
	return err ? err : insert(root, &path, e, item);
}

/* ---- removing ------------------------------------------------------------------------------- */

/* The children below which the rule may be. */
static uint32_t around(const struct tree_node *node, const struct index_rule *r)
{
	uint32_t mask = 0;

	for (unsigned i = 0; node->height > 0 && i < node->n; i++) {
		unsigned w = 0;

		if (rule_before(r->order, node->best[i]))
			break;
		if (rule_before(tree_behind(node)[i], r->order))
			continue;
		while (w < node->words && lower(node, w)[i] <= rule_lo(r)[w] &&
		       upper(node, w)[i] >= rule_hi(r)[w])
			w++;
		if (w == node->words)
			mask |= 1u << i;
	}
	return mask;
}

static bool find_in_leaf(struct step *leaf, const struct index_rule *r)
{
	for (leaf->i = 0; leaf->i < leaf->node->n; leaf->i++)
		if (leaf->node->child[leaf->i] == r)
			return true;
	return false;
}

/* The way to the rule. */
static bool find(struct path *path, struct tree_node *root, const struct index_rule *r)
{
	uint32_t left[TREE_HEIGHT_MAX]; /* children still to be tried */

	path->n = 1;
	path->steps[0].node = root;
	left[0] = around(root, r);
	while (path->n > 0) {
		struct step *step = &path->steps[path->n - 1];
		uint32_t *mask = &left[path->n - 1];

		if (step->node->height == 0 && find_in_leaf(step, r))
			return true;
		if (step->node->height == 0 || *mask == 0) {
			path->n--;
			continue;
		}
		step->i = (unsigned)__builtin_ctz(*mask);
		*mask &= *mask - 1;
		step[1].node = step->node->child[step->i];
		left[path->n++] = around(step[1].node, r);
	}
	return false;
}

/* Makes the nodes of the path the edit's. */
static MUST_CHECK wfp_err own_path(struct path *path, struct edit *e)
{
	for (unsigned level = 0; level < path->n; level++) {
		struct step *step = &path->steps[level];
		struct tree_node *own = edit_own(e, step->node);

		if (!own)
			return ERR_NO_MEMORY;
		step->node = own;
		if (level > 0)
			step[-1].node->child[step[-1].i] = own;
	}
	return ERR_OK;
}

/* Takes the rule out and makes the boxes above as small as they can be. */
static void cut_out(struct path *path, struct edit *e)
{
	const struct step *leaf = &path->steps[path->n - 1];

	tree_node_take(leaf->node, leaf->i);
	for (unsigned level = path->n - 1; level-- > 0;) {
		const struct step *step = &path->steps[level];
		struct tree_node *child = step->node->child[step->i];

		if (child->n > 0) {
			shrink_child(step->node, step->i);
		} else {
			tree_node_take(step->node, step->i);
			edit_drop(e, child);
		}
	}
}

/* The root without levels that decide nothing. */
static struct tree_node *lower_root(struct tree_node *root, struct edit *e)
{
	while (root && root->n < 2 && (root->n == 0 || root->height > 0)) {
		struct tree_node *child = root->child[0];

		edit_drop(e, root);
		root = child;
	}
	return root;
}

wfp_err tree_remove(struct tree_node **root, struct edit *e, const struct index_rule *r)
{
	struct path path;
	wfp_err err;

	BUG_ON(!*root || !find(&path, *root, r));
	err = own_path(&path, e);
	if (err)
		return err;
	cut_out(&path, e);
	*root = lower_root(path.steps[0].node, e);
	return ERR_OK;
}

/* ---- all of it; recursion is as deep as the tree is high ------------------------------------- */

void tree_free(struct tree_node *root)
{
	if (!root)
		return;
	for (unsigned i = 0; root->height > 0 && i < root->n; i++)
		tree_free(root->child[i]);
	edit_free_part(root);
}

size_t tree_bytes(const struct tree_node *root)
{
	size_t bytes = root ? root->part.size : 0;

	for (unsigned i = 0; root && root->height > 0 && i < root->n; i++)
		bytes += tree_bytes(root->child[i]);
	return bytes;
}

void tree_each(const struct tree_node *root, void (*fn)(void *ctx, const struct index_rule *r),
	       void *ctx)
{
	for (unsigned i = 0; root && i < root->n; i++) {
		if (root->height == 0)
			fn(ctx, root->child[i]);
		else
			tree_each(root->child[i], fn, ctx);
	}
}
