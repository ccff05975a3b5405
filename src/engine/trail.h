/* SPDX-License-Identifier: MIT */
/*
 * trail - who spoke for each sublayer in one classify: for "why".
 *
 * The verdict names who decided; the trail names everybody who had a word, the sublayer of the
 * highest weight first.  The caller of engine_classify owns the room, hands it over empty, and asks
 * for it only when somebody wants to know: it costs a copy per sublayer.
 */
#pragma once

#include "model/netevent.h"

struct engine_trail {
	uint8_t n;
	uint8_t more; /* words that found no room */
	struct model_netevent_word words[MODEL_NETEVENT_WORDS];
};
