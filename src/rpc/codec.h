/* SPDX-License-Identifier: MIT */
/*
 * codec - between the plain data of model/ and the messages of wfp.proto.
 *
 * Encoding makes a message that borrows from the object: both the object and the arena must outlive
 * it.  Decoding makes a draft that borrows from the message and the arena, for bfe_object_add or
 * model_object_create, which copy.  Everything decoded is hostile: what no honest library sends
 * (broken wire format, a member twice, a key that has not 16 bytes, text that is not UTF-8, nesting
 * beyond what the types need) is RPC_X_BAD_STUB_DATA, as Windows says of it; what an honest one may
 * be asked to send gets the code of the management API.  Any thread; no state.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "model/catalogue.h"
#include "model/object.h"

/* As protoc-c makes them, in rpc/wfp.pb-c.h. */
struct ProtobufCMessage;
struct ProtobufCMessageDescriptor;
struct ProtobufCBinaryData;
struct Openwfp__Callout;
struct Openwfp__Filter;
struct Openwfp__FilterCondition;
struct Openwfp__Layer;
struct Openwfp__Object;
struct Openwfp__Provider;
struct Openwfp__ProviderContext;
struct Openwfp__SubLayer;
struct Openwfp__Value;

/* ---- objects as bytes --------------------------------------------------------------------------
 */

/*
 * The bytes of an Object message, for frames and for the store: the same object gives the same
 * bytes, and members that a later version adds are ignored by this one.
 */
MUST_CHECK wfp_err rpc_object_pack(const struct model_object *o, struct buf *out);
/* *out is a reference, created with all checks of model_object_create. */
MUST_CHECK wfp_err rpc_object_unpack(const void *data, size_t len, struct model_object **out);

/* ---- messages as bytes -------------------------------------------------------------------------
 */

#define RPC_NESTING_MAX 20u /* messages within messages */

/*
 * Checks, then decodes into the arena.  *out needs no free of its own and points nowhere into data.
 */
MUST_CHECK wfp_err rpc_message_unpack(struct arena *a,
				      const struct ProtobufCMessageDescriptor *type,
				      const void *data, size_t len, struct ProtobufCMessage **out);
/* Appends; failure is the buffer's. */
void rpc_message_pack(const struct ProtobufCMessage *m, struct buf *out);

/* ---- objects -----------------------------------------------------------------------------------
 */

/* Every kind of model_kind.  A filter's effective weight and every id are in the message. */
MUST_CHECK wfp_err rpc_object_encode(struct arena *a, const struct model_object *o,
				     struct Openwfp__Object *out);
/*
 * ERR_NULL_POINTER: no object in it; ERR_INVALID_ENUMERATOR: one of a kind that cannot be added.
 * Of a filter, id and weight are what the message says, if it does: the store wants them back, the
 * engine replaces them.
 */
MUST_CHECK wfp_err rpc_object_decode(struct arena *a, const struct Openwfp__Object *m,
				     struct model_object *draft);
MUST_CHECK wfp_err rpc_layer_encode(struct arena *a, const struct model_layer *layer,
				    struct Openwfp__Layer *out);

/* ---- parts of objects --------------------------------------------------------------------------
 */

/*
 * Text that is not well-formed UTF-16 is sent with U+FFFD in place of what is broken.  A member
 * that the type asks for and that is absent is ERR_NULL_POINTER, another one in its place
 * ERR_TYPE_MISMATCH, a number that does not fit ERR_OUT_OF_BOUNDS; a range of ranges
 * ERR_TYPE_MISMATCH.
 */
MUST_CHECK wfp_err rpc_value_encode(struct arena *a, const struct model_value *v,
				    struct Openwfp__Value *out);
/* NULL is FWP_EMPTY. */
MUST_CHECK wfp_err rpc_value_decode(struct arena *a, const struct Openwfp__Value *m,
				    struct model_value *out);

/* *out is an array of n pointers, as protobuf-c wants it. */
MUST_CHECK wfp_err rpc_conditions_encode(struct arena *a, const struct model_condition *conditions,
					 size_t n, struct Openwfp__FilterCondition ***out);
/* Drafts: key, match and value; `field` is -1. */
MUST_CHECK wfp_err rpc_conditions_decode(struct arena *a,
					 struct Openwfp__FilterCondition *const *messages, size_t n,
					 struct model_condition **out);

/* An absent key is the zero one, in both directions.  The message points at *key. */
void rpc_key_encode(const struct guid *key, int *has, struct ProtobufCBinaryData *out);
MUST_CHECK wfp_err rpc_key_decode(int has, const struct ProtobufCBinaryData *in, struct guid *out);
/* Of a layer's key: ERR_LAYER_NOT_FOUND for none and for unknown ones. */
MUST_CHECK wfp_err rpc_layer_decode(int has, const struct ProtobufCBinaryData *in, uint16_t *out);
