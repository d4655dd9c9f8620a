#!/bin/sh
# What tshark says to the files of every scenario.
set -u
BUILD=${BUILD:-build}
MAILWALK=${MAILWALK:-$BUILD/mailwalk}
export BUILD MAILWALK PYTHONDONTWRITEBYTECODE=1
for tool in python3 tshark capinfos; do
    command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
exec python3 tests/run/tshark.py "$@"
