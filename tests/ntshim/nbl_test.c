/* SPDX-License-Identifier: MIT */
/* Net buffer lists: windows, clones, references, and whatever a driver frees wrongly. */
#include "kernel.h"

#include "ntshim/nbl.h"
#include "stack/packet.h"

static const uint8_t ip[] = {
	0x45, 0,    0,	  36,	0,   1,	  0,   0,   64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, /* IP */
	0x13, 0x88, 0x13, 0x89, 0,   16,  0,   0, /* UDP */
	'p',  'a',  'y',  'l',	'o', 'a', 'd', '!',
};
#define TO_DATA 28u

static struct nt_driver *driver;
static struct packet *packet;
static struct nt_nbl *shown;

static VOID unload(PDRIVER_OBJECT d)
{
}

static NTSTATUS entry(PDRIVER_OBJECT d, PUNICODE_STRING registry)
{
	d->DriverUnload = unload;
	return STATUS_SUCCESS;
}

/* A packet, shown from its payload on. */
static void begin(void)
{
	kernel_start();
	driver = kernel_driver(entry);
	CHECK_OK(packet_create(&packet, ip, sizeof(ip)));
	CHECK(headers_parse(&packet->h, packet->data, packet->len) == HEADERS_OK);
	shown = nt_nbl_show(&(struct nt_nbl_view){.packet = packet,
						  .bytes = packet->data,
						  .len = packet->len,
						  .offset = TO_DATA},
			    driver);
	CHECK(shown != NULL);
}

static void end(void)
{
	nt_nbl_shown(shown);
	packet_put(packet);
	kernel_unload(driver);
	kernel_stop();
}

static NET_BUFFER_LIST *clone_of(NET_BUFFER_LIST *list)
{
	NET_BUFFER_LIST *clone;

	CHECK_EQ_U(FwpsAllocateCloneNetBufferList0(list, NULL, NULL, 0, &clone), STATUS_SUCCESS);
	return clone;
}

/* What the window shows. */
static bool shows(const NET_BUFFER_LIST *list, const void *bytes, uint32_t len)
{
	uint8_t copy[64];
	NET_BUFFER *nb = list->FirstNetBuffer;

	CHECK(len <= sizeof(copy));
	CHECK_EQ_U(nb->DataLength, len);
	CHECK_OK(nt_nb_copy(nb, copy, len));
	return memcmp(copy, bytes, len) == 0;
}

TEST(a_shown_list_begins_at_its_layers_position_and_retreats_to_the_headers)
{
	NET_BUFFER *nb;

	begin();
	nb = shown->list.FirstNetBuffer;
	CHECK(shows(&shown->list, "payload!", 8));
	CHECK_EQ_U(NdisRetreatNetBufferDataStart(nb, TO_DATA, 0, NULL), NDIS_STATUS_SUCCESS);
	CHECK(shows(&shown->list, ip, sizeof(ip)));
	CHECK(NdisGetDataBuffer(nb, sizeof(ip), NULL, 1, 0) == packet->data);
	NdisAdvanceNetBufferDataStart(nb, TO_DATA, FALSE, NULL);
	CHECK(shows(&shown->list, "payload!", 8));
	end();
}

TEST(a_clone_has_bytes_of_its_own)
{
	NET_BUFFER_LIST *clone;
	UCHAR *bytes;

	begin();
	clone = clone_of(&shown->list);
	bytes = NdisGetDataBuffer(clone->FirstNetBuffer, 8, NULL, 1, 0);
	bytes[0] = 'P';
	CHECK(shows(clone, "Payload!", 8));
	CHECK(shows(&shown->list, "payload!", 8));
	CHECK_EQ_U(NdisRetreatNetBufferListDataStart(clone, TO_DATA, 0, NULL, NULL),
		   NDIS_STATUS_SUCCESS);
	CHECK_EQ_U(clone->FirstNetBuffer->DataLength, sizeof(ip));
	FwpsFreeCloneNetBufferList0(clone, 0);
	CHECK_EQ_U(broken(ENGINE_RULE_NblRefBalance), 0);
	end();
}

TEST(retreating_beyond_the_first_descriptor_adds_one_and_advancing_takes_it_away)
{
	NET_BUFFER_LIST *clone;
	uint64_t live;
	NET_BUFFER *nb;
	uint8_t storage[64];

	begin();
	clone = clone_of(&shown->list);
	nb = clone->FirstNetBuffer;
	live = mem_live();
	CHECK_EQ_U(NdisRetreatNetBufferDataStart(nb, TO_DATA + 10, 4, NULL), NDIS_STATUS_SUCCESS);
	CHECK(!NdisGetDataBuffer(nb, sizeof(ip) + 10, NULL, 1, 0));
	CHECK(NdisGetDataBuffer(nb, sizeof(ip) + 10, storage, 1, 0) == storage);
	CHECK(memcmp(storage + 10, ip, sizeof(ip)) == 0);
	NdisAdvanceNetBufferDataStart(nb, TO_DATA + 10, TRUE, NULL);
	CHECK(shows(clone, "payload!", 8));
	CHECK_EQ_U(mem_live(), live);
	CHECK_EQ_U(NdisRetreatNetBufferDataStart(nb, TO_DATA + 10, 4, NULL), NDIS_STATUS_SUCCESS);
	FwpsFreeCloneNetBufferList0(clone, 0);
	end();
}

