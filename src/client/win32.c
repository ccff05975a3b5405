/* SPDX-License-Identifier: MIT */
/*
 * win32 - the few functions of Windows itself that clients of the platform cannot do without: keys,
 * security descriptors as text, interface identifiers, the last error.
 *
 * Called by programs, on any thread.  What is returned through a pointer is one block of
 * base/mem.h.
 */
#include "windows.h"

#include "base/mem.h"
#include "base/netif.h"
#include "client/security.h"
#include "client/text.h"
#include "model/guid.h"
#include "model/sddl.h"
#include "model/sid.h"

#include "netioapi.h"
#include "rpcdce.h"
#include "sddl.h"

/* ---- the last error -------------------------------------------------------------------------- */

static _Thread_local DWORD last_error;

DWORD WINAPI GetLastError(void)
{
	return last_error;
}

void WINAPI SetLastError(DWORD dwErrCode)
{
	last_error = dwErrCode;
}

HLOCAL WINAPI LocalFree(HLOCAL hMem)
{
	mem_free(hMem);
	return NULL;
}

/* What a function of sddl.h returns. */
static BOOL done(DWORD code)
{
	if (code)
		last_error = code;
	return code == ERROR_SUCCESS;
}

static DWORD copy_out(const void *data, size_t size, void *out)
{
	void *copy = mem_dup(data, size);

	if (!copy)
		return ERROR_NOT_ENOUGH_MEMORY;
	memcpy(out, &copy, sizeof(copy));
	return ERROR_SUCCESS;
}

static DWORD text_out(const char *utf8, LPWSTR *out, ULONG *length)
{
	struct arena a;
	uint16_t *text;
	DWORD code = ERROR_NOT_ENOUGH_MEMORY;

	session_arena_init(&a);
	text = text_to_utf16(&a, utf8);
	if (text) {
		size_t n = text_length(text) + 1;

		code = copy_out(text, n * sizeof(*text), out);
		if (!code && length)
			*length = (ULONG)n;
	}
	arena_free(&a);
	return code;
}

/* ---- keys ------------------------------------------------------------------------------------ */

RPC_STATUS WINAPI UuidCreate(UUID *Uuid)
{
	struct guid g = guid_random();

	memcpy(Uuid, &g, sizeof(g));
	return RPC_S_OK;
}

RPC_STATUS WINAPI UuidToStringW(const UUID *Uuid, RPC_WSTR *StringUuid)
{
	struct guid g;
	char text[GUID_TEXT];

	memcpy(&g, Uuid, sizeof(g));
	guid_format(&g, text);
	text[GUID_TEXT - 2] = '\0'; /* the closing brace */
	return (RPC_STATUS)text_out(text + 1, StringUuid, NULL);
}

static RPC_STATUS parse_uuid(const char *text, UUID *out)
{
	struct guid g;

	if (*text == '{' || !guid_parse(&g, text))
		return RPC_S_INVALID_STRING_UUID;
	memcpy(out, &g, sizeof(g));
	return RPC_S_OK;
}

RPC_STATUS WINAPI UuidFromStringW(RPC_WSTR StringUuid, UUID *Uuid)
{
	RPC_STATUS status = ERROR_NOT_ENOUGH_MEMORY;
	struct arena a;
	char *text;

	if (!StringUuid) {
		*Uuid = (UUID){0};
		return RPC_S_OK;
	}
	session_arena_init(&a);
	text = text_to_utf8(&a, StringUuid);
	if (text)
		status = parse_uuid(text, Uuid);
	arena_free(&a);
	return status;
}

RPC_STATUS WINAPI RpcStringFreeW(RPC_WSTR *String)
{
	mem_free(*String);
	*String = NULL;
	return RPC_S_OK;
}

/* ---- identifiers and descriptors as text ----------------------------------------------------- */

BOOL WINAPI ConvertSidToStringSidW(PSID Sid, LPWSTR *StringSid)
{
	char text[SID_TEXT];

	if (!Sid || !StringSid)
		return done(ERROR_INVALID_PARAMETER);
	if (!sid_size(Sid, SID_MAX))
		return done(ERROR_INVALID_SID);
	return done(text_out(sid_format(Sid, text), StringSid, NULL));
}

static DWORD parse_sid(const char *text, PSID *out)
{
	struct sid sid;
	const char *end;

	if (!sid_parse(&sid, text, &end) || *end)
		return ERROR_INVALID_SID;
	return copy_out(&sid, sid_size(&sid, sizeof(sid)), out);
}

BOOL WINAPI ConvertStringSidToSidW(LPCWSTR StringSid, PSID *Sid)
{
	DWORD code = ERROR_NOT_ENOUGH_MEMORY;
	struct arena a;
	char *text;

	if (!StringSid || !Sid)
		return done(ERROR_INVALID_PARAMETER);
	session_arena_init(&a);
	text = text_to_utf8(&a, StringSid);
	if (text)
		code = parse_sid(text, Sid);
	arena_free(&a);
	return done(code);
}

