/* SPDX-License-Identifier: MIT */
/*
 * people - looking users up, and resolving paths.
 *
 * The right that a condition asks for is CC (FWP_ACTRL_MATCH_FILTER).  Whoever is not named is not
 * granted it; to leave somebody out he is denied it before everybody is granted it, because a
 * descriptor cannot be compared with NOT_EQUAL.
 */
#include "wfp/people.h"

#include "base/mem.h"
#include "base/file.h"
#include "base/utf.h"
#include "model/sid.h"

#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_LEN 256u
#define UNIX_USERS   1u /* S-1-22-1-uid */
#define UNIX_GROUPS  2u /* S-1-22-2-gid */

static bool number(const char *text, uint32_t *out)
{
	char *end;
	unsigned long long x = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || x > UINT32_MAX)
		return false;
	*out = (uint32_t)x;
	return true;
}

static bool user_id(const char *name, uint32_t *out)
{
	const struct passwd *p = getpwnam(name);

	if (p)
		*out = p->pw_uid;
	return p != NULL;
}

static bool group_id(const char *name, uint32_t *out)
{
	const struct group *g = getgrnam(name);

	if (g)
		*out = g->gr_gid;
	return g != NULL;
}

/* Appends the SID of one of the list. */
static bool append_one(const char *name, struct buf *out)
{
	struct sid sid;
	const char *end;
	char text[SID_TEXT];
	uint32_t id;

	if (*name == '@' && (number(name + 1, &id) || group_id(name + 1, &id)))
		buf_printf(out, "S-1-22-%u-%" PRIu32, UNIX_GROUPS, id);
	else if (*name != '@' && (number(name, &id) || user_id(name, &id)))
		buf_printf(out, "S-1-22-%u-%" PRIu32, UNIX_USERS, id);
	else if (strncasecmp(name, "S-1-", 4) == 0 && sid_parse(&sid, name, &end) && !*end)
		buf_append_str(out, sid_format(sid.bytes, text));
	else
		return false;
	return true;
}

static wfp_err append_all(const char *list, const char *type, struct buf *out, struct buf *why)
{
	char name[NAME_MAX_LEN];

	while (*list) {
		size_t n = strcspn(list, ",");

		memcpy(name, list, n < sizeof(name) ? n : 0);
		name[n < sizeof(name) ? n : 0] = '\0';
		buf_printf(out, "(%s;;CC;;;", type);
		if (!*name || !append_one(name, out)) {
			buf_printf(why,
				   "no such user: %.*s; expected a name, a number, @group or a SID",
				   (int)n, list);
			return ERR_INVALID_DATA;
		}
		buf_append_str(out, ")");
		list += n + (list[n] == ',');
	}
	return ERR_OK;
}

wfp_err people_sddl(const char *list, bool negated, struct buf *out, struct buf *why)
{
	wfp_err err;

	if (!*list) {
		buf_append_str(why, "no user named");
		return ERR_INVALID_DATA;
	}
	buf_append_str(out, "O:SYG:SYD:");
	err = append_all(list, negated ? "D" : "A", out, why);
	if (negated)
		buf_append_str(out, "(A;;CC;;;WD)");
	return err ? err : buf_err(out);
}

static void append_hex16(struct buf *out, uint16_t unit)
{
	buf_printf(out, "%02x%02x", unit & 0xff, unit >> 8);
}

static wfp_err append_utf16(const char *text, struct buf *out)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);
	uint16_t units[UTF16_MAX];

	while (at < end) {
		uint32_t c = utf8_next(&at, end);

		if (c == UTF_BAD)
			return ERR_INVALID_DATA;
		for (unsigned i = 0, n = utf16_put(units, c); i < n; i++)
			append_hex16(out, units[i]);
	}
	append_hex16(out, 0);
	return buf_err(out);
}

wfp_err people_app_id(const char *path, struct buf *out, struct buf *why)
{
	char *real = NULL;
	wfp_err err;

	if (strncasecmp(path, "\\device\\", 8) == 0)
		return append_utf16(path, out);
	err = file_resolve(path, &real);
	if (!err)
		err = append_utf16(real, out);
	if (err)
		buf_printf(why, "%s: %s", path, err_text(err));
	mem_free(real);
	return err;
}

void people_name(const void *sid, size_t len, struct buf *out)
{
	char text[SID_TEXT];
	const struct passwd *p;
	unsigned uid;
	int end = 0;

	if (!sid_size(sid, len))
		return;
	sid_format(sid, text);
	if (sscanf(text, "S-1-22-1-%u%n", &uid, &end) != 1 || text[end]) {
		buf_append_str(out, text);
		return;
	}
	p = getpwuid(uid);
	if (p)
		buf_append_str(out, p->pw_name);
	else
		buf_printf(out, "uid %u", uid);
}
