/* SPDX-License-Identifier: MIT */
/*
 * tsan - what code compiled with -fsanitize=thread calls, so that a driver shows its plain
 * accesses.
 *
 * Such a driver is linked without the sanitizer's library; it finds these functions in the program
 * that loads it.  Each access is looked up among the freed blocks, handed to the race detector and,
 * when plain accesses are points, is one.  Accesses of the thread's own stack are left out: what a
 * thread shares there with another is not watched from its own side.  A volatile read acquires and
 * a volatile write releases, as Microsoft's compiler has it.
 *
 * Thread: any of the run.  Outside of a controlled world everything here does nothing.
 */
#pragma once

#include "explore/finding.h"

/* Has instrumented code been loaded?  Without it there is nothing for the race detector. */
bool tsan_is_used(void);

/* The access that the running thread makes, and the calls around it, innermost first; 0: none. */
uint32_t tsan_stack(void **frames, uint32_t max);
