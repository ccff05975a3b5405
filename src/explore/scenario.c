/* SPDX-License-Identifier: MIT */
/*
 * scenario - the life of a scenario: copied, shortened, freed, and its drivers found among files.
 *
 * Removing keeps what is left meaningful: whatever speaks of the removed thing goes with it, and
 * the numbers of the others follow.  Called by the program and by the shrinker, outside a run.
 */
#include "explore/scenario.h"

#include "base/mem.h"

#include <string.h>

void scenario_free(struct scenario *s)
{
	if (!s)
		return;
	mem_free(s->name);
	mem_free(s->about);
	mem_free(s->capture);
	for (uint32_t i = 0; i < s->n_drivers; i++)
		mem_free(s->drivers[i]);
	for (uint32_t i = 0; i < s->n_packets; i++)
		mem_free(s->packets[i].payload);
	mem_free(s);
}

/* ---- copying ---------------------------------------------------------------------------- */

static bool copy_text(char **to, const char *from)
{
	*to = from ? mem_strdup(from) : NULL;
	return *to || !from;
}

static bool copy_payload(struct scenario_packet *p)
{
	p->payload = p->payload ? mem_dup(p->payload, p->len) : NULL;
	return p->payload || p->len == 0;
}

/* `to` has the plain members already; the counts say how much of the rest it owns. */
static bool copy_owned(struct scenario *to, const struct scenario *from)
{
	bool ok = copy_text(&to->name, from->name);

	ok = ok && copy_text(&to->about, from->about);
	ok = ok && copy_text(&to->capture, from->capture);
	for (uint32_t i = 0; ok && i < from->n_drivers; i++) {
		ok = copy_text(&to->drivers[i], from->drivers[i]);
		to->n_drivers += ok;
	}
	for (uint32_t i = 0; ok && i < from->n_packets; i++) {
		ok = copy_payload(&to->packets[i]);
		to->n_packets += ok;
	}
	return ok;
}

wfp_err scenario_copy(struct scenario **out, const struct scenario *s)
{
	struct scenario *copy = mem_dup(s, sizeof(*s));

	if (!copy)
		return ERR_NO_MEMORY;
	copy->name = copy->about = copy->capture = NULL;
	copy->n_drivers = copy->n_packets = 0;
	if (!copy_owned(copy, s)) {
		scenario_free(copy);
		return ERR_NO_MEMORY;
	}
	*out = copy;
	return ERR_OK;
}

/* ---- removing --------------------------------------------------------------------------- */

/* Takes item i out of an array of n. */
static void cut(void *array, size_t size, uint32_t i, uint32_t n)
{
	char *at = (char *)array + i * size;

	memmove(at, at + size, (n - i - 1) * size);
}

void scenario_drop_disturbance(struct scenario *s, uint32_t disturbance)
{
	cut(s->disturbances, sizeof(s->disturbances[0]), disturbance, s->n_disturbances--);
}

bool scenario_names_driver(const struct scenario_disturbance *d)
{
	return d->kind == SCENARIO_UNREGISTER || d->kind == SCENARIO_UNLOAD ||
	       d->kind == SCENARIO_FILTER_DELETE;
}

void scenario_drop_driver(struct scenario *s, uint32_t driver)
{
	mem_free(s->drivers[driver]);
	cut(s->drivers, sizeof(s->drivers[0]), driver, s->n_drivers--);
	for (uint32_t i = s->n_disturbances; i-- > 0;) {
		struct scenario_disturbance *d = &s->disturbances[i];

		if (!scenario_names_driver(d) || d->driver < driver)
			continue;
		if (d->driver == driver)
			scenario_drop_disturbance(s, i);
		else
			d->driver--;
	}
}

/* A chain loses a link; when it was the first, the next one takes its place. */
static void shorten_chain(struct scenario *s, uint32_t packet)
{
	struct scenario_packet *p = &s->packets[packet];

	for (uint32_t i = 0; i < packet; i++)
		if (i + s->packets[i].chain > packet)
			s->packets[i].chain--;
	if (p->chain > 1)
		s->packets[packet + 1].chain = p->chain - 1;
}

