#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Our structures have the sizes and offsets of Windows: a table of them is compiled with the headers
# of mingw-w64 and with ours, by both compilers, and compared row by row. Structures that mingw-w64
# does not declare are compared with known sizes in sizes.c.
root=$1
. "$(dirname "$0")/tap.bash"

mingw=x86_64-w64-mingw32

table() { # table OBJECT OBJCOPY: prints "name size offset" for each row
	"$2" -O binary --only-section=.layout "$1" "$1.bin" && python3 - "$1.bin" <<-'EOF'
	import struct, sys
	data = open(sys.argv[1], "rb").read()
	for name, size, offset in struct.iter_unpack("<88sII", data[:len(data) // 96 * 96]):
	    if name[0]:
	        print(name.rstrip(b"\0").decode(), size, offset)
	EOF
}

compare() { # compare GROUP
	local group=$1 cc entry=km
	if ! command -v $mingw-gcc >"$tmp/which"; then
		skip "layout_of_${group}_is_that_of_windows" "no $mingw-gcc: install gcc-mingw-w64-x86-64"
		return
	fi
	[ "$group" = um ] && entry=um
	$mingw-gcc -DTHEIRS "-DGROUP_$group" -DNTDDI_VERSION=0x0A00000B -D_WIN32_WINNT=0x0A00 \
		-c tests/abi/layout.c -o "$tmp/theirs.o" 2>"$tmp/err"
	point "mingw_compiles_the_table_$group" "$(grep -E 'error' "$tmp/err" | head -5)"
	[ -s "$tmp/theirs.o" ] || return
	table "$tmp/theirs.o" $mingw-objcopy >"$tmp/theirs"
	rm "$tmp/theirs.o"
	for cc in gcc clang; do
		# shellcheck disable=SC2086
		$cc -std=c17 $strict "-DGROUP_$group" -Iinclude/$entry $driver_flags \
			-c tests/abi/layout.c -o "$tmp/ours.o" 2>"$tmp/err" || cat "$tmp/err" >&2
		table "$tmp/ours.o" objcopy >"$tmp/ours"
		point "layout_of_${group}_is_that_of_windows_$cc" "$(diff "$tmp/theirs" "$tmp/ours" | head -20)"
		point "the_table_of_${group}_is_not_empty_$cc" "$([ "$(wc -l <"$tmp/ours")" -gt 20 ] || echo empty)"
	done
}

for group in um km net; do
	compare $group
done
for cc in gcc clang; do
	# shellcheck disable=SC2086
	point "sizes_known_from_windows_hold_$cc" \
		"$($cc -std=c17 $strict $driver_flags -fsyntax-only tests/abi/sizes.c 2>&1 | grep error | head -10)"
done
plan
