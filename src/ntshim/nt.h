/* SPDX-License-Identifier: MIT */
/*
 * nt - the kernel that callout drivers are loaded into: one per process.
 *
 * nt_start makes Ke*, Ex*, Io*, Fwps* and Fwpm* work, over the engine, stack and bfe given.
 * nt_driver_load loads a shared object and calls its DriverEntry at PASSIVE_LEVEL;
 * nt_driver_unload calls DriverUnload, waits for its threads and work items, checks what it left
 * behind (holds, flow contexts, net buffer lists, pool) and unmaps it.
 */
#pragma once

#include "base/buf.h"
#include "bfe/bfe.h"
#include "stack/stack.h"

struct nt_config {
	struct engine *engine;
	struct stack *stack;
	struct bfe *bfe;
};
MUST_CHECK wfp_err nt_start(const struct nt_config *config);
void nt_stop(void); /* every driver must have been unloaded */

struct nt_driver;
/* On failure `why` names the file and what is wrong with it; nothing stays behind. */
MUST_CHECK wfp_err nt_driver_load(struct nt_driver **out, const char *path, struct buf *why);
enum nt_unload { NT_UNLOAD_POLITE, NT_UNLOAD_FORCED };
/*
 * POLITE: refused (FWP_E_IN_USE) with the list of what it holds, as long as it holds operations.
 * FORCED: holds are revoked, packets reclaimed, leaks reported and freed.
 */
MUST_CHECK wfp_err nt_driver_unload(struct nt_driver *d, enum nt_unload how, struct buf *why);
const char *nt_driver_name(const struct nt_driver *d);
uint32_t nt_driver_id(const struct nt_driver *d);