void scenario_drop_packet(struct scenario *s, uint32_t packet)
{
	const uint32_t number = packet + 1;
	struct scenario_packet gone = s->packets[packet];

	s->layer = NULL; /* the packets are no longer those that it stands for */
	shorten_chain(s, packet);
	mem_free(gone.payload);
	cut(s->packets, sizeof(s->packets[0]), packet, s->n_packets--);
	for (uint32_t i = packet; i < s->n_packets; i++) {
		if (s->packets[i].after == number) /* it waits for what the other waited for */
			s->packets[i].after = gone.after;
		else if (s->packets[i].after > number)
			s->packets[i].after--;
	}
	for (uint32_t i = s->n_disturbances; i-- > 0;) {
		struct scenario_disturbance *d = &s->disturbances[i];

		if (d->kind != SCENARIO_CLOSE || d->packet < number)
			continue;
		if (d->packet == number)
			scenario_drop_disturbance(s, i);
		else
			d->packet--;
	}
}

/* ---- drivers from the command line ------------------------------------------------------ */

void scenario_driver_name(const char *driver, char *out, size_t room)
{
	const char *slash = strrchr(driver, '/'), *file = slash ? slash + 1 : driver;
	const char *dot = strrchr(file, '.');
	size_t len = dot && dot != file ? (size_t)(dot - file) : strlen(file);

	if (len >= room)
		len = room - 1;
	memcpy(out, file, len);
	out[len] = '\0';
}

static bool same_name(const char *a, const char *b)
{
	char x[64], y[64];

	scenario_driver_name(a, x, sizeof(x));
	scenario_driver_name(b, y, sizeof(y));
	return strcmp(x, y) == 0;
}

/* The statement that this file is meant by; n_drivers: none. */
static uint32_t statement_of(const struct scenario *s, const char *file)
{
	uint32_t i = 0;

	while (i < s->n_drivers && !same_name(s->drivers[i], file))
		i++;
	return i;
}

/* Behind "NAME=": the file; the name is the statement that it stands in for. */
static const char *split(const char *given, char *name, size_t room)
{
	const size_t len = strcspn(given, "=/");

	if (given[len] != '=' || len >= room) {
		scenario_driver_name(given, name, room);
		return given;
	}
	memcpy(name, given, len);
	name[len] = '\0';
	return given + len + 1;
}

static wfp_err set_driver(struct scenario *s, const char *given, struct buf *why)
{
	char name[64], *copy;
	const char *file = split(given, name, sizeof(name));
	uint32_t i = statement_of(s, name);

	if (i == SCENARIO_DRIVERS) {
		buf_printf(why, "%s: more than %u drivers", file, SCENARIO_DRIVERS);
		return ERR_INVALID_DATA;
	}
	copy = mem_strdup(file);
	if (!copy)
		return ERR_NO_MEMORY;
	if (i < s->n_drivers)
		mem_free(s->drivers[i]);
	else
		s->n_drivers++;
	s->drivers[i] = copy;
	return ERR_OK;
}

static wfp_err check_disturbances(const struct scenario *s, struct buf *why)
{
	for (uint32_t i = 0; i < s->n_disturbances; i++) {
		const struct scenario_disturbance *d = &s->disturbances[i];

		if (!scenario_names_driver(d) || d->driver < s->n_drivers)
			continue;
		buf_printf(why, "line %u: there is no driver %u", d->line, d->driver + 1);
		return ERR_INVALID_DATA;
	}
	return ERR_OK;
}

wfp_err scenario_set_drivers(struct scenario *s, const char *const *files, size_t n,
			     struct buf *why)
{
	wfp_err err = ERR_OK;

	for (size_t i = 0; !err && i < n; i++)
		err = set_driver(s, files[i], why);
	return err ? err : check_disturbances(s, why);
}
