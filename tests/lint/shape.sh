#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The shape of the code: short files, short functions, no notes to self, no paths of one machine.
cd "${SRCROOT:-$(dirname "$0")/../..}" || exit 1
n=0
point() {
	n=$((n + 1))
	if [ -z "$2" ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; sed 's/^/# /' <<<"$2"; fi
}
code=$(git ls-files -co --exclude-standard 'src/*.[ch]' 'cmd/*.[ch]' 'examples/*.[ch]' | grep -v /tables/)
all=$(git ls-files -co --exclude-standard | grep -vE '\.(png|pcap|pcapng|bin)$|^fuzz/corpus/')

point no_file_is_longer_than_800_lines "$(wc -l $code | awk '$2 != "total" && $1 > 800')"
# A function starts at a line that begins with a name and whose body's brace stands alone in column 0.
lengths=$(awk 'FNR == 1 { start = 0 }
	/^\{/ { start = FNR } /^\}/ { if (start) print FNR - start - 1, FILENAME ":" start; start = 0 }' \
	$(grep '\.c$' <<<"$code"))
point no_function_is_longer_than_100_lines "$(awk '$1 > 100' <<<"$lengths")"
point few_functions_are_longer_than_60_lines "$(sort -n <<<"$lengths" | awk '{ k++; if ($1 > 60) m++ }
	END { if (k && m > k * 0.05) print m " of " k " functions" }')"
point half_of_the_functions_are_under_16_lines "$(sort -n <<<"$lengths" | awk '{ l[++k] = $1 }
	END { if (k && l[int((k + 1) / 2)] >= 16) print "the median is " l[int((k + 1) / 2)] }')"
# The formatter does so to what it takes for prose: put a table behind a tab, in lines that need no breaking.
point no_comment_was_broken_by_the_formatter "$(grep -nE '^ \*[^ /*[:blank:]]' $(git ls-files -co --exclude-standard '*.[ch]'))"
point no_notes_to_self "$(grep -nE '\b(TODO|FIXME|XXX|HACK)\b' $code)"
point no_paths_of_one_machine "$(grep -nIE '(^|[^A-Za-z0-9_.])/(work|root|home)/' $all | grep -v '^tests/lint/shape.sh')"
echo "1..$n"
