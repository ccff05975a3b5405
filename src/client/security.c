/* SPDX-License-Identifier: MIT */
/*
 * security - between the two forms of a security descriptor.
 *
 * Called by call_add and by the security functions of the API, on their caller's thread.
 */
#include "client/security.h"

#include "client/block.h"
#include "model/sd.h"

#include <string.h>

/* The parts, wherever they are. */
struct parts {
	uint16_t control;
	const void *owner, *group;
	const ACL *dacl, *sacl;
};

/* ---- in -------------------------------------------------------------------------------------- */

static const void *at_offset(const void *sd, DWORD offset)
{
	return offset ? (const uint8_t *)sd + offset : NULL;
}

static void split_relative(const SECURITY_DESCRIPTOR_RELATIVE *sd, struct parts *out)
{
	*out = (struct parts){
		.control = sd->Control,
		.owner = at_offset(sd, sd->Owner),
		.group = at_offset(sd, sd->Group),
		.dacl = at_offset(sd, sd->Dacl),
		.sacl = at_offset(sd, sd->Sacl),
	};
}

static void split_absolute(const SECURITY_DESCRIPTOR *sd, struct parts *out)
{
	*out = (struct parts){
		.control = sd->Control,
		.owner = sd->Owner,
		.group = sd->Group,
		.dacl = sd->Dacl,
		.sacl = sd->Sacl,
	};
}

static size_t sid_room(const void *sid)
{
	return sid ? sid_size(sid, SID_MAX) : 0;
}

static size_t acl_room(const ACL *acl)
{
	return acl && acl->AclSize >= sizeof(ACL) ? acl->AclSize : 0;
}

static bool well_formed(const struct parts *p)
{
	return (!p->owner || sid_room(p->owner)) && (!p->group || sid_room(p->group)) &&
	       (!p->dacl || acl_room(p->dacl)) && (!p->sacl || acl_room(p->sacl));
}

/* Copies one part to where the descriptor ends now; its offset, or 0 for none. */
static DWORD append(ProtobufCBinaryData *out, const void *part, size_t size)
{
	DWORD offset = (DWORD)out->len;

	if (!part)
		return 0;
	memcpy(out->data + offset, part, size);
	out->len += (size + 3) & ~(size_t)3;
	return offset;
}

static wfp_err compose(const struct parts *p, struct arena *a, ProtobufCBinaryData *out)
{
	size_t owner = sid_room(p->owner), group = sid_room(p->group);
	size_t dacl = acl_room(p->dacl), sacl = acl_room(p->sacl);
	SECURITY_DESCRIPTOR_RELATIVE head = {.Revision = SECURITY_DESCRIPTOR_REVISION};

	if (!well_formed(p))
		return ERR_INVALID_SECURITY_DESCR;
	out->data = arena_zalloc(a, 1, sizeof(head) + owner + group + dacl + sacl + 16);
	out->len = sizeof(head);
	if (!out->data)
		return ERR_NO_MEMORY;
	head.Control = p->control | SE_SELF_RELATIVE;
	head.Sacl = append(out, p->control & SE_SACL_PRESENT ? p->sacl : NULL, sacl);
	head.Dacl = append(out, p->control & SE_DACL_PRESENT ? p->dacl : NULL, dacl);
	head.Owner = append(out, p->owner, owner);
	head.Group = append(out, p->group, group);
	memcpy(out->data, &head, sizeof(head));
	return ERR_OK;
}

static wfp_err split(const void *sd, struct parts *out)
{
	const SECURITY_DESCRIPTOR *head = sd;

	if (head->Revision != SECURITY_DESCRIPTOR_REVISION)
		return ERR_INVALID_SECURITY_DESCR;
	if (head->Control & SE_SELF_RELATIVE)
		split_relative(sd, out);
	else
		split_absolute(sd, out);
	return ERR_OK;
}

wfp_err security_flatten(const void *sd, struct arena *a, ProtobufCBinaryData *out)
{
	struct parts parts;
	wfp_err err = split(sd, &parts);

	return err ? err : compose(&parts, a, out);
}

wfp_err security_flatten_named(const void *sd, SECURITY_INFORMATION which, struct arena *a,
			       ProtobufCBinaryData *out)
{
	struct parts parts;
	wfp_err err = split(sd, &parts);

	if (err)
		return err;
	if (!(which & OWNER_SECURITY_INFORMATION))
		parts.owner = NULL;
	if (!(which & GROUP_SECURITY_INFORMATION))
		parts.group = NULL;
	if (!(which & DACL_SECURITY_INFORMATION))
		parts.control &= (uint16_t)~SE_DACL_PRESENT;
	if (!(which & SACL_SECURITY_INFORMATION))
		parts.control &= (uint16_t)~SE_SACL_PRESENT;
	return compose(&parts, a, out);
}

