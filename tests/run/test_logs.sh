#!/bin/sh
# The mail logs of every scenario grep like those of Postfix and Dovecot.
set -u
BUILD=${BUILD:-build}
MAILWALK=${MAILWALK:-$BUILD/mailwalk}
export BUILD MAILWALK PYTHONDONTWRITEBYTECODE=1
for tool in python3; do
    command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
exec python3 tests/run/logs.py "$@"
