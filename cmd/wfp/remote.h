/* SPDX-License-Identifier: MIT */
/*
 * remote - what the subcommands ask the running engine, and how they say that it refused.
 *
 * One session for one command.  Main thread, but for the calls that a notification's callback makes
 * through remote_get.
 */
#pragma once

#include "base/arena.h"
#include "common/exit.h"
#include "import/state.h"
#include "model/guid.h"
#include "rpc/client.h"
#include "rpc/wfp.pb-c.h"
#include "wfp/words.h"

struct remote {
	const char *program; /* "wfp show", begins every sentence */
	const char *socket;  /* as typed; NULL: the usual one */
	struct rpc_client *client;
};

/* Connects and opens a session.  False: a sentence was printed, *status says how to end. */
bool remote_open(struct remote *r, void (*notify)(void *ctx, const Openwfp__Notification *n),
		 void *ctx, enum exit_status *status);
void remote_close(struct remote *r);

/*
 * Prints "wfp add: filter \"x\": FWP_E_ALREADY_EXISTS (0x80320009): ..."; what may be NULL.
 * Answers how the command ends.
 */
enum exit_status remote_failed(const struct remote *r, const char *what, wfp_err err);
/* The code's name, number and sentence, appended. */
void remote_error_text(wfp_err err, struct buf *out);

/* ---- calls ------------------------------------------------------------------------------------
 */

MUST_CHECK wfp_err remote_call(struct remote *r, Openwfp__Request *request, struct rpc_reply **out);

struct remote_added {
	struct guid key;
	uint64_t id;
};

/* sd: NULL, or a descriptor for the object. */
MUST_CHECK wfp_err remote_add(struct remote *r, Openwfp__Object *object,
			      const ProtobufCBinaryData *sd, struct remote_added *out);
MUST_CHECK wfp_err remote_delete(struct remote *r, const Openwfp__Which *which);
/* *out is for rpc_reply_free. */
MUST_CHECK wfp_err remote_get(struct remote *r, const Openwfp__Which *which,
			      struct rpc_reply **out);
MUST_CHECK wfp_err remote_begin(struct remote *r);
/* Commits, or (keep false) aborts. */
MUST_CHECK wfp_err remote_end(struct remote *r, bool keep);

/* Flags of a template: boot-time and disabled filters are not left out. */
#define REMOTE_ALL_FILTERS (0x8u | 0x10u)

/* Objects that were listed; state.objects point into the replies. */
struct remote_list {
	struct import_state state;
	struct rpc_reply **replies;
	size_t n_replies, room;
};

void remote_list_init(struct remote_list *l);
void remote_list_free(struct remote_list *l);
/* Appends all of a kind; t NULL: every one. */
MUST_CHECK wfp_err remote_list_add(struct remote *r, struct remote_list *l, Openwfp__Kind kind,
				   Openwfp__EnumTemplate *t);
/* Appends one object. */
MUST_CHECK wfp_err remote_list_get(struct remote *r, struct remote_list *l, Openwfp__Kind kind,
				   uint64_t id);
/* The same for subscriptions to changes of that kind. */
MUST_CHECK wfp_err remote_list_subscriptions(struct remote *r, struct remote_list *l,
					     Openwfp__Kind kind);

/* ---- kinds ------------------------------------------------------------------------------------
 */

/* What objects are called, and where their parts are. */
struct remote_kind {
	const char *one, *many; /* "filter", "filters" */
	Openwfp__Kind kind;
	const char *json;	   /* the key of the list in JSON: "filters" */
	const struct words *words; /* of those that are built in; NULL: none */
	bool has_id;
};

/* By either name, in any case; NULL: none. */
const struct remote_kind *remote_kind_find(const char *name);
const struct remote_kind *remote_kind_at(size_t i); /* those that can be added; NULL past the end */

/* What has a descriptor: those kinds, "engine" and others, as typed. */
bool remote_secured_find(const char *name, Openwfp__Kind *out);
/* "engine, provider, ...", appended. */
void remote_secured_choices(struct buf *out);

/* The parts that objects of those kinds have in common; NULL or zero: absent. */
struct remote_parts {
	const ProtobufCBinaryData *key;
	const Openwfp__DisplayData *texts;
	const ProtobufCBinaryData *provider;
	uint64_t id;
};
/* False: not one of those kinds. */
bool remote_parts_of(const Openwfp__Object *o, struct remote_parts *out);
const struct remote_kind *remote_kind_of(const Openwfp__Object *o); /* NULL: not one of those */
const char *remote_name_of(const Openwfp__Object *o);		    /* never NULL */
struct guid remote_guid(const ProtobufCBinaryData *bytes);	    /* zero: absent */

/*
 * The key of the object that a person names by GUID, well-known name, id or display name.
 * ERR_NOT_FOUND: why says what there is.
 */
MUST_CHECK wfp_err remote_find(struct remote *r, const struct remote_kind *kind, const char *text,
			       struct guid *out, struct buf *why);
