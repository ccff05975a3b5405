/* SPDX-License-Identifier: MIT */
/*
 * show - what listings and the monitor share: names for keys and ids, and lines for people.
 *
 * One thread at a time.
 */
#pragma once

#include "wfp/remote.h"
#include "wfp/table.h"

/* Sublayers, providers and filters by key and id; filters that are not known are asked for. */
struct show_names {
	struct remote *remote;
	struct remote_list list;
};

void show_names_init(struct show_names *n, struct remote *r);
void show_names_free(struct show_names *n);
/* filters: also these, for many events. */
MUST_CHECK wfp_err show_names_load(struct show_names *n, bool filters);
/* NULL: no such filter, or it may not be read. */
const Openwfp__Filter *show_names_filter(struct show_names *n, uint64_t id);
/* A well-known name in its short form, a display name, or the GUID; "" for none. */
void show_key(const struct show_names *n, const ProtobufCBinaryData *key, struct buf *out);

struct show_column {
	const char *title;
	void (*put)(struct show_names *names, const Openwfp__Object *o, struct buf *out);
};

/* *n columns of objects of that kind. */
const struct show_column *show_columns(Openwfp__Object__ObjectCase kind, unsigned *n);

/* "remote-port == 443", as --condition takes it. */
void show_condition(const Openwfp__FilterCondition *c, struct buf *out);

/* Everything that a document holds; and the document. */
MUST_CHECK wfp_err show_list_state(struct remote *r, struct remote_list *all);
void show_write_state(const struct remote_list *all, struct buf *out);
