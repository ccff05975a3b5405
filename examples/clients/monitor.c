/* SPDX-License-Identifier: MIT */
/*
 * monitor - prints what the engine decides about packets, by the name of the filter that decided,
 * and how the filters change, until Ctrl-C.
 *
 * Drops are reported as long as net events are on; allows only when somebody asks for them, by an
 * option of the engine that all programs share: it is put back at the end.
 *
 * Callbacks run on a thread of the library, one at a time. They look names up in a session of their
 * own, so that nothing waits for the session that is just delivering.
 */
#include <initguid.h>

#include "common.h"

#include <stdio.h>
#include <string.h>

/* [I] before the first callback */
static HANDLE names; /* the session in which names are looked up */

/* ---- names ----------------------------------------------------------------------------------- */

/* "70123 block everything else", or the number alone when it is gone. Returns out. */
static const char *filter_name(UINT64 id, char *out, size_t n)
{
	FWPM_FILTER0 *filter = NULL;
	char name[NARROW_MAX];

	if (FwpmFilterGetById0(names, id, &filter) != ERROR_SUCCESS)
		snprintf(out, n, "%llu (gone)", (unsigned long long)id);
	else
		snprintf(out, n, "%llu %s", (unsigned long long)id,
			 narrow(filter->displayData.name, name, sizeof(name)));
	FwpmFreeMemory0((void **)&filter);
	return out;
}

static const char *layer_name(UINT16 id, char *out, size_t n)
{
	FWPM_LAYER0 *layer = NULL;

	if (FwpmLayerGetById0(names, id, &layer) != ERROR_SUCCESS)
		snprintf(out, n, "layer %u", id);
	else
		narrow(layer->displayData.name, out, n);
	FwpmFreeMemory0((void **)&layer);
	return out;
}

static const char *protocol_name(UINT8 protocol, char *out, size_t n)
{
	static const struct {
		UINT8 number;
		const char *name;
	} known[] = {{1, "icmp"},
		     {PROTOCOL_TCP, "tcp"},
		     {PROTOCOL_UDP, "udp"},
		     {PROTOCOL_ICMPV6, "icmpv6"}};

	snprintf(out, n, "protocol %u", protocol);
	for (size_t i = 0; i < _countof(known); i++)
		if (known[i].number == protocol)
			snprintf(out, n, "%s", known[i].name);
	return out;
}

/* What the event does not say is '*'. */
static const char *end_name(const FWPM_NET_EVENT_HEADER3 *h, BOOL local, char *out, size_t n)
{
	UINT32 has_addr =
		local ? FWPM_NET_EVENT_FLAG_LOCAL_ADDR_SET : FWPM_NET_EVENT_FLAG_REMOTE_ADDR_SET;
	UINT32 has_port =
		local ? FWPM_NET_EVENT_FLAG_LOCAL_PORT_SET : FWPM_NET_EVENT_FLAG_REMOTE_PORT_SET;
	struct address a = {0};
	char text[ADDRESS_MAX] = "*", port[8] = "*";

	a.is_v6 = h->ipVersion == FWP_IP_VERSION_V6;
	a.v4 = local ? h->localAddrV4 : h->remoteAddrV4;
	a.v6 = local ? h->localAddrV6 : h->remoteAddrV6;
	if (h->flags & has_addr)
		format_address(&a, text, sizeof(text));
	if (h->flags & has_port)
		snprintf(port, sizeof(port), "%u", local ? h->localPort : h->remotePort);
	snprintf(out, n, a.is_v6 ? "[%s]:%s" : "%s:%s", text, port);
	return out;
}

/* ---- callbacks ------------------------------------------------------------------------------- */

#define DIRECTION_OUT 0x3901u /* of msFwpDirection, not FWP_DIRECTION */

static void print_decision(const char *verdict, const FWPM_NET_EVENT_HEADER3 *h, UINT64 filter,
			   UINT16 layer, UINT32 direction)
{
	char local[ADDRESS_MAX + 10], remote[ADDRESS_MAX + 10], protocol[16];
	char by[NARROW_MAX + 24], at[NARROW_MAX];

	printf("%-6s %s %s %s %s, filter %s, at %s\n", verdict,
	       protocol_name(h->ipProtocol, protocol, sizeof(protocol)),
	       end_name(h, TRUE, local, sizeof(local)), direction == DIRECTION_OUT ? "->" : "<-",
	       end_name(h, FALSE, remote, sizeof(remote)), filter_name(filter, by, sizeof(by)),
	       layer_name(layer, at, sizeof(at)));
	fflush(stdout);
}

