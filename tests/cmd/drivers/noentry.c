/* SPDX-License-Identifier: MIT */
/* A shared object that is no driver: it has no DriverEntry. */
#include <ntddk.h>

LONG OpenwfpTestNotADriver = 1;
