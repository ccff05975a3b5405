/* SPDX-License-Identifier: MIT */
/*
 * snapshot - pages, their protection and their copies.
 */
#include "base/sim/snapshot.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HOT_MAX ((size_t)1 << 18) /* pages */

#ifdef BASE_ASAN
#define PLAIN __attribute__((no_sanitize("address")))
#else
#define PLAIN
#endif

enum page_state { PAGE_CLEAN, PAGE_HOT };

/* Not by a function that a sanitizer would look into. */
PLAIN static void copy_bytes(char *to, const char *from, size_t size)
{
#if defined(__x86_64__)
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
#elif defined(BASE_ASAN)
	for (size_t i = 0; i < size; i++)
		((volatile char *)to)[i] = from[i];
#else
	memcpy(to, from, size);
#endif
}

size_t snapshot_page_size(void)
{
	static size_t size;

	if (!size)
		size = (size_t)sysconf(_SC_PAGESIZE);
	return size;
}

static void *reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

wfp_err snapshot_begin(struct snapshot *s)
{
	s->hot = reserve(HOT_MAX * sizeof(*s->hot));
	if (!s->hot)
		return ERR_NO_MEMORY;
	s->saved = reserve(HOT_MAX * snapshot_page_size());
	if (s->saved)
		return ERR_OK;
	munmap(s->hot, HOT_MAX * sizeof(*s->hot));
	return ERR_NO_MEMORY;
}

static wfp_err make_room(struct snapshot *s)
{
	uint32_t room = s->room ? 2 * s->room : 64;
	struct snapshot_region *grown = realloc(s->regions, room * sizeof(*grown));

	if (!grown)
		return ERR_NO_MEMORY;
	s->regions = grown;
	s->room = room;
	return ERR_OK;
}

/* Whole pages that hold any byte of it. */
wfp_err snapshot_add(struct snapshot *s, void *start, size_t size)
{
	size_t page = snapshot_page_size();
	uintptr_t from = (uintptr_t)start & ~(page - 1);
	uintptr_t to = ((uintptr_t)start + size + page - 1) & ~(page - 1);
	uint8_t *state;

	if (from == to)
		return ERR_OK;
	if (s->n_regions == s->room && make_room(s))
		return ERR_NO_MEMORY;
	state = calloc((to - from) / page, 1);
	if (!state)
		return ERR_NO_MEMORY;
	s->regions[s->n_regions++] =
		(struct snapshot_region){.start = (char *)from, .size = to - from, .state = state};
	return ERR_OK;
}

/* ---- the variables of the program ----------------------------------------------------------- */

/* What the loader makes read-only after it has bound the symbols never changes. */
static void find_relro(const struct dl_phdr_info *info, uintptr_t *from, uintptr_t *to)
{
	size_t page = snapshot_page_size();

	*from = *to = 0;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];

		if (h->p_type != PT_GNU_RELRO)
			continue;
		*from = (info->dlpi_addr + h->p_vaddr) & ~(page - 1);
		*to = (info->dlpi_addr + h->p_vaddr + h->p_memsz) & ~(page - 1);
	}
}

struct part {
	struct snapshot *s;
	const void *object; /* NULL: the program, which is the first of the walk */
	bool found;
	wfp_err err;
};

static void keep_segment(struct part *part, const struct dl_phdr_info *info, const ElfW(Phdr) * h)
{
	uintptr_t from = info->dlpi_addr + h->p_vaddr, to = from + h->p_memsz;
	struct snapshot_pristine *kept;
	uintptr_t relro, relro_end;

	find_relro(info, &relro, &relro_end);
	if (from < relro_end && relro < to)
		from = relro_end;
	if (from >= to)
		return;
	part->err = ERR_NO_MEMORY;
	kept = malloc(sizeof(*kept));
	if (!kept)
		return;
	*kept = (struct snapshot_pristine){.object = (const void *)info->dlpi_addr,
					   .start = (char *)from,
					   .size = to - from,
					   .copy = malloc(to - from),
					   .next = part->s->pristine};
	part->s->pristine = kept;
	if (!kept->copy)
		return;
	copy_bytes(kept->copy, kept->start, kept->size);
	part->err = ERR_OK;
}

