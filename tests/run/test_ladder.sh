#!/bin/sh
# Sequence diagrams of every scenario: well-formed, the same twice, nothing of them from outside.
set -u
BUILD=${BUILD:-build}
MAILWALK=${MAILWALK:-$BUILD/mailwalk}
export BUILD MAILWALK PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/run/ladder.py "$@"
