/* SPDX-License-Identifier: MIT */
/*
 * inherit - composing the list of an object from its own entries and those of its parent.
 *
 * There is one way to compose, whether an object is new, is given another list, or its parent was
 * given one: keep the own entries, then take what the parent passes down.  An entry that is in
 * force for the object is made concrete: generic rights become those of the engine, Creator Owner
 * and Creator Group become the owner and the group.  Where such an entry of a container is also
 * inheritable, its general form stays beside it, inherit-only.  Doing it twice changes nothing.
 */
#include "model/inherit.h"

#include "model/access.h"
#include "model/sddl.h"

#define INHERITABLE    (MODEL_ACE_OBJECT_INHERIT | MODEL_ACE_CONTAINER_INHERIT)
#define PARTS	       (MODEL_SD_OWNER | MODEL_SD_GROUP | MODEL_SD_DACL | MODEL_SD_SACL)
#define ABOUT_THE_LIST (MODEL_SD_DACL | MODEL_SD_PROTECT | MODEL_SD_UNPROTECT)

/*
 * Administrators everything; Network Configuration Operators and the services MpsSvc, NapAgent,
 * PolicyAgent, RpcSs and WdiServiceHost all but changing descriptors; everyone OPEN and CLASSIFY.
 */
static const char engine_sddl[] =
	"O:SYG:SYD:(A;OICI;GA;;;BA)(A;OICI;GXGWGR;;;NO)"
	"(A;OICI;GXGWGR;;;S-1-5-80-3088073201-1464728630-1879813800-1107566885-823218052)"
	"(A;OICI;GXGWGR;;;S-1-5-80-2006800713-1441093265-249754844-3404434343-1444102779)"
	"(A;OICI;GXGWGR;;;S-1-5-80-3044542841-3639452079-4096941652-1606687743-1256249853)"
	"(A;OICI;GXGWGR;;;S-1-5-80-979556362-403687129-3954533659-2335141334-1547273080)"
	"(A;OICI;GXGWGR;;;S-1-5-80-3139157870-2983391045-3678747466-658725712-1809340420)"
	"(A;OICI;RPDT;;;WD)";

static const uint8_t creator_owner[] = {1, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0};
static const uint8_t creator_group[] = {1, 1, 0, 0, 0, 0, 0, 3, 1, 0, 0, 0};

/* The object whose list is composed. */
struct object {
	bool is_container;
	bool is_protected;
	const uint8_t *owner, *group; /* NULL: absent, and then not put in anybody's place */
};

wfp_err model_sd_default_engine(struct model_blob **out)
{
	return model_sddl_parse(out, engine_sddl, NULL);
}

static bool is_creator(const uint8_t *sid)
{
	return sid_equal(sid, creator_owner) || sid_equal(sid, creator_group);
}

/* Whom the SID of an entry means for this object.  An owner who is no person is not put in. */
static const uint8_t *meant(const uint8_t *sid, const struct object *o)
{
	const uint8_t *who = sid_equal(sid, creator_owner)   ? o->owner
			     : sid_equal(sid, creator_group) ? o->group
							     : NULL;

	return who && !is_creator(who) ? who : sid;
}

static void add(struct model_aces *list, const struct model_ace *general, const struct object *o)
{
	struct model_ace ace = *general;
	bool inheritable = o->is_container && ace.flags & INHERITABLE;

	if (!ace.sid || ace.flags & MODEL_ACE_INHERIT_ONLY ||
	    (!(ace.mask & MODEL_GENERIC) && meant(ace.sid, o) == ace.sid)) {
		model_aces_append(list, &ace);
		return;
	}
	ace.mask = model_access_map(ace.mask, &model_access_fwpm);
	ace.sid = meant(ace.sid, o);
	if (inheritable)
		ace.flags &= (uint8_t) ~(INHERITABLE | MODEL_ACE_NO_PROPAGATE);
	model_aces_append(list, &ace);
	if (inheritable) {
		ace = *general;
		ace.flags |= MODEL_ACE_INHERIT_ONLY;
		model_aces_append(list, &ace);
	}
}

/* An object that becomes protected keeps what it had inherited. */
static void add_own(struct model_aces *list, const struct model_sd *own, const struct object *o)
{
	struct model_ace ace;

	for (uint32_t at = 0; model_ace_next(own, &at, &ace);) {
		if (ace.flags & MODEL_ACE_INHERITED && !o->is_protected)
			continue;
		ace.flags &= (uint8_t)~MODEL_ACE_INHERITED;
		add(list, &ace, o);
	}
}

static void pass_down(struct model_aces *list, const struct model_ace *from, const struct object *o)
{
	struct model_ace ace = *from;
	bool applies = ace.flags &
		       (o->is_container ? MODEL_ACE_CONTAINER_INHERIT : MODEL_ACE_OBJECT_INHERIT);
	bool goes_on =
		o->is_container && ace.flags & INHERITABLE && !(ace.flags & MODEL_ACE_NO_PROPAGATE);

	if (!applies && !goes_on)
		return;
	ace.flags = (uint8_t)((goes_on ? ace.flags & INHERITABLE : 0u) | MODEL_ACE_INHERITED |
			      (applies ? 0u : MODEL_ACE_INHERIT_ONLY));
	add(list, &ace, o);
}

