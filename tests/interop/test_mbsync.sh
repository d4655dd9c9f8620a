#!/bin/sh
# mbsync uses the virtual servers; the session is replayed.
set -u
export PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
command -v mbsync >/dev/null || { echo "mbsync is not installed"; exit 77; }
exec python3 tests/interop/programs.py mbsync
