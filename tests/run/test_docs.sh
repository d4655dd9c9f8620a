#!/bin/sh
# What README.md, docs/GUIDE.md and docs/ARCHITECTURE.md show and name is there.
set -u
BUILD=${BUILD:-build}
MAILWALK=${MAILWALK:-$BUILD/mailwalk}
export BUILD MAILWALK PYTHONDONTWRITEBYTECODE=1
for tool in python3 tshark; do
    command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
exec python3 tests/run/docs.py "$@"
