#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A driver compiles against include/km and include/shared alone, with the documented flags and all
# warnings, for every Windows whose unversioned names differ, and in another calling convention.
root=$1
. "$(dirname "$0")/tap.bash"

build() { # build POINT CC FLAGS...
	local name=$1
	shift
	# shellcheck disable=SC2086
	point "$name" "$("$@" $strict $driver_flags -shared -fPIC tests/abi/driver.c -o "$tmp/driver.so" 2>&1 |
		grep -E 'error|warning' | head -5)"
}

for cc in gcc clang; do
	build "a_driver_compiles_$cc" $cc
	build "a_checked_driver_compiles_$cc" $cc -DDBG=1
	for windows in VISTA WIN7 WIN8 WIN10; do
		build "a_driver_for_${windows}_compiles_$cc" $cc -DNTDDI_VERSION=NTDDI_$windows
	done
	point "it_exports_its_entry_and_binds_to_the_versioned_names_$cc" "$(
		nm -D "$tmp/driver.so" | grep -q ' T DriverEntry$' || echo 'no DriverEntry'
		nm -D "$tmp/driver.so" | grep -q ' U FwpsCalloutRegister2$' || echo 'no FwpsCalloutRegister2')"
	build "the_calling_convention_switches_in_one_place_$cc" $cc '-DOPENWFP_CALL=__attribute__((ms_abi))'
done
plan
