/* SPDX-License-Identifier: MIT */
/*
 * The memory of an edit: what is changed in place, what is copied, and who frees what and when.
 */
#include "harness.h"

#include "base/mem.h"
#include "engine/edit.h"

struct piece {
	struct edit_part part;
	unsigned value;
	struct piece *left, *right;
};

static struct piece *piece_make(struct edit *e, unsigned value, struct piece *left,
				struct piece *right)
{
	struct piece *p = edit_alloc(e, sizeof(*p));

	if (p) {
		p->value = value;
		p->left = left;
		p->right = right;
	}
	return p;
}

/* A published root with two leaves. */
static struct piece *three_pieces(void)
{
	struct edit e;
	struct piece *root;

	edit_begin(&e, 1);
	root = piece_make(&e, 0, piece_make(&e, 1, NULL, NULL), piece_make(&e, 2, NULL, NULL));
	edit_keep(&e);
	edit_settle(&e);
	return root;
}

static void free_pieces(struct piece *p)
{
	if (!p)
		return;
	free_pieces(p->left);
	free_pieces(p->right);
	edit_free_part(p);
}

/* The next version: another value in the left leaf, no right one.  False: no memory. */
static bool change(struct edit *e, struct piece **root)
{
	struct piece *top = edit_own(e, *root), *left;

	if (!top)
		return false;
	*root = top;
	left = edit_own(e, top->left);
	if (!left)
		return false;
	top->left = left;
	left->value = 7;
	edit_drop(e, top->right);
	top->right = NULL;
	return true;
}

TEST(parts_are_aligned_and_clear)
{
	struct edit e;

	edit_begin(&e, 5);
	for (size_t size = sizeof(struct edit_part); size < 5000; size += 333) {
		const uint8_t *p = edit_alloc(&e, size);

		CHECK(p);
		CHECK_EQ_U((uintptr_t)p % CACHELINE, 0);
		for (size_t i = sizeof(struct edit_part); i < size; i++)
			CHECK_EQ_U(p[i], 0);
	}
	edit_undo(&e);
	CHECK_EQ_U(mem_live(), 0);
}

TEST(what_an_edit_made_it_changes_in_place)
{
	struct edit e;
	struct piece *p;

	edit_begin(&e, 2);
	p = piece_make(&e, 1, NULL, NULL);
	CHECK(edit_own(&e, p) == p);
	CHECK_EQ_U(e.made_bytes, sizeof(*p));
	CHECK_EQ_U(e.replaced_bytes, 0);
	edit_undo(&e);
}

TEST(what_an_older_edit_made_is_copied_once)
{
	struct piece *old = three_pieces(), *copy;
	struct edit e;

	edit_begin(&e, 2);
	copy = edit_own(&e, old);
	CHECK(copy && copy != old);
	CHECK(copy->left == old->left && copy->right == old->right);
	CHECK(edit_own(&e, copy) == copy);
	CHECK_EQ_U(e.made_bytes, sizeof(*copy));
	CHECK_EQ_U(e.replaced_bytes, sizeof(*old));
	edit_undo(&e);
	free_pieces(old);
	CHECK_EQ_U(mem_live(), 0);
}

TEST(an_undone_edit_leaves_the_old_version_whole)
{
	struct piece *old = three_pieces(), *root = old;
	const uint64_t live = mem_live();
	struct edit e;

	edit_begin(&e, 2);
	CHECK(change(&e, &root));
	edit_undo(&e);
	CHECK_EQ_U(mem_live(), live);
	CHECK_EQ_U(old->left->value, 1);
	CHECK_EQ_U(old->right->value, 2);
	free_pieces(old);
	CHECK_EQ_U(mem_live(), 0);
}

TEST(a_kept_edit_frees_the_old_parts_only_when_settled)
{
	struct piece *old = three_pieces(), *root = old;
	const uint64_t live = mem_live();
	struct edit e;

	edit_begin(&e, 2);
	CHECK(change(&e, &root));
	edit_keep(&e);
	CHECK_EQ_U(mem_live(), live + 2);
	CHECK_EQ_U(old->left->value, 1);
	CHECK_EQ_U(root->left->value, 7);
	edit_settle(&e);
	CHECK_EQ_U(mem_live(), 2);
	free_pieces(root);
	CHECK_EQ_U(mem_live(), 0);
}

TEST(a_part_made_and_dropped_in_one_edit_is_gone_when_that_is_settled)
{
	struct edit e;
	struct piece *kept;

	edit_begin(&e, 2);
	kept = piece_make(&e, 1, NULL, NULL);
	edit_drop(&e, piece_make(&e, 2, NULL, NULL));
	CHECK_EQ_U(e.made_bytes, sizeof(*kept));
	edit_keep(&e);
	edit_settle(&e);
	CHECK_EQ_U(mem_live(), 1);
	edit_free_part(kept);
}

TEST(a_part_made_and_dropped_is_gone_when_that_edit_is_undone)
{
	struct edit e;

	edit_begin(&e, 2);
	edit_drop(&e, piece_make(&e, 2, NULL, NULL));
	edit_undo(&e);
	CHECK_EQ_U(mem_live(), 0);
}

TEST(an_undone_edit_may_try_the_same_change_again)
{
	struct piece *old = three_pieces(), *root = old;
	struct edit e;

	edit_begin(&e, 2);
	CHECK(change(&e, &root));
	edit_undo(&e);
	root = old;
	edit_begin(&e, 3);
	CHECK(change(&e, &root));
	edit_keep(&e);
	edit_settle(&e);
	CHECK_EQ_U(root->left->value, 7);
	free_pieces(root);
	CHECK_EQ_U(mem_live(), 0);
}

TEST(without_memory_every_change_can_be_undone)
{
	struct piece *old = three_pieces(), *root = old;
	const uint64_t live = mem_live();
	struct edit e;
	bool done = false;

	for (uint64_t nth = 1; !done; nth++) {
		root = old;
		edit_begin(&e, nth + 1);
		mem_fail_at(nth);
		done = change(&e, &root);
		mem_fail_at(0);
		edit_undo(&e);
		CHECK_EQ_U(mem_live(), live);
		CHECK_EQ_U(old->left->value, 1);
		CHECK_EQ_U(old->right->value, 2);
		CHECK(nth < 10);
	}
	free_pieces(old);
	CHECK_EQ_U(mem_live(), 0);
}
