/* SPDX-License-Identifier: MIT */
/*
 * stack - names of addresses, over libdw of elfutils.
 *
 * The library finds separate debug files too, where the system has them.  Its memory is the
 * process's own and not the world's, so no rewind touches it; ours is from sim_control_alloc.
 */
#include "explore/stack.h"

#include "base/dl.h"
#include "base/hash.h"
#include "base/proc.h"
#include "base/sim_control.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define REMEMBERED 1024u

struct remembered {
	const void *address; /* NULL: free */
	bool found;
	struct stack_place place;
};

static struct names {
	Dwfl *dwfl; /* NULL: the modules are not read yet */
	struct remembered table[REMEMBERED];
} * names; /* set before the world is opened */

static char *debug_path; /* NULL: where the system has separate debug files */

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.debuginfo_path = &debug_path,
};

wfp_err stack_open(void)
{
	if (names)
		return ERR_OK;
	names = sim_control_alloc(sizeof(*names));
	return names ? ERR_OK : ERR_NO_MEMORY;
}

void stack_close(void)
{
	if (!names)
		return;
	if (names->dwfl)
		dwfl_end(names->dwfl);
	sim_control_free(names);
	names = NULL;
}

static void read_module(void *dwfl, const char *path, uintptr_t base)
{
	struct buf own = {0};

	if (!path[0] && proc_own_path(&own) == ERR_OK)
		path = buf_str(&own);
	/* The system's own page has no file: it stays without names. */
	(void)!dwfl_report_elf(dwfl, path, path, -1, base, true);
	buf_free(&own);
}

/*
 * What is loaded now.  The loader is asked: in the system's list of mappings a file that libdw
 * reads looks like a part of the object that it lies beside.
 */
static void read_modules(void)
{
	if (!names->dwfl)
		names->dwfl = dwfl_begin(&callbacks);
	if (!names->dwfl)
		return;
	dwfl_report_begin(names->dwfl);
	dl_each(read_module, names->dwfl);
	dwfl_report_end(names->dwfl, NULL, NULL);
}

/*
 * By the module's first address, which the loader knows: the library finds the nearest module to
 * any address, and does not count variables that the file has no bytes for.  Drivers are loaded
 * after the first look: a second one finds them.
 */
static Dwfl_Module *module_of(uintptr_t address)
{
	uint64_t offset = 0;
	Dwfl_Module *m = NULL;

	if (!dl_file_at((const void *)address, &offset))
		return NULL;
	if (names->dwfl)
		m = dwfl_addrmodule(names->dwfl, address - offset);
	if (m)
		return m;
	read_modules();
	return names->dwfl ? dwfl_addrmodule(names->dwfl, address - offset) : NULL;
}

static void copy_base_name(char *to, size_t size, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	snprintf(to, size, "%s", slash ? slash + 1 : path ? path : "");
}

/* Unit by unit: clang writes no index of addresses, without which the library finds nothing. */
static const char *search_line(Dwfl_Module *m, uintptr_t address, int *number)
{
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit = NULL;
	Dwarf_Line *line = NULL;

	while (!line && (unit = dwfl_module_nextcu(m, unit, &bias)))
		if (dwarf_haspc(unit, address - bias) > 0)
			line = dwarf_getsrc_die(unit, address - bias);
	if (!line)
		return NULL;
	(void)!dwarf_lineno(line, number);
	return dwarf_linesrc(line, NULL, NULL);
}

static void find_line(Dwfl_Module *m, uintptr_t address, struct stack_place *p)
{
	Dwfl_Line *line = dwfl_module_getsrc(m, address);
	int number = 0;
	const char *file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL)
				: search_line(m, address, &number);

	copy_base_name(p->file, sizeof(p->file), file);
	p->line = number > 0 ? (uint32_t)number : 0;
}

static bool is_driver(Dwfl_Module *m)
{
	int n = dwfl_module_getsymtab(m);

	for (int i = 0; i < n; i++) {
		GElf_Sym symbol;
		const char *name = dwfl_module_getsym(m, i, &symbol, NULL);

		if (name && strcmp(name, "DriverEntry") == 0)
			return symbol.st_shndx != SHN_UNDEF;
	}
	return false;
}

static bool look_up(uintptr_t address, struct stack_place *p)
{
	Dwfl_Module *m = module_of(address);
	const char *path, *function;
	GElf_Off offset;
	Dwarf_Addr start;
	GElf_Sym symbol;

	if (!m)
		return false;
	path = dwfl_module_info(m, NULL, &start, NULL, NULL, NULL, NULL, NULL);
	copy_base_name(p->module, sizeof(p->module), path);
	p->offset = address - start;
	p->driver = is_driver(m);
	function = dwfl_module_addrinfo(m, address, &offset, &symbol, NULL, NULL, NULL);
	if (function) {
		snprintf(p->function, sizeof(p->function), "%s", function);
		p->into = offset;
	}
	find_line(m, address, p);
	return true;
}

static struct remembered *slot_of(const void *address)
{
	size_t i = hash_u64((uintptr_t)address) % REMEMBERED;

	for (unsigned tries = 0; tries < 8; tries++, i = (i + 1) % REMEMBERED)
		if (!names->table[i].address || names->table[i].address == address)
			break;
	return &names->table[i];
}

bool stack_find(const void *address, struct stack_place *out)
{
	struct remembered *r;

	memset(out, 0, sizeof(*out));
	if (!names || !address)
		return false;
	r = slot_of(address);
	if (r->address != address) {
		memset(r, 0, sizeof(*r));
		r->found = look_up((uintptr_t)address - 1, &r->place);
		r->address = address;
	}
	*out = r->place;
	return r->found;
}

void stack_place_print(const struct stack_place *p, struct buf *out)
{
	buf_append_str(out, p->function[0] ? p->function : "?");
	if (p->file[0])
		buf_printf(out, " at %s:%" PRIu32, p->file, p->line);
	if (p->module[0])
		buf_printf(out, " (%s+0x%" PRIx64 ")", p->module, p->offset);
}

void stack_print(const struct explore_stack *s, struct buf *out)
{
	struct stack_place p;

	for (uint32_t i = 0; s->thread && i < s->n; i++) {
		buf_printf(out, "  #%" PRIu32 " ", i);
		if (stack_find(s->frames[i], &p))
			stack_place_print(&p, out);
		else
			buf_printf(out, "%p", s->frames[i]);
		buf_append_byte(out, '\n');
	}
}
