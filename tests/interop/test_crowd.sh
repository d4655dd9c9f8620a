#!/bin/sh
# 500 programs at once, garbage, resets and programs that do not read: the next honest one is served.
set -u
export PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/interop/crowd.py