static int keep_object(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct part *part = ctx;

	(void)size;
	if (part->object && (const void *)info->dlpi_addr != part->object)
		return 0;
	part->found = true;
	for (unsigned i = 0; i < info->dlpi_phnum && !part->err; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_W))
			keep_segment(part, info, &info->dlpi_phdr[i]);
	return 1;
}

wfp_err snapshot_keep(struct snapshot *s, const void *object)
{
	struct part part = {.s = s, .object = object};

	for (const struct snapshot_pristine *p = s->pristine; p; p = p->next)
		if (object && p->object == object)
			return ERR_OK;
	dl_iterate_phdr(keep_object, &part);
	return part.err;
}

static int is_object(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct part *part = ctx;

	(void)size;
	part->found = (const void *)info->dlpi_addr == part->object;
	return part->found;
}

static bool is_loaded(const void *object)
{
	struct part part = {.object = object};

	dl_iterate_phdr(is_object, &part);
	return part.found;
}

wfp_err snapshot_add_variables(struct snapshot *s)
{
	wfp_err err = ERR_OK;

	for (const struct snapshot_pristine *p = s->pristine; p && !err; p = p->next)
		if (is_loaded(p->object))
			err = snapshot_add(s, p->start, p->size);
	return err;
}

/* Only what is on the stack is sure to be the same before and after. */
void snapshot_put_back(struct snapshot_pristine *all)
{
	while (all) {
		struct snapshot_pristine *next = all->next;

		if (all->copy && is_loaded(all->object))
			copy_bytes(all->start, all->copy, all->size);
		free(all->copy);
		free(all);
		all = next;
	}
}

/* ---- taking it, and putting it back --------------------------------------------------------- */

/* From here to the first write nothing may be counted on that writes to a remembered page. */
wfp_err snapshot_take(struct snapshot *s)
{
	s->taken = true;
	for (uint32_t i = 0; i < s->n_regions; i++)
		if (mprotect(s->regions[i].start, s->regions[i].size, PROT_READ) != 0)
			return ERR_NO_MEMORY;
	return ERR_OK;
}

static struct snapshot_region *region_of(const struct snapshot *s, const void *address)
{
	for (uint32_t i = 0; i < s->n_regions; i++) {
		struct snapshot_region *r = &s->regions[i];

		if ((const char *)address >= r->start && (const char *)address < r->start + r->size)
			return r;
	}
	return NULL;
}

bool snapshot_touched(struct snapshot *s, const void *address)
{
	size_t page = snapshot_page_size();
	struct snapshot_region *r = s->taken ? region_of(s, address) : NULL;
	size_t at = r ? (size_t)((const char *)address - r->start) / page : 0;
	struct snapshot_page *hot = &s->hot[s->n_hot];

	if (!r || r->state[at] != PAGE_CLEAN || s->n_hot == HOT_MAX)
		return false;
	hot->page = r->start + at * page;
	hot->saved = s->saved + s->n_hot * page;
	copy_bytes(s->saved + s->n_hot * page, hot->page, page);
	if (mprotect(hot->page, page, PROT_READ | PROT_WRITE) != 0)
		return false;
	r->state[at] = PAGE_HOT;
	s->n_hot++;
	return true;
}

void snapshot_rewind(const struct snapshot *s)
{
	size_t page = snapshot_page_size();

	for (uint32_t i = 0; i < s->n_hot; i++)
		copy_bytes(s->hot[i].page, s->hot[i].saved, page);
}

void snapshot_restore_protection(struct snapshot *s, void *start, size_t size)
{
	size_t page = snapshot_page_size();

	for (size_t at = 0; at < size; at += page) {
		char *p = (char *)start + at;
		struct snapshot_region *r = region_of(s, p);
		bool clean = r && r->state[(size_t)(p - r->start) / page] == PAGE_CLEAN;

		BUG_ON(mprotect(p, page, clean ? PROT_READ : PROT_READ | PROT_WRITE));
	}
}

void snapshot_end(struct snapshot *s)
{
	for (uint32_t i = 0; i < s->n_regions; i++) {
		if (s->taken)
			(void)!mprotect(s->regions[i].start, s->regions[i].size,
					PROT_READ | PROT_WRITE);
		free(s->regions[i].state);
	}
	free(s->regions);
	munmap(s->hot, HOT_MAX * sizeof(*s->hot));
	munmap(s->saved, HOT_MAX * snapshot_page_size());
}
