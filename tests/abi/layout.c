/* SPDX-License-Identifier: MIT */
/*
 * One table of names, sizes, offsets and values, compiled with our headers and with those of
 * mingw-w64, and never run: layout.sh takes the table out of the object files and compares them
 * row by row. GROUP is um, km or net; each has a list of its own, because on Windows the user and
 * the kernel headers do not go together.
 */
#ifdef GROUP_um
#ifdef THEIRS
#include <winsock2.h>
#include <windows.h>
#endif
#include <fwpmu.h>
#define LIST "layout_um.def"
#endif

#ifdef GROUP_km
#ifdef THEIRS
#include <ddk/wdm.h>
#else
#include <ntddk.h>
#endif
#define LIST "layout_km.def"
#endif

#ifdef GROUP_net
#ifdef THEIRS
#include <winsock2.h>
#include <ws2ipdef.h>
#include <windows.h>
#include <netioapi.h>
#include <ntddndis.h>
#else
#include <ndis.h>
#endif
#define LIST "layout_net.def"
#endif

#include <stddef.h>

struct row {
	char name[88];
	unsigned size;
	unsigned offset;
};

#define STRUCT(s)    {#s, sizeof(s), 0},
#define MEMBER(s, m) {#s "." #m, sizeof(((s *)0)->m), offsetof(s, m)},
#define VALUE(v)     {#v, (unsigned)(v), 0},

const struct row layout[] __attribute__((section(".layout"), used, aligned(32))) = {
#include LIST
};
