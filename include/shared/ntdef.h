/* SPDX-License-Identifier: MIT */
/*
 * The base types that user and kernel side share, as 64-bit Windows lays them out (LLP64).
 *
 * LONG and ULONG have 32 bits and WCHAR 16 although the host's long has 64 and its wchar_t 32: a
 * driver is compiled with -fshort-wchar, which makes L"" a string of WCHAR. Code that is not
 * compiled so must not use L"" with these types. Nothing here may be included together with the
 * host's socket headers, which use the same names with other values (AF_INET6 is one).
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "driverspecs.h"
#include "guiddef.h"
#include "openwfp_abi.h"
#include "sal.h"
#include "sdkddkver.h"

#ifndef _WIN64
#define _WIN64 1
#endif
#ifndef _AMD64_
#define _AMD64_ 1
#endif

#define VOID  void
#define CONST const
#define IN
#define OUT
#define OPTIONAL
#define NOTHING
#define CRITICAL

typedef void *PVOID;
typedef void *LPVOID;
typedef const void *LPCVOID;
typedef void *HANDLE;
typedef HANDLE *PHANDLE;

typedef char CHAR, CCHAR, *PCHAR, *PSTR, *LPSTR;
typedef const char *PCSTR, *LPCSTR, *PCSZ;
typedef unsigned char UCHAR, *PUCHAR;
typedef const UCHAR *PCUCHAR;
/* In C++ the type of L"" is one of its own. */
#if defined(__cplusplus) && __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#else
typedef uint16_t WCHAR;
#endif
typedef WCHAR *PWCHAR, *PWCH, *PWSTR, *LPWSTR;
typedef const WCHAR *PCWCH, *PCWSTR, *LPCWSTR, *PCNZWCH;

typedef int16_t SHORT, CSHORT, *PSHORT;
typedef uint16_t USHORT, *PUSHORT;
typedef int32_t LONG, *PLONG;
typedef uint32_t ULONG, *PULONG;
typedef int32_t INT, *PINT;
typedef uint32_t UINT, *PUINT;
typedef int64_t LONGLONG, LONG64, *PLONGLONG, *PLONG64;
typedef uint64_t ULONGLONG, ULONG64, *PULONGLONG, *PULONG64;
typedef float FLOAT;
typedef double DOUBLE;

typedef int8_t INT8, *PINT8;
typedef int16_t INT16, *PINT16;
typedef int32_t INT32, LONG32, *PINT32;
typedef int64_t INT64, *PINT64;
typedef uint8_t UINT8, *PUINT8;
typedef uint16_t UINT16, *PUINT16;
typedef uint32_t UINT32, ULONG32, *PUINT32;
typedef uint64_t UINT64, *PUINT64;

typedef intptr_t INT_PTR, LONG_PTR, *PLONG_PTR;
typedef uintptr_t UINT_PTR, ULONG_PTR, *PULONG_PTR;
typedef ULONG_PTR SIZE_T, KAFFINITY, *PSIZE_T;
typedef LONG_PTR SSIZE_T;

typedef UCHAR BOOLEAN, *PBOOLEAN;
typedef LONG NTSTATUS, *PNTSTATUS;
typedef LONG HRESULT;
typedef ULONG LOGICAL;

/* What user-mode code says for the same things. */
typedef uint8_t BYTE, *PBYTE, *LPBYTE;
typedef uint16_t WORD, *PWORD;
typedef uint32_t DWORD, *PDWORD, *LPDWORD;
typedef uint64_t DWORD64, DWORDLONG;
typedef ULONG_PTR DWORD_PTR;
typedef int32_t BOOL, *PBOOL, *LPBOOL;

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

#define MAXUCHAR     0xff
#define MAXUSHORT    0xffff
#define MAXULONG     0xffffffffU
#define MAXLONG	     0x7fffffff
#define MAXLONGLONG  INT64_C(0x7fffffffffffffff)
#define MAXULONGLONG (~UINT64_C(0))
#define ANSI_NULL    ((CHAR)0)
#define UNICODE_NULL ((WCHAR)0)
#define INFINITE     0xffffffffU

