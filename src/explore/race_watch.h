/* SPDX-License-Identifier: MIT */
/*
 * race_watch - the race detector at work: fed by the steps of every run and by the accesses of
 * instrumented drivers, it says DataRace.
 *
 * A race is a mild finding: the run goes on, and the same two places are said once in it.  Nothing
 * is watched while no instrumented code is loaded.
 */
#pragma once

#include "base/err.h"
#include "explore/finding.h"

/* Before the world is opened.  ERR_NO_MEMORY: nothing is watched. */
MUST_CHECK wfp_err race_watch_open(void);
void race_watch_close(void);

/*
 * For the run that explains: each access keeps the calls around it, so that the earlier of two that
 * race has a whole stack too.  Costs time and 8 MiB, which are taken at the first use.
 */
MUST_CHECK wfp_err race_watch_stacks(bool on);

/* An access is made now, by the running thread, in instrumented code at `pc`. */
void race_watch_plain(const void *address, uint32_t size, bool write, const void *pc);
void race_watch_atomic(const void *address, uint32_t size, bool write, const void *pc);

/* Accesses and orders that there was no room for, in all runs: 0, or "no race" says less. */
uint64_t race_watch_lost(void);
