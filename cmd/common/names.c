/* SPDX-License-Identifier: MIT */
/*
 * names - reason.h's functions over bfe_filter_describe and the built-in sublayers. Any thread.
 */
#include "common/names.h"

static void filter(void *ctx, uint64_t id, struct buf *out)
{
	struct bfe_filter_info info;

	if (bfe_filter_describe(ctx, id, &info))
		buf_append_str(out, info.name);
}

static void callout(void *ctx, uint32_t id, struct buf *out)
{
	char name[BFE_NAME_MAX];

	if (bfe_callout_describe(ctx, id, name))
		buf_append_str(out, name);
}

static void sublayer(void *ctx, const struct guid *key, struct buf *out)
{
	char name[BFE_NAME_MAX];

	if (bfe_sublayer_describe(ctx, key, name))
		buf_append_str(out, name);
}

struct reason_names names_of(struct bfe *bfe)
{
	return (struct reason_names){
		.filter = filter, .callout = callout, .sublayer = sublayer, .ctx = bfe};
}
