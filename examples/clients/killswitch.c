/* SPDX-License-Identifier: MIT */
/*
 * killswitch - what a VPN does so that nothing leaves beside its tunnel, not even while the VPN is
 * down, while the engine restarts, or while the machine boots.
 *
 * Its filters stand in a sublayer of their own, above everybody else's. A few permits with a high
 * weight let pass: loopback, what the network itself needs (DHCP, neighbour discovery), the tunnel,
 * and the VPN's server. Below them one filter per layer blocks the rest. The blocks are hard: no
 * sublayer below can turn them into a permit. The permits are soft: a firewall below may still
 * block.
 *
 * There are two sets. The persistent one is loaded when the engine starts. The boot-time one is in
 * force from the first packet until then; one filter cannot be both. The boot-time set knows
 * nothing of the tunnel, because at that time there is none.
 *
 * Everything happens in one transaction: at no moment is half of it in force.
 */
#include <initguid.h>

#include <winsock2.h>
#include <ws2tcpip.h>

#include "common.h"

#include <iphlpapi.h>
#include <stdio.h>
#include <string.h>

DEFINE_GUID(SWITCH_PROVIDER, 0x3f0a1c52, 0x6b7d, 0x4e18, 0x9c, 0x21, 0x5d, 0x84, 0x0e, 0xb3, 0x77,
	    0x10);
DEFINE_GUID(SWITCH_SUBLAYER, 0x3f0a1c53, 0x6b7d, 0x4e18, 0x9c, 0x21, 0x5d, 0x84, 0x0e, 0xb3, 0x77,
	    0x10);
static const struct owner stays = {&SWITCH_PROVIDER, &SWITCH_SUBLAYER, L"killswitch", 0xFFFF,
				   .persistent = TRUE};
static const struct owner goes = {&SWITCH_PROVIDER, &SWITCH_SUBLAYER, L"killswitch", 0xFFFF,
				  .persistent = FALSE};

#define WEIGHT_PERMIT 15u
#define WEIGHT_BLOCK  0u
#define PLACES_MAX    8u

/* The four layers at which connections are authorized, in both directions. */
enum { CONNECT_V4 = 1, CONNECT_V6 = 2, ACCEPT_V4 = 4, ACCEPT_V6 = 8 };
#define V4  (CONNECT_V4 | ACCEPT_V4)
#define V6  (CONNECT_V6 | ACCEPT_V6)
#define ALL (V4 | V6)
static const struct {
	unsigned bit;
	const GUID *key;
	const char *name;
} layers[] = {
	{CONNECT_V4, &FWPM_LAYER_ALE_AUTH_CONNECT_V4, "connect v4"},
	{CONNECT_V6, &FWPM_LAYER_ALE_AUTH_CONNECT_V6, "connect v6"},
	{ACCEPT_V4, &FWPM_LAYER_ALE_AUTH_RECV_ACCEPT_V4, "accept v4"},
	{ACCEPT_V6, &FWPM_LAYER_ALE_AUTH_RECV_ACCEPT_V6, "accept v6"},
};

/* The sets that a filter belongs to. */
enum { PERSISTENT = 1, BOOT = 2, UNTIL_RESTART = 4 };

struct wishes {
	UINT64 tunnel; /* the interface; 0: none */
	struct address addresses[PLACES_MAX], servers[PLACES_MAX];
	UINT32 n_addresses, n_servers;
	BOOL dynamic;
};

/* ---- filters --------------------------------------------------------------------------------- */

/* One filter at each of the layers, with one lifetime. No conditions: the block of all the rest. */
static DWORD add_with(HANDLE engine, const WCHAR *name, unsigned at, UINT32 lifetime,
		      struct conditions *c)
{
	FWPM_FILTER0 filter = {0};
	DWORD result = ERROR_SUCCESS;

	filter.displayData.name = (WCHAR *)name;
	filter.providerKey = (GUID *)&SWITCH_PROVIDER;
	filter.subLayerKey = SWITCH_SUBLAYER;
	filter.flags = lifetime | (c->n ? 0 : FWPM_FILTER_FLAG_CLEAR_ACTION_RIGHT);
	filter.weight.type = FWP_UINT8;
	filter.weight.uint8 = c->n ? WEIGHT_PERMIT : WEIGHT_BLOCK;
	filter.action.type = c->n ? FWP_ACTION_PERMIT : FWP_ACTION_BLOCK;
	filter.numFilterConditions = c->n;
	filter.filterCondition = c->all;
	for (size_t i = 0; !result && i < _countof(layers); i++) {
		if (!(at & layers[i].bit))
			continue;
		filter.layerKey = *layers[i].key;
		result = check("add a filter", FwpmFilterAdd0(engine, &filter, NULL, NULL));
	}
	return result;
}

