/* SPDX-License-Identifier: MIT */
/*
 * The name that many programs write; there, file names have no case.
 */
#pragma once

#include "windows.h"
