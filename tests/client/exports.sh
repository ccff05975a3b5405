#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# libfwpuclnt exports the functions of the facts and those that include/um declares beside them, no more; both
# libraries say the same, a program links either, and each function is called by a test.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
folder=$BLDROOT/src/client
for h in fwpmu windows sddl netioapi rpc; do echo "#include <$h.h>"; done >"$tmp/all.c"
# gcc lists the prototypes that it saw; inline functions are static.
gcc -std=c17 -fshort-wchar -fms-extensions -DWIN32_LEAN_AND_MEAN -Iinclude/um -Iinclude/shared -fsyntax-only \
	-aux-info "$tmp/prototypes" "$tmp/all.c"
declared=$(grep -E '^/\* include/um/' "$tmp/prototypes" | sed -nE 's/.*\bextern [^(]*[ *]([A-Za-z_][A-Za-z0-9_]*) \(.*/\1/p' | sort -u)
documented=$(awk -F'\t' '$2 == "function" { print $1 }' tools/facts/um-functions.tsv | sort)
same() { diff <(echo "$1") <(echo "$2"); }
exported() { nm "$@" --defined-only | awk '$2 ~ /[A-Z]/ && NF == 3 { print $3 }' | sort -u; }
all_are_declared() { local more; more=$(comm -23 <(echo "$documented") <(echo "$declared")); [ -z "$more" ] || { echo "$more"; return 1; }; }
all_are_called() { local f bad=
	for f in $documented; do grep -qE "\b$f\b" tests/client/*_test.c tests/client/calls.def || bad="$bad $f"; done
	[ -z "$bad" ] || { echo "no test calls:$bad"; return 1; }; }
# A program as a user builds it, out of what `meson install` lays out.
program() {
	cat >"$tmp/program.c" <<-'END'
		#include <fwpmu.h>
		int mem_alloc = 1; /* a name of ours, which a program may have too */
		int main(void) { FwpmFreeMemory0((void **)0); return FwpmEngineClose0((HANDLE)0) != 0 || !mem_alloc; }
	END
	DESTDIR=$tmp/root meson install -C "$BLDROOT" --no-rebuild >/dev/null || return 1
	local pc; pc=$(find "$tmp/root" -name fwpuclnt.pc)
	export PKG_CONFIG_SYSROOT_DIR=$tmp/root PKG_CONFIG_LIBDIR=${pc%/*}
	# shellcheck disable=SC2046
	gcc -std=c17 "$tmp/program.c" -o "$tmp/shared" $(pkg-config --cflags --libs fwpuclnt) || return 1
	LD_LIBRARY_PATH=${pc%/*}/.. "$tmp/shared" || return 1
	# shellcheck disable=SC2046
	gcc -std=c17 "$tmp/program.c" -o "$tmp/static" $(pkg-config --cflags fwpuclnt) "${pc%/*}/../libfwpuclnt.a" \
		$(pkg-config --static --libs-only-l fwpuclnt | sed s/-lfwpuclnt//) && "$tmp/static"
}
point every_documented_function_is_declared all_are_declared
point the_shared_library_exports_what_is_declared same "$declared" "$(exported -D "$folder/libfwpuclnt.so")"
point the_archive_exports_the_same same "$declared" "$(exported -g "$folder/libfwpuclnt.a")"
point every_function_is_called_by_a_test all_are_called
point a_program_builds_out_of_what_is_installed program
finish
