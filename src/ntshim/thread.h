/* SPDX-License-Identifier: MIT */
/*
 * thread - what ob.c needs of the system threads in ps.c: from the object to the pointer that
 * drivers see (PKTHREAD, which can be waited for), and back.
 */
#pragma once

#include "ntshim/ob.h"

void nt_threads_start(void);
void nt_threads_stop(void);
PVOID nt_thread_body(struct nt_object *ob);
/* A new reference to the living thread object at `body`; NULL: there is none. */
struct nt_object *nt_thread_find(const void *body);
/* Frees the thread objects that `d` still refers to; its threads must have been joined.  How many.
 */
unsigned nt_threads_reclaim(const struct nt_driver *d);
