/* SPDX-License-Identifier: MIT */
/*
 * trace_warn - was a trace made with the files that are here now?
 *
 * Called before a replay; a difference is no error, because a trace may be tried on a fixed driver.
 */
#include "explore/trace.h"

#include <inttypes.h>
#include <string.h>

static void warn_of(const char *file, const uint8_t expected[DIGEST_SIZE], struct buf *out)
{
	uint8_t digest[DIGEST_SIZE];
	wfp_err err = digest_file(file, digest);

	if (err)
		buf_printf(out, "%s cannot be read: %s\n", file, err_text(err));
	else if (memcmp(digest, expected, DIGEST_SIZE) != 0)
		buf_printf(out, "%s is not the file that the trace was made with\n", file);
}

void trace_warn(const struct explore_trace *t, const char *const *drivers, size_t n,
		const char *engine, struct buf *out)
{
	if (n != t->n_drivers)
		buf_printf(out, "the trace was made with %" PRIu32 " drivers, not %zu\n",
			   t->n_drivers, n);
	for (uint32_t i = 0; i < t->n_drivers && i < n; i++)
		warn_of(drivers[i], t->drivers[i].sha256, out);
	if (t->has_engine)
		warn_of(engine, t->engine, out);
}