static DWORD add(HANDLE engine, const struct wishes *w, const WCHAR *name, unsigned at,
		 unsigned sets, struct conditions *c)
{
	DWORD result = ERROR_SUCCESS;

	if (w->dynamic || sets & UNTIL_RESTART)
		return add_with(engine, name, at, FWPM_FILTER_FLAG_NONE, c);
	if (sets & PERSISTENT)
		result = add_with(engine, name, at, FWPM_FILTER_FLAG_PERSISTENT, c);
	if (!result && sets & BOOT)
		result = add_with(engine, name, at, FWPM_FILTER_FLAG_BOOTTIME, c);
	return result;
}

static DWORD permit_loopback(HANDLE engine, const struct wishes *w)
{
	struct conditions c = {0};
	FWPM_FILTER_CONDITION0 *flags = where(&c, &FWPM_CONDITION_FLAGS, FWP_UINT32);

	flags->matchType = FWP_MATCH_FLAGS_ALL_SET;
	flags->conditionValue.uint32 = FWP_CONDITION_FLAG_IS_LOOPBACK;
	return add(engine, w, L"permit loopback", ALL, PERSISTENT | BOOT, &c);
}

static DWORD permit_dhcp(HANDLE engine, const struct wishes *w, unsigned at, UINT16 client,
			 UINT16 server)
{
	struct conditions c = {0};

	where_protocol(&c, PROTOCOL_UDP);
	where_port(&c, &FWPM_CONDITION_IP_LOCAL_PORT, client);
	where_port(&c, &FWPM_CONDITION_IP_REMOTE_PORT, server);
	return add(engine, w, L"permit DHCP", at, PERSISTENT | BOOT, &c);
}

/* Without it IPv6 does not even find the router. IPv4 asks by ARP, which no layer here sees. */
static DWORD permit_discovery(HANDLE engine, const struct wishes *w)
{
	FWP_RANGE0 types = {{.type = FWP_UINT16, .uint16 = 133},
			    {.type = FWP_UINT16, .uint16 = 137}};
	struct conditions c = {0};
	FWPM_FILTER_CONDITION0 *type;

	where_protocol(&c, PROTOCOL_ICMPV6);
	type = where(&c, &FWPM_CONDITION_ICMP_TYPE, FWP_RANGE_TYPE);
	type->matchType = FWP_MATCH_RANGE;
	type->conditionValue.rangeValue = &types;
	return add(engine, w, L"permit neighbour discovery", V6, PERSISTENT | BOOT, &c);
}

/*
 * An interface is known by a number, which after the next boot may be another interface's: a permit
 * by that alone must not outlive the engine. Together with an address it may, and so may an
 * address alone.
 */
static DWORD permit_tunnel(HANDLE engine, struct wishes *w)
{
	UINT32 n = w->n_addresses ? w->n_addresses : w->tunnel != 0;
	DWORD result = ERROR_SUCCESS;

	for (UINT32 i = 0; !result && i < n; i++) {
		struct address *a = w->n_addresses ? &w->addresses[i] : NULL;
		struct conditions c = {0};

		if (a)
			where_address(&c, &FWPM_CONDITION_IP_LOCAL_ADDRESS, a);
		if (w->tunnel)
			where(&c, &FWPM_CONDITION_IP_LOCAL_INTERFACE, FWP_UINT64)
				->conditionValue.uint64 = &w->tunnel;
		result = add(engine, w, L"permit the tunnel",
			     !a		? ALL
			     : a->is_v6 ? V6
					: V4,
			     a ? PERSISTENT : UNTIL_RESTART, &c);
	}
	return result;
}

static DWORD permit_servers(HANDLE engine, struct wishes *w)
{
	DWORD result = ERROR_SUCCESS;

	for (UINT32 i = 0; !result && i < w->n_servers; i++) {
		struct address *a = &w->servers[i];
		struct conditions c = {0};

		where_protocol(&c, PROTOCOL_UDP);
		where_protocol(&c, PROTOCOL_TCP);
		where_address(&c, &FWPM_CONDITION_IP_REMOTE_ADDRESS, a);
		where_port(&c, &FWPM_CONDITION_IP_REMOTE_PORT, a->port);
		result = add(engine, w, L"permit the VPN server",
			     a->is_v6 ? CONNECT_V6 : CONNECT_V4, PERSISTENT, &c);
	}
	return result;
}

/* ---- on, off, status ------------------------------------------------------------------------- */

/* Half of a switch goes like a whole one. */
static DWORD remove_all(HANDLE engine, void *ctx)
{
	DWORD result = each_filter_of(engine, &SWITCH_PROVIDER, delete_filter, ctx);

	return result ? result : remove_owner(engine, &stays);
}

