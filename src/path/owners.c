/* SPDX-License-Identifier: MIT */
/*
 * owners - see owners.h.
 *
 * The path is shown when it is well-formed UTF-8 only: with replaced characters two programs would
 * have one id.
 */
#include "path/owners.h"

#include "base/mem.h"
#include "base/procfs.h"
#include "base/utf.h"

#include <string.h>

#define REMEMBERED 64u

struct owner {
	uint64_t inode;
	struct procfs_place at;
	struct model_app *app; /* NULL: nobody was found */
	uint32_t below;	       /* then: where the search goes on; 0: it looked everywhere */
	uint64_t search_again; /* then: when it begins anew */
};

struct owners {
	struct procfs *procfs;
	struct owner
		known[REMEMBERED]; /* last used first; the free ones, with inode 0, at the end */
};

wfp_err owners_open(struct owners **out, const char *root)
{
	struct owners *o = mem_zalloc(sizeof(*o));
	wfp_err err;

	if (!o)
		return ERR_NO_MEMORY;
	err = procfs_open(&o->procfs, root);
	if (err) {
		mem_free(o);
		return err;
	}
	*out = o;
	return ERR_OK;
}

void owners_close(struct owners *o)
{
	if (!o)
		return;
	for (unsigned i = 0; i < REMEMBERED; i++)
		model_app_put(o->known[i].app);
	procfs_close(o->procfs);
	mem_free(o);
}

/* ---- what is remembered -------------------------------------------------------------------- */

/* That of the socket, or the one used longest ago, which then is the socket's; in front. */
static struct owner *bring_forward(struct owners *o, uint64_t inode)
{
	struct owner mine;
	unsigned i = 0;

	while (i < REMEMBERED - 1 && o->known[i].inode != inode)
		i++;
	mine = o->known[i];
	if (mine.inode != inode) {
		model_app_put(mine.app);
		mine = (struct owner){.inode = inode, .below = UINT32_MAX};
	}
	memmove(&o->known[1], &o->known[0], i * sizeof(mine));
	o->known[0] = mine;
	return &o->known[0];
}

static void forget(struct owner *who, uint64_t now)
{
	model_app_put(who->app);
	who->app = NULL;
	if (who->below == 0)
		who->search_again = now + OWNERS_NOBODY_TIME;
}

/* ---- the program --------------------------------------------------------------------------- */

/* UTF-16 with its NUL, as FwpmGetAppIdFromFileName0 makes it; the bytes, 0: not text. */
static uint32_t id_of_path(const char *path, uint16_t id[PROCFS_EXE_MAX])
{
	const uint8_t *p = (const uint8_t *)path, *end = p + strlen(path);
	uint16_t *to = id;

	if (!utf8_valid(path, strlen(path)))
		return 0;
	while (p < end)
		to += utf16_put(to, utf8_next(&p, end));
	*to++ = 0;
	return (uint32_t)((size_t)(to - id) * sizeof(*id));
}

/* One object for all sockets of a program that never changes. */
static bool name_program(struct owner *who, const uint16_t *id, uint32_t size)
{
	struct model_app *app;

	if (who->app && who->app->blob.size == size && memcmp(who->app->bytes, id, size) == 0)
		return true;
	if (model_app_create(&app, id, size) != ERR_OK)
		return false;
	model_app_put(who->app);
	who->app = app;
	return true;
}

/* The descriptor is looked at before and after: between, the process may end and another begin. */
static bool read_program(const struct owners *o, struct owner *who)
{
	char path[PROCFS_EXE_MAX];
	uint16_t id[PROCFS_EXE_MAX];
	uint32_t size;

	if (!procfs_exe(o->procfs, who->at.pid, path) ||
	    !procfs_is_socket(o->procfs, &who->at, who->inode))
		return false;
	size = id_of_path(path, id);
	return size > 0 && name_program(who, id, size);
}

/* ---- the search ---------------------------------------------------------------------------- */

static bool was_searched(const struct owners *o, unsigned i)
{
	for (unsigned k = 1; k < i; k++)
		if (o->known[k].app && o->known[k].at.pid == o->known[i].at.pid)
			return true;
	return false;
}

/* Who has had a socket before is likely to have this one, too: known[0] is the one in question. */
static bool search_known(struct owners *o, uint64_t inode, uint64_t deadline,
			 struct procfs_place *at)
{
	for (unsigned i = 1; i < REMEMBERED; i++) {
		const struct owner *other = &o->known[i];

		if (other->app && !was_searched(o, i) &&
		    procfs_find_in(o->procfs, other->at.pid, inode, deadline, at))
			return true;
	}
	return false;
}

static bool search(struct owners *o, struct owner *who, uint64_t now)
{
	const uint64_t deadline = now + OWNERS_SEARCH_TIME;

	if (who->app || who->below == 0)
		who->below = UINT32_MAX;
	if (!search_known(o, who->inode, deadline - OWNERS_SEARCH_TIME / 2, &who->at) &&
	    !procfs_find(o->procfs, who->inode, &who->below, deadline, &who->at))
		return false;
	who->below = 0;
	return read_program(o, who);
}

static bool is_known(const struct owners *o, struct owner *who)
{
	return who->app && procfs_is_socket(o->procfs, &who->at, who->inode) &&
	       read_program(o, who);
}

bool owners_find(struct owners *o, uint64_t inode, uint64_t now, uint32_t *pid,
		 struct model_app **app)
{
	struct owner *who;

	if (inode == 0) /* the kernel's own, or one without a process any more */
		return false;
	who = bring_forward(o, inode);
	if (!who->app && who->below == 0 && now < who->search_again)
		return false;
	if (!is_known(o, who) && !search(o, who, now)) {
		forget(who, now);
		return false;
	}
	*pid = who->at.pid;
	*app = model_app_get(who->app);
	return true;
}