TEST(advancing_beyond_the_data_is_reported)
{
	begin();
	NdisAdvanceNetBufferDataStart(shown->list.FirstNetBuffer, 9, FALSE, NULL);
	CHECK_EQ_U(broken(ENGINE_RULE_BadPointer), 1);
	CHECK(shows(&shown->list, "payload!", 8));
	end();
}

TEST(a_reference_keeps_a_shown_list_beyond_its_classify)
{
	NET_BUFFER_LIST *list;

	begin();
	list = &shown->list;
	FwpsReferenceNetBufferList0(list, FALSE);
	nt_nbl_shown(shown);
	shown = NULL;
	CHECK(shows(list, "payload!", 8));
	FwpsDereferenceNetBufferList0(list, FALSE);
	FwpsDereferenceNetBufferList0(list, FALSE);
	CHECK_EQ_U(broken(ENGINE_RULE_BadPointer), 1);
	end();
}

TEST(what_is_freed_twice_or_wrongly_is_reported_and_survives)
{
	NET_BUFFER_LIST *clone, invented = {0};

	begin();
	clone = clone_of(&shown->list);
	FwpsFreeNetBufferList0(clone);
	CHECK(shows(clone, "payload!", 8));
	FwpsFreeCloneNetBufferList0(clone, 0);
	FwpsFreeCloneNetBufferList0(clone, 0);
	FwpsFreeCloneNetBufferList0(&shown->list, 0);
	FwpsFreeCloneNetBufferList0(&invented, 0);
	FwpsDereferenceNetBufferList0(&shown->list, FALSE);
	CHECK_EQ_U(broken(ENGINE_RULE_NblRefBalance), 5);
	CHECK_EQ_U(FwpsAllocateCloneNetBufferList0(&invented, NULL, NULL, 0, &clone),
		   STATUS_INVALID_PARAMETER);
	CHECK_EQ_U(FwpsQueryPacketInjectionState0((HANDLE)4, &invented, NULL),
		   FWPS_PACKET_NOT_INJECTED);
	end();
}

static NTSTATUS leaks_list(PDRIVER_OBJECT d, PUNICODE_STRING registry)
{
	NET_BUFFER_LIST *list;

	d->DriverUnload = unload;
	return FwpsAllocateNetBufferAndNetBufferList0(NULL, 0, 0, NULL, 0, 0, &list);
}

TEST(lists_left_at_unload_are_reported_and_freed)
{
	uint64_t live;

	kernel_start();
	live = mem_live();
	kernel_unload(kernel_driver(leaks_list));
	CHECK_EQ_U(broken(ENGINE_RULE_NblRefBalance), 1);
	CHECK_EQ_U(mem_live(), live);
	kernel_stop();
}

TEST(a_list_of_the_drivers_own_gets_an_ip_header)
{
	static const UCHAR from[] = {10, 0, 0, 1}, to[] = {10, 0, 0, 2};
	static UCHAR transport[16] = {0x13, 0x88, 0x13, 0x89, 0,   16,	0,   0,
				      'p',  'a',  'y',	'l',  'o', 'a', 'd', '!'};
	NET_BUFFER_LIST *list;
	struct headers h;
	uint8_t bytes[36];
	MDL *mdl;

	begin();
	mdl = NdisAllocateMdl(NULL, transport, sizeof(transport));
	CHECK_EQ_U(FwpsAllocateNetBufferAndNetBufferList0(NULL, 0, 0, mdl, 0, sizeof(transport),
							  &list),
		   STATUS_SUCCESS);
	CHECK_EQ_U(FwpsConstructIpHeaderForTransportPacket0(list, 0, AF_INET, from, to, IPPROTO_UDP,
							    0, NULL, 0, 0, NULL, 0, 0),
		   STATUS_SUCCESS);
	CHECK_EQ_U(list->FirstNetBuffer->DataLength, sizeof(bytes));
	CHECK_OK(nt_nb_copy(list->FirstNetBuffer, bytes, sizeof(bytes)));
	CHECK(headers_parse(&h, bytes, sizeof(bytes)) == HEADERS_OK);
	CHECK_EQ_U(h.dst_port, 5001);
	CHECK_EQ_U(h.src.v4, 0x0a000001);
	NdisAdvanceNetBufferDataStart(list->FirstNetBuffer, 20, TRUE, NULL);
	FwpsFreeNetBufferList0(list);
	NdisFreeMdl(mdl);
	end();
}
