#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The platform builds for 64-bit ARM, and there, under an emulator, classification says what it says here.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
# of tests/engine: what is about values, conditions and searching; oracle_test asks all of it
wanted='engine/(box_kernel|key|match|match_types|edit|tree|cells|index|cursor|layer|oracle|same)[a-z_]*_test \(host\)'
for program in aarch64-linux-gnu-gcc qemu-aarch64; do
	command -v "$program" >/dev/null || skip_all "no $program"
done
[ "$(uname -m)" != aarch64 ] || skip_all "this machine is one: every other test says it"
build=build/arm64
tools/arm64_sysroot.sh >"$tmp/sysroot" 2>&1 || skip_all "no arm64 packages: $(tail -1 "$tmp/sysroot")"

configure() {
	[ -f $build/build.ninja ] || meson setup $build --cross-file build/arm64.sysroot/sysroot.ini \
		--cross-file tools/arm64.ini
}
# lists NAME PROGRAM of the wanted tests
tests() {
	meson introspect --tests $build | python3 -c 'import json, re, sys
for t in json.load(sys.stdin):
	if re.fullmatch(sys.argv[1], t["name"]):
		print(t["name"].split("/")[1].split()[0], t["cmd"][-1])' "$wanted"
}
compile() { tests | cut -d' ' -f2 | sed "s|.*/$build/||" | xargs ninja -C $build; }
# fewer rounds than at home: an emulator is slow
run() {
	KERNEL_ROUNDS=5000 KEY_ROUNDS=1000 ORACLE_CLASSIFIES=10000 INDEX_SEEDS=4 timeout 300 qemu-aarch64 -L build/arm64.sysroot "$1"
}

point arm64_is_configured configure
point arm64_builds compile
while read -r name program; do
	point "arm64_$name" run "$program"
done < <(tests)
finish
