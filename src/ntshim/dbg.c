/* SPDX-License-Identifier: MIT */
/*
 * dbg - DbgPrint: the driver's lines in our log, under its name.
 *
 * The format is the kernel's: 32-bit longs, I64, and WCHAR strings (%ws, %ls, %S, %wZ), which the
 * host's printf would read as something else.  Each directive is therefore taken apart here and
 * formatted by itself.  Any thread, any IRQL.
 */
#include "ntshim/shim.h"

#include "base/buf.h"
#include "base/log.h"

#include <stdio.h>

enum size { SIZE_INT, SIZE_SHORT, SIZE_CHAR, SIZE_64, SIZE_WIDE };

/* One directive: what stands between % and the conversion, without the size. */
struct directive {
	char spec[32];
	enum size size;
	char conversion;
};

static const char *parse_size(const char *p, enum size *size)
{
	static const struct {
		const char *text;
		enum size size;
	} sizes[] = {
		{"I64", SIZE_64},  {"I32", SIZE_INT}, {"ll", SIZE_64},
		{"hh", SIZE_CHAR}, {"h", SIZE_SHORT}, {"I", SIZE_64},
		{"z", SIZE_64},	   {"l", SIZE_INT},   {"w", SIZE_WIDE},
	};

	*size = SIZE_INT;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		size_t n = strlen(sizes[i].text);

		if (strncmp(p, sizes[i].text, n) == 0) {
			*size = sizes[i].text[0] == 'l' && (p[n] == 's' || p[n] == 'c')
					? SIZE_WIDE
					: sizes[i].size;
			return p + n;
		}
	}
	return p;
}

/* `p` is behind the %.  NULL: nothing that could be formatted. */
static const char *parse_directive(const char *p, struct directive *d)
{
	size_t n = strspn(p, "-+ #0123456789.");

	if (n + 5 > sizeof(d->spec))
		return NULL;
	d->spec[0] = '%';
	memcpy(d->spec + 1, p, n);
	d->spec[n + 1] = '\0';
	p = parse_size(p + n, &d->size);
	d->conversion = *p;
	return *p ? p + 1 : NULL;
}

static void put_wide(struct buf *out, const WCHAR *s, size_t n)
{
	for (size_t i = 0; i < n && s[i]; i++)
		buf_append_byte(out, s[i] < 0x80 ? (uint8_t)s[i] : '?');
}

static void put_wide_string(struct buf *out, const WCHAR *s)
{
	if (s)
		put_wide(out, s, MAXUSHORT);
	else
		buf_append_str(out, "(null)");
}

static void put_string(struct buf *out, const char *s)
{
	buf_append_str(out, s ? s : "(null)");
}

static void put_counted(struct buf *out, const UNICODE_STRING *s)
{
	if (s && s->Buffer)
		put_wide(out, s->Buffer, s->Length / sizeof(WCHAR));
	else
		buf_append_str(out, "(null)");
}

/* The spec is the driver's, checked by parse_directive: digits, flags and one conversion. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void put_number(struct buf *out, struct directive *d, uint64_t value)
{
	char text[128];
	size_t n = strlen(d->spec);

	if (d->size == SIZE_64) {
		d->spec[n++] = 'l';
		d->spec[n++] = 'l';
	}
	d->spec[n++] = d->conversion;
	d->spec[n] = '\0';
	if (d->size == SIZE_64)
		snprintf(text, sizeof(text), d->spec, (unsigned long long)value);
	else
		snprintf(text, sizeof(text), d->spec, (unsigned int)value);
	buf_append_str(out, text);
}
#pragma GCC diagnostic pop

static uint64_t cut(enum size size, bool is_signed, uint32_t value)
{
	if (size == SIZE_SHORT)
		return is_signed ? (uint64_t)(int16_t)value : (uint16_t)value;
	if (size == SIZE_CHAR)
		return is_signed ? (uint64_t)(int8_t)value : (uint8_t)value;
	return value;
}

static void put_directive(struct buf *out, struct directive *d, va_list *args)
{
	switch (d->conversion) {
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		if (d->size == SIZE_64)
			put_number(out, d, va_arg(*args, uint64_t));
		else
			put_number(out, d,
				   cut(d->size, d->conversion == 'd' || d->conversion == 'i',
				       va_arg(*args, uint32_t)));
		return;
	case 'c':
		buf_append_byte(out, (uint8_t)va_arg(*args, int));
		return;
	case 'p':
		buf_printf(out, "%p", va_arg(*args, void *));
		return;
	case 'S':
		put_wide_string(out, va_arg(*args, const WCHAR *));
		return;
	case 's':
		if (d->size == SIZE_WIDE)
			put_wide_string(out, va_arg(*args, const WCHAR *));
		else
			put_string(out, va_arg(*args, const char *));
		return;
	case 'Z':
		put_counted(out, va_arg(*args, const UNICODE_STRING *));
		return;
	default:
		buf_append_byte(out, (uint8_t)d->conversion);
	}
}

static void format(struct buf *out, const char *p, va_list *args)
{
	struct directive d;

	while (*p) {
		const char *percent = strchr(p, '%');

		if (!percent) {
			buf_append_str(out, p);
			return;
		}
		buf_append(out, p, (size_t)(percent - p));
		p = parse_directive(percent + 1, &d);
		if (!p)
			return;
		put_directive(out, &d, args);
	}
}

static void print(enum log_level level, const char *text, va_list *args)
{
	struct buf line;

	if (!log_enabled(level))
		return;
	buf_init(&line);
	format(&line, text, args);
	while (line.len && line.data[line.len - 1] == '\n')
		line.data[--line.len] = '\0';
	log_line(level, "%s: %s", nt_driver_label(nt_driver_current()), buf_str(&line));
	buf_free(&line);
}

ULONG WINAPIV DbgPrint(PCSTR text, ...)
{
	va_list args;

	va_start(args, text);
	print(LOG_LEVEL_DEBUG, text, &args);
	va_end(args);
	return STATUS_SUCCESS;
}

ULONG WINAPIV DbgPrintEx(ULONG component, ULONG level, PCSTR text, ...)
{
	static const enum log_level levels[] = {LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_DEBUG,
						LOG_LEVEL_INFO};
	va_list args;

	va_start(args, text);
	print(levels[min(level, DPFLTR_INFO_LEVEL)], text, &args);
	va_end(args);
	return STATUS_SUCCESS;
}

VOID RtlAssert(PVOID assertion, PVOID file, ULONG line, PSTR message)
{
	log_error("%s: assertion failed: %s (%s:%u)", nt_driver_label(nt_driver_current()),
		  (const char *)assertion, (const char *)file, line);
}
