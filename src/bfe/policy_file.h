/* SPDX-License-Identifier: MIT */
/*
 * policy_file - a policy as a file: JSON with the names of the platform.
 *
 * The whole file is one transaction of the session: all of it is in force afterwards or nothing.
 * Its keys are described in docs/policy.md.  Read by the programs before any packet.
 */
#pragma once

#include "base/buf.h"
#include "bfe/bfe.h"

#define POLICY_FILE_MAX (16u << 20)

/*
 * On failure one sentence is appended to why: the file, the line (JSON) or the place in it
 * ("filters[2].conditions[0].field"), what is wrong and what was expected.
 * The session may not have a transaction open.
 */
MUST_CHECK wfp_err policy_file_load(struct bfe_session *s, const char *path, struct buf *why);
/* name: what the sentences call the text. */
MUST_CHECK wfp_err policy_file_parse(struct bfe_session *s, const char *text, size_t len,
				     const char *name, struct buf *why);
