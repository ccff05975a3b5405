/* SPDX-License-Identifier: MIT */
/*
 * desc_event - what the engine reports: net events, connections, system ports.
 *
 * Of the kinds of net events, the engine produces classify drops and allows; the other pointers of
 * the union are never set.
 */
#include "client/desc_macros.h"

/* ---- net events ------------------------------------------------------------------------------ */

#define ADDRESS(v4, v6)                                                                            \
	ROW(U32, v4, WHEN(ipVersion, FWP_IP_VERSION_V4)),                                          \
		BYTES(v6, WHEN(ipVersion, FWP_IP_VERSION_V6))
#define HEADER_ROWS                                                                                \
	ROW(FILETIME, timeStamp), ROW(U32, flags), ENUM(ipVersion, FWP_IP_VERSION_MAX),            \
		ROW(U8, ipProtocol), ADDRESS(localAddrV4, localAddrV6),                            \
		ADDRESS(remoteAddrV4, remoteAddrV6), ROW(U16, localPort), ROW(U16, remotePort),    \
		ROW(U32, scopeId), ROW(BLOB, appId), ROW(SID, userId)
#define HEADER_ROWS_FROM_8 ENUM(addressFamily, FWP_AF_NONE + 1), ROW(SID, packageSid)

#define T		   FWPM_NET_EVENT_HEADER0
static const struct convert_row header0_rows[] = {
	HEADER_ROWS,
};
DESC_LOCAL(header0, net_event_header);
#undef T

#define T FWPM_NET_EVENT_HEADER1
static const struct convert_row header1_rows[] = {
	HEADER_ROWS,
};
DESC_LOCAL(header1, net_event_header);
#undef T

#define T FWPM_NET_EVENT_HEADER2
static const struct convert_row header2_rows[] = {
	HEADER_ROWS,
	HEADER_ROWS_FROM_8,
};
DESC_LOCAL(header2, net_event_header);
#undef T

#define T FWPM_NET_EVENT_HEADER3
static const struct convert_row header3_rows[] = {
	HEADER_ROWS,	       HEADER_ROWS_FROM_8,	 ROW(TEXT, enterpriseId),
	ROW(U64, policyFlags), ROW(BLOB, effectiveName),
};
DESC_LOCAL(header3, net_event_header);
#undef T

#define VERDICT_ROWS ROW(U64, filterId), ROW(U16, layerId)
#define VERDICT_ROWS_FROM_7                                                                        \
	ROW(U32, reauthReason), ROW(U32, originalProfile), ROW(U32, currentProfile),               \
		ROW(U32, msFwpDirection), ROW(BOOL, isLoopback)

#define T FWPM_NET_EVENT_CLASSIFY_DROP0
static const struct convert_row classify_drop0_rows[] = {
	VERDICT_ROWS,
};
DESC_LOCAL(classify_drop0, classify_drop);
#undef T

#define T FWPM_NET_EVENT_CLASSIFY_DROP1
static const struct convert_row classify_drop1_rows[] = {
	VERDICT_ROWS,
	VERDICT_ROWS_FROM_7,
};
DESC_LOCAL(classify_drop1, classify_drop);
#undef T

#define T FWPM_NET_EVENT_CLASSIFY_DROP2
static const struct convert_row classify_drop2_rows[] = {
	VERDICT_ROWS,
	VERDICT_ROWS_FROM_7,
	ROW(BLOB, vSwitchId),
	ROW(U32, vSwitchSourcePort),
	ROW(U32, vSwitchDestinationPort),
};
DESC_LOCAL(classify_drop2, classify_drop);
#undef T

#define T FWPM_NET_EVENT_CLASSIFY_ALLOW0
static const struct convert_row classify_allow0_rows[] = {
	VERDICT_ROWS,
	VERDICT_ROWS_FROM_7,
};
DESC_LOCAL(classify_allow0, classify_allow);
#undef T

#define EVENT_ROWS(header_, drop)                                                                  \
	STRUCT(header, header_), ENUM(type, FWPM_NET_EVENT_TYPE_MAX),                              \
		POINTER(classifyDrop, drop, WHEN(type, FWPM_NET_EVENT_TYPE_CLASSIFY_DROP))
#define EVENT_ROWS_FROM_8                                                                          \
	POINTER(classifyAllow, classify_allow0, WHEN(type, FWPM_NET_EVENT_TYPE_CLASSIFY_ALLOW))

#define T FWPM_NET_EVENT0
static const struct convert_row net_event0_rows[] = {
	EVENT_ROWS(header0, classify_drop0),
};
DESC(net_event0, net_event);
#undef T

#define T FWPM_NET_EVENT1
static const struct convert_row net_event1_rows[] = {
	EVENT_ROWS(header1, classify_drop1),
};
DESC(net_event1, net_event);
#undef T

#define T FWPM_NET_EVENT2
static const struct convert_row net_event2_rows[] = {
	EVENT_ROWS(header2, classify_drop2),
	EVENT_ROWS_FROM_8,
};
DESC(net_event2, net_event);
#undef T

#define T FWPM_NET_EVENT3
static const struct convert_row net_event3_rows[] = {
	EVENT_ROWS(header3, classify_drop2),
	EVENT_ROWS_FROM_8,
};
DESC(net_event3, net_event);
#undef T

#define T FWPM_NET_EVENT4
static const struct convert_row net_event4_rows[] = {
	EVENT_ROWS(header3, classify_drop2),
	EVENT_ROWS_FROM_8,
};
DESC(net_event4, net_event);
#undef T

#define T FWPM_NET_EVENT5
static const struct convert_row net_event5_rows[] = {
	EVENT_ROWS(header3, classify_drop2),
	EVENT_ROWS_FROM_8,
};
DESC(net_event5, net_event);
#undef T

/* ---- connections and ports ------------------------------------------------------------------- */

/* mmCrypto and the peers' credentials stay zero: no keying module reports them. */
#define T FWPM_CONNECTION0
static const struct convert_row connection0_rows[] = {
	ROW(U64, connectionId),
	ENUM(ipVersion, FWP_IP_VERSION_MAX),
	ADDRESS(localV4Address, localV6Address),
	ADDRESS(remoteV4Address, remoteV6Address),
	ROW(GUID_PTR, providerKey),
	ENUM(ipsecTrafficModeType, IPSEC_TRAFFIC_TYPE_MAX),
	ENUM(keyModuleType, IKEEXT_KEY_MODULE_MAX),
	ROW(U64, bytesTransferredIn),
	ROW(U64, bytesTransferredOut),
	ROW(U64, bytesTransferredTotal),
	ROW(FILETIME, startSysTime),
};
DESC(connection0, connection);
#undef T

#define T FWPM_SYSTEM_PORTS_BY_TYPE0
static const struct convert_row system_ports_by_type0_rows[] = {
	ENUM(type, FWPM_SYSTEM_PORT_TYPE_MAX),
	ROW(U16S, ports, COUNT(numPorts)),
};
DESC_LOCAL(system_ports_by_type0, system_ports_by_type);
#undef T

#define T FWPM_SYSTEM_PORTS0
static const struct convert_row system_ports0_rows[] = {
	STRUCTS(types, numTypes, system_ports_by_type0),
};
DESC(system_ports0, system_ports);
#undef T
