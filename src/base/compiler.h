/* SPDX-License-Identifier: MIT */
/*
 * compiler - what the compiler lends us: attributes, thread safety analysis, invariants.
 *
 * Every module includes this first, directly or through another header of base.  BUG_ON is for
 * broken invariants of our own; it is checked in every build.  Nothing that a driver, a packet or
 * a file can do may reach one.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(BASE_HOST) == defined(BASE_SIM)
#error "compile with exactly one of -DBASE_HOST and -DBASE_SIM"
#endif

#define ARRAY_LEN(a)	      (sizeof(a) / sizeof((a)[0]))
#define MUST_CHECK	      __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a)     __attribute__((format(printf, f, a)))
#define NORETURN	      __attribute__((noreturn))
#define UNUSED		      __attribute__((unused))
#define LIKELY(cond)	      __builtin_expect(!!(cond), 1)
#define UNLIKELY(cond)	      __builtin_expect(!!(cond), 0)
#define STATIC_ASSERT(c, why) _Static_assert(c, why)

#define CACHELINE	      64
#define CACHELINE_ALIGNED     __attribute__((aligned(CACHELINE)))

/* The struct that contains *ptr as its member; keeps no const. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((uintptr_t)(ptr)-offsetof(type, member)))

/* Clang's thread safety analysis; empty for gcc. */
#ifdef __clang__
#define CAPABILITY(name)  __attribute__((capability(name)))
#define REQUIRES(...)	  __attribute__((requires_capability(__VA_ARGS__)))
#define EXCLUDES(...)	  __attribute__((locks_excluded(__VA_ARGS__)))
#define ACQUIRES(...)	  __attribute__((acquire_capability(__VA_ARGS__)))
#define TRY_ACQUIRES(...) __attribute__((try_acquire_capability(__VA_ARGS__)))
#define RELEASES(...)	  __attribute__((release_capability(__VA_ARGS__)))
#define ASSERTS_HELD(...) __attribute__((assert_capability(__VA_ARGS__)))
#define NO_LOCK_CHECK	  __attribute__((no_thread_safety_analysis))
#else
#define CAPABILITY(name)
#define REQUIRES(...)
#define EXCLUDES(...)
#define ACQUIRES(...)
#define TRY_ACQUIRES(...)
#define RELEASES(...)
#define ASSERTS_HELD(...)
#define NO_LOCK_CHECK
#endif

#if defined(__SANITIZE_ADDRESS__)
#define BASE_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define BASE_TSAN 1
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BASE_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define BASE_TSAN 1
#endif
#endif

/*
 * Storage of the functions on a packet's way: inlined on the host, so that the seam costs
 * nothing; ordinary functions in sim, where each of them is a scheduling point.
 */
#ifdef BASE_HOST
#define BASE_HOT static inline
#else
#define BASE_HOT extern
#endif

/* Prints where and what, in sim with the seed as well, and aborts. */
NORETURN void bug_fail(const char *file, int line, const char *what);

#define BUG_ON(cond)                                                                               \
	do {                                                                                       \
		if (UNLIKELY(cond))                                                                \
			bug_fail(__FILE__, __LINE__, #cond);                                       \
	} while (0)
