/* SPDX-License-Identifier: MIT */
/*
 * The intrusive list, against an array that does the same.
 */
#include "harness.h"

#include "base/list.h"
#include "base/rng.h"

struct item {
	unsigned number;
	struct list link;
};

static unsigned number_of(struct list *link)
{
	return LIST_ENTRY(link, struct item, link)->number;
}

TEST(a_new_list_is_empty)
{
	struct list head;

	list_init(&head);
	CHECK(list_empty(&head));
	CHECK(!list_first(&head));
	CHECK(!list_pop_head(&head));
	CHECK_EQ_U(list_count(&head), 0);
}

TEST(deleting_twice_is_harmless)
{
	struct item a = {.number = 1}, b = {.number = 2};
	struct list head;

	list_init(&head);
	list_add_tail(&head, &a.link);
	list_add_tail(&head, &b.link);
	list_del(&a.link);
	list_del(&a.link);
	CHECK(list_empty(&a.link));
	CHECK_EQ_U(list_count(&head), 1);
	CHECK_EQ_U(number_of(list_first(&head)), 2);
}

TEST(the_safe_walk_allows_deleting_the_element_at_hand)
{
	struct item items[10];
	struct list head, *pos, *tmp;
	unsigned seen = 0;

	list_init(&head);
	for (unsigned i = 0; i < ARRAY_LEN(items); i++) {
		items[i].number = i;
		list_add_tail(&head, &items[i].link);
	}
	LIST_FOR_EACH_SAFE (pos, tmp, &head) {
		CHECK_EQ_U(number_of(pos), seen++);
		list_del(pos);
	}
	CHECK_EQ_U(seen, 10);
	CHECK(list_empty(&head));
}

TEST(splicing_keeps_the_order_and_empties_the_source)
{
	struct item items[4];
	struct list a, b, *pos;
	unsigned next = 0;

	list_init(&a);
	list_init(&b);
	list_splice_tail(&a, &b);
	CHECK(list_empty(&a));
	for (unsigned i = 0; i < 4; i++) {
		items[i].number = i;
		list_add_tail(i < 2 ? &a : &b, &items[i].link);
	}
	list_splice_tail(&a, &b);
	CHECK(list_empty(&b));
	LIST_FOR_EACH (pos, &a)
		CHECK_EQ_U(number_of(pos), next++);
	CHECK_EQ_U(next, 4);
}

/* The reference: numbers in an array, moved by hand. */
struct row {
	unsigned numbers[64];
	unsigned n;
};

static void row_insert(struct row *row, unsigned at, unsigned number)
{
	memmove(&row->numbers[at + 1], &row->numbers[at], (row->n - at) * sizeof(unsigned));
	row->numbers[at] = number;
	row->n++;
}

static unsigned row_remove(struct row *row, unsigned at)
{
	unsigned number = row->numbers[at];

	row->n--;
	memmove(&row->numbers[at], &row->numbers[at + 1], (row->n - at) * sizeof(unsigned));
	return number;
}

static void check_equal(const struct list *head, const struct row *row)
{
	struct list *pos;
	unsigned i = 0;

	LIST_FOR_EACH (pos, head)
		CHECK_EQ_U(number_of(pos), row->numbers[i++]);
	CHECK_EQ_U(i, row->n);
}

TEST(random_operations_agree_with_an_array)
{
	struct item items[64];
	struct row row = {.n = 0};
	struct list head;
	struct rng rng;

	rng_seed(&rng, test_seed());
	list_init(&head);
	for (unsigned i = 0; i < ARRAY_LEN(items); i++) {
		items[i].number = i;
		list_init(&items[i].link);
	}
	for (unsigned step = 0; step < 20000; step++) {
		struct item *item = &items[rng_below(&rng, ARRAY_LEN(items))];

		if (!list_empty(&item->link)) {
			unsigned at = rng_below(&rng, row.n);

			list_del(&items[row_remove(&row, at)].link);
		} else if (rng_below(&rng, 2) == 0) {
			list_add_head(&head, &item->link);
			row_insert(&row, 0, item->number);
		} else {
			list_add_tail(&head, &item->link);
			row_insert(&row, row.n, item->number);
		}
		check_equal(&head, &row);
	}
}
