/* SPDX-License-Identifier: MIT */
/*
 * Another door to netioapi.h: the identifiers of interfaces are all a client needs of it.
 */
#pragma once

#include "netioapi.h"
