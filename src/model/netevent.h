/* SPDX-License-Identifier: MIT */
/*
 * netevent - what became of one packet or one connection attempt, and why: plain data.
 *
 * Made by the stack on a worker, kept and shown by the base filtering engine.  The numbers are
 * those of FWPM_NET_EVENT_TYPE, FWPM_NET_EVENT_FLAG_* and FWPM_NET_EVENT_HEADER3.  An event is
 * copied as bytes; the one thing behind a pointer, the application's id, is counted: who keeps a
 * copy calls model_netevent_keep, and model_netevent_let_go when the copy goes.
 */
#pragma once

#include "model/address.h"
#include "model/app.h"
#include "model/guid.h"
#include "model/sid.h"

enum model_netevent_type {
	MODEL_NETEVENT_IKEEXT_MM_FAILURE = 0,
	MODEL_NETEVENT_IKEEXT_QM_FAILURE = 1,
	MODEL_NETEVENT_IKEEXT_EM_FAILURE = 2,
	MODEL_NETEVENT_CLASSIFY_DROP = 3,
	MODEL_NETEVENT_IPSEC_KERNEL_DROP = 4,
	MODEL_NETEVENT_IPSEC_DOSP_DROP = 5,
	MODEL_NETEVENT_CLASSIFY_ALLOW = 6,
	MODEL_NETEVENT_CAPABILITY_DROP = 7,
	MODEL_NETEVENT_CAPABILITY_ALLOW = 8,
	MODEL_NETEVENT_CLASSIFY_DROP_MAC = 9,
	MODEL_NETEVENT_LPM_PACKET_ARRIVAL = 10,
	MODEL_NETEVENT_TYPES
};

/* Which members are known; the others are zero. */
enum model_netevent_flag {
	MODEL_NETEVENT_HAS_PROTOCOL = 0x1,
	MODEL_NETEVENT_HAS_LOCAL_ADDRESS = 0x2,
	MODEL_NETEVENT_HAS_REMOTE_ADDRESS = 0x4,
	MODEL_NETEVENT_HAS_LOCAL_PORT = 0x8,
	MODEL_NETEVENT_HAS_REMOTE_PORT = 0x10,
	MODEL_NETEVENT_HAS_APP = 0x20,
	MODEL_NETEVENT_HAS_USER = 0x40,
	MODEL_NETEVENT_HAS_SCOPE_ID = 0x80,
	MODEL_NETEVENT_HAS_IP_VERSION = 0x100,
	MODEL_NETEVENT_IS_REAUTHORIZATION = 0x200,
	MODEL_NETEVENT_HAS_PACKAGE = 0x400,
};

/* FWP_IP_VERSION and FWP_AF. */
enum model_netevent_ip { MODEL_NETEVENT_V4, MODEL_NETEVENT_V6, MODEL_NETEVENT_NO_IP };
enum model_netevent_af {
	MODEL_NETEVENT_AF_INET,
	MODEL_NETEVENT_AF_INET6,
	MODEL_NETEVENT_AF_ETHER,
	MODEL_NETEVENT_AF_NONE
};

/* msFwpDirection. */
enum model_netevent_direction {
	MODEL_NETEVENT_IN = 0x3900,
	MODEL_NETEVENT_OUT = 0x3901,
	MODEL_NETEVENT_FORWARD = 0x3902,
};

/* FWPM_NET_EVENT_KEYWORD_*: what is collected besides drops. */
enum model_netevent_keyword {
	MODEL_NETEVENT_KEYWORD_INBOUND_MCAST = 0x1,
	MODEL_NETEVENT_KEYWORD_INBOUND_BCAST = 0x2,
	MODEL_NETEVENT_KEYWORD_CAPABILITY_DROP = 0x4,
	MODEL_NETEVENT_KEYWORD_CAPABILITY_ALLOW = 0x8,
	MODEL_NETEVENT_KEYWORD_CLASSIFY_ALLOW = 0x10,
	MODEL_NETEVENT_KEYWORD_PORT_SCANNING_DROP = 0x20,
	MODEL_NETEVENT_KEYWORDS = 0x3f,
};

/* The filter that spoke for one sublayer. */
struct model_netevent_word {
	uint64_t filter_id;
	struct guid sublayer;
	uint32_t callout_id; /* 0: the filter itself */
	uint32_t action;     /* enum model_action: BLOCK or PERMIT */
	bool hard;	     /* nobody below could change it */
	bool pended;	     /* a callout put the decision off; the action is BLOCK */
};
#define MODEL_NETEVENT_WORDS 8

struct model_netevent {
	uint64_t time;	  /* ns since 1970, UTC */
	uint32_t type;	  /* enum model_netevent_type */
	uint32_t flags;	  /* enum model_netevent_flag, ORed */
	uint8_t ip;	  /* enum model_netevent_ip */
	uint8_t af;	  /* enum model_netevent_af */
	uint8_t protocol; /* IANA */
	bool loopback;
	uint16_t local_port, remote_port;  /* ICMP: type and code */
	union model_address local, remote; /* forwarded: source and destination */
	uint32_t scope_id;		   /* IPv6 link-local: the interface */
	uint32_t ifindex;		   /* where the packet was seen; 0: unknown */
	struct sid user;		   /* of the local endpoint's owner */
	struct sid package;
	struct model_app *app; /* NULL: unknown */

	/* CLASSIFY_DROP and CLASSIFY_ALLOW. */
	uint64_t filter_id;  /* who decided; 0: no filter */
	uint32_t callout_id; /* 0: the filter itself */
	uint16_t layer;
	bool veto; /* a block against a cleared right: audit 5153 */
	uint32_t reauth_reason, original_profile, current_profile;
	uint32_t direction; /* enum model_netevent_direction */
	/* One per sublayer that had an opinion, highest weight first; those beyond are counted. */
	uint8_t n_words;
	uint8_t more_words;
	struct model_netevent_word words[MODEL_NETEVENT_WORDS];
};

void model_netevent_keep(const struct model_netevent *e);
void model_netevent_let_go(const struct model_netevent *e);
const char *model_netevent_type_name(uint32_t type); /* "CLASSIFY_DROP"; NULL: none */
