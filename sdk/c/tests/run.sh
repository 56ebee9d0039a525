#!/bin/sh
# Tests what needs no host, natively: with the compiler in $CC, else zig, else cc. Sanitizers find what reads too far.
set -eu
cd "$(dirname "$0")/.."
if [ -z "${CC:-}" ]; then
    if command -v zig >/dev/null 2>&1; then CC='zig cc'; else CC=cc; fi
fi
program=$(mktemp)
trap 'rm -f "$program"' EXIT
# shellcheck disable=SC2086 # the compiler may be two words
$CC -std=gnu17 -g -Wall -fsanitize=undefined -fno-sanitize-recover=undefined \
    tests/unit.c src/memory.c src/text.c src/plan.c src/json.c -lm -o "$program"
"$program"
