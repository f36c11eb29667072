#!/bin/sh
# What nvcc makes of each CUDA kernel, held against the reviewed table tests/cuda/resources.txt: a guard of speed that
# needs no GPU. tests/cuda/README.md says what to do when it complains.
#
#   tests/cuda/resources.sh BUILD...
#
# takes folders that `rankc build` left, named like their strategies. Figures are ptxas's, from their logs; tensor-core
# instructions are counted in their binaries by cuobjdump where there is one. UPDATE_GOLDEN=1 writes the table again.
set -eu
table="$(dirname "$0")/resources.txt"
PATH="$PATH:/usr/local/cuda/bin:build/cuda-tools/bin"
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Of one build: strategy, arch, kernel's symbol, registers, stack, spills, shared; with tabs between them.
figures_of_ptxas() {
    awk -v strategy="$(basename "$1")" -v OFS='\t' '
        function end() { if (kernel) print strategy, arch, kernel, registers, stack, spills, shared; kernel = "" }
        /^ptxas info *: Compiling entry function/ {
            end()
            split($0, quoted, "\047")
            kernel = quoted[2]; arch = quoted[4]
            registers = stack = spills = shared = 0
        }
        # A function that was not inlined counts for the kernel before it.
        / bytes spill stores/ { spills += $5 + $9; if ($1 > stack) stack = $1 }
        /^ptxas info *: Used [0-9]+ registers/ {
            registers = $5
            if (match($0, /[0-9]+ bytes smem/)) shared = substr($0, RSTART) + 0
            end()
        }' "$1/log"
}

# Of one build: strategy, arch, kernel's symbol, how many instructions of its code are tensor cores'.
tensor_core_instructions() {
    for class in "$1"/tree/class-*; do
        cuobjdump --dump-sass "$class" | awk -v strategy="$(basename "$1")" -v OFS='\t' '
            /code for sm_/ { arch = $3 }
            /Function : / { kernel = $3; count[arch OFS kernel] += 0 }
            /[ \t](HMMA|HGMMA|UTC[A-Z]*MMA)[. ]/ { count[arch OFS kernel]++ }
            END { for (at in count) print strategy, at, count[at] }'
    done
}

# Both as lines of the table, the kernel by its name. Where classes of a strategy differ: the larger figure.
table_lines() {
    awk -F '\t' '
        function raise(figure, value) { if (!(figure in larger) || value > larger[figure]) larger[figure] = value }
        # Warps of a multiprocessor (64 at most) that its 65536 registers are enough for: given by 256, to 4 warps.
        function warps(registers,   each) {
            each = int(65536 / (int((registers * 32 + 255) / 256) * 256))
            return each >= 64 ? 64 : each - each % 4
        }
        { at = $1 "\t" $2 "\t" $3 }
        FILENAME ~ /tensor$/ { raise(at "\ttensor", $4 + 0); next }
        { seen[at]; for (i = 4; i <= 7; i++) raise(at "\t" i, $i + 0) }
        END {
            for (at in seen) {
                split(at, key, "\t")
                registers = larger[at "\t4"]
                count = (at "\ttensor") in larger ? larger[at "\ttensor"] : "-"
                printf "%-14s %-6s %9d %5d %5d %6d %6d %6s  %s\n", key[1], key[2], registers, warps(registers),
                       larger[at "\t5"], larger[at "\t6"], larger[at "\t7"], count, key[3]
            }
        }' "$work/tensor" "$work/ptxas" | c++filt --no-params | sed 's/  void /  /' | sort -k1,1 -k9 -k2,2V
}

write_table() {
    cat <<END
# What nvcc makes of each CUDA kernel (tests/cuda/README.md). A line a kernel and architecture:
# registers: of a thread; warps: of a multiprocessor's 64 that registers are enough for; stack, spills: bytes of a
# thread in memory; shared: bytes of a block, without dynamic ones; tensor: instructions of tensor cores in its code.
nvcc $1
# strategy     arch   registers warps stack spills shared tensor  kernel
END
    cat "$work/measured"
}

# Prints what spills, and unless $1 is empty what differs from the table; fails when there is anything.
compare() {
    awk -v compared="$1" -v table="$table" '
        function key() { name = $0; for (i = 1; i <= 8; i++) sub(/^ *[^ ]+ */, "", name); return $2 " " name " of " $1 }
        function differs(figure, is, was) { printf "%s: %s %s, in the table %s\n", at, figure, is, was; bad = 1 }
        BEGIN { split("- - registers warps stack spills shared tensor", title) }
        /^#/ || /^nvcc / || NF == 0 { next }
        { at = key() }
        FILENAME == table { for (i = 3; i <= 8; i++) stated[at, i] = $i; listed[at]; next }
        { measured[at] }
        $6 > 0 { printf "%s: %d bytes of registers are spilled to memory\n", at, $6; bad = 1 }
        !compared { next }
        !(at in listed) { printf "%s: not in the table\n", at; bad = 1; next }
        {
            for (i = 3; i <= 8; i++)
                if (i != 4 && $i != stated[at, i] && $i != "-") differs(title[i], $i, stated[at, i])
        }
        END {
            if (compared)
                for (at in listed) if (!(at in measured)) { printf "%s: in the table, but not compiled\n", at; bad = 1 }
            exit bad
        }' "$table" "$work/measured" || {
        echo "tests/cuda/README.md says what to do; UPDATE_GOLDEN=1 writes the table as it is now"
        return 1
    }
}

for build in "$@"; do figures_of_ptxas "$build"; done >"$work/ptxas"
[ -s "$work/ptxas" ] || { echo "no log says what ptxas made of any kernel: $*"; exit 1; }
: >"$work/tensor"
if command -v cuobjdump >/dev/null 2>&1; then
    for build in "$@"; do tensor_core_instructions "$build"; done >"$work/tensor"
    [ -s "$work/tensor" ] || { echo "cuobjdump shows no kernel: $*"; exit 1; }
else
    echo "cuobjdump is not installed: tensor-core instructions are not counted"
fi
table_lines >"$work/measured"

version=$(sed -n 's/.*CUDA compiler identification is NVIDIA //p' "$1/log")
stated=$(sed -n 's/^nvcc //p' "$table" 2>/dev/null || true)
if [ "${UPDATE_GOLDEN:-}" = 1 ]; then
    [ -s "$work/tensor" ] || { echo "the table is not written without cuobjdump; ./dev test installs it"; exit 1; }
    write_table "$version" >"$table"
    stated=$version
fi
if [ "$version" = "$stated" ]; then
    compare yes
    echo "$(wc -l <"$work/measured") lines: as in the table"
else
    echo "nvcc is $version, the table of kernels is of $stated: only spills are looked for"
    compare ''
fi
