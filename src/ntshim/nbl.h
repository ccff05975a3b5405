/* SPDX-License-Identifier: MIT */
/*
 * nbl - net buffer lists of ours: what a callout is shown of a packet, its clones, its own lists.
 *
 * Each list that we hand out is in a table by its address, so that one freed twice, freed the wrong
 * way, freed while it is being injected or never ours is reported and not touched.  A list that
 * shows or stems from a packet holds a reference to it, and every reference or clone that a driver
 * makes is a claim on the packet's ledger entry.
 *
 *	SHOWN --classify ends, no reference left--> (freed)
 *	CLONE, OWN:  LIVE --inject--> INJECTING --completion--> LIVE --free--> (freed)
 */
#pragma once

#include <fwpsk.h>

#include "base/hash.h"
#include "engine/ledger.h"
#include "ntshim/shim.h"

enum nt_nbl_kind {
	NT_NBL_SHOWN, /* what classifyFn is given; the bytes are not for changing */
	NT_NBL_CLONE, /* the bytes are a copy, so that a driver may change them */
	NT_NBL_OWN,   /* bytes and descriptors are the driver's */
};

/* [I] immutable   [L] the table's lock   [D] the driver's to change */
struct nt_nbl {
	NET_BUFFER_LIST list;	     /* [D] first: this is what drivers see */
	NET_BUFFER buffer;	     /* [D] */
	MDL mdl;		     /* [D] of SHOWN and CLONE */
	struct hnode node;	     /* [L] */
	enum nt_nbl_kind kind;	     /* [I] */
	struct nt_driver *driver;    /* [I] */
	struct packet *packet;	     /* [I] shown or cloned; NULL: stems from nothing */
	struct ledger_entry *ledger; /* [I] of that packet; looked at only while claimed */
	uint32_t references;	     /* [L] SHOWN: the driver's */
	bool showing;		     /* [L] SHOWN: the classify runs */
	bool injecting;		     /* [L] */
	uint8_t *bytes;		     /* [I] the list's own copy; NULL: the packet's */
};

/* Shows `len` bytes at `bytes`, of which the window begins `offset` bytes in. */
struct nt_nbl_view {
	struct packet *packet; /* a reference is taken */
	struct ledger_entry *ledger;
	const uint8_t *bytes;
	uint32_t len, offset;
	bool copy; /* the bytes are not the packet's own: a reference must outlive them */
};
/* For one call of a callout of `driver`; NULL: no memory. */
struct nt_nbl *nt_nbl_show(const struct nt_nbl_view *view, struct nt_driver *driver);
/* The classify is over.  NULL is fine. */
void nt_nbl_shown(struct nt_nbl *n);

/* NULL, and reported: not a list of ours. */
struct nt_nbl *nt_nbl_find(const NET_BUFFER_LIST *list, const char *function);
/* LIVE to INJECTING; NULL, and reported: it is not ours, not LIVE, or not for injecting. */
struct nt_nbl *nt_nbl_inject_begin(const NET_BUFFER_LIST *list, const char *function);
void nt_nbl_inject_end(struct nt_nbl *n);

/* Copies the window of a net buffer; ERR_INVALID_PARAMETER: its descriptors end before. */
MUST_CHECK wfp_err nt_nb_copy(const NET_BUFFER *nb, uint8_t *out, uint32_t len);
MUST_CHECK wfp_err nt_nb_write(NET_BUFFER *nb, const uint8_t *bytes, uint32_t len);
/* Describes nonpaged memory. */
void nt_mdl_init(PMDL mdl, const void *address, ULONG length);
/* A window of `length` bytes, `offset` bytes into the chain. */
void nt_nb_init(NET_BUFFER *nb, PMDL chain, ULONG offset, ULONG length);
/* Frees the descriptors that retreating added. */
void nt_nb_free_added(NET_BUFFER *nb);