static void CALLBACK on_event(void *context, const FWPM_NET_EVENT5 *event)
{
	(void)context;
	if (event->type == FWPM_NET_EVENT_TYPE_CLASSIFY_DROP)
		print_decision("drop", &event->header, event->classifyDrop->filterId,
			       event->classifyDrop->layerId, event->classifyDrop->msFwpDirection);
	else if (event->type == FWPM_NET_EVENT_TYPE_CLASSIFY_ALLOW)
		print_decision("allow", &event->header, event->classifyAllow->filterId,
			       event->classifyAllow->layerId, event->classifyAllow->msFwpDirection);
}

static void CALLBACK on_filter(void *context, const FWPM_FILTER_CHANGE0 *change)
{
	char name[NARROW_MAX + 24];

	(void)context;
	if (change->changeType == FWPM_CHANGE_ADD)
		printf("added  filter %s\n", filter_name(change->filterId, name, sizeof(name)));
	else
		printf("gone   filter %llu\n", (unsigned long long)change->filterId);
	fflush(stdout);
}

/* ---- the run --------------------------------------------------------------------------------- */

static DWORD subscribe(HANDLE engine)
{
	FWPM_NET_EVENT_SUBSCRIPTION0 all_events = {0};
	FWPM_FILTER_SUBSCRIPTION0 all_filters = {0};
	HANDLE events, changes;
	DWORD result;

	result = check("subscribe to net events",
		       FwpmNetEventSubscribe4(engine, &all_events, on_event, NULL, &events));
	if (result)
		return result;
	all_filters.flags =
		FWPM_SUBSCRIPTION_FLAG_NOTIFY_ON_ADD | FWPM_SUBSCRIPTION_FLAG_NOTIFY_ON_DELETE;
	return check("subscribe to filters",
		     FwpmFilterSubscribeChanges0(engine, &all_filters, on_filter, NULL, &changes));
}

/* Adds a keyword; *before is what to put back. */
static DWORD ask_for_allows(HANDLE engine, UINT32 *before)
{
	FWP_VALUE0 *now = NULL, wanted = {0};
	DWORD result =
		check("read the keywords",
		      FwpmEngineGetOption0(engine, FWPM_ENGINE_NET_EVENT_MATCH_ANY_KEYWORDS, &now));

	if (result)
		return result;
	*before = now->uint32;
	FwpmFreeMemory0((void **)&now);
	wanted.type = FWP_UINT32;
	wanted.uint32 = *before | FWPM_NET_EVENT_KEYWORD_CLASSIFY_ALLOW;
	return check(
		"set the keywords",
		FwpmEngineSetOption0(engine, FWPM_ENGINE_NET_EVENT_MATCH_ANY_KEYWORDS, &wanted));
}

static void put_back(HANDLE engine, UINT32 before)
{
	FWP_VALUE0 value = {0};

	value.type = FWP_UINT32;
	value.uint32 = before;
	check("put the keywords back",
	      FwpmEngineSetOption0(engine, FWPM_ENGINE_NET_EVENT_MATCH_ANY_KEYWORDS, &value));
}

static DWORD watch(HANDLE engine, BOOL allows)
{
	UINT32 before = 0;
	DWORD result = allows ? ask_for_allows(engine, &before) : ERROR_SUCCESS;

	if (result)
		return result;
	result = subscribe(engine);
	if (!result) {
		printf("watching\n");
		fflush(stdout);
		wait_for_ctrl_c();
	}
	if (allows)
		put_back(engine, before);
	return result;
}

int main(int argc, char **argv)
{
	BOOL allows = argc == 2 && strcmp(argv[1], "--allows") == 0;
	HANDLE engine;
	DWORD result;

	if (argc > 2 || (argc == 2 && !allows)) {
		fprintf(stderr, "usage: monitor [--allows]\n");
		return 2;
	}
	if (open_engine(L"monitor", 0, &engine))
		return 1;
	result = open_engine(L"monitor, names", 0, &names);
	if (!result)
		result = watch(engine, allows);
	FwpmEngineClose0(engine); /* ends the subscriptions, after a callback that still runs */
	FwpmEngineClose0(names);
	return result != ERROR_SUCCESS;
}
