#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The oracle finds each of a few mistakes in what finds filters.
cd "${SRCROOT:-$(dirname "$0")/../..}" || exit 1
exec python3 tools/prove/index_mutants.py --build "${BLDROOT:-build/gcc}"
