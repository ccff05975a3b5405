#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every public header compiles alone, as C, with both compilers and the flags of a driver; it begins
# with its licence and spells no calling convention but through the macros of openwfp_abi.h.
root=$1
. "$(dirname "$0")/tap.bash"

headers=$(cd include && find shared um km -name '*.h' | sort)

for cc in gcc clang; do
	for std in c17 gnu11; do
		bad=
		for h in $headers; do
			echo "#include \"$(basename "$h")\"" >"$tmp/h.c"
			# shellcheck disable=SC2086
			$cc -std=$std $strict -I"include/$(dirname "$h")" -Iinclude/um $driver_flags \
				-fsyntax-only "$tmp/h.c" 2>"$tmp/err" || bad="$bad$h: $(head -3 "$tmp/err")"$'\n'
		done
		point "every_public_header_compiles_alone_${cc}_$std" "$bad"
	done
done

# A declaration that is exported runs up to its semicolon and names a convention on the way.
exported='OPENWFP_EXPORT|NTKERNELAPI|NTSYSAPI|NDIS_EXPORTED_ROUTINE'
bad=$(for h in $headers; do
	[ "$h" = shared/openwfp_abi.h ] && continue
	tr '\n' ' ' <"include/$h" | tr ';' '\n' | grep -E "(^|[ /])($exported) " |
		grep -vE '\b(NTAPI|WINAPI|WINAPIV|CALLBACK)\b' | sed "s|^|$h: |"
done)
point every_exported_function_carries_its_calling_convention "$bad"

bad=$(cd include && grep -nE 'typedef .*\(\*? *[A-Z_0-9]+\)\(' $headers | grep -vE 'NTAPI|WINAPI|CALLBACK')
point every_callback_type_carries_its_calling_convention "$bad"
plan
