#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# arm64_sysroot - unpacks the arm64 packages that a cross-compiled build links, into build/arm64.sysroot.
# They come from the Debian archive that this system has, and nothing of the system changes: apt keeps its
# lists, its cache and an empty list of installed packages there, too. Ends at once if it was done before. Then
# meson takes --cross-file build/arm64.sysroot/sysroot.ini --cross-file tools/arm64.ini.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD/build/arm64.sysroot
packages="libc6-dev liburcu-dev libmnl-dev libpcap-dev libjansson-dev libsqlite3-dev libxml2-dev check
	libprotobuf-c-dev libxxhash-dev libdw-dev libssl-dev"

[ -e "$root/sysroot.ini" ] && exit 0
rm -rf "$root"
mkdir -p "$root/apt/lists/partial" "$root/apt/archives/partial"
: >"$root/apt/status"
apt_get() {
	apt-get -qq -y -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Install-Recommends=false \
		-o APT::Sandbox::User=root -o Debug::NoLocking=true -o Dir::State="$root/apt" -o Dir::State::Lists="$root/apt/lists" \
		-o Dir::State::status="$root/apt/status" -o Dir::Cache="$root/apt" "$@"
}
apt_get update
# shellcheck disable=SC2086
apt_get install --download-only $packages
for deb in "$root"/apt/archives/*.deb; do
	dpkg-deb -x "$deb" "$root"
done
rm -rf "$root/apt"
printf "[constants]\nsysroot = '%s'\n" "$root" >"$root/sysroot.ini"
