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
	unsigned processors;  /* how many DPCs run at once, 2 at most; 0: they share a thread */
	bool clones_may_fail; /* whether one does is a choice of the simulator ("clone") */
};
MUST_CHECK wfp_err nt_start(const struct nt_config *config);
void nt_stop(void); /* every driver must have been unloaded */
/* Some driver is mapped: loaded, or not to be unloaded because its code still runs. */
bool nt_has_drivers(void);

struct nt_driver;
struct _DRIVER_OBJECT;
struct _UNICODE_STRING;
/* DriverEntry, as ntddk.h declares it. */
typedef int32_t (*nt_driver_entry)(struct _DRIVER_OBJECT *driver, struct _UNICODE_STRING *registry);

/*
 * On failure `why` names the file and what is wrong with it; nothing stays behind, unless a thread
 * that it started does not end.
 * ERR_DLL_INIT_FAILED: DriverEntry failed.
 */
MUST_CHECK wfp_err nt_driver_load(struct nt_driver **out, const char *path, struct buf *why);
/* The same for a driver that is linked into the program. */
MUST_CHECK wfp_err nt_driver_start(struct nt_driver **out, const char *name, nt_driver_entry entry,
				   struct buf *why);
enum nt_unload { NT_UNLOAD_POLITE, NT_UNLOAD_FORCED };
/*
 * DriverUnload is called once, by the first attempt.
 * POLITE: refused (FWP_E_IN_USE) with the list of what it still holds afterwards; the driver stays
 * mapped, and another attempt may follow.
 * FORCED: holds are revoked, packets reclaimed.
 * Both report and free whatever else it left.  FWP_E_TIMEOUT: a thread of it does not end; it
 * stays.
 */
MUST_CHECK wfp_err nt_driver_unload(struct nt_driver *d, enum nt_unload how, struct buf *why);
/* Ends the registrations of its callouts by force, as if the machine had lost patience. */
void nt_driver_unregister(struct nt_driver *d);
/* The thread that holds a driver's spin lock, for reports; 0: nobody. */
uint32_t nt_spin_holder(const void *lock);
/* What a thread waits for in KeWaitFor*, for reports on a run that has ended: how many. */
uint32_t nt_waits_for(uint32_t thread, const void **objects, uint32_t max);
/* The thread whose object this is, likewise; 0: it is none, or has not run yet. */
uint32_t nt_thread_of(const void *object);
const char *nt_driver_name(const struct nt_driver *d); /* "firewall", of firewall.so */
uint32_t nt_driver_id(const struct nt_driver *d);
