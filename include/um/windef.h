/* SPDX-License-Identifier: MIT */
/*
 * Another door to windows.h: some clients want the base types only, and get all of the thin one.
 */
#pragma once

#include "windows.h"