typedef union _LARGE_INTEGER {
	struct {
		ULONG LowPart;
		LONG HighPart;
	};
	struct {
		ULONG LowPart;
		LONG HighPart;
	} u;
	LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
	struct {
		ULONG LowPart;
		ULONG HighPart;
	};
	struct {
		ULONG LowPart;
		ULONG HighPart;
	} u;
	ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

typedef struct _LUID {
	ULONG LowPart;
	LONG HighPart;
} LUID, *PLUID;

typedef struct _FILETIME {
	DWORD dwLowDateTime;
	DWORD dwHighDateTime;
} FILETIME, *PFILETIME;

/* Length and MaximumLength count bytes, not characters, and no terminator is promised. */
typedef struct _UNICODE_STRING {
	USHORT Length;
	USHORT MaximumLength;
	PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

typedef struct _STRING {
	USHORT Length;
	USHORT MaximumLength;
	PCHAR Buffer;
} STRING, ANSI_STRING, *PSTRING, *PANSI_STRING;

typedef struct _LIST_ENTRY {
	struct _LIST_ENTRY *Flink;
	struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
	struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

typedef struct DECLSPEC_ALIGN(16) _SLIST_ENTRY {
	struct _SLIST_ENTRY *Next;
} SLIST_ENTRY, *PSLIST_ENTRY;

typedef union DECLSPEC_ALIGN(16) _SLIST_HEADER {
	struct {
		ULONGLONG Alignment;
		ULONGLONG Region;
	};
	struct {
		ULONGLONG Depth : 16;
		ULONGLONG Sequence : 48;
		ULONGLONG Reserved : 4;
		ULONGLONG NextEntry : 60;
	} HeaderX64;
} SLIST_HEADER, *PSLIST_HEADER;

typedef struct _SID_IDENTIFIER_AUTHORITY {
	UCHAR Value[6];
} SID_IDENTIFIER_AUTHORITY, *PSID_IDENTIFIER_AUTHORITY;

/* SubAuthority has SubAuthorityCount elements; the first is spelled out for sizeof's sake only. */
typedef struct _SID {
	UCHAR Revision;
	UCHAR SubAuthorityCount;
	SID_IDENTIFIER_AUTHORITY IdentifierAuthority;
	ULONG SubAuthority[1];
} SID;
typedef PVOID PSID;

typedef struct _SID_AND_ATTRIBUTES {
	PSID Sid;
	DWORD Attributes;
} SID_AND_ATTRIBUTES, *PSID_AND_ATTRIBUTES;

typedef ULONG ACCESS_MASK, *PACCESS_MASK;
typedef PVOID PSECURITY_DESCRIPTOR;

#define DELETE					0x00010000
#define READ_CONTROL				0x00020000
#define WRITE_DAC				0x00040000
#define WRITE_OWNER				0x00080000
#define SYNCHRONIZE				0x00100000
#define STANDARD_RIGHTS_REQUIRED		0x000F0000
#define STANDARD_RIGHTS_READ			READ_CONTROL
#define STANDARD_RIGHTS_WRITE			READ_CONTROL
#define STANDARD_RIGHTS_EXECUTE			READ_CONTROL

#define CONTAINING_RECORD(address, type, field) ((type *)((PCHAR)(address)-offsetof(type, field)))
#define FIELD_OFFSET(type, field)		((LONG)offsetof(type, field))
#define RTL_FIELD_SIZE(type, field)		(sizeof(((type *)0)->field))
#define RTL_SIZEOF_THROUGH_FIELD(type, field)	(offsetof(type, field) + RTL_FIELD_SIZE(type, field))
#define RTL_NUMBER_OF(a)			(sizeof(a) / sizeof((a)[0]))
#define ARRAYSIZE(a)				RTL_NUMBER_OF(a)
#define ARGUMENT_PRESENT(p)			((p) != NULL)
#define UNREFERENCED_PARAMETER(p)		((void)(p))
#define UNREFERENCED_LOCAL_VARIABLE(v)		((void)(v))
#define DBG_UNREFERENCED_PARAMETER(p)		((void)(p))

/* A double evaluation of the arguments is part of the bargain, as on Windows. */
#if !defined(NOMINMAX) && !defined(__cplusplus)
#ifndef min
#define min(a, b) ((a) < (b) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) ((a) > (b) ? (a) : (b))
#endif
#endif

#define __int8 char
#define __int16 short
#define __int32 int
#define __int64 long long

#define NT_SUCCESS(status)     ((NTSTATUS)(status) >= 0)
#define NT_INFORMATION(status) (((ULONG)(status) >> 30) == 1)
#define NT_WARNING(status)     (((ULONG)(status) >> 30) == 2)
#define NT_ERROR(status)       (((ULONG)(status) >> 30) == 3)
