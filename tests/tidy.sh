#!/bin/sh
# Keeps the sources easy to read: no line over 120 columns, no function over 70 lines, no file over 500 lines, no
# trailing blanks, and clang-format's opinion where clang-format is installed. Generated files are held to the same
# width. Prints every offence as file:line.
set -eu
cd "$(dirname "$0")/.."
sources=$(find generator runtime tests bench -name '*.[ch]' 2>/dev/null)
offences=$(
    # shellcheck disable=SC2086
    awk '
        FNR == 1 { start = 0; if (last && lines > 500) print last ":" lines ": a file of more than 500 lines" }
        { last = FILENAME; lines = FNR }
        length($0) > 120 { print FILENAME ":" FNR ": a line of more than 120 columns" }
        /[ \t]$/ { print FILENAME ":" FNR ": blanks at the end of the line" }
        /^\{/ { start = FNR }
        /^\}/ { if (start && FNR - start > 70) print FILENAME ":" start ": a function of more than 70 lines"; start = 0 }
        END { if (lines > 500) print last ":" lines ": a file of more than 500 lines" }' $sources
    if command -v clang-format >/dev/null 2>&1; then
        # shellcheck disable=SC2086
        clang-format --dry-run -Werror $sources 2>&1 | grep error: || true
    fi
)
[ -z "$offences" ] || { echo "$offences"; exit 1; }
echo "1 passed, 0 failed"
