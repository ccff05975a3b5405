/* SPDX-License-Identifier: MIT */
/*
 * codec_parts - what the files of the codec and the service share: texts, blobs, filters.
 *
 * Any thread; no state.
 */
#pragma once

#include "rpc/codec.h"

struct Openwfp__DisplayData;

/* Leaves *out alone when there is neither.  The message borrows. */
MUST_CHECK wfp_err rpc_texts_encode(struct arena *a, const char *name, const char *description,
				    struct Openwfp__DisplayData **out);
void rpc_texts_decode(const struct Openwfp__DisplayData *m, char **name, char **description);

/* An empty blob is an absent one. */
void rpc_blob_encode(const struct model_blob *blob, int *has, struct ProtobufCBinaryData *out);
void rpc_blob_decode(int has, const struct ProtobufCBinaryData *in, struct model_blob *out);

MUST_CHECK wfp_err rpc_filter_encode(struct arena *a, const struct model_object *o,
				     struct Openwfp__Object *out);
MUST_CHECK wfp_err rpc_filter_decode(struct arena *a, const struct Openwfp__Object *m,
				     struct model_object *draft);
