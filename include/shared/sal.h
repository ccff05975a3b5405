/* SPDX-License-Identifier: MIT */
/*
 * The annotations of the Windows compiler's analyser, which no compiler here reads.
 *
 * They stay in the declarations because a driver author reads them (what may be NULL, at which
 * IRQL a function may be called) and because drivers use them in their own code. All of them
 * expand to nothing. The IRQL annotations are in driverspecs.h.
 */
#pragma once

#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _In_reads_(n)
#define _In_reads_opt_(n)
#define _In_reads_bytes_(n)
#define _In_reads_bytes_opt_(n)
#define _In_reads_z_(n)
#define _In_range_(lo, hi)
#define _Inout_
#define _Inout_opt_
#define _Inout_updates_(n)
#define _Inout_updates_opt_(n)
#define _Inout_updates_bytes_(n)
#define _Inout_updates_bytes_opt_(n)
#define _Inout_updates_bytes_to_(n, m)
#define _Out_
#define _Out_opt_
#define _Out_writes_(n)
#define _Out_writes_opt_(n)
#define _Out_writes_z_(n)
#define _Out_writes_bytes_(n)
#define _Out_writes_bytes_opt_(n)
#define _Out_writes_bytes_to_(n, m)
#define _Out_writes_bytes_all_(n)
#define _Out_writes_bytes_all_opt_(n)
#define _Out_range_(lo, hi)
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _Outptr_opt_result_maybenull_
#define _Outptr_result_buffer_(n)
#define _Outptr_result_bytebuffer_(n)
#define _Reserved_
#define _Ret_maybenull_
#define _Ret_notnull_
#define _Ret_range_(lo, hi)
#define _Maybenull_
#define _Notnull_
#define _Null_
#define _Null_terminated_
#define _Pre_notnull_
#define _Pre_maybenull_
#define _Post_notnull_
#define _Post_maybenull_
#define _Post_ptr_invalid_
#define _Post_satisfies_(x)
#define _Pre_satisfies_(x)
#define _Check_return_
#define _Must_inspect_result_
#define _Success_(x)
#define _Return_type_success_(x)
#define _On_failure_(x)
#define _Always_(x)
#define _When_(condition, annotation)
#define _At_(target, annotation)
#define _At_buffer_(target, i, n, annotation)
#define _Analysis_assume_(x)
#define _Analysis_assume_lock_held_(x)
#define _Use_decl_annotations_
#define _Interlocked_operand_
#define _Printf_format_string_
#define _Field_size_(n)
#define _Field_size_bytes_(n)
#define _Field_size_opt_(n)
#define _Field_range_(lo, hi)
#define _Struct_size_bytes_(n)
#define _Deref_out_range_(lo, hi)
#define _Points_to_data_
#define _Literal_
#define _Const_
#define _Function_class_(x)
#define _Enum_is_bitflag_
#define _Guarded_by_(x)
#define _Acquires_lock_(x)
#define _Releases_lock_(x)
#define _Requires_lock_held_(x)
#define _Requires_lock_not_held_(x)
#define _Acquires_exclusive_lock_(x)
#define _Acquires_shared_lock_(x)
#define _Releases_exclusive_lock_(x)
#define _Releases_shared_lock_(x)
#define _Has_lock_kind_(x)
#define _Analysis_noreturn_
#define _Frees_ptr_
#define _Frees_ptr_opt_

/* The generation before: lower case, still found in old drivers. Not in C++, whose own library uses
 * some of these names. */
#ifndef __cplusplus
#define __in
#define __in_opt
#define __out
#define __out_opt
#define __inout
#define __inout_opt
#define __in_bcount(n)
#define __in_ecount(n)
#define __out_bcount(n)
#define __out_ecount(n)
#define __checkReturn
#define __analysis_assume(x)
#define __callback
#endif