/* Replaces a switch that is on already; but a dynamic one never replaces one that is to stay. */
static DWORD add_all(HANDLE engine, void *ctx)
{
	struct conditions none = {0};
	struct wishes *w = ctx;
	DWORD result = w->dynamic ? ERROR_SUCCESS : remove_all(engine, NULL);

	if (!result)
		result = add_owner(engine, w->dynamic ? &goes : &stays);
	if (!result)
		result = permit_loopback(engine, w);
	if (!result)
		result = permit_dhcp(engine, w, V4, 68, 67);
	if (!result)
		result = permit_dhcp(engine, w, V6, 546, 547);
	if (!result)
		result = permit_discovery(engine, w);
	if (!result)
		result = permit_tunnel(engine, w);
	if (!result)
		result = permit_servers(engine, w);
	if (!result)
		result = add(engine, w, L"block everything else", ALL, PERSISTENT | BOOT, &none);
	return result;
}

static DWORD on(HANDLE engine, struct wishes *w)
{
	DWORD result = in_transaction(engine, add_all, w);

	if (result)
		return result;
	printf("on%s\n", w->dynamic ? ", until Ctrl-C" : "");
	if (w->tunnel && !w->n_addresses && !w->dynamic)
		printf("when the engine has restarted, say `on` again for the tunnel's sake\n");
	fflush(stdout);
	if (w->dynamic)
		wait_for_ctrl_c(); /* and the session takes its objects with it */
	return ERROR_SUCCESS;
}

static DWORD off(HANDLE engine, struct wishes *w)
{
	UINT32 n = 0;
	DWORD result = in_transaction(engine, remove_all, &n);

	if (!result)
		printf("off, %u filters removed\n", n);
	return result;
}

static DWORD print_filter(HANDLE engine, const FWPM_FILTER0 *f, void *ctx)
{
	const char *lifetime = f->flags & FWPM_FILTER_FLAG_BOOTTIME	? "at boot"
			       : f->flags & FWPM_FILTER_FLAG_PERSISTENT ? "always"
									: "for now";
	const char *layer = "another layer";
	char name[NARROW_MAX];

	for (size_t i = 0; i < _countof(layers); i++)
		if (memcmp(&f->layerKey, layers[i].key, sizeof(GUID)) == 0)
			layer = layers[i].name;
	printf("%8llu  %-10s  %-8s  %s\n", (unsigned long long)f->filterId, layer, lifetime,
	       narrow(f->displayData.name, name, sizeof(name)));
	++*(UINT32 *)ctx;
	return ERROR_SUCCESS;
}

static DWORD status(HANDLE engine, struct wishes *w)
{
	UINT32 n = 0;
	DWORD result = each_filter_of(engine, &SWITCH_PROVIDER, print_filter, &n);

	if (!result)
		printf(n ? "on, %u filters\n" : "off\n", n);
	return result;
}

/* ---- the command line ------------------------------------------------------------------------ */

static BOOL find_interface(const char *name, UINT64 *luid)
{
	WCHAR wide[NARROW_MAX];
	NET_LUID found;

	if (!widen(name, wide, _countof(wide)) || ConvertInterfaceAliasToLuid(wide, &found))
		return FALSE;
	*luid = found.Value;
	return TRUE;
}

static BOOL take_option(struct wishes *w, const char *option, const char *value)
{
	if (strcmp(option, "--tunnel") == 0)
		return find_interface(value, &w->tunnel);
	if (strcmp(option, "--tunnel-address") == 0 && w->n_addresses < PLACES_MAX)
		return parse_address(value, &w->addresses[w->n_addresses++]);
	if (strcmp(option, "--permit-remote") == 0 && w->n_servers < PLACES_MAX)
		return parse_endpoint(value, &w->servers[w->n_servers++]);
	return FALSE;
}

/* The option that is none, or whose value makes no sense or names nothing; NULL: all are fine. */
static const char *take_options(struct wishes *w, int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--dynamic") == 0)
			w->dynamic = TRUE;
		else if (i + 1 == argc || !take_option(w, argv[i], argv[i + 1]))
			return argv[i];
		else
			i++;
	}
	return NULL;
}

static const struct {
	const char *name;
	DWORD (*run)(HANDLE engine, struct wishes *w);
} commands[] = {{"on", on}, {"off", off}, {"status", status}};

int main(int argc, char **argv)
{
	struct wishes w = {0};
	const char *wrong = take_options(&w, argc, argv);
	HANDLE engine;
	DWORD result;

	for (size_t i = 0; !wrong && argc > 1 && i < _countof(commands); i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		if (open_engine(L"killswitch", w.dynamic ? FWPM_SESSION_FLAG_DYNAMIC : 0, &engine))
			return 1;
		result = commands[i].run(engine, &w);
		FwpmEngineClose0(engine);
		return result != ERROR_SUCCESS;
	}
	if (wrong)
		fprintf(stderr, "killswitch: %s: no such option, interface or address\n", wrong);
	fprintf(stderr, "usage: killswitch on [--tunnel NAME] [--tunnel-address ADDRESS]...\n"
			"                     [--permit-remote ADDRESS:PORT]... [--dynamic]\n"
			"       killswitch off\n"
			"       killswitch status\n");
	return 2;
}
