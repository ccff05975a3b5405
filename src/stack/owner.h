/* SPDX-License-Identifier: MIT */
/*
 * owner - whose the local end of a flow is: user, program, process.
 *
 * Finding out is dear, so it waits until somebody looks: a filter at a layer that is about to be
 * asked, or a net event that is about to be told.  Then the port is asked, once for each flow and
 * question; what the answer was stays with the flow, also through reauthorizations.  On the worker
 * that has the flow.
 */
#pragma once

#include "stack/way.h"

/* The packet, or the port, says who; the first word counts.  PACKET_UID_UNKNOWN: nothing happens.
 */
void owner_set_user(struct flow *f, uint32_t uid);
/* looks: enum engine_look, ORed.  Nothing happens without a flow, or when the flow is forwarded. */
void owner_learn(const struct journey *j, uint32_t looks);
/* The flow ends. */
void owner_forget(struct flow *f);
