#!/bin/sh
# The exits from outside: options, how real servers behave and misbehave, recordings.
set -u
export PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/gateway/exits.py
