/* SPDX-License-Identifier: MIT */
/*
 * name - what an object of a run is called: by what it belongs to, never by its address.
 *
 * Thread: the explorer's, after a run and before the rewind; stack_open comes first.
 */
#pragma once

#include "base/compiler.h"

/*
 * "heap.2:1a40+0x10": 16 bytes into the block that begins 0x1a40 bytes into the memory of thread 2.
 * "stack.2:ff40": on the stack of thread 2.  "queue+0x10 (firewall.so)": a variable, or, without
 * symbols, "firewall.so+0x4010".  False:
 * nothing that is known, such as a handle.
 */
bool explore_name_object(const void *address, char *out, size_t room);
