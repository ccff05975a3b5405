/* SPDX-License-Identifier: MIT */
/*
 * text - text between UTF-8 and UTF-16, addresses, and waiting for Ctrl-C. The only file of the
 * examples that knows which system it is compiled for: sockets have other headers, and sleeping has
 * another name. Called by the main thread of each example; narrow and format_address by any.
 */
#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#include <time.h>
#endif

#include "common.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- text ------------------------------------------------------------------------------------ */

/* The character at *s, which moves behind it; 0xFFFFFFFF: no UTF-8. */
static UINT32 next_utf8(const char **s)
{
	const unsigned char *p = (const unsigned char *)*s;
	unsigned more = p[0] < 0x80 ? 0 : p[0] < 0xC2 ? 9 : p[0] < 0xE0 ? 1 : p[0] < 0xF0 ? 2 : 3;
	UINT32 c = more ? p[0] & (0x3Fu >> more) : p[0];

	if (more == 9 || p[0] > 0xF4)
		return 0xFFFFFFFF;
	for (unsigned i = 1; i <= more; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0xFFFFFFFF;
		c = c << 6 | (p[i] & 0x3F);
	}
	*s += more + 1;
	return c;
}

BOOL widen(const char *utf8, WCHAR *out, size_t n)
{
	size_t k = 0;

	while (*utf8) {
		UINT32 c = next_utf8(&utf8);

		if (c > 0x10FFFF || k + 2 >= n)
			return FALSE;
		if (c >= 0x10000)
			out[k++] = (WCHAR)(0xD800 + ((c - 0x10000) >> 10));
		out[k++] = (WCHAR)(c < 0x10000 ? c : 0xDC00 + ((c - 0x10000) & 0x3FF));
	}
	out[k] = 0;
	return TRUE;
}

static size_t put_utf8(UINT32 c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

const char *narrow(const WCHAR *text, char *out, size_t n)
{
	static const WCHAR none[] = L"(none)";
	size_t k = 0;

	for (text = text ? text : none; *text && k + 5 < n; text++) {
		UINT32 c = (UINT16)*text;

		if ((c & 0xFC00) == 0xD800 && ((UINT16)text[1] & 0xFC00) == 0xDC00)
			c = 0x10000 + ((c & 0x3FF) << 10 | ((UINT16) * ++text & 0x3FF));
		k += put_utf8(c, out + k);
	}
	out[k] = 0;
	return out;
}

/* ---- addresses ------------------------------------------------------------------------------- */

BOOL parse_address(const char *text, struct address *out)
{
	struct in_addr v4;
	struct address a = {0};

	if (inet_pton(AF_INET, text, &v4) == 1)
		a.v4 = ntohl(v4.s_addr);
	else if (inet_pton(AF_INET6, text, &a.v6) == 1)
		a.is_v6 = TRUE;
	else
		return FALSE;
	*out = a;
	return TRUE;
}

BOOL parse_endpoint(const char *text, struct address *out)
{
	char copy[ADDRESS_MAX], *colon, *end;
	size_t length = strlen(text);
	unsigned long port;

	if (length >= sizeof(copy))
		return FALSE;
	memcpy(copy, text, length + 1);
	colon = strrchr(copy, ':');
	if (!colon || colon == copy)
		return FALSE;
	*colon = 0;
	port = strtoul(colon + 1, &end, 10);
	if (*end || end == colon + 1 || port == 0 || port > 0xFFFF)
		return FALSE;
	if (copy[0] == '[' && colon[-1] == ']') {
		colon[-1] = 0;
		if (!parse_address(copy + 1, out) || !out->is_v6)
			return FALSE;
	} else if (!parse_address(copy, out) || out->is_v6) {
		return FALSE;
	}
	out->port = (UINT16)port;
	return TRUE;
}

const char *format_address(const struct address *a, char *out, size_t n)
{
	struct in_addr v4;

	v4.s_addr = htonl(a->v4);
	if (!inet_ntop(a->is_v6 ? AF_INET6 : AF_INET, a->is_v6 ? (const void *)&a->v6 : &v4, out,
		       (socklen_t)n))
		out[0] = 0;
	return out;
}

/* ---- waiting --------------------------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* Polls, because the signal may come to any thread, and on Windows to one of its own. */
void wait_for_ctrl_c(void)
{
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	while (!interrupted) {
#ifdef _WIN32
		Sleep(100);
#else
		const struct timespec tenth = {.tv_nsec = 100 * 1000 * 1000};

		nanosleep(&tenth, NULL);
#endif
	}
}
