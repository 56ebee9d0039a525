#!/bin/sh
# Makes the files of this folder from wit/. Authors of scenarios need not run it. Needs wit-bindgen (`cargo install
# wit-bindgen-cli`) and wasm-tools (`cargo install wasm-tools`).
set -eu
cd "$(dirname "$0")"
for tool in wit-bindgen wasm-tools; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: see the head of this script" >&2; exit 1; }
done
contract=../../../wit
parts=$(mktemp -d)
trap 'rm -r "$parts"' EXIT

wit-bindgen c --world scenario --no-object-file "$contract" >/dev/null

mkdir -p "$parts/deps/scenario"
cp "$contract"/*.wit "$parts/deps/scenario/"
echo 'package squall:sdk;' >"$parts/sdk.wit"
for part in setup start teardown; do
    echo "world with-$part { export squall:scenario/$part@0.1.0; }" >>"$parts/sdk.wit"
done

# A binary description as the text of a C string that holds an assembler's string.
text() {
    wasm-tools component embed --only-custom --world "$1" "$2" | od -An -v -to1 | tr -d '\n' | sed 's/ /\\\\/g'
}

for part in sockets streaming waiting websocket; do
    echo "world with-$part { import squall:scenario/$part@0.1.0; }" >>"$parts/sdk.wit"
done

{
    echo '// What the contract looks like in binary, for the custom sections that `squall` reads to make a component of a'
    echo '// module. Made by make.sh. The optional exports and imports have a world each: a component has what its author uses.'
    echo '#pragma once'
    echo
    printf '#define SQUALL_WORLD_SCENARIO "%s"\n' "$(text scenario "$contract")"
    for part in setup start teardown sockets streaming waiting websocket; do
        printf '#define SQUALL_WORLD_%s "%s"\n' "$(echo $part | tr a-z A-Z)" "$(text with-$part "$parts")"
    done
} >component_type.h
