#!/bin/sh
# Settings that change while the world runs.
set -u
BUILD=${BUILD:-build}
MAILWALK=${MAILWALK:-$BUILD/mailwalk}
export BUILD MAILWALK PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/run/changes.py "$@"
