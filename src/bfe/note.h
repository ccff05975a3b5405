/* SPDX-License-Identifier: MIT */
/*
 * note - mail that knows who reads it; between a worker and bfe_monitor_drain.
 */
#pragma once

#include "base/mailbox.h"

struct bfe_note {
	struct mail mail;
	/* On the draining thread; the note may be freed or sent again from inside. */
	void (*read)(struct bfe_note *note);
};
