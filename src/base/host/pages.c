/* SPDX-License-Identifier: MIT */
/*
 * pages - anonymous mappings, with advice.
 *
 * The system aligns a mapping to small pages, so one of nearly twice the size is asked for and
 * what is too much given back.  Any thread.
 */
#include "base/pages.h"

#include "base/mem.h"

#include <sys/mman.h>

#define SMALL	   ((size_t)4096)
#define MAP_LENGTH (2 * PAGES_BYTES - SMALL) /* a whole piece is in it, wherever it begins */

/* It fails when the kernel cannot note that a mapping has two parts now; then the range stays
 * mapped and is nobody's. */
static void unmap(char *from, const char *to)
{
	if (from < to)
		(void)munmap(from, (size_t)(to - from));
}

void *pages_get(void)
{
	char *map, *piece;

	if (!mem_take())
		return NULL;
	map = mmap(NULL, MAP_LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED) {
		mem_untake();
		return NULL;
	}
	piece = map + (0 - (uintptr_t)map) % PAGES_BYTES;
	unmap(map, piece);
	unmap(piece + PAGES_BYTES, map + MAP_LENGTH);
	(void)madvise(piece, PAGES_BYTES, MADV_NOHUGEPAGE);
	return piece;
}

void pages_put(void *piece)
{
	unmap(piece, (char *)piece + PAGES_BYTES);
	mem_untake();
}

void pages_prefer_huge(void *piece)
{
	(void)madvise(piece, PAGES_BYTES, MADV_HUGEPAGE);
}
