/* SPDX-License-Identifier: MIT */
/*
 * path - the table of the datapaths in this build.
 */
#include "path/path.h"

#include "path/none.h"
#ifdef BASE_HOST
#include "path/nfqueue.h"
#endif
#include "path/replay.h"

#include <string.h>

static const struct path_ops *const kinds[] = {
#ifdef BASE_HOST
	&nfqueue_path,
#endif
	&none_path,
	&replay_path,
};

const struct path_ops *path_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}
