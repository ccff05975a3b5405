#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Nobody discusses the format: clang-format 14 with the .clang-format of the folder decides, for every C file that
# is written by hand.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
command -v clang-format-14 >/dev/null || skip_all "no clang-format-14"
formatted() { local bad; bad=$(git ls-files -co --exclude-standard 'src/*.[ch]' 'cmd/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]' 'fuzz/*.[ch]' |
	grep -v /tables/ | xargs -P "$(nproc)" -n 8 clang-format-14 --dry-run -Werror 2>&1 | grep -oE '^[^:]+:[0-9]+' | sort -u -t: -k1,1)
	[ -z "$bad" ] || { echo "clang-format -i would change:"; echo "$bad"; return 1; }; }
point every_c_file_is_formatted formatted
finish