static wfp_err add_inherited(struct model_aces *list, const struct model_blob *parent,
			     const struct object *o)
{
	struct model_sd sd;
	struct model_ace ace;
	wfp_err err = model_sd_parse(&sd, parent->data, parent->size);

	if (err)
		return err;
	for (uint32_t at = 0; model_ace_next(&sd, &at, &ace);)
		pass_down(list, &ace, o);
	return ERR_OK;
}

/* own: NULL has no entries; its null list stays null.  Owner and group are the object's. */
static wfp_err compose(struct model_blob **out, const struct model_sd *own, struct object *o,
		       const struct model_sd_place *place)
{
	struct model_aces list = {0};
	struct model_sd parts = {
		.control = o->is_protected ? MODEL_SD_DACL_PROTECTED : 0,
		.owner = o->owner,
		.group = o->group,
		.dacl_null = true,
	};
	wfp_err err = ERR_OK;

	o->is_container = place->is_container;
	if (place->parent)
		parts.control |= MODEL_SD_DACL_AUTO_INHERITED;
	if (own && own->dacl_null) {
		parts.control |= MODEL_SD_DACL_PRESENT;
		return model_sd_make(out, &parts);
	}
	if (own)
		add_own(&list, own, o);
	if (place->parent && !o->is_protected)
		err = add_inherited(&list, place->parent, o);
	if (!err)
		err = model_sd_make_with(out, &parts, &list);
	buf_free(&list.bytes);
	return err;
}

wfp_err model_sd_inherit(struct model_blob **out, const struct model_sd_place *place,
			 const struct model_blob *given, const void *owner, const void *group)
{
	struct object o = {.owner = owner, .group = group};
	struct model_sd sd = {0};
	wfp_err err = given ? model_sd_parse(&sd, given->data, given->size) : ERR_OK;

	if (err)
		return err;
	if (sd.owner)
		o.owner = sd.owner;
	if (sd.group)
		o.group = sd.group;
	o.is_protected = sd.control & MODEL_SD_DACL_PROTECTED;
	return compose(out, sd.control & MODEL_SD_DACL_PRESENT ? &sd : NULL, &o, place);
}

static bool info_is_valid(uint32_t info, const struct model_sd *new)
{
	if (info & ~(PARTS | MODEL_SD_PROTECT | MODEL_SD_UNPROTECT) ||
	    (info & MODEL_SD_PROTECT && info & MODEL_SD_UNPROTECT))
		return false;
	return (!(info & MODEL_SD_OWNER) || new->owner) && (!(info & MODEL_SD_GROUP) || new->group);
}

wfp_err model_sd_set(struct model_blob **out, const struct model_blob *old,
		     const struct model_blob *new, uint32_t info,
		     const struct model_sd_place *place)
{
	struct object o = {0};
	struct model_sd was, is;
	wfp_err err = model_sd_parse(&was, old->data, old->size);

	if (!err)
		err = model_sd_parse(&is, new->data, new->size);
	if (err)
		return err;
	if (!info_is_valid(info, &is))
		return ERR_INVALID_PARAMETER;
	if (info & MODEL_SD_OWNER)
		was.owner = is.owner;
	if (info & MODEL_SD_GROUP)
		was.group = is.group;
	if (!(info & ABOUT_THE_LIST))
		return model_sd_make(out, &was);
	o.owner = was.owner;
	o.group = was.group;
	o.is_protected = info & MODEL_SD_PROTECT ||
			 (was.control & MODEL_SD_DACL_PROTECTED && !(info & MODEL_SD_UNPROTECT));
	return compose(out, info & MODEL_SD_DACL ? &is : &was, &o, place);
}

wfp_err model_sd_reinherit(struct model_blob **out, const struct model_blob *child,
			   const struct model_sd_place *place)
{
	struct model_sd sd;
	struct object o = {0};
	wfp_err err = model_sd_parse(&sd, child->data, child->size);

	if (err)
		return err;
	if (sd.control & MODEL_SD_DACL_PROTECTED || sd.dacl_null)
		return model_sd_make(out, &sd);
	o.owner = sd.owner;
	o.group = sd.group;
	return compose(out, &sd, &o, place);
}

wfp_err model_sd_select(struct model_blob **out, const struct model_blob *blob, uint32_t info)
{
	struct model_sd sd;
	wfp_err err = model_sd_parse(&sd, blob->data, blob->size);

	if (err)
		return err;
	if (info & ~PARTS)
		return ERR_INVALID_PARAMETER;
	if (!(info & MODEL_SD_OWNER))
		sd.owner = NULL;
	if (!(info & MODEL_SD_GROUP))
		sd.group = NULL;
	if (!(info & MODEL_SD_DACL)) {
		sd.control = 0;
		sd.dacl_null = true;
	}
	return model_sd_make(out, &sd);
}
