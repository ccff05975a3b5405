/* SPDX-License-Identifier: MIT */
/*
 * netif - the names and numbers of this host's network interfaces.  Host only.
 */
#pragma once

#include "base/compiler.h"

/* 0: there is none of that name. */
uint32_t netif_index(const char *name);
bool netif_exists(uint32_t index);
