#!/bin/sh
# The doors from outside: options, how it ends, captures, and recordings that somebody has meddled with.
set -u
export PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/gateway/serve.py
