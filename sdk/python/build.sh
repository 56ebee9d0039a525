#!/bin/sh
# Makes a component of a Python scenario: sdk/python/build.sh SCENARIO OUTPUT, where SCENARIO is a file or a folder with
# a scenario.py.
#
# Its dependencies are installed once into .squall/python beside the scenario (or into $SQUALL_PYTHON_ENV): this SDK
# with componentize-py, and the packages of the scenario's requirements.txt. Run again, it only builds.
set -eu

if [ $# -ne 2 ]; then
    echo "usage: $0 SCENARIO OUTPUT" >&2
    exit 2
fi
scenario=$1
output=$2
sdk=$(cd "$(dirname "$0")" && pwd)

if [ -d "$scenario" ]; then folder=$scenario; else folder=$(dirname "$scenario"); fi
env=${SQUALL_PYTHON_ENV:-$folder/.squall/python}

if ! python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "$0: Python 3.11 or newer with its module venv is needed. Debian, Ubuntu: apt install python3 python3-venv" >&2
    exit 1
fi

needs=$(cat "$sdk/pyproject.toml" "$folder/requirements.txt" 2>/dev/null | cksum)
if [ "$(cat "$env/squall-needs" 2>/dev/null)" != "$needs" ]; then
    python3 -m venv "$env"
    "$env/bin/pip" install --quiet --disable-pip-version-check --editable "$sdk[build]"
    if [ -f "$folder/requirements.txt" ]; then
        "$env/bin/pip" install --quiet --disable-pip-version-check --requirement "$folder/requirements.txt"
    fi
    echo "$needs" >"$env/squall-needs"
fi

exec "$env/bin/squall-build" "$scenario" --output "$output"
