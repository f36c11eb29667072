#!/bin/sh
# Fails, and shows the lines, where two programs print different things.
set -eu
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
"$1" >"$folder/tests"
"$2" >"$folder/toolkit"
diff "$folder/tests" "$folder/toolkit"
