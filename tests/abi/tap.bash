# SPDX-License-Identifier: MIT
# What the scripts of this directory share: where the sources are, a scratch directory, TAP points.
# Each takes the source root as its first argument, else SRCROOT, else finds it itself.

cd "${root:-${SRCROOT:-$(dirname "$0")/../..}}" || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
points=0

# How a driver is compiled; nothing else may be needed to use the headers.
driver_flags="-Iinclude/km -Iinclude/shared -fshort-wchar -fms-extensions -Wno-multichar"
# How a management client is compiled.
client_flags="-Iinclude/um -Iinclude/shared -fshort-wchar -fms-extensions"
strict="-Wall -Wextra -Werror"

point() { # point NAME COMPLAINTS: no complaints is a pass
	points=$((points + 1))
	if [ -z "$2" ]; then
		echo "ok $points - $1"
	else
		echo "not ok $points - $1"
		sed 's/^/# /' <<<"$2"
	fi
}

skip() { # skip NAME REASON
	points=$((points + 1))
	echo "ok $points - $1 # SKIP $2"
}

plan() {
	echo "1..$points"
}
