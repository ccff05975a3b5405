#!/bin/sh
# SPDX-License-Identifier: MIT
# archive.sh OUTPUT FOLDER COMPILER... -- WHOLE OTHERS...: one static library of all of WHOLE and what it needs
# of OTHERS, in which only exported functions are visible: a program's own `mem_alloc` stays its own.
set -e
output=$1 folder=$2
shift 2
compiler=
while [ "$1" != -- ]; do compiler="$compiler $1"; shift; done
shift
whole=$1
shift
mkdir -p "$folder"
$compiler -r -nostdlib -o "$folder/all.o" -Wl,--whole-archive "$whole" -Wl,--no-whole-archive "$@"
objcopy --localize-hidden "$folder/all.o"
rm -f "$output"
ar rcs "$output" "$folder/all.o"
