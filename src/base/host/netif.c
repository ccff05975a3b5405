/* SPDX-License-Identifier: MIT */
/*
 * netif - asks the kernel; any thread.
 */
#include "base/netif.h"

#include <net/if.h>

uint32_t netif_index(const char *name)
{
	return if_nametoindex(name);
}

bool netif_exists(uint32_t index)
{
	char name[IF_NAMESIZE];

	return index && if_indextoname(index, name);
}
