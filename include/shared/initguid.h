/* SPDX-License-Identifier: MIT */
/*
 * Include this before the headers that list keys, in one file of a program at least: from here on
 * DEFINE_GUID defines each key instead of declaring it.
 */
#pragma once

#ifndef INITGUID
#define INITGUID
#endif

#include "guiddef.h"
