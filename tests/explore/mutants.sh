#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A few mutants of the engine's code, each of which the explorer must find; tools/prove/explorer_mutants.py has all.
cd "${SRCROOT:-$(dirname "$0")/../..}" || exit 1
exec python3 tools/prove/explorer_mutants.py quick --build "${BLDROOT:-build/gcc}"
