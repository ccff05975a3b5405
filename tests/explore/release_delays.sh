#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Delay points cost a release build nothing: what is compiled for it, without assertions, does not name
# them, and its functions have the instructions that they have when the points are deleted from the headers.
cd "${SRCROOT:-$(dirname "$0")/../..}" || exit 1
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
flags="-std=c17 -O2 -D_GNU_SOURCE -DBASE_HOST -fno-strict-aliasing -Iinclude/km -Iinclude/shared"
n=0

point() { # NAME STATUS
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; fi
}

# compile FILE OUT FLAG...
compile() {
	local file=$1 out=$2
	shift 2 # the first -I finds the headers
	# shellcheck disable=SC2086
	${CC:-cc} $flags "$@" -c "$file" -o "$work/$out.o" || exit 1
	objdump -d --no-show-raw-insn "$work/$out.o" | grep -P '^\s+[0-9a-f]+:\t' >"$work/$out.s"
	nm -u "$work/$out.o" | grep -c ' delay_' >"$work/$out.n"
}

mkdir "$work/src"
cp -r src/base "$work/src/base"
sed -i -E 's/^\s*DELAY_POINT\(\);$//; s/^(#define ATOMIC_[A-Z]+\(.*\))\s+DELAY_POINT\(\)$/\1 ((void)0)/' \
	$(grep -rl DELAY_POINT "$work/src/base")
rm "$work/src/base/host/delay.h"; touch "$work/src/base/host/delay.h"
! grep -rn DELAY_POINT "$work/src/base"
point no_point_is_left_in_the_headers_compared_with $?
for file in src/engine/classify.c src/engine/pend.c src/engine/pend_slots.c src/ntshim/irql.c; do
	name=$(basename "$file" .c)
	compile "$file" "$name.debug" -Isrc
	compile "$file" "$name.release" -DNDEBUG -Isrc
	compile "$file" "$name.nothing" -DNDEBUG -I"$work/src" -Isrc
	[ "$(cat "$work/$name.debug.n")" -gt 0 ]
	point "${name}_has_points_in_a_build_with_assertions" $?
	[ "$(cat "$work/$name.release.n")" -eq 0 ]
	point "${name}_names_no_point_in_a_release_build" $?
	[ -s "$work/$name.release.s" ] && cmp -s "$work/$name.release.s" "$work/$name.nothing.s"
	point "${name}_has_$(wc -l <"$work/$name.release.s")_instructions_with_points_and_without" $?
done
echo "1..$n"
