#!/bin/sh
# docs/TRACE.md against the records of every scenario.
set -u
BUILD=${BUILD:-build}
MAILWALK=${MAILWALK:-$BUILD/mailwalk}
export BUILD MAILWALK PYTHONDONTWRITEBYTECODE=1
for tool in python3; do
    command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
exec python3 tests/run/trace_doc.py "$@"