static DWORD parse_sddl(const char *text, PSECURITY_DESCRIPTOR *out, ULONG *size)
{
	struct model_blob *sd;
	wfp_err err = model_sddl_parse(&sd, text, NULL);
	DWORD code;

	if (err)
		return err == ERR_INVALID_DATA ? ERROR_INVALID_PARAMETER : err;
	code = copy_out(sd->data, sd->size, out);
	if (!code && size)
		*size = sd->size;
	mem_free(sd);
	return code;
}

BOOL WINAPI ConvertStringSecurityDescriptorToSecurityDescriptorW(
	LPCWSTR StringSecurityDescriptor, DWORD StringSDRevision,
	PSECURITY_DESCRIPTOR *SecurityDescriptor, ULONG *SecurityDescriptorSize)
{
	DWORD code = ERROR_NOT_ENOUGH_MEMORY;
	struct arena a;
	char *text;

	if (!StringSecurityDescriptor || !SecurityDescriptor)
		return done(ERROR_INVALID_PARAMETER);
	if (StringSDRevision != SDDL_REVISION_1)
		return done(ERROR_UNKNOWN_REVISION);
	session_arena_init(&a);
	text = text_to_utf8(&a, StringSecurityDescriptor);
	if (text)
		code = parse_sddl(text, SecurityDescriptor, SecurityDescriptorSize);
	arena_free(&a);
	return done(code);
}

static DWORD format_sddl(const void *sd, SECURITY_INFORMATION which, LPWSTR *out, ULONG *length)
{
	ProtobufCBinaryData flat;
	struct buf text = {0};
	struct arena a;
	wfp_err err;

	session_arena_init(&a);
	err = security_flatten_named(sd, which, &a, &flat);
	if (!err) {
		struct model_blob blob = {.size = (uint32_t)flat.len, .data = flat.data};

		err = model_sddl_format(&blob, &text);
	}
	if (!err)
		err = text_out(buf_str(&text), out, length);
	buf_free(&text);
	arena_free(&a);
	return err == ERR_INVALID_DATA ? ERROR_INVALID_SECURITY_DESCR : err;
}

BOOL WINAPI ConvertSecurityDescriptorToStringSecurityDescriptorW(
	PSECURITY_DESCRIPTOR SecurityDescriptor, DWORD RequestedStringSDRevision,
	SECURITY_INFORMATION SecurityInformation, LPWSTR *StringSecurityDescriptor,
	ULONG *StringSecurityDescriptorLen)
{
	if (!SecurityDescriptor || !StringSecurityDescriptor)
		return done(ERROR_INVALID_PARAMETER);
	if (RequestedStringSDRevision != SDDL_REVISION_1)
		return done(ERROR_UNKNOWN_REVISION);
	return done(format_sddl(SecurityDescriptor, SecurityInformation, StringSecurityDescriptor,
				StringSecurityDescriptorLen));
}

/* ---- interfaces ------------------------------------------------------------------------------ */

/* The same packing as the engine's, in which only the loopback interface is not Ethernet. */
#define LOOPBACK_INDEX	1u
#define TYPE_ETHERNET	6u
#define TYPE_LOOPBACK	24u
#define LUID_INDEX_MASK 0xffffffu

NETIO_STATUS WINAPI ConvertInterfaceIndexToLuid(NET_IFINDEX InterfaceIndex, PNET_LUID InterfaceLuid)
{
	uint64_t type = InterfaceIndex == LOOPBACK_INDEX ? TYPE_LOOPBACK : TYPE_ETHERNET;

	if (!InterfaceIndex || !InterfaceLuid)
		return ERROR_INVALID_PARAMETER;
	if (!netif_exists(InterfaceIndex))
		return ERROR_FILE_NOT_FOUND;
	InterfaceLuid->Value = type << 48 | (uint64_t)(InterfaceIndex & LUID_INDEX_MASK) << 24;
	return ERROR_SUCCESS;
}

NETIO_STATUS WINAPI ConvertInterfaceLuidToIndex(const NET_LUID *InterfaceLuid,
						PNET_IFINDEX InterfaceIndex)
{
	NET_IFINDEX index;

	if (!InterfaceLuid || !InterfaceIndex)
		return ERROR_INVALID_PARAMETER;
	index = (NET_IFINDEX)(InterfaceLuid->Value >> 24 & LUID_INDEX_MASK);
	if (!netif_exists(index))
		return ERROR_FILE_NOT_FOUND;
	*InterfaceIndex = index;
	return ERROR_SUCCESS;
}

NETIO_STATUS WINAPI ConvertInterfaceAliasToLuid(const WCHAR *InterfaceAlias,
						PNET_LUID InterfaceLuid)
{
	uint32_t index = 0;
	struct arena a;
	char *name;

	if (!InterfaceAlias || !InterfaceLuid)
		return ERROR_INVALID_PARAMETER;
	session_arena_init(&a);
	name = text_to_utf8(&a, InterfaceAlias);
	if (name)
		index = netif_index(name);
	arena_free(&a);
	return index ? ConvertInterfaceIndexToLuid(index, InterfaceLuid) : ERROR_INVALID_PARAMETER;
}
