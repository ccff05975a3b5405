/* SPDX-License-Identifier: MIT */
/*
 * inject - packets that drivers put into the stack.
 *
 * stack_inject (stack.h) only writes a letter: an injection never runs on the injector's stack, so
 * one made inside a classifyFn is looked at after that classify has ended.
 */
#pragma once

#include "stack/way.h"

/* Out of the worker's port, as an answer to nothing.  ERR_NOT_SUPPORTED: the port cannot. */
wfp_err inject_send(struct stack_worker *w, struct packet *p);
