/* SPDX-License-Identifier: MIT */
/*
 * persist - between the base filtering engine and its store; for the files of src/bfe only.
 *
 * A record's kind is that of its object, or one of those below for what is only a descriptor.
 * Everything here is called by the writer, no lock held, and does nothing without a store.
 */
#pragma once

#include "bfe/state.h"

#define BFE_RECORD_BUILTIN   0x100u /* + kind: the descriptor of a built-in object */
#define BFE_RECORD_CONTAINER 0x200u /* + enum bfe_secured: of a container or the engine */
#define BFE_RECORD_LAYER     0x300u /* of a layer */
#define BFE_NEXT_FILTER	     "next-filter"
#define BFE_NEXT_CONTEXT     "next-context"

/* Has the transaction changed anything that is kept? */
bool bfe_persist_needed(const struct bfe_session *s);
/* Writes the journal of a session, for good; as engine_delta.durable. */
MUST_CHECK wfp_err bfe_persist_journal(void *session);
MUST_CHECK wfp_err bfe_persist_object_sd(struct bfe *b, const struct bfe_object *o,
					 const struct bfe_sd *sd);
/* layer NULL: the container or the engine itself. */
MUST_CHECK wfp_err bfe_persist_container_sd(struct bfe *b, enum bfe_secured what,
					    const struct guid *layer, const struct bfe_sd *sd);
MUST_CHECK wfp_err bfe_persist_option(struct bfe *b, const char *name, uint32_t value);
