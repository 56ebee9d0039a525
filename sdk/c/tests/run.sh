#!/bin/sh
# Tests the parts that need no host, natively: with the compiler in $CC, else zig, else cc. Sanitizers find reads beyond
# the end.
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
