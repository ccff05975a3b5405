/* SPDX-License-Identifier: MIT */
/*
 * How the platform's functions are called and exported: the one place that decides.
 *
 * Every public function and every callback type carries NTAPI or WINAPI (or CALLBACK, which is
 * WINAPI). They are empty today, so a driver and the platform talk in the convention of the host.
 * Define OPENWFP_CALL otherwise and all of them switch together; nothing else spells a convention.
 *
 * OPENWFP_EXPORT makes a declared function visible in libraries that are built with hidden
 * visibility. The WDK's own markers for imported functions are other names for it.
 */
#pragma once

#ifndef OPENWFP_CALL
#define OPENWFP_CALL
#endif

#define NTAPI		      OPENWFP_CALL
#define WINAPI		      OPENWFP_CALL
#define CALLBACK	      WINAPI
#define APIENTRY	      WINAPI
#define WINAPIV		      OPENWFP_CALL
#define FASTCALL	      OPENWFP_CALL

#define OPENWFP_EXPORT	      __attribute__((visibility("default")))

#define NTKERNELAPI	      OPENWFP_EXPORT
#define NTSYSAPI	      OPENWFP_EXPORT
#define NTHALAPI	      OPENWFP_EXPORT
#define NDIS_EXPORTED_ROUTINE OPENWFP_EXPORT
#define DECLSPEC_IMPORT
#define DECLSPEC_NORETURN   __attribute__((noreturn))
#define DECLSPEC_ALIGN(x)   __attribute__((aligned(x)))
#define DECLSPEC_SELECTANY  __attribute__((weak))
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(64)
#define FORCEINLINE	    static inline __attribute__((always_inline, unused))
#define UNALIGNED

#ifdef __cplusplus
#define EXTERN_C       extern "C"
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END   }
#else
#define EXTERN_C extern
#define EXTERN_C_START
#define EXTERN_C_END
#endif
