/* SPDX-License-Identifier: MIT */
/*
 * Another door to winsock2.h: a client that includes it wants the IPv6 addresses.
 */
#pragma once

#include "winsock2.h"
