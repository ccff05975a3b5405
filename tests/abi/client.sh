#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A management client compiles against include/um and include/shared alone, with the documented flags
# and all warnings, for every Windows whose unversioned names differ, as C++ too, and in another
# calling convention; beside the host's socket headers if it asks for a lean windows.h.
root=$1
. "$(dirname "$0")/tap.bash"

build() { # build POINT COMPILER FLAGS...
	local name=$1
	shift
	# shellcheck disable=SC2086
	point "$name" "$("$@" $strict $client_flags -c -o "$tmp/client.o" 2>&1 | grep -E 'error|warning' | head -5)"
}

cat >"$tmp/headers.cc" <<-'EOF'
	#include <algorithm>
	#include <string>
	#include <initguid.h>
	#include <Windows.h>
	#include <fwpmu.h>
	#include <iphlpapi.h>
	#include <sddl.h>
	#include <strsafe.h>
	#include <ws2tcpip.h>
	#include <regex>
	static const WCHAR *name = L"client";
	DWORD open(HANDLE *engine, REFGUID key)
	{
		FWPM_SESSION session = {};
		if (key != FWPM_SUBLAYER_UNIVERSAL || !IsEqualGUID(key, FWPM_SUBLAYER_UNIVERSAL))
			session.sessionKey = key;
		session.displayData.name = const_cast<WCHAR *>(name);
		return FwpmEngineOpen(nullptr, RPC_C_AUTHN_DEFAULT, nullptr, &session, engine);
	}
EOF
cat >"$tmp/host.c" <<-'EOF'
	#define WIN32_LEAN_AND_MEAN
	#include <arpa/inet.h>
	#include <net/if.h>
	#include <netdb.h>
	#include <stdlib.h>
	#include <sys/socket.h>
	#include <unistd.h>
	#include <windows.h>
	#include <fwpmu.h>
	#include <sddl.h>
	_Static_assert(AF_INET6 == 10, "the host's");
EOF

for cc in gcc clang; do
	cxx=$([ $cc = gcc ] && echo g++ || echo clang++)
	build "a_client_compiles_$cc" $cc -std=c17 tests/abi/client.c
	for windows in VISTA WIN7 WIN8 WIN10 WIN10_RS3 WIN10_RS4 WIN10_RS5 WIN11_ZN; do
		build "a_client_for_${windows}_compiles_$cc" $cc "-DNTDDI_VERSION=NTDDI_$windows" tests/abi/client.c
	done
	build "the_calling_convention_switches_in_one_place_$cc" $cc '-DOPENWFP_CALL=__attribute__((ms_abi))' \
		tests/abi/client.c
	build "the_headers_are_c++_too_$cxx" $cxx -std=c++17 "$tmp/headers.cc"
	build "the_host_s_sockets_go_with_them_$cc" $cc -std=gnu17 "$tmp/host.c"
	# shellcheck disable=SC2086
	point "the_inline_functions_do_what_they_say_$cc" \
		"$($cc -std=c17 $strict $client_flags tests/abi/inline.c -o "$tmp/inline" 2>&1 && "$tmp/inline" 2>&1)"
done
plan
