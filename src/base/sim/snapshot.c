/* SPDX-License-Identifier: MIT */
/*
 * snapshot - pages, their protection and their copies.
 */
#include "base/sim/snapshot.h"

#include "base/sim/fingerprint.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HOT_MAX	    ((size_t)1 << 18) /* pages */
#define OBJECTS_MAX 32u
#define COOL_EVERY  64u /* rewinds */

#ifdef BASE_ASAN
#define PLAIN_LOOP __attribute__((no_sanitize("address")))
#else
#define PLAIN_LOOP
#endif

enum page_state { PAGE_CLEAN, PAGE_HOT };

static const void *objects[OBJECTS_MAX]; /* load addresses; set before the snapshot is taken */
static unsigned n_objects;

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
	*s = (struct snapshot){0};
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

void snapshot_note_object(const void *base)
{
	if (n_objects < OBJECTS_MAX)
		objects[n_objects++] = base;
}

void snapshot_forget_objects(void)
{
	n_objects = 0;
}

static bool is_noted(const void *base)
{
	for (unsigned i = 0; i < n_objects; i++)
		if (objects[i] == base)
			return true;
	return false;
}

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

static wfp_err add_segment(struct snapshot *s, const struct dl_phdr_info *info,
			   const ElfW(Phdr) * h)
{
	uintptr_t from = info->dlpi_addr + h->p_vaddr, to = from + h->p_memsz;
	uintptr_t relro, relro_end;

	find_relro(info, &relro, &relro_end);
	if (from < relro_end && relro < to)
		from = relro_end;
	return from < to ? snapshot_add(s, (void *)from, to - from) : ERR_OK;
}

struct walk {
	struct snapshot *s;
	bool only; /* the object at base, or, when that is NULL, the program */
	const void *base;
	unsigned n;
	wfp_err err;
};

static bool is_meant(const struct walk *w, const void *base, bool program)
{
	if (!w->only)
		return program || is_noted(base);
	return w->base ? !program && base == w->base : program;
}

/* The first object of the walk is the program. */
static int add_object(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct walk *w = ctx;

	(void)size;
	if (!is_meant(w, (const void *)info->dlpi_addr, w->n++ == 0))
		return 0;
	for (unsigned i = 0; i < info->dlpi_phnum && !w->err; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_W))
			w->err = add_segment(w->s, info, &info->dlpi_phdr[i]);
	return 0;
}

wfp_err snapshot_add_program(struct snapshot *s)
{
	struct walk w = {.s = s};

	dl_iterate_phdr(add_object, &w);
	return w.err;
}

/* A loop of our own: a sanitizer would look at what it copies. */
PLAIN_LOOP static void copy_page(char *to, const char *from, size_t size)
{
#if defined(__x86_64__)
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
#else
	const uint64_t *in = (const uint64_t *)(const void *)from;
	uint64_t *out = (uint64_t *)(void *)to;

	for (size_t i = 0; i < size / sizeof(*in); i++)
		out[i] = in[i];
#endif
}

static wfp_err keep_part(struct snapshot_kept *k, const struct snapshot_region *r)
{
	struct kept_part *part = &k->parts[k->n];

	if (k->n == ARRAY_LEN(k->parts))
		return ERR_NO_MEMORY;
	part->content = malloc(r->size);
	if (!part->content)
		return ERR_NO_MEMORY;
	part->start = r->start;
	part->size = r->size;
	copy_page(part->content, r->start, r->size);
	k->n++;
	return ERR_OK;
}

static void free_kept(struct snapshot_kept *k)
{
	for (uint32_t i = 0; i < k->n; i++)
		free(k->parts[i].content);
	k->n = 0;
}

wfp_err snapshot_keep(struct snapshot_kept *k, const void *base)
{
	struct snapshot s = {0};
	struct walk w = {.s = &s, .only = true, .base = base};

	*k = (struct snapshot_kept){0};
	dl_iterate_phdr(add_object, &w);
	for (uint32_t i = 0; i < s.n_regions; i++) {
		if (!w.err)
			w.err = keep_part(k, &s.regions[i]);
		free(s.regions[i].state);
	}
	free(s.regions);
	if (w.err)
		free_kept(k);
	return w.err;
}

void snapshot_put_back(struct snapshot_kept *k)
{
	for (uint32_t i = 0; i < k->n; i++)
		copy_page(k->parts[i].start, k->parts[i].content, k->parts[i].size);
	free_kept(k);
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

bool snapshot_overflowed(const struct snapshot *s, const void *address)
{
	const struct snapshot_region *r = s->taken ? region_of(s, address) : NULL;

	return r && r->state[(size_t)((const char *)address - r->start) / snapshot_page_size()] ==
			    PAGE_CLEAN;
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
	if (!hot->saved)
		hot->saved = s->saved + s->n_hot * page;
	hot->print = 0;
	copy_page(hot->saved, hot->page, page);
	if (mprotect(hot->page, page, PROT_READ | PROT_WRITE) != 0)
		return false;
	r->state[at] = PAGE_HOT;
	s->n_hot++;
	return true;
}

/* A loop of our own, for the same reason. */
PLAIN_LOOP static bool is_same(const char *a, const char *b, size_t size)
{
	const uint64_t *x = (const uint64_t *)(const void *)a;
	const uint64_t *y = (const uint64_t *)(const void *)b;
	uint64_t differ = 0;

	for (size_t i = 0; i < size / sizeof(*x) && !differ; i += 8)
		for (size_t k = 0; k < 8; k++)
			differ |= x[i + k] ^ y[i + k];
	return !differ;
}

/* The place where the old content lay stays with the entry: the next hot page takes it. */
static bool make_clean(struct snapshot *s, uint32_t i)
{
	struct snapshot_page *last = &s->hot[s->n_hot - 1], gone = s->hot[i];
	struct snapshot_region *r = region_of(s, gone.page);
	size_t page = snapshot_page_size();

	if (mprotect(gone.page, page, PROT_READ) != 0)
		return false;
	r->state[(size_t)(gone.page - r->start) / page] = PAGE_CLEAN;
	s->hot[i] = *last;
	*last = gone;
	s->n_hot--;
	return true;
}

static void cool(struct snapshot *s)
{
	size_t page = snapshot_page_size();

	for (uint32_t i = s->n_hot; i-- > 0;)
		if (is_same(s->hot[i].page, s->hot[i].saved, page) && !make_clean(s, i))
			return;
}

void snapshot_rewind(struct snapshot *s)
{
	size_t page = snapshot_page_size();

	if (++s->rewinds % COOL_EVERY == 0)
		cool(s);
	for (uint32_t i = 0; i < s->n_hot; i++)
		copy_page(s->hot[i].page, s->hot[i].saved, page);
}

/* 0 for a page that is as it was. */
static uint64_t print_page(struct snapshot_page *hot, enum snapshot_page_use use)
{
	const size_t size = snapshot_page_size();
	const uintptr_t seed = (uintptr_t)hot->page;

	if (use == SNAPSHOT_LEAVE_OUT)
		return 0;
	if (!hot->print)
		hot->print = fingerprint_bytes(seed, hot->saved, size);
	if (use == SNAPSHOT_FORBIDDEN)
		return fingerprint_bytes(seed, &seed, sizeof(seed)) - hot->print;
	return fingerprint_bytes(seed, hot->page, size) - hot->print;
}

uint64_t snapshot_fingerprint(struct snapshot *s, enum snapshot_page_use (*use)(const char *page))
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < s->n_hot; i++)
		sum += print_page(&s->hot[i], use(s->hot[i].page));
	return sum;
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
	*s = (struct snapshot){0};
}
