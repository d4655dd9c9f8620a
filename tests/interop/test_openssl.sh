#!/bin/sh
# openssl uses the virtual servers; the session is replayed.
set -u
export PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
command -v openssl >/dev/null || { echo "openssl is not installed"; exit 77; }
exec python3 tests/interop/programs.py openssl
