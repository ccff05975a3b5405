/* SPDX-License-Identifier: MIT */
/*
 * desc_macros - how the tables of desc_*.c are written.
 *
 * Each table defines T, the struct it is about, before its rows and undefines it behind them.
 */
#pragma once

#include "client/desc.h"

#include "rpc/wfp.pb-c.h"

/* A member; more designated members of struct convert_row may follow. */
#define ROW(kind_, member, ...)                                                                    \
	{                                                                                          \
		.field = #member, .kind = CONVERT_##kind_, .offset = offsetof(T, member),          \
		__VA_ARGS__                                                                        \
	}

/* The same where the message has another name for it. */
#define ROW_AS(name, kind_, member, ...)                                                           \
	{                                                                                          \
		.field = #name, .kind = CONVERT_##kind_, .offset = offsetof(T, member),            \
		__VA_ARGS__                                                                        \
	}

#define ENUM(member, below)	      ROW(ENUM, member, .limit = (below))
#define BYTES(member, ...)	      ROW(BYTES, member, .limit = 16, ##__VA_ARGS__)
#define STRUCT(member, desc, ...)     ROW(STRUCT, member, .sub = &(desc), ##__VA_ARGS__)
#define POINTER(member, desc, ...)    ROW(STRUCT_PTR, member, .sub = &(desc), ##__VA_ARGS__)
#define STRUCTS(member, n, desc, ...) ROW(STRUCTS, member, COUNT(n), .sub = &(desc), ##__VA_ARGS__)

/* A part of the message that is none of the struct: its rows are about T as well. */
#define PART(name, desc)                                                                           \
	{                                                                                          \
		.field = #name, .kind = CONVERT_STRUCT, .sub = &(desc)                             \
	}

#define COUNT(member) .count = offsetof(T, member)
#define REQUIRED      .required = true

/* The row of a union's member. */
#define WHEN(member, value) WHEN_BITS(member, UINT32_MAX, value)
#define WHEN_BITS(member, bits, value)                                                             \
	.selected = true, .selector = offsetof(T, member), .select_mask = (bits), .select = (value)

#define DESC_OF(storage, name_, rows_, message_)                                                   \
	storage const struct convert_desc name_ = {                                                \
		.name = DESC_TEXT(T),                                                              \
		.size = sizeof(T),                                                                 \
		.message = &openwfp__##message_##__descriptor,                                     \
		.rows = rows_,                                                                     \
		.n_rows = ARRAY_LEN(rows_),                                                        \
	}
#define DESC_TEXT(t)  DESC_TEXT_(t)
#define DESC_TEXT_(t) #t

/* Behind the rows: a descriptor that desc.h declares, and one for its own file. */
#define DESC(name, message)	  DESC_OF(, desc_##name, name##_rows, message)
#define DESC_LOCAL(name, message) DESC_OF(static, name, name##_rows, message)
