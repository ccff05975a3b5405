/* SPDX-License-Identifier: MIT */
/*
 * switch - from one stack to another in a dozen instructions.
 *
 * Where there is none (another processor, or a sanitizer that must be told) fiber.c uses ucontext,
 * which costs two system calls.  Used by fiber.c alone.
 */
#pragma once

#include "base/compiler.h"

#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(BASE_ASAN) && !defined(BASE_TSAN)
#define SWITCH_OWN 1
#else
#define SWITCH_OWN 0
#endif

#if SWITCH_OWN
/* Comes back when somebody switches to what was stored in *from. */
void switch_stacks(void **from, void *to);

/* What `to` must be so that the first switch enters `entry`, which has no caller. */
void *switch_prepare(void *top, void (*entry)(void));

/* Where the switch that stored sp will go on. */
void *switch_pc(void *sp);
void *switch_frame(void *sp);
#endif