static wfp_err take_named(SECURITY_INFORMATION which, const struct security_in *in,
			  struct parts *out)
{
	*out = (struct parts){0};
	if (which & OWNER_SECURITY_INFORMATION)
		out->owner = in->owner;
	if (which & GROUP_SECURITY_INFORMATION)
		out->group = in->group;
	if ((which & OWNER_SECURITY_INFORMATION && !in->owner) ||
	    (which & GROUP_SECURITY_INFORMATION && !in->group))
		return ERR_NULL_POINTER;
	/* A list that is named and NULL is one that lets everybody do everything. */
	if (which & DACL_SECURITY_INFORMATION) {
		out->control |= SE_DACL_PRESENT;
		out->dacl = in->dacl;
	}
	if (which & SACL_SECURITY_INFORMATION) {
		out->control |= SE_SACL_PRESENT;
		out->sacl = in->sacl;
	}
	return ERR_OK;
}

static bool is_container(const GUID *key)
{
	static const GUID zero;

	return !key || memcmp(key, &zero, sizeof(zero)) == 0;
}

static ProtobufCBinaryData key_bytes(const GUID *key)
{
	/* Only read: the request is packed and gone before the call returns. */
	return (ProtobufCBinaryData){sizeof(*key), (uint8_t *)(uintptr_t)key};
}

static wfp_err send_set(HANDLE session, Openwfp__Kind kind, const GUID *key,
			SECURITY_INFORMATION which, const ProtobufCBinaryData *sd)
{
	Openwfp__SecuritySet set = OPENWFP__SECURITY_SET__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;

	set.has_kind = set.has_securityinfo = set.has_sd = 1;
	set.kind = kind;
	set.securityinfo = which;
	set.sd = *sd;
	if (!is_container(key)) {
		set.has_key = 1;
		set.key = key_bytes(key);
	}
	request.op_case = OPENWFP__REQUEST__OP_SECURITY_SET;
	request.securityset = &set;
	return session_call(session, &request, NULL);
}

wfp_err security_set(HANDLE session, Openwfp__Kind kind, const GUID *key,
		     SECURITY_INFORMATION which, const struct security_in *in)
{
	ProtobufCBinaryData sd;
	struct parts parts;
	struct arena a;
	wfp_err err = take_named(which, in, &parts);

	if (err)
		return err;
	session_arena_init(&a);
	err = compose(&parts, &a, &sd);
	if (!err)
		err = send_set(session, kind, key, which, &sd);
	arena_free(&a);
	return err;
}

/* ---- out ------------------------------------------------------------------------------------- */

static void point_into(SECURITY_DESCRIPTOR_RELATIVE *sd, const struct security_out *out)
{
	struct parts parts;

	split_relative(sd, &parts);
	if (out->owner)
		*out->owner = (PSID)(uintptr_t)parts.owner;
	if (out->group)
		*out->group = (PSID)(uintptr_t)parts.group;
	if (out->dacl)
		*out->dacl = (PACL)(uintptr_t)parts.dacl;
	if (out->sacl)
		*out->sacl = (PACL)(uintptr_t)parts.sacl;
	*out->sd = sd;
}

static wfp_err seal(const ProtobufCBinaryData *sd, const struct security_out *out)
{
	struct model_sd checked;
	struct arena none;
	void *sealed;
	wfp_err err = ERR_INVALID_DATA;

	if (sd->len <= UINT32_MAX)
		err = model_sd_parse(&checked, sd->data, (uint32_t)sd->len);
	if (err)
		return err;
	session_arena_init(&none);
	err = block_seal(&none, sd->data, sd->len, &sealed);
	if (!err)
		point_into(sealed, out);
	return err;
}

static wfp_err send_get(HANDLE session, Openwfp__Kind kind, const GUID *key,
			SECURITY_INFORMATION which, struct rpc_reply **reply)
{
	Openwfp__SecurityGet get = OPENWFP__SECURITY_GET__INIT;
	Openwfp__Request request = OPENWFP__REQUEST__INIT;

	get.has_kind = get.has_securityinfo = 1;
	get.kind = kind;
	get.securityinfo = which;
	if (!is_container(key)) {
		get.has_key = 1;
		get.key = key_bytes(key);
	}
	request.op_case = OPENWFP__REQUEST__OP_SECURITY_GET;
	request.securityget = &get;
	return session_call(session, &request, reply);
}

wfp_err security_get(HANDLE session, Openwfp__Kind kind, const GUID *key,
		     SECURITY_INFORMATION which, const struct security_out *out)
{
	struct rpc_reply *reply;
	wfp_err err;

	if (!out->sd)
		return ERR_NULL_POINTER;
	err = send_get(session, kind, key, which, &reply);
	if (err)
		return err;
	err = reply->msg->result_case == OPENWFP__REPLY__RESULT_SD ? seal(&reply->msg->sd, out)
								   : ERR_INVALID_DATA;
	rpc_reply_free(reply);
	return err;
}
