#!/bin/sh
# Keeps the sources easy to read: no line over 120 columns, no function over 70 lines, no file over 500 lines
# (a suite of tests: 600), no
# trailing blanks, and clang-format's opinion where clang-format is installed. Generated files are held to the same
# width. Prints every offence as file:line.
set -eu
cd "$(dirname "$0")/.."
sources=$(find generator runtime tests bench -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' -o -name '*.cpp')
offences=$(
    # shellcheck disable=SC2086
    LC_ALL=C awk '
        function check_length() {
            if (last && lines > (last ~ /^tests/ ? 600 : 500)) print last ":" lines ": too long a file"
        }
        FNR == 1 { start = 0; check_length() }
        { last = FILENAME; lines = FNR }
        { columns = $0; gsub(/[\200-\277]/, "", columns) } # a character of UTF-8 is one column
        length(columns) > 120 { print FILENAME ":" FNR ": a line of more than 120 columns" }
        /[ \t]$/ { print FILENAME ":" FNR ": blanks at the end of the line" }
        /^\{/ { start = FNR }
        /^\}/ { if (start && FNR - start > 70) print FILENAME ":" start ": a function of more than 70 lines"; start = 0 }
        END { check_length() }' $sources
    if command -v clang-format >/dev/null 2>&1; then
        # shellcheck disable=SC2086
        clang-format --dry-run -Werror $sources 2>&1 | grep error: || true
    fi
)
[ -z "$offences" ] || { echo "$offences"; exit 1; }
echo "1 passed, 0 failed"
