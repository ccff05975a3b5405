/* SPDX-License-Identifier: MIT */
/*
 * The driver half of the annotations: at which IRQL a function may run and what it does to it.
 *
 * Like those of sal.h they expand to nothing. The kernel shim checks the same rules at run time:
 * what _IRQL_requires_max_ says in a declaration is what it reports as a violation.
 */
#pragma once

#include "sal.h"

#define _IRQL_requires_(level)
#define _IRQL_requires_max_(level)
#define _IRQL_requires_min_(level)
#define _IRQL_requires_same_
#define _IRQL_raises_(level)
#define _IRQL_saves_
#define _IRQL_saves_global_(kind, param)
#define _IRQL_restores_
#define _IRQL_restores_global_(kind, param)
#define _IRQL_always_function_max_(level)
#define _IRQL_always_function_min_(level)
#define _Kernel_requires_resource_held_(kind)
#define _Kernel_requires_resource_not_held_(kind)
#define _Kernel_acquires_resource_(kind)
#define _Kernel_releases_resource_(kind)
#define _Kernel_clear_do_init_(x)
#define _Kernel_float_saved_
#define _Dispatch_type_(type)

#define __drv_acquiresExclusiveResource(kind)
#define __drv_aliasesMem
#define __drv_allocatesMem(kind)
#define __drv_freesMem(kind)
#define __drv_strictTypeMatch(kind)
#define __drv_strictType(type, kind)
#define __drv_when(condition, annotation)
#define __drv_at(target, annotation)
#define __drv_maxIRQL(level)
#define __drv_minIRQL(level)
#define __drv_requiresIRQL(level)
#define __drv_sameIRQL
#define __drv_setsIRQL(level)
#define __drv_dispatchType(type)
#define __drv_functionClass(kind)
#define __drv_interlocked
