#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every internal header compiles alone, with both compilers and in both builds, and begins as agreed.
# (The public headers have a test of their own in tests/abi.)
cd "${SRCROOT:-$(dirname "$0")/../..}" || exit 1
n=0
headers=$(git ls-files -co --exclude-standard 'src/*.h' | grep -vE '^src/base/(host|sim)/')
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
# What the build generates from the protocol.
mkdir -p "$tmp/gen/rpc" && protoc-c -I src/rpc --c_out="$tmp/gen/rpc" src/rpc/*.proto
for cc in gcc clang; do
	for variant in HOST SIM; do
		bad=
		for h in $headers; do
			inc="-Isrc -Itests -I$tmp/gen"
			case $h in src/ntshim/*) inc="$inc -Iinclude/km -Iinclude/shared -fms-extensions"
				[ $cc = clang ] && inc="$inc -Wno-microsoft-anon-tag" ;;
			src/client/*) inc="$inc -Iinclude/um -Iinclude/shared -fms-extensions -fshort-wchar"
				[ $cc = clang ] && inc="$inc -Wno-microsoft-anon-tag"
				[ $variant = SIM ] && continue ;;
			# The explorer exists over the simulator alone, but for what host programs read too.
			src/explore/*) [ $variant = HOST ] && continue ;; esac
			# shellcheck disable=SC2086
			echo "#include \"${h#src/}\"" | $cc -std=c17 -D_GNU_SOURCE -DBASE_$variant -Wall -Wextra -Werror \
				-Wno-unused-parameter $inc $(pkg-config --cflags jansson liburcu-memb 2>/dev/null) -fsyntax-only -x c - \
				2>"$tmp/err" || bad="$bad$h: $(head -3 "$tmp/err")"$'\n'
		done
		n=$((n + 1))
		if [ -z "$bad" ]; then echo "ok $n - every_header_compiles_alone_${cc}_$variant"; else
			echo "not ok $n - every_header_compiles_alone_${cc}_$variant"; sed 's/^/# /' <<<"$bad"; fi
	done
done
n=$((n + 1))
bad=$(for f in $(git ls-files -co --exclude-standard 'src/*.[ch]' 'cmd/*.[ch]' 'include/*.h' 'examples/*.c'); do
	head -3 "$f" | grep -q 'SPDX-License-Identifier: MIT' || echo "$f: no SPDX line"
	case $f in *.h) grep -q '#pragma once' "$f" || echo "$f: no #pragma once" ;; esac
done)
if [ -z "$bad" ]; then echo "ok $n - every_file_names_its_licence"; else
	echo "not ok $n - every_file_names_its_licence"; sed 's/^/# /' <<<"$bad"; fi
echo "1..$n"
