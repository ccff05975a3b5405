/* SPDX-License-Identifier: MIT */
/*
 * dl - the dynamic loader.
 *
 * Called when a driver is loaded or unloaded, on the thread that does it.  The same in both builds,
 * but that a run of the controlled world never unmaps anything.
 */
#include "base/dl.h"

#include "base/mem.h"
#ifdef BASE_SIM
#include "base/sim/control.h"
#endif

#include <dlfcn.h>
#include <link.h>

struct dl {
	void *handle;
	char *path; /* as the loader knows it */
};

static void dl_explain(struct buf *why)
{
	const char *sentence = dlerror();

	if (why)
		buf_append_str(why, sentence ? sentence : "the loader does not say why");
}

/* In the controlled world its variables are put back with those of the program. */
static wfp_err note_loaded(void *handle)
{
#ifdef BASE_SIM
	struct link_map *map;

	if (control_on && dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0)
		return control_loaded((const void *)map->l_addr);
#else
	(void)handle;
#endif
	return ERR_OK;
}

/* What the world has loaded stays: the next run, and the next world, find it mapped. */
static bool may_unload(void)
{
#ifdef BASE_SIM
	return !control_on;
#else
	return true;
#endif
}

static const char *loaded_path(void *handle, const char *path)
{
	struct link_map *map;

	if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || !map->l_name || !map->l_name[0])
		return path;
	return map->l_name;
}

wfp_err dl_open(struct dl **out, const char *path, struct buf *why)
{
	struct dl *dl = mem_zalloc(sizeof(*dl));

	if (!dl)
		return ERR_NO_MEMORY;
	dl->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!dl->handle) {
		dl_explain(why);
		mem_free(dl);
		return ERR_MOD_NOT_FOUND;
	}
	dl->path = mem_strdup(loaded_path(dl->handle, path));
	if (!dl->path || note_loaded(dl->handle) != ERR_OK) {
		dlclose(dl->handle);
		mem_free(dl->path);
		mem_free(dl);
		return ERR_NO_MEMORY;
	}
	*out = dl;
	return ERR_OK;
}

struct visit {
	void (*fn)(void *ctx, const char *path, uintptr_t base);
	void *ctx;
};

static int visit_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	const struct visit *v = arg;

	(void)size;
	v->fn(v->ctx, info->dlpi_name, info->dlpi_addr);
	return 0;
}

void dl_each(void (*fn)(void *ctx, const char *path, uintptr_t base), void *ctx)
{
	struct visit v = {fn, ctx};

	dl_iterate_phdr(visit_object, &v);
}

void *dl_sym(const struct dl *dl, const char *name)
{
	return dlsym(dl->handle, name);
}

const char *dl_file_at(const void *address, uint64_t *offset)
{
	Dl_info info;

	if (dladdr(address, &info) == 0 || !info.dli_fname)
		return NULL;
	*offset = (uint64_t)((const char *)address - (const char *)info.dli_fbase);
	return info.dli_fname;
}

static bool still_mapped(const char *path)
{
	void *again = dlopen(path, RTLD_NOW | RTLD_NOLOAD);

	if (again)
		dlclose(again);
	return again != NULL;
}

wfp_err dl_close(struct dl *dl)
{
	wfp_err err = ERR_OK;

	if (may_unload()) {
		dlclose(dl->handle);
		err = still_mapped(dl->path) ? ERR_BUSY : ERR_OK;
	}
	mem_free(dl->path);
	mem_free(dl);
	return err;
}
