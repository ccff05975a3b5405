#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The example clients are programs for Windows: they compile and link with mingw-w64's own headers
# and libraries. What these lack of the platform (keys, flags) is taken from ours; a program that
# needs a function that they lack is skipped.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
cc=x86_64-w64-mingw32-gcc
command -v $cc >/dev/null || skip_all "no mingw-w64"
headers=$($cc -print-sysroot 2>/dev/null)
[ -f "$headers/include/fwpmu.h" ] || headers=/usr/x86_64-w64-mingw32
flags="-std=c17 -O1 -Wall -Wextra -Werror -Wno-unused-parameter -D_WIN32_WINNT=0x0A00 -DNTDDI_VERSION=0x0A000006"

# Values of flags, and second names of conditions; what mingw-w64 has stays its own.
cat include/shared/generated/fwpm_guids.h >"$tmp/missing.h"
awk '/^#define FWPM_[A-Z_0-9]+[[:space:]]/ { print "#ifndef " $2; print; print "#endif" }' \
	include/shared/generated/fwpmtypes_values.h include/shared/fwpm_aliases.h >>"$tmp/missing.h"
printf '#include <windows.h>\n#include <initguid.h>\n#include "missing.h"\n' >"$tmp/keys.c"
$cc -c "$tmp/keys.c" -o "$tmp/keys.o"

build() { # build NAME MORE...
	local name=$1 c
	shift
	for c in "$name" codes engine text "$@"; do
		# shellcheck disable=SC2086
		$cc $flags -include "$tmp/missing.h" -c "examples/clients/$c.c" -o "$tmp/$c.o" || return 1
	done
	(cd "$tmp" && $cc "$name.o" codes.o engine.o text.o keys.o -Wl,--allow-multiple-definition "${@/%/.o}" \
		-o "$name.exe" -lfwpuclnt -lrpcrt4 -liphlpapi -lws2_32)
}
point appblock_builds_for_windows build appblock
point installer_builds_for_windows build installer table
point killswitch_builds_for_windows build killswitch
if grep -q FwpmNetEventSubscribe4 "$headers/include/fwpmu.h"; then point monitor_builds_for_windows build monitor
else n=$((n + 1)); echo "ok $n - monitor_builds_for_windows # SKIP mingw-w64 lacks FwpmNetEventSubscribe4"; fi
finish
