/* SPDX-License-Identifier: MIT */
/*
 * stack - from return addresses to text.
 *
 * Names come from the symbol tables of the files, static functions included; file and line when
 * the object has debug information.  Only outside of a run: reading them takes memory and time.
 * What was looked up once is remembered until stack_close.  Thread: the explorer's.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "explore/finding.h"

struct stack_place {
	char module[48];   /* "firewall.so"; "" when the address belongs to none */
	char function[64]; /* "" when nothing is known */
	char file[96];	   /* "" likewise; without directories */
	uint32_t line;
	uint64_t offset; /* in the module's file, as addr2line counts */
	uint64_t into;	 /* the function, or what else has this name */
	bool driver;	 /* the module has a DriverEntry */
};

/* Before the world is opened, because what is remembered must survive rewinds. */
MUST_CHECK wfp_err stack_open(void);
void stack_close(void);

/* A return address: the call before it is named.  False: it is in no module. */
bool stack_find(const void *address, struct stack_place *out);

/* "classify at firewall.c:120 (firewall.so+0x1a2b)". */
void stack_place_print(const struct stack_place *p, struct buf *out);
/* One indented line for each frame, "#0" first; nothing when there is none. */
void stack_print(const struct explore_stack *s, struct buf *out);
