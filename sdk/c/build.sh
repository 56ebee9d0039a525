#!/bin/sh
# Makes a Squall scenario of C sources:
#
#     build.sh scenario.wasm scenario.c [more.c] [-Ifolder] [-O3] ...
#
# It is one call of a C compiler that knows wasm32-wasi and brings a C library: `zig cc` by default, or $CC (wasi-sdk's
# clang works as well: CC=/opt/wasi-sdk/bin/clang). Zig is looked for on the PATH, and in .venv beside the sources,
# beside this script, and in the current folder.
set -eu

if [ $# -lt 2 ]; then
    echo 'usage: build.sh scenario.wasm scenario.c [more.c or compiler options]' >&2
    exit 2
fi
sdk=$(cd "$(dirname "$0")" && pwd)
output=$1
shift

find_compiler() {
    if [ -n "${CC:-}" ]; then
        echo "$CC"
        return
    fi
    if command -v zig >/dev/null 2>&1; then
        echo 'zig cc'
        return
    fi
    for folder in "$(dirname "$1")" "$sdk" .; do
        if [ -x "$folder/.venv/bin/python-zig" ]; then
            echo "$folder/.venv/bin/python-zig cc"
            return
        fi
    done
    echo "build.sh: no C compiler for WebAssembly. Install one beside the scenario:" >&2
    echo "    python3 -m venv '$(dirname "$1")/.venv' && '$(dirname "$1")/.venv/bin/pip' install ziglang" >&2
    exit 1
}

compiler=$(find_compiler "$1")

# flags.txt: the stack lies below the data and grows down to the beginning of memory, so an overflow traps. With 3 KiB
# less than 1 MiB, the used part of a sleeping virtual user's stack shares the first page of the data.
# shellcheck disable=SC2086 # the compiler may be two words
$compiler "@$sdk/flags.txt" -I "$sdk" "$@" "$sdk"/src/*.c "$sdk"/bindings/scenario.c -o "$output"
