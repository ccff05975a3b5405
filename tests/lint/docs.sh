#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The pages: every link leads somewhere, every page is listed, the manual pages are well-formed and name every option.
cd "${SRCROOT:-$(dirname "$0")/../..}" && . tests/tap.sh
links() { local bad=; while IFS=: read -r file link; do
	case $link in http*|\#*) continue ;; esac
	[ -e "$(dirname "$file")/${link%%#*}" ] || bad="$bad$file: $link"$'\n'
	done < <(git ls-files -co --exclude-standard '*.md' | xargs grep -oE '\]\([^) ]+\)' | sed -E 's/:\]\(/:/; s/\)$//')
	[ -z "$bad" ] || { printf '%s' "$bad"; return 1; }; }
listed() { local bad=; for f in $(git ls-files -co --exclude-standard 'docs/*.md'); do
	[ "$f" = docs/README.md ] || grep -q "${f#docs/}" docs/README.md || bad="$bad $f"; done
	[ -z "$bad" ] || { echo "not in docs/README.md:$bad"; return 1; }; }
manuals() { local bad; bad=$(mandoc -T lint -W warning man/*.[138] 2>&1 | grep -vE 'STYLE') ; [ -z "$bad" ] || { echo "$bad"; return 1; }; }
options_of() { "$BLDROOT/cmd/$1" ${2:+"$2"} --help | grep -oE '^  --[a-z-]+' | tr -d ' '; }
documented() { local bad= o; for o in $(options_of "$1" "${3:-}"); do
	grep -q -- "Fl ${o#-}" "$2" || bad="$bad $o"; done
	[ -z "$bad" ] || { echo "$2 does not name:$bad"; return 1; }; }
point every_link_leads_somewhere links
point every_page_is_listed listed
if command -v mandoc >/dev/null; then point manual_pages_are_well_formed manuals
else n=$((n + 1)); echo "ok $n - manual_pages_are_well_formed # SKIP no mandoc"; fi
for sub in replay show add delete set export import monitor; do
	point "wfp_${sub}_documents_every_option" documented wfp man/wfp.1 "$sub"
done
point wfp_explore_documents_every_option documented wfp man/wfp-explore.1 explore
point wfpd_documents_every_option documented wfpd man/wfpd.8
finish
